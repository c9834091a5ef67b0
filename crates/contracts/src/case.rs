//! A question with what was looked at for it, as plain data: what a difference is reproduced from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use ecology_shadow::{Answers, Shrunk, shrink};
use ecology_types::{ArtifactRecord, EventCount, Key, PermissionAnswer, Scrip, Span, Time, Value, Verb};
use serde::{Deserialize, Serialize};

use crate::{AccessControl, AccessView, Request, ShadowAccess};

/// A serving implementation and its candidate.
pub type Pair = (Box<dyn AccessControl>, Box<dyn AccessControl>);

/// One thing that was looked at. What is not among the facts does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A live artifact.
    Artifact(Box<ArtifactRecord>),
    /// The balance of a principal.
    Balance(Key, Scrip),
    /// The answer of a contract that is code.
    Answer(PermissionAnswer),
    /// The version of the state that an executable keeps.
    State(Key, u64),
    /// A count of events, as somebody sees them.
    Events(Key, EventCount, u64),
    /// The time of the decision, and how old a time may be that a contract was told.
    Moment(Time, Span),
}

/// A question with the facts that either side looked at. Access control remembers nothing, so there is no history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What was looked at.
    pub facts: Vec<Fact>,
    /// How deep contracts may ask contracts.
    pub contract_depth_max: u32,
    /// What the question is about.
    pub artifact: Box<ArtifactRecord>,
    /// What is to be done to it.
    pub verb: Verb,
    /// The immediate caller.
    pub caller: Key,
    /// The method, for invocations.
    pub method: Option<String>,
    /// The arguments, for invocations.
    pub args: Option<Value>,
}

impl Case {
    /// The case of a question: what the serving side looks at when it is asked again, and what any implementation has reason to look at. The candidate
    /// is not asked again.
    #[must_use]
    pub fn of(request: &Request<'_>, view: &dyn AccessView, serving: &dyn AccessControl) -> Self {
        let looking = Looking {
            view,
            artifacts: RefCell::default(),
            balances: RefCell::default(),
            states: RefCell::default(),
            events: RefCell::default(),
        };
        let _ = serving.decide(request, &looking);
        let Request { artifact, caller, answers, .. } = request;
        let named = [artifact.key, artifact.creator, artifact.owner, *caller];
        let governed =
            artifact.access_contract.into_iter().chain(answers.iter().map(|answer| answer.contract));
        let read = answers.iter().flat_map(|answer| answer.reads.versions.iter().map(|(key, _)| *key));
        for key in named.into_iter().chain(governed).chain(read) {
            looking.artifact(key);
        }
        for answer in *answers {
            answer.reads.balances.iter().for_each(|(key, _)| _ = looking.balance(*key));
            answer.reads.states.iter().for_each(|(key, _)| _ = looking.state_version(*key));
            answer.reads.events.iter().for_each(|(which, _)| _ = looking.events(answer.contract, which));
        }
        let Looking { artifacts, balances, states, events, .. } = looking;
        let states = states.into_inner().into_iter().map(|(key, version)| Fact::State(key, version));
        let events = events
            .into_inner()
            .into_iter()
            .map(|((viewer, which), count)| Fact::Events(viewer, which, count));
        let moment = answers
            .iter()
            .any(|answer| answer.reads.time.is_some())
            .then(|| Fact::Moment(view.now(), view.answer_age_max()));
        let artifacts = artifacts.into_inner().into_values().map(|record| Fact::Artifact(Box::new(record)));
        let balances = balances.into_inner().into_iter().map(|(key, scrip)| Fact::Balance(key, scrip));
        let answers = request.answers.iter().cloned().map(Fact::Answer);
        Self {
            facts: artifacts
                .chain(balances)
                .chain(states)
                .chain(events)
                .chain(moment)
                .chain(answers)
                .collect(),
            contract_depth_max: view.contract_depth_max(),
            artifact: Box::new(request.artifact.clone()),
            verb: request.verb,
            caller: request.caller,
            method: request.method.map(str::to_owned),
            args: request.args.cloned(),
        }
    }

    /// Puts the question to a pair.
    #[must_use]
    pub fn ask(&self, pair: Pair) -> Answers {
        self.ask_with(&self.facts, pair)
    }

    /// The same question with as few facts, arguments and content as it takes for the answers to differ without a reason, trying at most
    /// `tries_max` sets of facts.
    #[must_use]
    pub fn shrink(mut self, tries_max: usize, pair: &dyn Fn() -> Pair) -> (Self, Shrunk<Fact>) {
        let facts = std::mem::take(&mut self.facts);
        let mut shrunk = shrink(facts, tries_max, |facts| self.ask_with(facts, pair()).is_mismatch());
        self.facts.clone_from(&shrunk.items);
        let without = [
            Self { args: None, ..self.clone() },
            Self { artifact: emptied(&self.artifact), args: None, ..self.clone() },
            Self { artifact: emptied(&self.artifact), ..self.clone() },
        ];
        let smaller = without.into_iter().filter(|case| case.ask(pair()).is_mismatch());
        let size = |case: &Self| (case.artifact.content.len(), case.args.is_some());
        if let Some(smallest) = smaller.min_by_key(size) {
            self = smallest;
        }
        shrunk.tries += 3;
        (self, shrunk)
    }

    fn ask_with(&self, facts: &[Fact], (serving, candidate): Pair) -> Answers {
        let answers: Vec<PermissionAnswer> = facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Answer(answer) => Some(answer.clone()),
                _ => None,
            })
            .collect();
        let request = Request {
            artifact: &self.artifact,
            verb: self.verb,
            caller: self.caller,
            method: self.method.as_deref(),
            args: self.args.as_ref(),
            answers: &answers,
        };
        let view = Facts { facts, contract_depth_max: self.contract_depth_max };
        ShadowAccess::new(serving, candidate).answers(&request, &view)
    }
}

fn emptied(record: &ArtifactRecord) -> Box<ArtifactRecord> {
    Box::new(ArtifactRecord { content: "".into(), ..record.clone() })
}

impl fmt::Display for Case {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Passes every look on and keeps what was seen.
struct Looking<'v> {
    view: &'v dyn AccessView,
    artifacts: RefCell<BTreeMap<Key, ArtifactRecord>>,
    balances: RefCell<BTreeMap<Key, Scrip>>,
    states: RefCell<BTreeMap<Key, u64>>,
    events: RefCell<BTreeMap<(Key, EventCount), u64>>,
}

impl AccessView for Looking<'_> {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        let record = self.view.artifact(key)?;
        self.artifacts.borrow_mut().insert(key, record.clone());
        Some(record)
    }

    fn balance(&self, key: Key) -> Scrip {
        let balance = self.view.balance(key);
        self.balances.borrow_mut().insert(key, balance);
        balance
    }

    fn contract_depth_max(&self) -> u32 {
        self.view.contract_depth_max()
    }

    fn state_version(&self, key: Key) -> u64 {
        let version = self.view.state_version(key);
        self.states.borrow_mut().insert(key, version);
        version
    }

    fn events(&self, viewer: Key, which: &EventCount) -> u64 {
        let count = self.view.events(viewer, which);
        self.events.borrow_mut().insert((viewer, which.clone()), count);
        count
    }

    fn now(&self) -> Time {
        self.view.now()
    }

    fn answer_age_max(&self) -> Span {
        self.view.answer_age_max()
    }
}

/// A world that consists of facts.
struct Facts<'f> {
    facts: &'f [Fact],
    contract_depth_max: u32,
}

impl Facts<'_> {
    fn moment(&self) -> Option<(Time, Span)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Moment(now, age_max) => Some((*now, *age_max)),
            _ => None,
        })
    }
}

impl AccessView for Facts<'_> {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Artifact(record) if record.key == key => Some(&**record),
            _ => None,
        })
    }

    fn balance(&self, key: Key) -> Scrip {
        let found = self.facts.iter().find_map(|fact| match fact {
            Fact::Balance(whose, balance) if *whose == key => Some(*balance),
            _ => None,
        });
        found.unwrap_or(Scrip::ZERO)
    }

    fn contract_depth_max(&self) -> u32 {
        self.contract_depth_max
    }

    fn state_version(&self, key: Key) -> u64 {
        let found = self.facts.iter().find_map(|fact| match fact {
            Fact::State(whose, version) if *whose == key => Some(*version),
            _ => None,
        });
        found.unwrap_or(0)
    }

    fn events(&self, viewer: Key, which: &EventCount) -> u64 {
        let found = self.facts.iter().find_map(|fact| match fact {
            Fact::Events(who, what, count) if *who == viewer && what == which => Some(*count),
            _ => None,
        });
        found.unwrap_or(0)
    }

    fn now(&self) -> Time {
        self.moment().map_or(Time::ZERO, |(now, _)| now)
    }

    fn answer_age_max(&self) -> Span {
        self.moment().map_or(Span::ZERO, |(_, age_max)| age_max)
    }
}
