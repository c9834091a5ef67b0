//! Moves a world to the other half of one axis: plan, gates, batches, and the way back.

use std::path::Path;

use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal};
use ecology_types::{Axis, AxisVector, Command, CommandKind, Key, Migration, Side, Verb, counted};
use ecology_world::{Migrations, World};
use serde::Serialize;

use crate::compose;
use crate::crew::MINDS_TAG;
use crate::host::{Host, HostError, Observers};
use crate::policy_answers::PolicyAnswers;
use crate::redecide::{RedecideError, Redecided, redecide_watched};
use crate::session::HASH_TAG;
use crate::store::{self, OpenError, Recover};

/// Records in one batch of the journal while a world is moved.
const BATCH_RECORDS: usize = 64;

/// What to move where, and how.
#[derive(Debug, Clone)]
pub struct MigrationSpec {
    /// The axis.
    pub axis: Axis,
    /// The half to move to.
    pub to: Side,
    /// The positions that the world has now.
    pub from: AxisVector,
    /// The positions that it would have.
    pub positions: AxisVector,
    /// Say what would happen and change nothing.
    pub dry_run: bool,
    /// Why to go ahead although gates are not met.
    pub force: Option<String>,
    /// Decisions that have to be compared at least.
    pub decisions_min: u64,
    /// Keys in one batch.
    pub batch_keys_max: u32,
}

/// What a migration found and did.
#[derive(Debug, Clone, Serialize)]
pub struct Migrated {
    /// The axis.
    pub axis: &'static str,
    /// The half that served.
    pub from: &'static str,
    /// The half that serves from now on.
    pub to: &'static str,
    /// What there was to do.
    pub plan: PlanReport,
    /// What had to be met first.
    pub gates: Vec<Gate>,
    /// What deciding the whole history again gave.
    pub evidence: Redecided,
    /// What was done; `None` when nothing was.
    pub done: Option<MigrationDone>,
}

/// The plan with ids instead of keys.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlanReport {
    /// Live artifacts and principals.
    pub artifacts: u64,
    /// Those that change.
    pub converts: u64,
    /// Those that stay as they are.
    pub stays: u64,
    /// Those without an exact place in the other half, by the code that says what is different, with the first ids.
    pub without_place: std::collections::BTreeMap<&'static str, (u64, Vec<String>)>,
    /// Contracts that are made because no contract of time zero says what a policy says; equal policies share one.
    pub contracts_made: u64,
    /// Artifacts that such contracts govern then, with the first ids.
    pub governed_by_made: (u64, Vec<String>),
    /// On the way back: contracts that were made of policies. They stay, govern nothing more, and serve the next move forward.
    pub contracts_idle: u64,
    /// Values that stay although the other half does not look at them.
    pub kept_aside: std::collections::BTreeMap<&'static str, u64>,
}

/// One condition of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// What is asked.
    pub name: &'static str,
    /// Whether it is met.
    pub passed: bool,
    /// What was found.
    pub found: String,
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationDone {
    /// Whether it went on where one had stopped.
    pub resumed: bool,
    /// Batches that it took.
    pub batches: u64,
    /// Artifacts that changed.
    pub converted: u64,
    /// Contracts that were made of policies.
    pub contracts_made: u64,
    /// Ranges whose digest, as the old half sees them, is that of the last migration of this axis; all of them when nothing was done there meanwhile.
    pub ranges_same: u64,
    /// Ranges whose digest differs, because agents have acted meanwhile.
    pub ranges_changed: u64,
    /// The last record.
    pub record: u64,
}

/// Why a world was not moved. It is as it was, or a half-done migration waits to be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The world cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The history cannot be decided again.
    #[error(transparent)]
    Redecide(#[from] RedecideError),
    /// The world cannot be written.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Another migration has to be finished first.
    #[error(
        "the world is in the middle of moving {axis} to {to}; finish that first with --to features.{axis}={to}"
    )]
    Unfinished {
        /// Its axis.
        axis: &'static str,
        /// Where it leads.
        to: &'static str,
    },
    /// Something that has to be met first is not.
    #[error("{missed} of {asked} gates are not met; mend what they name, or go ahead with --force REASON")]
    Gates {
        /// How many are not.
        missed: usize,
        /// How many there are.
        asked: usize,
        /// What was found.
        found: Box<Migrated>,
    },
}

/// The positions of a world: those of its last record, with the axes that were migrated where they were migrated to.
#[must_use]
pub fn positions(last: AxisVector, migrations: &Migrations) -> AxisVector {
    Axis::ALL
        .into_iter()
        .filter_map(|axis| migrations.side(axis).map(|side| (axis, side)))
        .fold(last, |axes, (axis, side)| axes.with(axis, side))
}

/// Moves a world to the other half of one axis, or says what that would do.
///
/// # Errors
/// [`MigrateError`]. Whatever was recorded before an error stays; the same call takes it up from there.
pub fn migrate(path: &Path, spec: &MigrationSpec) -> Result<Migrated, MigrateError> {
    let (axis, to) = (spec.axis, spec.to);
    let mut reader = SqliteJournal::open(path, OpenMode::Read).map_err(OpenError::from)?;
    let axes = store::last_axes(&mut reader)?;
    let world = store::recover(&mut reader, axes, Recover::QUICKLY, &mut Observers::default())?;
    if let Some(open) = world.migrations().open()
        && (open.axis, open.to) != (axis, to)
    {
        let (axis, to) = (open.axis.name(), open.axis.implementation(open.to));
        return Err(MigrateError::Unfinished { axis, to });
    }
    let plan = report(&world, axis, to);
    let asked = |recorded: AxisVector| Ok(ask(recorded, spec));
    let makes_contracts = (axis, to) == (Axis::AccessControl, Side::New);
    let mut answers = makes_contracts.then(|| PolicyAnswers::new(compose::policy_engine()));
    let evidence = redecide_watched(path, None, &asked, &mut |world, record| {
        if let Some(answers) = &mut answers {
            answers.of_record(world, record);
        }
    })?;
    let mut gates = gates(&world, spec, &evidence);
    if let Some(answers) = &mut answers {
        answers.of_world(&world);
        gates.push(answers.gate());
    }
    drop((world, reader));
    let mut found = Migrated {
        axis: axis.name(),
        from: axis.implementation(to.other()),
        to: axis.implementation(to),
        plan,
        gates,
        evidence,
        done: None,
    };
    if spec.dry_run {
        return Ok(found);
    }
    let missed = found.gates.iter().filter(|gate| !gate.passed).count();
    if missed > 0 && spec.force.is_none() {
        let asked = found.gates.len();
        return Err(MigrateError::Gates { missed, asked, found: Box::new(found) });
    }
    found.done = Some(carry_out(path, spec, &found)?);
    Ok(found)
}

/// What a stretch of the history is asked under: its own positions with the axis moved, as far as the others let it.
fn ask(recorded: AxisVector, spec: &MigrationSpec) -> AxisVector {
    let axes = Axis::ALL.into_iter().fold(recorded, |axes, axis| {
        // What the move needs on other axes is part of the question.
        if axis != Axis::ExecutionMode && spec.positions.side(axis) != recorded.side(axis) {
            axes.with(axis, spec.positions.side(axis))
        } else {
            axes
        }
    });
    // Who drives the agents decides no command.
    axes.with(Axis::ExecutionMode, recorded.side(Axis::ExecutionMode))
}

fn report(world: &World, axis: Axis, to: Side) -> PlanReport {
    let plan = world.plan_migration(axis, to);
    let ids = |keys: Vec<Key>| keys.into_iter().map(|key| world.id(key).to_string()).collect();
    PlanReport {
        artifacts: plan.artifacts,
        converts: plan.converts,
        stays: plan.stays,
        without_place: plan
            .without_place
            .into_iter()
            .map(|(code, (count, first))| (code, (count, ids(first))))
            .collect(),
        contracts_made: plan.contracts_made,
        governed_by_made: (plan.governed_by_made.0, ids(plan.governed_by_made.1)),
        contracts_idle: plan.contracts_idle,
        kept_aside: plan.kept_aside,
    }
}

/// The kinds of commands that an axis decides about: each has to have been compared.
const fn kinds(axis: Axis) -> &'static [CommandKind] {
    match axis {
        Axis::RateLimiting => &[CommandKind::Act(Verb::Invoke)],
        Axis::ArtifactOntology | Axis::AccessControl => {
            &[CommandKind::Act(Verb::Read), CommandKind::Act(Verb::Write), CommandKind::Act(Verb::Invoke)]
        }
        Axis::ExecutionMode | Axis::ResourceLimits => &[],
    }
}

fn gates(world: &World, spec: &MigrationSpec, evidence: &Redecided) -> Vec<Gate> {
    let totals = evidence.totals();
    let mut gates = vec![Gate {
        name: "decisions compared",
        passed: totals.compared >= spec.decisions_min,
        found: format!("{} of at least {}", totals.compared, spec.decisions_min),
    }];
    let compared = |kind: &CommandKind| {
        evidence.commands.iter().any(|(name, counts)| *name == kind.name() && counts.compared > 0)
    };
    let never: Vec<_> =
        kinds(spec.axis).iter().filter(|kind| !compared(kind)).map(|kind| kind.name()).collect();
    gates.push(Gate {
        name: "kinds covered",
        passed: never.is_empty(),
        found: if never.is_empty() { "all".to_owned() } else { format!("never: {}", never.join(", ")) },
    });
    gates.push(Gate {
        name: "nothing unexplained",
        passed: totals.unexplained == 0,
        found: format!(
            "{} unexplained, {} explained",
            counted(totals.unexplained, "decision", "decisions"),
            totals.expected
        ),
    });
    let failures: u64 = evidence.questions.values().map(|report| report.candidate_failures).sum();
    let mismatched: u64 = evidence.questions.values().map(|report| report.mismatched).sum();
    gates.push(Gate {
        name: "no question unanswered",
        passed: failures == 0 && mismatched == 0,
        found: format!(
            "{}, {}",
            counted(failures, "failure", "failures"),
            counted(mismatched, "unexplained answer", "unexplained answers")
        ),
    });
    gates.extend(evidence.questions.get(spec.axis.name()).and_then(cost));
    let law = world.check_invariants();
    gates.push(Gate {
        name: "laws hold",
        passed: law.is_ok(),
        found: law.err().map_or_else(|| "all".to_owned(), |broken| broken.to_string()),
    });
    gates
}

/// How many times as long as the other half the one to move to may take for an answer.
const COST_RATIO_MAX: u64 = 25;
/// Answers that take less than this, in nanoseconds, are cheap whatever the other half takes: no ratio is worth a refusal there.
const COST_NS_FREE: u64 = 100_000;

/// Timed answers from which on the slowest hundredth is judged; with fewer it is the median.
const TIMED_MIN: u64 = 2_000;

/// What the half to move to costs beside the one that served. `None` when too little was timed to say.
fn cost(report: &ecology_shadow::Report) -> Option<Gate> {
    let latency = report.latency.as_ref()?;
    // Of a few answers the slowest hundredth says what else the machine was doing.
    let is_enough = latency.timed >= TIMED_MIN;
    let of =
        |quantiles: &ecology_shadow::Quantiles| if is_enough { quantiles.p99_ns } else { quantiles.p50_ns };
    let (new, old) = (of(&latency.serving), of(&latency.candidate));
    let share = if is_enough { "99 of 100" } else { "half of all" };
    Some(Gate {
        name: "cost within bounds",
        passed: new <= COST_NS_FREE || new <= old.saturating_mul(COST_RATIO_MAX),
        found: format!("{share} answers within {new} ns, within {old} ns before"),
    })
}

fn carry_out(path: &Path, spec: &MigrationSpec, found: &Migrated) -> Result<MigrationDone, MigrateError> {
    let mut journal: Box<dyn Journal> = Box::new(SqliteJournal::open(path, OpenMode::Write)?);
    let axes = store::last_axes(&mut *journal)?;
    let world = store::recover(&mut *journal, axes, Recover::QUICKLY, &mut Observers::default())?;
    let last = world.last_record();
    // The minds go on where they were: a migration is nothing that they lived through.
    let minds = match journal.newest_snapshot(MINDS_TAG, last)? {
        Some((at, bytes)) if at == last => Some(bytes),
        _ => None,
    };
    let (axis, to) = (spec.axis, spec.to);
    let before: Vec<_> = world.migrations().ranges(axis).collect();
    let open = world.migrations().open();
    let now = world.time();
    let mut host = Host::new(world, journal, BATCH_RECORDS, 0)?;
    let step = |host: &mut Host, step: Migration| -> Result<(), MigrateError> {
        host.step(&Command::Migrate(step), now, &mut Observers::default())?;
        // At most one batch is under way when the next one is decided.
        host.send()?;
        Ok(())
    };
    // Where the world has gone on since the last batch, everything is gone over once more.
    let resumed = open.is_some_and(|open| open.record == last);
    if !resumed {
        let passed = found.gates.iter().filter(|gate| gate.passed).count();
        let totals = found.evidence.totals();
        let evidence = format!(
            "{passed} of {} gates met; {} decisions compared, {} explained, {} unexplained",
            found.gates.len(),
            totals.compared,
            totals.expected,
            totals.unexplained
        );
        let forced = spec.force.as_deref().filter(|_| passed < found.gates.len()).map(Into::into);
        step(&mut host, Migration::Begin { axis, to, forced, evidence: evidence.into() })?;
    }
    let mut done = MigrationDone {
        resumed: open.is_some(),
        batches: 0,
        converted: 0,
        contracts_made: 0,
        ranges_same: 0,
        ranges_changed: 0,
        record: 0,
    };
    let contracts = host.world().policy_contracts().len() as u64;
    while host
        .world()
        .migrations()
        .open()
        .is_some_and(|open| open.watermark.index() < host.world().symbols().len())
    {
        step(&mut host, Migration::Batch { keys_max: spec.batch_keys_max })?;
        done.batches += 1;
        if let Some(ecology_types::Effect::MigrationBatch { converted, .. }) =
            host.world().last_events().last().map(|event| &event.effect)
        {
            done.converted += converted.len() as u64;
        }
    }
    step(&mut host, Migration::Finish)?;
    done.contracts_made = (host.world().policy_contracts().len() as u64).saturating_sub(contracts);
    // Where a range ends says nothing: contracts made meanwhile have keys at the end, and no digest counts them.
    for (from, _, digest) in host.world().migrations().ranges(axis) {
        match before.iter().find(|(known, ..)| *known == from) {
            Some((.., known)) if *known == digest => done.ranges_same += 1,
            Some(_) => done.ranges_changed += 1,
            None => {}
        }
    }
    done.record = host.world().last_record();
    if let Some(minds) = minds {
        host.keep(MINDS_TAG, &minds)?;
    }
    let hash = host.world().hash();
    host.keep(HASH_TAG, format!("{} {}", hash.decided_hex(), hash.measured_hex()).as_bytes())?;
    host.snapshot()?;
    host.close()?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use ecology_shadow::{Latency, Quantiles, Report};

    use super::*;
    use crate::compose;

    #[test]
    fn a_half_that_costs_too_much_is_refused() {
        let judged = |new_ns, old_ns| {
            let of = |p99_ns| Quantiles { p50_ns: 1, p99_ns, max_ns: p99_ns };
            let latency = Latency { timed: TIMED_MIN, serving: of(new_ns), candidate: of(old_ns) };
            cost(&Report { latency: Some(latency), ..Report::default() }).unwrap().passed
        };
        assert!(judged(COST_NS_FREE, 1));
        assert!(judged(COST_NS_FREE * COST_RATIO_MAX, COST_NS_FREE));
        assert!(!judged(COST_NS_FREE * COST_RATIO_MAX + 1, COST_NS_FREE));
    }

    #[test]
    fn a_kind_that_was_never_compared_is_refused() {
        let axes = AxisVector::default();
        let world = World::new(compose::parts(axes).unwrap());
        let spec = MigrationSpec {
            axis: Axis::AccessControl,
            to: Side::New,
            from: axes,
            positions: axes,
            dry_run: true,
            force: None,
            decisions_min: 1,
            batch_keys_max: 1,
        };
        let counts = crate::redecide::Compared { compared: 1, same: 1, ..Default::default() };
        let mut evidence = Redecided::default();
        for (at, kind) in kinds(spec.axis).iter().enumerate() {
            let covered = |evidence: &Redecided| {
                let gates = gates(&world, &spec, evidence);
                gates.iter().find(|gate| gate.name == "kinds covered").unwrap().passed
            };
            assert!(!covered(&evidence), "{at} kinds were compared");
            evidence.commands.push((kind.name(), counts));
            assert_eq!(covered(&evidence), at + 1 == kinds(spec.axis).len());
        }
    }
}
