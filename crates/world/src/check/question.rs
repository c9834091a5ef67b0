//! Which questions the code of contracts has to answer before a command can be decided.

use ecology_contracts::{Governor, Request};
use ecology_types::{
    Act, Action, ArtifactRecord, Command, GenesisArtifact, Key, PermissionAnswer, Reads, RefusalCode,
    SmolStr, Time, Value, Verb, question_digest,
};

use crate::services::Arguments;
use crate::step::Plan;
use crate::world::World;

/// A question to the code of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it is about.
    pub artifact: Key,
    /// What is to be done to it.
    pub verb: Verb,
    /// The immediate caller.
    pub caller: Key,
    /// The contract to ask.
    pub contract: Key,
    /// The method, for invocations.
    pub method: Option<SmolStr>,
    /// The arguments, for invocations.
    pub args: Option<Value>,
    /// Ties the answer to method and arguments.
    pub call_digest: u64,
}

/// Most questions that one command leads to.
const QUESTIONS_MAX: usize = 8;

impl Question {
    /// The question that a request puts to the code of `contract`.
    pub(crate) fn of(request: &Request<'_>, contract: Key) -> Self {
        Self {
            artifact: request.artifact.key,
            verb: request.verb,
            caller: request.caller,
            contract,
            method: request.method.map(SmolStr::new),
            args: request.args.cloned(),
            call_digest: question_digest(request.method, request.args),
        }
    }
}

impl World {
    /// What the code of contracts has to be asked before `command` can be decided, besides what its answers say already. Empty for
    /// commands that need no code, which is found out by a look at the artifacts that they name.
    #[must_use]
    pub fn questions(&self, command: &Command, now: Time) -> Vec<Question> {
        let act = match command {
            Command::Act(act) => act,
            Command::ActByTool(turn) => &turn.act,
            _ => return Vec::new(),
        };
        self.questions_of(act, now)
    }

    /// The same for one turn of an agent.
    #[must_use]
    pub fn questions_of(&self, act: &Act, now: Time) -> Vec<Question> {
        if !self.names_coded(&act.action) {
            return Vec::new();
        }
        let mut plan = Plan { time: now.max(self.clock.time), asking: Some(Vec::new()), ..Plan::default() };
        self.foresee(act, plan.time, &mut plan);
        plan.asking.unwrap_or_default()
    }

    /// The one question that reading, editing or deleting an artifact can lead to, found out by a look at the artifact alone. It may turn out
    /// that nobody has to ask it, when the action is refused for another reason: it is good for looking up an answer that is there already.
    #[must_use]
    pub fn question_at_hand(&self, act: &Act) -> Option<Question> {
        let (Action::Read { artifact } | Action::Edit { artifact, .. } | Action::Delete { artifact }) =
            &act.action
        else {
            return None;
        };
        let record = self.symbols.key(artifact.as_str()).and_then(|key| self.live(key))?;
        let Governor::Code(contract) = Governor::of_contract(record.access_contract) else { return None };
        let verb = act.action.verb();
        let (method, args) = (None, None);
        let call_digest = question_digest(None, None);
        Some(Question { artifact: record.key, verb, caller: act.agent, contract, method, args, call_digest })
    }

    fn foresee(&self, act: &Act, now: Time, plan: &mut Plan) {
        // How it would end does not matter: the question is what is asked on the way.
        let _ = self.carry_out(act, None, now, plan);
    }

    /// Whether an action names an artifact that code governs.
    #[must_use]
    pub fn names_coded(&self, action: &Action) -> bool {
        let coded = |id: &str| {
            self.symbols.key(id).and_then(|key| self.live(key)).is_some_and(|record| {
                matches!(Governor::of_contract(record.access_contract), Governor::Code(_))
            })
        };
        let args = match action {
            Action::Invoke { args, .. } => args,
            Action::InvokeAllowing(call) => &call.args,
            _ => return action.target().is_some_and(|target| coded(target.as_str())),
        };
        let Some(target) = action.target() else { return false };
        // The services act upon what their arguments name.
        coded(target.as_str())
            || (self.symbols.key(target.as_str()).is_some_and(|key| GenesisArtifact::from_key(key).is_some())
                && args.text_arg("artifact").is_some_and(coded))
    }

    /// Takes note of a question that has to be asked, when questions are what is wanted. Gives whether it was noted.
    pub(crate) fn note_question(&self, request: &Request<'_>, plan: &mut Plan) -> bool {
        let now = plan.time;
        let Some(asking) = &mut plan.asking else { return false };
        let view = super::Moment { world: self, now };
        let Some(contract) = self.parts.access.needs_code(request, &view) else { return false };
        let question = Question::of(request, contract);
        if asking.len() < QUESTIONS_MAX && !asking.contains(&question) {
            asking.push(question);
        }
        true
    }

    /// Whether everything that an answer rests on is as it was.
    #[must_use]
    pub fn holds(&self, answer: &PermissionAnswer, now: Time) -> bool {
        ecology_contracts::stale(answer, &super::Moment { world: self, now }).is_none()
    }

    /// Whether everything that code was told in the name of `reader` so far is as it was.
    #[must_use]
    pub fn still_reads(&self, reads: &Reads, reader: Key, now: Time) -> bool {
        ecology_contracts::changed(reads, reader, &super::Moment { world: self, now }).is_none()
    }

    /// Whether `step` would take what code said to a command, as of now. A tool that ran is carried out again without its code, and nothing of
    /// it is kept.
    #[must_use]
    pub fn is_current(&self, command: &Command, now: Time) -> bool {
        match command {
            Command::Act(act) => act.answers.iter().all(|answer| self.holds(answer, now)),
            Command::ActByTool(turn) => {
                let mut plan = Plan { time: now.max(self.clock.time), ..Plan::default() };
                let time = plan.time;
                let done = self.carry_out(&turn.act, Some(&turn.run), time, &mut plan);
                !matches!(done, Err(refusal) if refusal.code == RefusalCode::AnswerStale)
            }
            _ => true,
        }
    }

    /// What the code of a contract is told with a question: `request` of WORLD's `check_permission(request)`. Content is no part of it.
    #[must_use]
    pub fn request_of(&self, question: &Question) -> Value {
        let id = |key: Key| Value::text(self.id(key).as_str());
        let mut request = vec![
            (SmolStr::new_static("action"), Value::text(question.verb.name())),
            (SmolStr::new_static("artifact"), id(question.artifact)),
            (SmolStr::new_static("caller"), id(question.caller)),
            (SmolStr::new_static("contract"), id(question.contract)),
        ];
        if let Some(record) = self.live(question.artifact) {
            request.extend(self.metadata(record).into_iter().filter(|(name, _)| name != "id"));
        }
        if let Some(method) = &question.method {
            request.push((SmolStr::new_static("method"), Value::Text(method.clone())));
        }
        if let Some(args) = &question.args {
            request.push((SmolStr::new_static("args"), args.clone()));
        }
        Value::Map(request)
    }

    /// What the code has been told by the question itself, before it looks at anything.
    #[must_use]
    pub fn reads_of(&self, question: &Question) -> Reads {
        let mut reads = Reads::default();
        self.note_artifact(question.contract, &mut reads);
        self.note_artifact(question.artifact, &mut reads);
        reads
    }

    /// Takes note of an artifact with its owner, or of its absence.
    pub(crate) fn note_artifact(&self, key: Key, reads: &mut Reads) {
        let record = self.live(key);
        reads.note_version(key, record.map_or(0, |record| record.version));
        if let Some(record) = record {
            reads.note_owner(key, record.owner);
        }
    }

    /// An artifact without its content, as code sees it.
    pub(crate) fn metadata(&self, record: &ArtifactRecord) -> Vec<(SmolStr, Value)> {
        let id = |key: Key| Value::text(self.id(key).as_str());
        [
            ("id", id(record.key)),
            ("owner", id(record.owner)),
            ("creator", id(record.creator)),
            ("contract", id(record.access_contract.unwrap_or(GenesisArtifact::Freeware.key()))),
            ("kind", Value::text(&record.kind)),
            ("version", Value::count(record.version)),
            ("content_bytes", Value::count(record.content.len() as u64)),
            ("has_standing", Value::Bool(record.has_standing)),
            ("can_execute", Value::Bool(record.can_execute)),
        ]
        .into_iter()
        .map(|(name, value)| (SmolStr::new_static(name), value))
        .collect()
    }
}
