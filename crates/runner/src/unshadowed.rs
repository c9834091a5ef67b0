//! What no shadow compared while the world ran is decided again afterwards, so that what is known covers the whole history.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_shadow::{Context, Unexplained};
use ecology_types::{Axis, AxisVector, Record};
use ecology_world::World;

use crate::compose;
use crate::host::Observers;
use crate::occasion;
use crate::redecide::{axes_at, timed};
use crate::store::{self, OpenError, Recover};
use crate::verdicts::{KeptVerdicts, Source};

/// The axes on which single decisions can be asked again: who drives the agents decides no command, and the limits of processes belong to the
/// machine that runs the world.
pub const AXES: [Axis; 3] = [Axis::RateLimiting, Axis::ArtifactOntology, Axis::AccessControl];

/// Decides the records of a world again that no kept run has compared in full, axis by axis, with the other half as the shadow of the one
/// that served. A run that compared only a sample, or whose candidate was switched off, counts as not compared: all of it is decided again.
///
/// Both halves hold the recorded history. A command that this version decides otherwise than it was recorded is an unexplained difference
/// on every axis that was asked.
///
/// # Errors
/// [`OpenError`] when the world cannot be read; nothing is ever written.
pub fn decide_again(
    path: &Path,
    kept: &[KeptVerdicts],
    axes: &[Axis],
) -> Result<Vec<KeptVerdicts>, OpenError> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read)?;
    let last = journal.last();
    let mut found = Vec::new();
    let mut from = 1;
    while from <= last {
        let (open, until) = open_at(kept, axes, from, last);
        if !open.is_empty() {
            found.extend(Segment::new(&mut journal, from, &open)?.run(&mut journal, until)?);
        }
        // A segment ends early where the positions change.
        from =
            found.last().filter(|_| !open.is_empty()).map_or(until, |one: &KeptVerdicts| one.to_record) + 1;
    }
    Ok(found)
}

/// The axes that nobody has compared at a record, and the last record for which they are the same ones.
fn open_at(kept: &[KeptVerdicts], axes: &[Axis], at: u64, last: u64) -> (Vec<Axis>, u64) {
    let whole = |one: &&KeptVerdicts| {
        one.source == Source::Run && one.report.one_in == 1 && one.report.switched_off.is_none()
    };
    let mut until = last;
    let mut open: BTreeSet<Axis> = axes.iter().copied().filter(|axis| AXES.contains(axis)).collect();
    for one in kept.iter().filter(whole).filter(|one| axes.contains(&one.axis)) {
        if (one.from_record..=one.to_record).contains(&at) {
            open.remove(&one.axis);
            until = until.min(one.to_record);
        } else if one.from_record > at {
            until = until.min(one.from_record - 1);
        }
    }
    (open.into_iter().collect(), until)
}

/// A stretch of records with the same positions and the same open axes.
struct Segment {
    world: World,
    context: Arc<Context>,
    recorded: AxisVector,
    from: u64,
    /// Records that this version decides otherwise, the first ones in full.
    otherwise: (u64, Vec<Unexplained>),
}

impl Segment {
    fn new(journal: &mut dyn Journal, from: u64, open: &[Axis]) -> Result<Self, OpenError> {
        let recorded = axes_at(journal, from)?;
        let mut axes = recorded;
        axes.shadowed = [false; Axis::COUNT];
        for axis in open {
            axes = axes.with_shadow(*axis);
        }
        let options = timed();
        let context = Arc::clone(&options.context);
        let parts = || compose::parts_with(axes, &options);
        let world = if from > 1 {
            let how = Recover { until: from - 1, use_snapshot: false };
            store::recover_on(journal, &parts, how, &mut Observers::default())?
        } else {
            World::new(parts()?)
        };
        Ok(Self { world, context, recorded, from, otherwise: (0, Vec::new()) })
    }

    fn run(mut self, journal: &mut dyn Journal, until: u64) -> Result<Vec<KeptVerdicts>, OpenError> {
        let mut failed = None;
        journal.for_each(self.from, until, &mut |number, bytes| {
            let step = Record::decode(bytes)
                .map_err(|error| OpenError::Record { number, error })
                .and_then(|record| self.one(record));
            match step {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        Ok(self.verdicts())
    }

    /// Decides one record again and then applies what was recorded; `false` when its positions are others.
    fn one(&mut self, record: Record) -> Result<bool, OpenError> {
        if record.axes != self.recorded {
            return Ok(false);
        }
        self.context.enter(occasion::of(&record.command), record.number);
        let again = self.world.would(&record.command, record.time);
        if !again.is_ok_and(|(_, effects)| effects == record.effects) {
            let (count, first) = &mut self.otherwise;
            *count += 1;
            if first.len() < ecology_shadow::Tally::UNEXPLAINED_KEPT_MAX {
                first.push(Unexplained {
                    kind: "command".to_owned(),
                    detail: "this version decides it otherwise than it was recorded; `replay --redecide` shows both"
                        .to_owned(),
                    occasion: occasion::OCCASIONS[occasion::of(&record.command)].to_owned(),
                    record: record.number,
                    question: None,
                });
            }
        }
        self.world.fold(record)?;
        Ok(true)
    }

    fn verdicts(self) -> Vec<KeptVerdicts> {
        let (run, _, scenario, seed) = self.world.run();
        let (otherwise, first) = self.otherwise;
        let to_verdicts = |(axis, mut report): (Axis, ecology_shadow::Report)| {
            report.compared += otherwise;
            report.mismatched += otherwise;
            report.first_unexplained.extend(first.iter().cloned());
            KeptVerdicts {
                source: Source::Redecided,
                run,
                ended: true,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                scenario: scenario.to_owned(),
                seed: seed.0,
                positions: self.world.axes().to_string(),
                axis,
                from_record: self.from,
                to_record: self.world.last_record(),
                report,
            }
        };
        self.world.parts().shadow_reports().into_iter().map(to_verdicts).collect()
    }
}

#[cfg(test)]
mod tests {
    use ecology_shadow::Report;

    use super::*;

    fn run(axis: Axis, from_record: u64, to_record: u64, one_in: u64) -> KeptVerdicts {
        KeptVerdicts {
            source: Source::Run,
            run: 1,
            ended: true,
            version: String::new(),
            scenario: String::new(),
            seed: 1,
            positions: String::new(),
            axis,
            from_record,
            to_record,
            report: Report { one_in, ..Report::default() },
        }
    }

    /// All stretches with what is open there.
    fn stretches(kept: &[KeptVerdicts], axes: &[Axis], last: u64) -> Vec<(u64, u64, Vec<Axis>)> {
        let (mut all, mut from) = (Vec::new(), 1);
        while from <= last {
            let (open, until) = open_at(kept, axes, from, last);
            assert!(until >= from);
            all.push((from, until, open));
            from = until + 1;
        }
        all
    }

    #[test]
    fn what_no_run_compared_in_full_is_open() {
        use Axis::{AccessControl, ArtifactOntology, ExecutionMode, RateLimiting};
        assert_eq!(stretches(&[], &AXES, 9), [(1, 9, AXES.to_vec())]);
        let kept = [run(RateLimiting, 3, 5, 1), run(ArtifactOntology, 5, 7, 1), run(AccessControl, 3, 5, 10)];
        assert_eq!(
            stretches(&kept, &AXES, 9),
            [
                (1, 2, AXES.to_vec()),
                (3, 4, vec![ArtifactOntology, AccessControl]),
                (5, 5, vec![AccessControl]),
                (6, 7, vec![RateLimiting, AccessControl]),
                (8, 9, AXES.to_vec()),
            ]
        );
        let other = [(1, 2, vec![RateLimiting]), (3, 5, vec![]), (6, 9, vec![RateLimiting])];
        assert_eq!(stretches(&kept, &[RateLimiting], 9), other);
        assert_eq!(stretches(&kept, &[ExecutionMode], 9), [(1, 9, vec![])]);
    }

    #[test]
    fn what_was_switched_off_is_open() {
        let mut kept = run(Axis::RateLimiting, 1, 9, 1);
        kept.report.switched_off = Some("too slow".to_owned());
        assert_eq!(stretches(&[kept], &[Axis::RateLimiting], 9), [(1, 9, vec![Axis::RateLimiting])]);
    }
}
