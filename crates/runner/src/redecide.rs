//! Asks other implementations about a recorded history: every command is decided again on the state that it was decided on.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use ecology_features::config::Comparison;
use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_shadow::Report;
use ecology_types::{
    ArtifactRecord, Axis, AxisVector, Charges, CommandKind, Effect, GenesisArtifact, Key, Record, Resource,
    Time,
};
use ecology_world::{Event, World};
use serde::Serialize;

use crate::compose;
use crate::host::Observers;
use crate::store::{self, OpenError, Recover};

/// Differences that are kept in full for each code, and without a code.
const KEPT_MAX: usize = 16;

/// What deciding a history again gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Redecided {
    /// Stretches of the history with the positions of each, in order.
    pub stretches: Vec<Stretch>,
    /// Records decided again.
    pub records: u64,
    /// Every kind of command, with what came of those of its kind. A kind that never occurred was never compared.
    pub commands: Vec<(&'static str, Compared)>,
    /// Differences that a registered divergence explains, by code, with the first ones.
    pub expected: BTreeMap<String, Explained>,
    /// The first differences that nothing explains, in full.
    pub first_unexplained: Vec<Parting>,
    /// The comparison of the single questions, for each axis on which another implementation was asked.
    pub questions: BTreeMap<String, Report>,
}

/// A stretch of a history that was decided under one vector of positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Its first record.
    pub from: u64,
    /// Its last record.
    pub to: u64,
    /// The positions it was decided under.
    pub recorded: String,
    /// The positions it was decided again under.
    pub asked: String,
}

/// How the decisions about one kind of command compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Decided again.
    pub compared: u64,
    /// With the same effects.
    pub same: u64,
    /// With other effects, for registered reasons.
    pub expected: u64,
    /// With other effects, for no registered reason.
    pub unexplained: u64,
}

/// Differences under one code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// How many decisions differ for this reason; a decision can differ for several.
    pub decisions: u64,
    /// The first ones.
    pub first: Vec<Parting>,
}

/// One decision that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// The record.
    pub record: u64,
    /// World time, in microseconds.
    pub time_us: u64,
    /// What was asked.
    pub command: &'static str,
    /// Who acted.
    pub actor: Option<String>,
    /// The codes of the divergences that explain it.
    pub codes: Vec<String>,
    /// The effects as they were recorded, from the first one that differs.
    pub recorded: Vec<serde_json::Value>,
    /// The effects as they would be, from the first one that differs.
    pub redecided: Vec<serde_json::Value>,
}

impl Redecided {
    /// The sums over all kinds of commands.
    #[must_use]
    pub fn totals(&self) -> Compared {
        self.commands.iter().fold(Compared::default(), |sum, (_, one)| Compared {
            compared: sum.compared + one.compared,
            same: sum.same + one.same,
            expected: sum.expected + one.expected,
            unexplained: sum.unexplained + one.unexplained,
        })
    }

    /// Whether every difference is explained and no candidate failed.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.totals().unexplained == 0
            && self.questions.values().all(|report| report.mismatched == 0 && report.candidate_failures == 0)
    }
}

/// Why a history was not decided again.
#[derive(Debug, thiserror::Error)]
pub enum RedecideError {
    /// The world cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The positions that were asked for cannot be.
    #[error("record {record} was decided under {recorded}: {reason}")]
    Positions {
        /// The first record of the stretch.
        record: u64,
        /// Its positions.
        recorded: String,
        /// Why the positions that were asked for are impossible there, and what to do.
        reason: String,
    },
}

/// Decides the records of a world again, up to `until`.
///
/// `positions` turns the positions that a stretch of the history was decided under into those to ask; the identity asks the same
/// implementations again, which must give the same effects, bit for bit. Both sides hold the recorded history: a difference in one decision
/// has no consequences for the next.
///
/// # Errors
/// [`RedecideError`]; the world is only read.
pub fn redecide(
    path: &Path,
    until: Option<u64>,
    positions: &dyn Fn(AxisVector) -> Result<AxisVector, String>,
) -> Result<Redecided, RedecideError> {
    redecide_watched(path, until, positions, &mut |_, _| {})
}

/// The same, with somebody who sees each record on the state that it was decided on.
pub(crate) fn redecide_watched(
    path: &Path,
    until: Option<u64>,
    positions: &dyn Fn(AxisVector) -> Result<AxisVector, String>,
    watch: &mut dyn FnMut(&World, &Record),
) -> Result<Redecided, RedecideError> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read).map_err(OpenError::from)?;
    let last = until.unwrap_or(u64::MAX).min(journal.last());
    if last == 0 {
        return Err(OpenError::Empty.into());
    }
    let mut counts: BTreeMap<CommandKind, Compared> =
        CommandKind::ALL.into_iter().map(|kind| (kind, Compared::default())).collect();
    let mut found = Redecided::default();
    let mut from = 1;
    while from <= last {
        let recorded = axes_at(&mut journal, from)?;
        let asked = positions(recorded).map_err(|reason| RedecideError::Positions {
            record: from,
            recorded: recorded.to_string(),
            reason,
        })?;
        let parts = compose::parts_with(pairs(recorded, asked), &timed()).map_err(OpenError::from)?;
        let world = World::new(parts);
        let mut stretch =
            StretchRun { world, recorded, found: &mut found, counts: &mut counts, watch: &mut *watch };
        let to = stretch.run(&mut journal, from, last)?;
        let reports = stretch.world.parts().shadow_reports();
        found.stretches.push(Stretch { from, to, recorded: recorded.to_string(), asked: asked.to_string() });
        for (axis, report) in reports {
            found
                .questions
                .entry(axis.name().to_owned())
                .and_modify(|sum| sum.add(&report))
                .or_insert(report);
        }
        from = to + 1;
    }
    found.records = last;
    found.commands = counts.into_iter().map(|(kind, compared)| (kind.name(), compared)).collect();
    Ok(found)
}

/// Everything is compared and some of it timed. Nothing switches a side off for being slow: whoever reads the figures judges them.
pub(crate) fn timed() -> ecology_shadow::Options {
    let config = Comparison { latency_ratio_max: 0, answer_ms_max: 0, ..Comparison::default() };
    compose::comparison(&config)
}

/// The positions to ask, with the recorded ones beside them where they differ: the pair knows which differences are registered.
fn pairs(recorded: AxisVector, asked: AxisVector) -> AxisVector {
    let mut axes = asked;
    axes.shadowed = [false; Axis::COUNT];
    for axis in Axis::ALL {
        if asked.side(axis) != recorded.side(axis) && axis != Axis::ExecutionMode {
            axes = axes.with_shadow(axis);
        }
    }
    axes
}

pub(crate) fn axes_at(journal: &mut dyn Journal, number: u64) -> Result<AxisVector, OpenError> {
    let mut axes = Err(OpenError::Empty);
    journal.for_each(number, number, &mut |number, bytes| {
        axes = Record::decode(bytes)
            .map(|record| record.axes)
            .map_err(|error| OpenError::Record { number, error });
        ControlFlow::Break(())
    })?;
    axes
}

/// One stretch in the making.
struct StretchRun<'a> {
    world: World,
    recorded: AxisVector,
    found: &'a mut Redecided,
    counts: &'a mut BTreeMap<CommandKind, Compared>,
    watch: &'a mut dyn FnMut(&World, &Record),
}

impl StretchRun<'_> {
    /// Decides again from `from` to the end of the stretch, at most to `last`, and gives where it ends.
    fn run(&mut self, journal: &mut dyn Journal, from: u64, last: u64) -> Result<u64, OpenError> {
        if from > 1 {
            let how = Recover { until: from - 1, use_snapshot: false };
            let (axes, options) = (self.world.axes(), timed());
            let parts = || compose::parts_with(axes, &options);
            self.world = store::recover_on(journal, &parts, how, &mut Observers::default())?;
        }
        let mut end = from;
        let mut failed = None;
        journal.for_each(from, last, &mut |number, bytes| {
            let step = Record::decode(bytes)
                .map_err(|error| OpenError::Record { number, error })
                .and_then(|record| self.one(record));
            match step {
                Ok(true) => {
                    end = number;
                    ControlFlow::Continue(())
                }
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(end), Err)
    }

    /// Decides one record again and then applies what was recorded; `false` when it belongs to another stretch.
    fn one(&mut self, record: Record) -> Result<bool, OpenError> {
        if record.axes != self.recorded {
            return Ok(false);
        }
        (self.watch)(&self.world, &record);
        let kind = CommandKind::of(&record.command);
        let again = self.world.would(&record.command, record.time);
        let effects = again.map(|(_, effects)| effects).map_err(|error| error.to_string());
        let counts = self.counts.entry(kind).or_default();
        counts.compared += 1;
        if effects.as_ref().is_ok_and(|effects| are_same(&record.effects, effects)) {
            counts.same += 1;
        } else {
            let codes = self.explain(&record);
            let parting = self.parting(&record, kind, codes, effects);
            let counts = self.counts.entry(kind).or_default();
            if parting.codes.is_empty() {
                counts.unexplained += 1;
                if self.found.first_unexplained.len() < KEPT_MAX {
                    self.found.first_unexplained.push(parting);
                }
            } else {
                counts.expected += 1;
                for code in &parting.codes {
                    let under = self.found.expected.entry(code.clone()).or_default();
                    under.decisions += 1;
                    if under.first.len() < KEPT_MAX {
                        under.first.push(parting.clone());
                    }
                }
            }
        }
        self.world.fold(record)?;
        Ok(true)
    }

    /// The registered divergences among the questions of one decision; none when a question has an unexplained answer. Deciding changes
    /// nothing, so it can be done once more to see what this decision alone asks.
    fn explain(&self, record: &Record) -> Vec<String> {
        let before = self.world.parts().shadow_reports();
        // What it gives is known; how the pairs compare is what is wanted.
        let _ = self.world.would(&record.command, record.time);
        let after = self.world.parts().shadow_reports();
        registered(before.iter().map(|(_, report)| report).zip(after.iter().map(|(_, report)| report)))
    }

    fn parting(
        &self,
        record: &Record,
        kind: CommandKind,
        codes: Vec<String>,
        redecided: Result<Vec<Effect>, String>,
    ) -> Parting {
        let empty = Vec::new();
        let again = redecided.as_ref().unwrap_or(&empty);
        let same = record.effects.iter().zip(again).take_while(|(a, b)| is_same(a, b)).count();
        let show = |effects: &[Effect]| {
            effects
                .iter()
                .skip(same)
                .map(|effect| show(&self.world, record.actor, record.time, effect))
                .collect()
        };
        let (mut recorded, mut shown): (Vec<_>, Vec<_>) = (show(&record.effects), show(again));
        if let (Some(a), Some(b)) = (record.effects.get(same), again.get(same)) {
            tell_apart([&mut recorded[0], &mut shown[0]], [a, b]);
        }
        if let Err(error) = redecided {
            shown.push(serde_json::Value::String(error));
        }
        Parting {
            record: record.number,
            time_us: record.time.0,
            command: kind.name(),
            actor: record.actor.map(|key| self.world.id(key).to_string()),
            codes,
            recorded,
            redecided: shown,
        }
    }
}

/// Whether a decision came out the same.
fn are_same(recorded: &[Effect], again: &[Effect]) -> bool {
    recorded.len() == again.len() && recorded.iter().zip(again).all(|(a, b)| is_same(a, b))
}

/// How the services of time zero describe themselves is the program's own text: a program that has learned a method decides no differently.
/// The same holds for the handbook: what it says, and so what a reader takes in, grows with the program.
/// Nor does one that says the same no in other words: sentences name the rule that forbids, and each half has its own.
fn is_same(recorded: &Effect, again: &Effect) -> bool {
    match (recorded, again) {
        (Effect::ArtifactCreated(a), Effect::ArtifactCreated(b))
            if a.creator == Key::GENESIS && GenesisArtifact::from_key(a.key).is_some() =>
        {
            let (content, interface) = (a.content.clone(), a.interface.clone());
            **a == ArtifactRecord { content, interface, ..(**b).clone() }
        }
        (
            Effect::ActionDone { verb, target, method, charges },
            Effect::ActionDone { verb: verb_b, target: target_b, method: method_b, charges: charges_b },
        ) if *target == Some(GenesisArtifact::Handbook.key()) => {
            let besides = |charges: &Charges| charges.with(Resource::Bandwidth, 0);
            (verb, target, method, besides(charges)) == (verb_b, target_b, method_b, besides(charges_b))
        }
        (
            Effect::ActionRefused { verb, target, method, code, .. },
            Effect::ActionRefused { verb: verb_b, target: target_b, method: method_b, code: code_b, .. },
        ) => (verb, target, method, code) == (verb_b, target_b, method_b, code_b),
        (a, b) => a == b,
    }
}

/// The codes that were counted between two looks at each pair; none when any pair found what is not registered, or failed to answer.
fn registered<'r>(pairs: impl Iterator<Item = (&'r Report, &'r Report)>) -> Vec<String> {
    let mut codes = Vec::new();
    for (before, after) in pairs {
        if after.mismatched > before.mismatched || after.candidate_failures > before.candidate_failures {
            return Vec::new();
        }
        for (code, count) in &after.expected {
            let earlier = before.expected.iter().find(|(other, _)| other == code).map_or(0, |(_, n)| *n);
            if *count > earlier {
                codes.push(code.clone());
            }
        }
    }
    codes
}

/// An effect as an operator sees it, with names instead of keys.
pub(crate) fn show(world: &World, actor: Option<Key>, time: Time, effect: &Effect) -> serde_json::Value {
    let event = Event { seq: 0, time, actor, cause: 0, effect: effect.clone() };
    let mut picture = world.show_event_to_operator(&event).to_json();
    if let Some(fields) = picture.as_object_mut() {
        for outside in ["seq", "time_us", "cause", "actor"] {
            fields.remove(outside);
        }
    }
    picture
}

/// Pictures leave out what seldom matters; where that is the difference, everything is told.
pub(crate) fn tell_apart(pictures: [&mut serde_json::Value; 2], effects: [&Effect; 2]) {
    if pictures[0] != pictures[1] {
        return;
    }
    for (picture, effect) in pictures.into_iter().zip(effects) {
        if let Some(fields) = picture.as_object_mut() {
            fields.insert("in_full".to_owned(), format!("{effect:?}").into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_difference_explains_a_decision_only_when_there_is_no_other_one() {
        let report = |expected: &[(&str, u64)], mismatched, candidate_failures| Report {
            expected: expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
            mismatched,
            candidate_failures,
            ..Report::default()
        };
        let before = report(&[("RL-1", 2), ("RL-2", 1)], 3, 1);
        let quiet = Report::default();
        let codes = |after: &Report| {
            // The order of the pairs decides nothing.
            let one = registered([(&before, after), (&quiet, &quiet)].into_iter());
            assert_eq!(one, registered([(&quiet, &quiet), (&before, after)].into_iter()));
            one
        };
        assert_eq!(codes(&report(&[("RL-1", 3), ("RL-2", 1), ("RL-4", 1)], 3, 1)), ["RL-1", "RL-4"]);
        assert!(codes(&before).is_empty(), "what was counted earlier explains nothing now");
        assert!(codes(&report(&[("RL-1", 3)], 4, 1)).is_empty(), "an unregistered answer is explained away");
        assert!(codes(&report(&[("RL-1", 3)], 3, 2)).is_empty(), "a failure is explained away");
        let other =
            registered([(&before, &report(&[("RL-1", 3)], 3, 1)), (&quiet, &report(&[], 1, 0))].into_iter());
        assert!(other.is_empty(), "what another pair found is explained away");
    }
}
