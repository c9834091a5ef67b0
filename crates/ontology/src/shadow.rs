//! Two schemas side by side: one serves, the other is compared.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ecology_shadow::{Report, Tally, Verdict};
use ecology_types::{ArtifactRecord, Id, Key, Limits, RefusalCode, Value};

use crate::{
    Ask, Change, Legacy, NotAllowed, Ontology, OntologyDivergence, Page, Query, Resolution, Unified,
};

/// The kind of question of [`Ontology::check`] in the tally.
const CHECK: &str = "check";
/// The kind of question of [`Ontology::artifact`] and [`Ontology::principal`].
const RESOLVE: &str = "resolve";
/// The kind of question of [`Ontology::describe`].
const DESCRIBE: &str = "describe";
/// The kind of question of [`Ontology::search`].
const SEARCH: &str = "search";

/// A pair of schemas that hold the same history. Answers come from `serving` and from nowhere else; `candidate` is asked the same and compared.
///
/// A candidate that panics is counted, switched off and never asked again; the serving side goes on undisturbed.
/// Resolutions are compared by liveness and version only, because they are on every path.
pub struct ShadowOntology {
    serving: Box<dyn Ontology>,
    candidate: Box<dyn Ontology>,
    candidate_is_off: AtomicBool,
    tally: Tally,
    /// Resolutions that agreed. Counted apart from the tally to keep its lock off the hot path.
    same_resolutions: AtomicU64,
}

impl ShadowOntology {
    /// A pair. Both have to hold the same things, for instance nothing.
    #[must_use]
    pub fn new(serving: Box<dyn Ontology>, candidate: Box<dyn Ontology>) -> Self {
        let tally = Tally::new(serving.name(), candidate.name());
        Self {
            serving,
            candidate,
            candidate_is_off: AtomicBool::new(false),
            tally,
            same_resolutions: AtomicU64::new(0),
        }
    }

    /// What was compared so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.tally.report();
        let same = self.same_resolutions.load(Ordering::Relaxed);
        if same > 0 {
            report.compared += same;
            report.same += same;
            match report.kinds.binary_search_by(|(kind, _)| kind.as_str().cmp(RESOLVE)) {
                Ok(at) => report.kinds[at].1 += same,
                Err(at) => report.kinds.insert(at, (RESOLVE.to_owned(), same)),
            }
        }
        report
    }

    fn is_off(&self) -> bool {
        self.candidate_is_off.load(Ordering::Relaxed)
    }

    fn switch_off(&self, kind: &'static str, detail: String) {
        self.candidate_is_off.store(true, Ordering::Relaxed);
        self.tally.record(kind, &Verdict::CandidateFailed { detail });
    }

    /// The candidate's answer, unless it is off or fails now.
    fn ask<T>(&self, kind: &'static str, question: impl FnOnce(&dyn Ontology) -> T) -> Option<T> {
        if self.is_off() {
            return None;
        }
        // A failed candidate is never looked at again, so a state that the panic left half-changed cannot be observed.
        match catch_unwind(AssertUnwindSafe(|| question(self.candidate.as_ref()))) {
            Ok(answer) => Some(answer),
            Err(panic) => {
                self.switch_off(kind, format!("the candidate panicked: {}", message(panic.as_ref())));
                None
            }
        }
    }

    /// The legacy side and the unified side, when the pair is made of these two.
    fn sides(&self) -> Option<(&dyn Ontology, &dyn Ontology, Direction)> {
        let (serving, candidate) = (self.serving.as_ref(), self.candidate.as_ref());
        match (serving.name(), candidate.name()) {
            (Legacy::NAME, Unified::NAME) => Some((serving, candidate, Direction::OldServes)),
            (Unified::NAME, Legacy::NAME) => Some((candidate, serving, Direction::NewServes)),
            _ => None,
        }
    }

    fn record(
        &self,
        kind: &'static str,
        expected: Option<OntologyDivergence>,
        question: &dyn Debug,
        answers: [&dyn Debug; 2],
    ) {
        let verdict = match expected {
            Some(divergence) => Verdict::Expected { code: divergence.code() },
            None => {
                let [serving, candidate] = answers;
                let mut detail = format!("{question:?}: serving {serving:?}, candidate {candidate:?}");
                truncate(&mut detail);
                Verdict::Mismatch { detail }
            }
        };
        self.tally.record(kind, &verdict);
    }

    fn resolve<'a>(
        &'a self,
        role: &str,
        key: Key,
        question: impl Fn(&'a dyn Ontology) -> Resolution<'a>,
    ) -> Resolution<'a> {
        let serving = question(self.serving.as_ref());
        if self.is_off() {
            return serving;
        }
        // The borrow of the answer is that of the pair, so the candidate is asked here and not through `ask`.
        let candidate = self.candidate.as_ref();
        match catch_unwind(AssertUnwindSafe(|| essence(&question(candidate)))) {
            Ok(answer) if answer == essence(&serving) => {
                self.same_resolutions.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => {
                self.record(RESOLVE, None, &(role, key), [&essence(&serving), &answer]);
            }
            Err(panic) => {
                self.switch_off(RESOLVE, format!("the candidate panicked: {}", message(panic.as_ref())));
            }
        }
        serving
    }
}

/// Which of the two sides serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    OldServes,
    NewServes,
}

impl Direction {
    /// Two answers, the old one first.
    fn old_first<T>(self, serving: T, candidate: T) -> (T, T) {
        match self {
            Self::OldServes => (serving, candidate),
            Self::NewServes => (candidate, serving),
        }
    }
}

/// What of a resolution is compared.
#[derive(Debug, PartialEq, Eq)]
enum Essence {
    Live { version: u64 },
    Tombstone,
    Free,
}

fn essence(resolution: &Resolution<'_>) -> Essence {
    match resolution {
        Resolution::Live(record) => Essence::Live { version: record.version },
        Resolution::Tombstone => Essence::Tombstone,
        Resolution::Free => Essence::Free,
    }
}

/// Whether two descriptions say the same of every field that both have. The schemas may show other fields, never other facts.
fn agree_in_common(a: &Value, b: &Value) -> bool {
    let (Value::Map(a), Value::Map(b)) = (a, b) else { return false };
    a.iter().all(|(field, value)| {
        b.iter().find(|(other, _)| other == field).is_none_or(|(_, same)| same == value)
    })
}

/// Details hold drafts, and drafts hold content: keep the beginning.
fn truncate(detail: &mut String) {
    const BYTES_MAX: usize = 2_000;
    if detail.len() > BYTES_MAX {
        let mut end = BYTES_MAX;
        while !detail.is_char_boundary(end) {
            end -= 1;
        }
        detail.truncate(end);
        detail.push_str(" ...");
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

/// Which registered divergence explains that the legacy schema answers `old` and the unified one `new`.
///
/// Each is accepted only where its cause is present in the question and in what exists; a refusal for any other reason stays unexplained.
fn explain_check(
    ask: &Ask<'_>,
    old: Option<RefusalCode>,
    new: Option<RefusalCode>,
    legacy: &dyn Ontology,
) -> Option<OntologyDivergence> {
    let draft = ask.draft();
    let sets_new_fields =
        draft.access_contract.is_some() || draft.interface.is_some() || draft.memory.is_some();
    let old_has_no_place = old == Some(RefusalCode::NotSupported) && sets_new_fields;
    if !(old.is_none() || old_has_no_place) {
        return None;
    }
    match new {
        None => old_has_no_place.then_some(OntologyDivergence::FieldsWithoutPlace),
        Some(RefusalCode::IdTaken) => {
            let Ask::Create { key, standing, .. } = ask else { return None };
            // The legacy schema lets it through, so its own role is free and whatever has the key is of the other one.
            let other = if *standing { legacy.artifact(*key) } else { legacy.principal(*key) };
            (other != Resolution::Free).then_some(OntologyDivergence::TwoNamespaces)
        }
        Some(RefusalCode::ArgumentInvalid) => {
            lacks_methods(ask, legacy).then_some(OntologyDivergence::InterfaceRequired)
        }
        Some(_) => None,
    }
}

/// Whether what is asked for would be an executable that nobody can call by a described method.
fn lacks_methods(ask: &Ask<'_>, legacy: &dyn Ontology) -> bool {
    let (standing, executable, kept) = match ask {
        Ask::Create { standing, executable, .. } => (*standing, *executable, None),
        Ask::Change { key, draft } => match legacy.artifact(*key) {
            Resolution::Live(record) => {
                let executable = draft.can_execute.unwrap_or(record.can_execute);
                if executable == record.can_execute && draft.interface.is_none() {
                    return false;
                }
                (record.has_standing, executable, record.interface.as_deref())
            }
            _ => return false,
        },
    };
    match ask.draft().interface.as_deref().or(kept) {
        Some(interface) => executable && interface.methods.is_empty(),
        None => executable && !standing,
    }
}

impl Ontology for ShadowOntology {
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        let serving = self.serving.check(ask, limits);
        let compare = |candidate: &dyn Ontology| {
            let answer = candidate.check(ask, limits);
            let codes = [&serving, &answer].map(|answer| answer.as_ref().err().map(|no| no.code));
            if codes[0] == codes[1] {
                return (answer, true, None);
            }
            let explained = self.sides().and_then(|(legacy, _, direction)| {
                let (old, new) = direction.old_first(codes[0], codes[1]);
                explain_check(ask, old, new, legacy)
            });
            (answer, false, explained)
        };
        match self.ask(CHECK, compare) {
            None => {}
            Some((_, true, _)) => self.tally.record(CHECK, &Verdict::Same),
            Some((answer, false, explained)) => self.record(CHECK, explained, ask, [&serving, &answer]),
        }
        serving
    }

    fn apply(&mut self, change: &Change<'_>) {
        self.serving.apply(change);
        if self.is_off() {
            return;
        }
        let candidate = &mut self.candidate;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| candidate.apply(change))) {
            self.switch_off("apply", format!("the candidate panicked: {}", message(panic.as_ref())));
        }
    }

    fn artifact(&self, key: Key) -> Resolution<'_> {
        self.resolve("artifact", key, |ontology| ontology.artifact(key))
    }

    fn principal(&self, key: Key) -> Resolution<'_> {
        self.resolve("principal", key, |ontology| ontology.principal(key))
    }

    fn principals(&self) -> &[Key] {
        self.serving.principals()
    }

    fn agents(&self) -> &[Key] {
        self.serving.agents()
    }

    fn counts(&self) -> (u64, u64) {
        self.serving.counts()
    }

    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        let serving = self.serving.search(query, may_see);
        let compare = |candidate: &dyn Ontology| {
            let page = candidate.search(query, may_see);
            if page == serving {
                return (page, true, None);
            }
            // The one registered difference: without a word on standing, unified finds what legacy finds and the principals.
            let explained = self.sides().filter(|_| query.has_standing.is_none()).is_some_and(
                |(_, unified, direction)| {
                    let without = Query { has_standing: Some(false), ..query.clone() };
                    let (old, _) = direction.old_first(&serving, &page);
                    unified.search(&without, may_see) == *old
                },
            );
            (page, false, explained.then_some(OntologyDivergence::PrincipalsInSearch))
        };
        match self.ask(SEARCH, compare) {
            None => {}
            Some((_, true, _)) => self.tally.record(SEARCH, &Verdict::Same),
            Some((page, false, explained)) => self.record(SEARCH, explained, query, [&serving, &page]),
        }
        serving
    }

    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        let serving = self.serving.describe(record, name);
        let compare = |candidate: &dyn Ontology| {
            let answer = candidate.describe(record, name);
            if answer == serving {
                return (answer, true, None);
            }
            let explained = self.sides().is_some() && agree_in_common(&serving, &answer);
            (answer, false, explained.then_some(OntologyDivergence::Description))
        };
        match self.ask(DESCRIBE, compare) {
            None => {}
            Some((_, true, _)) => self.tally.record(DESCRIBE, &Verdict::Same),
            Some((answer, false, explained)) => {
                self.record(DESCRIBE, explained, &record.id, [&serving, &answer]);
            }
        }
        serving
    }

    fn digest(&self, into: &mut Vec<u8>) {
        self.serving.digest(into);
    }

    fn save(&self) -> Vec<u8> {
        self.serving.save()
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.serving.restore(saved)?;
        if self.is_off() {
            return Ok(());
        }
        let candidate = &mut self.candidate;
        match catch_unwind(AssertUnwindSafe(|| candidate.restore(saved))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.switch_off("restore", format!("the candidate cannot read the snapshot: {error}"));
            }
            Err(panic) => {
                self.switch_off("restore", format!("the candidate panicked: {}", message(panic.as_ref())));
            }
        }
        Ok(())
    }

    fn shadow_report(&self) -> Option<Report> {
        Some(self.report())
    }
}
