//! Two schemas side by side: one serves, the other is compared.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ecology_shadow::{Answers, Comparison, Options, Report, Subject, Verdict};
use ecology_types::{ArtifactRecord, Id, Key, Limits, RefusalCode, Value};

use crate::case::{Answer, Essence, Question, Role};
use crate::divergence::REGISTER;
use crate::{
    Ask, Change, Legacy, NotAllowed, Ontology, OntologyDivergence, Page, Query, Resolution, Unified,
};

/// The kinds of question of this axis. Resolutions are asked on every path.
static SUBJECT: Subject =
    Subject { kinds: &["check", "resolve", "search", "describe"], often: Some(RESOLVE), register: REGISTER };
/// [`Ontology::check`].
const CHECK: usize = 0;
/// [`Ontology::artifact`] and [`Ontology::principal`].
const RESOLVE: usize = 1;
/// [`Ontology::search`].
const SEARCH: usize = 2;
/// [`Ontology::describe`].
const DESCRIBE: usize = 3;

/// A pair of schemas that hold the same history. Answers come from `serving` and from nowhere else; `candidate` is asked the same and compared.
///
/// A candidate that panics is counted, switched off and never asked again; the serving side goes on undisturbed.
/// Resolutions are compared by liveness and version only, because they are on every path.
pub struct ShadowOntology {
    serving: Box<dyn Ontology>,
    candidate: Box<dyn Ontology>,
    direction: Option<Direction>,
    comparison: Comparison,
}

impl ShadowOntology {
    /// A pair. Both have to hold the same things, for instance nothing. Every question is compared.
    #[must_use]
    pub fn new(serving: Box<dyn Ontology>, candidate: Box<dyn Ontology>) -> Self {
        Self::with(serving, candidate, Options::default())
    }

    /// The same with a say in what is compared, how it is timed and what the candidate may cost.
    #[must_use]
    pub fn with(serving: Box<dyn Ontology>, candidate: Box<dyn Ontology>, options: Options) -> Self {
        let direction = match (serving.name(), candidate.name()) {
            (Legacy::NAME, Unified::NAME) => Some(Direction::OldServes),
            (Unified::NAME, Legacy::NAME) => Some(Direction::NewServes),
            _ => None,
        };
        let comparison = Comparison::new(&SUBJECT, serving.name(), candidate.name(), options);
        Self { serving, candidate, direction, comparison }
    }

    /// What was compared so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.comparison.report()
    }

    /// The legacy side and the unified side, when the pair is made of these two.
    fn sides(&self) -> Option<(&dyn Ontology, &dyn Ontology, Direction)> {
        let (serving, candidate) = (self.serving.as_ref(), self.candidate.as_ref());
        match self.direction? {
            direction @ Direction::OldServes => Some((serving, candidate, direction)),
            direction @ Direction::NewServes => Some((candidate, serving, direction)),
        }
    }

    /// Both answers to a question, in words, and how they compare. Nothing is counted.
    pub(crate) fn answers(&self, question: &Question) -> Answers {
        let serving = question.put(self.serving.as_ref());
        let words = format!("{serving:?}");
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let candidate = question.put(self.candidate.as_ref());
            (format!("{candidate:?}"), self.judge(question, &serving, &candidate))
        }));
        match asked {
            Ok((candidate, verdict)) if !self.comparison.is_off() => {
                Answers { serving: words, candidate, verdict }
            }
            _ => Answers::without_candidate(words),
        }
    }

    fn judge(&self, question: &Question, serving: &Answer, candidate: &Answer) -> Verdict {
        match (question, serving, candidate) {
            (Question::Check { ask, .. }, Answer::Check(serving), Answer::Check(candidate)) => {
                self.judge_check(&ask.borrowed(), serving, candidate)
            }
            (Question::Search { query, .. }, Answer::Search(serving), Answer::Search(candidate)) => {
                self.judge_search(query, &|record| question.may_see(record), serving, candidate)
            }
            (Question::Describe { record, .. }, Answer::Describe(serving), Answer::Describe(candidate)) => {
                self.judge_description(&record.id, serving, candidate)
            }
            _ if serving == candidate => Verdict::Same,
            _ => verdict(None, question, [serving, candidate]),
        }
    }

    fn judge_check(
        &self,
        ask: &Ask<'_>,
        serving: &Result<(), NotAllowed>,
        candidate: &Result<(), NotAllowed>,
    ) -> Verdict {
        let codes = [serving, candidate].map(|answer| answer.as_ref().err().map(|no| no.code));
        if codes[0] == codes[1] {
            return Verdict::Same;
        }
        let explained = self.sides().and_then(|(legacy, _, direction)| {
            let (old, new) = direction.old_first(codes[0], codes[1]);
            explain_check(ask, old, new, legacy)
        });
        verdict(explained, ask, [serving, candidate])
    }

    fn judge_search(
        &self,
        query: &Query,
        may_see: &dyn Fn(&ArtifactRecord) -> bool,
        serving: &Page,
        candidate: &Page,
    ) -> Verdict {
        if serving == candidate {
            return Verdict::Same;
        }
        // The one registered difference: without a word on standing, unified finds what legacy finds and the principals.
        let sides = self.sides().filter(|_| query.has_standing.is_none());
        let explained = sides.is_some_and(|(_, unified, direction)| {
            let without = Query { has_standing: Some(false), ..query.clone() };
            let (old, _) = direction.old_first(serving, candidate);
            unified.search(&without, may_see) == *old
        });
        verdict(explained.then_some(OntologyDivergence::PrincipalsInSearch), query, [serving, candidate])
    }

    fn judge_description(&self, id: &Id, serving: &Value, candidate: &Value) -> Verdict {
        if serving == candidate {
            return Verdict::Same;
        }
        let explained = self.direction.is_some() && agree_in_common(serving, candidate);
        verdict(explained.then_some(OntologyDivergence::Description), id, [serving, candidate])
    }

    fn resolve<'a>(
        &'a self,
        role: Role,
        key: Key,
        question: impl Fn(&'a dyn Ontology) -> Resolution<'a>,
    ) -> Resolution<'a> {
        self.comparison.ask(
            RESOLVE,
            || question(self.serving.as_ref()),
            || Essence::of(&question(self.candidate.as_ref())),
            |serving, candidate| {
                let serving = Essence::of(serving);
                if serving == *candidate {
                    return Verdict::Same;
                }
                verdict(None, &(role.name(), key), [&serving, candidate])
            },
            || Question::Resolve { role, key }.to_string(),
        )
    }
}

/// What to say of two answers that differ.
fn verdict(
    expected: Option<OntologyDivergence>,
    question: &dyn Debug,
    [serving, candidate]: [&dyn Debug; 2],
) -> Verdict {
    match expected {
        Some(divergence) => Verdict::Expected { code: divergence.code() },
        None => Verdict::Mismatch {
            detail: format!("{question:?}: serving {serving:?}, candidate {candidate:?}"),
        },
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

/// Whether two descriptions say the same of every field that both have. The schemas may show other fields, never other facts.
fn agree_in_common(a: &Value, b: &Value) -> bool {
    let (Value::Map(a), Value::Map(b)) = (a, b) else { return false };
    a.iter().all(|(field, value)| {
        b.iter().find(|(other, _)| other == field).is_none_or(|(_, same)| same == value)
    })
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
        self.comparison.ask(
            CHECK,
            || self.serving.check(ask, limits),
            || self.candidate.check(ask, limits),
            |serving, candidate| self.judge_check(ask, serving, candidate),
            || Question::check(ask, limits).to_string(),
        )
    }

    fn apply(&mut self, change: &Change<'_>) {
        self.serving.apply(change);
        let candidate = &mut self.candidate;
        self.comparison.tell("apply", || candidate.apply(change));
    }

    fn artifact(&self, key: Key) -> Resolution<'_> {
        self.resolve(Role::Artifact, key, |ontology| ontology.artifact(key))
    }

    fn principal(&self, key: Key) -> Resolution<'_> {
        self.resolve(Role::Principal, key, |ontology| ontology.principal(key))
    }

    /// Both sides are about to be asked.
    fn touch(&self, key: Key) -> u64 {
        let seen = self.serving.touch(key);
        if self.comparison.is_off() {
            return seen;
        }
        // A candidate may fail here as anywhere; it changes nothing and answers nothing that counts.
        seen ^ catch_unwind(AssertUnwindSafe(|| self.candidate.touch(key))).unwrap_or(0)
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
        self.comparison.ask(
            SEARCH,
            || self.serving.search(query, may_see),
            || self.candidate.search(query, may_see),
            |serving, candidate| self.judge_search(query, may_see, serving, candidate),
            || Question::search(query, may_see, self.serving.as_ref()).to_string(),
        )
    }

    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        self.comparison.ask(
            DESCRIBE,
            || self.serving.describe(record, name),
            || self.candidate.describe(record, name),
            |serving, candidate| self.judge_description(&record.id, serving, candidate),
            || Question::describe(record, name, self.serving.as_ref()).to_string(),
        )
    }

    fn digest(&self, into: &mut Vec<u8>) {
        self.serving.digest(into);
    }

    fn save(&self) -> Vec<u8> {
        self.serving.save()
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.serving.restore(saved)?;
        let candidate = &mut self.candidate;
        self.comparison.tell_or("restore", || candidate.restore(saved));
        Ok(())
    }

    fn comparison(&self) -> Option<&Comparison> {
        Some(&self.comparison)
    }
}
