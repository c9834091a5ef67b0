//! What the verdicts of all runs, and of what was decided again, say together.

use std::collections::{BTreeMap, BTreeSet};

use ecology_shadow::{Latency, Unexplained};
use ecology_types::Axis;
use serde::Serialize;

use crate::verdicts::{KeptVerdicts, Source};

/// One run that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Where its verdicts come from.
    pub source: Source,
    /// Its number.
    pub run: u64,
    /// What served.
    pub serving: String,
    /// What was compared.
    pub candidate: String,
    /// The first record.
    pub from_record: u64,
    /// The last record when the verdicts were kept.
    pub to_record: u64,
    /// Whether the run came to an orderly end.
    pub ended: bool,
    /// Of how many questions of a kind one was compared.
    pub one_in: u64,
    /// Questions compared.
    pub compared: u64,
    /// Why the candidate was switched off, if it was.
    pub switched_off: Option<String>,
}

/// A difference with the run in which it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The run.
    pub run: u64,
    /// The difference or failure.
    #[serde(flatten)]
    pub unexplained: Unexplained,
}

/// The numbers that come from one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FromSource {
    /// Records that were looked at. Those of a run that compared only a sample are decided again and count in both sources.
    pub records: u64,
    /// Questions put to both.
    pub compared: u64,
    /// Same answers.
    pub same: u64,
    /// Answers that differ for a registered reason.
    pub expected: u64,
    /// Answers that differ for no reason that is known.
    pub unexplained: u64,
    /// Failures of the candidate.
    pub failures: u64,
    /// How long both sides took: of each figure the worst.
    pub latency: Option<Latency>,
}

impl FromSource {
    fn add(&mut self, kept: &KeptVerdicts) {
        let report = &kept.report;
        self.records += (kept.to_record + 1).saturating_sub(kept.from_record);
        self.compared += report.compared;
        self.same += report.same;
        self.expected += report.expected.iter().map(|(_, count)| count).sum::<u64>();
        self.unexplained += report.mismatched;
        self.failures += report.candidate_failures;
        if let Some(latency) = &report.latency {
            self.latency.get_or_insert_default().add(latency);
        }
    }
}

/// What is known about one axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The axis.
    pub axis: Axis,
    /// Questions put to both.
    pub compared: u64,
    /// Same answers.
    pub same: u64,
    /// Answers that differ for a registered reason, by code.
    pub expected: BTreeMap<String, u64>,
    /// Answers that differ for no reason that is known.
    pub unexplained: u64,
    /// Failures of the candidate.
    pub failures: u64,
    /// The same by sort.
    pub failures_by_sort: BTreeMap<String, u64>,
    /// How long both sides took: of each figure the worst of all runs.
    pub latency: Option<Latency>,
    /// Which of the numbers come from where.
    pub sources: BTreeMap<Source, FromSource>,
    /// Compared questions by kind; 0 for those that were never compared.
    pub kinds: BTreeMap<String, u64>,
    /// Compared questions by the kind of command that was being decided; 0 for those during which nothing was compared.
    pub commands: BTreeMap<String, u64>,
    /// The runs and what was decided again, in the order of their records.
    pub runs: Vec<Covered>,
    /// The first differences and failures of each run in full.
    pub first_unexplained: Vec<Found>,
}

impl Agreement {
    /// What these verdicts say, axis by axis.
    #[must_use]
    pub fn of(kept: &[KeptVerdicts]) -> Vec<Self> {
        let axes: BTreeSet<Axis> = kept.iter().map(|verdicts| verdicts.axis).collect();
        axes.into_iter()
            .map(|axis| {
                let mut whole = Self::nothing(axis);
                kept.iter().filter(|verdicts| verdicts.axis == axis).for_each(|verdicts| whole.add(verdicts));
                whole
            })
            .collect()
    }

    /// Whether something was compared and nothing is left to explain.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.compared > 0 && self.unexplained == 0 && self.failures == 0
    }

    /// Answers that are the same or differ for a registered reason.
    #[must_use]
    pub fn agreed(&self) -> u64 {
        self.same + self.expected.values().sum::<u64>()
    }

    /// The share of [`Agreement::agreed`] in what was compared, in millionths, rounded down: only everything is 1,000,000.
    #[must_use]
    pub fn agreed_millionths(&self) -> u64 {
        let share = u128::from(self.agreed()) * 1_000_000;
        share.checked_div(u128::from(self.compared)).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
    }

    const fn nothing(axis: Axis) -> Self {
        Self {
            axis,
            compared: 0,
            same: 0,
            expected: BTreeMap::new(),
            unexplained: 0,
            failures: 0,
            failures_by_sort: BTreeMap::new(),
            latency: None,
            sources: BTreeMap::new(),
            kinds: BTreeMap::new(),
            commands: BTreeMap::new(),
            runs: Vec::new(),
            first_unexplained: Vec::new(),
        }
    }

    fn add(&mut self, kept: &KeptVerdicts) {
        let report = &kept.report;
        self.sources.entry(kept.source).or_default().add(kept);
        self.compared += report.compared;
        self.same += report.same;
        self.unexplained += report.mismatched;
        self.failures += report.candidate_failures;
        add_all(&mut self.expected, &report.expected);
        add_all(&mut self.failures_by_sort, &report.failures);
        add_all(&mut self.kinds, &report.kinds);
        add_all(&mut self.commands, &report.occasions);
        for (counts, never) in
            [(&mut self.kinds, &report.kinds_never), (&mut self.commands, &report.occasions_never)]
        {
            for name in never {
                counts.entry(name.clone()).or_default();
            }
        }
        if let Some(latency) = &report.latency {
            self.latency.get_or_insert_default().add(latency);
        }
        self.runs.push(Covered {
            source: kept.source,
            run: kept.run,
            serving: report.serving.clone(),
            candidate: report.candidate.clone(),
            from_record: kept.from_record,
            to_record: kept.to_record,
            ended: kept.ended,
            one_in: report.one_in,
            compared: report.compared,
            switched_off: report.switched_off.clone(),
        });
        let found = report.first_unexplained.iter().cloned();
        self.first_unexplained.extend(found.map(|unexplained| Found { run: kept.run, unexplained }));
    }
}

fn add_all(into: &mut BTreeMap<String, u64>, counts: &[(String, u64)]) {
    for (name, count) in counts {
        *into.entry(name.clone()).or_default() += count;
    }
}
