//! Whether the contracts that a migration makes of policies answer as the policies do: their code is run and compared.

use ecology_contracts::{
    AccessControl, AccessView, Answer, Request, contract_source, policy_contract_id, source_fits,
};
use ecology_sandbox::{Engine, Limits, NoHost, Program};
use ecology_types::{
    Act, Action, AllowList, ArtifactRecord, Command, GenesisArtifact, Id, Key, Payer, Policy, Record, Scrip,
    SmolStr, Value, Verb, counted,
};
use ecology_world::World;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use crate::migrate::Gate;

/// Differences that are told of in full.
const TOLD_MAX: usize = 3;

/// Compares the contracts with the policies that they are made of.
///
/// Each distinct question is run once: what a contract answers depends on its source, what is done, who does it, and whether that is the owner.
pub(crate) struct PolicyAnswers {
    engine: Box<dyn Engine>,
    /// What makes a contract of a policy.
    source_of: SourceOf,
    programs: FxHashMap<Policy, Option<Made>>,
    asked: FxHashSet<(u32, Verb, Key, bool)>,
    /// Recorded requests about artifacts whose policy would become a contract.
    recorded: u64,
    /// Artifacts whose policy becomes one now.
    artifacts: u64,
    differing: u64,
    first: Vec<String>,
}

/// Makes the source of a contract; the second argument says the id of a key on a list.
type SourceOf = fn(&Policy, &dyn Fn(Key) -> SmolStr) -> String;

/// A contract that is made of a policy.
struct Made {
    number: u32,
    id: Id,
    /// The program, or why it is none.
    program: Result<Arc<dyn Program>, String>,
}

/// What either side says: the price of a yes with who pays it, or no.
type Said = Option<(Scrip, Payer)>;

impl PolicyAnswers {
    pub(crate) fn new(engine: Box<dyn Engine>) -> Self {
        Self {
            engine,
            source_of: contract_source,
            programs: FxHashMap::default(),
            asked: FxHashSet::default(),
            recorded: 0,
            artifacts: 0,
            differing: 0,
            first: Vec::new(),
        }
    }

    /// Compares the answers to what a recorded command asks, on the state that it was decided on.
    pub(crate) fn of_record(&mut self, world: &World, record: &Record) {
        let Some(act) = act_of(&record.command) else { return };
        for (id, verb) in requests_of(&act.action) {
            let Some(artifact) = world.symbols().key(id).and_then(|key| world.live(key)) else { continue };
            if let Some(policy) = world.policy_to_move(artifact) {
                self.recorded += 1;
                self.compare(world, artifact, policy, verb, act.agent);
            }
        }
    }

    /// Compares the answers to everything that owner, creator, everybody on a list and a stranger could ask now.
    pub(crate) fn of_world(&mut self, world: &World) {
        let mut tried = FxHashSet::default();
        let end = u32::try_from(world.symbols().len()).unwrap_or(u32::MAX);
        for artifact in (0..end).filter_map(|key| world.live(Key(key))) {
            let Some(policy) = world.policy_to_move(artifact) else { continue };
            let Some(number) = self.made(world, policy).map(|made| made.number) else { continue };
            self.artifacts += 1;
            // Equal policies are one contract: it is tried on the first artifact of each sort.
            if !tried.insert((number, artifact.owner == artifact.creator)) {
                continue;
            }
            for caller in callers(artifact, policy, end) {
                for verb in Verb::ALL {
                    self.compare(world, artifact, policy, verb, caller);
                }
            }
        }
    }

    /// What was found, as a condition of the migration.
    pub(crate) fn gate(&self) -> Gate {
        let policies = self.programs.values().flatten().count();
        let mut found = format!(
            "{} of {} distinct questions answered alike, from {}; {}, {}",
            self.asked.len() as u64 - self.differing,
            self.asked.len(),
            counted(self.recorded, "recorded request", "recorded requests"),
            counted(policies as u64, "policy", "policies"),
            counted(self.artifacts, "artifact", "artifacts")
        );
        for told in &self.first {
            found.push_str("; ");
            found.push_str(told);
        }
        Gate { name: "contracts answer like policies", passed: self.differing == 0, found }
    }

    /// The contract made of a policy; `None` when none can be made and one of time zero takes its place.
    fn made(&mut self, world: &World, policy: &Policy) -> Option<&Made> {
        if !self.programs.contains_key(policy) {
            let source = (self.source_of)(policy, &|key| SmolStr::new(world.id(key).as_str()));
            let number = u32::try_from(self.programs.len()).unwrap_or(u32::MAX);
            let id = policy_contract_id(&source).filter(|_| source_fits(policy, &source));
            let made = id.map(|id| Made {
                number,
                id,
                program: self.engine.compile(&source, &limits(world)).map_err(|fault| fault.to_string()),
            });
            self.programs.insert(policy.clone(), made);
        }
        self.programs.get(policy).and_then(Option::as_ref)
    }

    fn compare(
        &mut self,
        world: &World,
        artifact: &ArtifactRecord,
        policy: &Policy,
        verb: Verb,
        caller: Key,
    ) {
        // Doing nothing is asked of nobody.
        if verb == Verb::Noop {
            return;
        }
        let Some(made) = self.made(world, policy) else { return };
        let (number, program, contract) = (made.number, made.program.clone(), made.id.clone());
        if !self.asked.insert((number, verb, caller, caller == artifact.owner)) {
            return;
        }
        let wanted = by_policy(artifact, verb, caller);
        let said = program.and_then(|program| {
            let request = request(world, artifact, &contract, verb, caller);
            let called = program.call("check_permission", &[request], &limits(world), 0, &mut NoHost);
            called.outcome.map_err(|fault| fault.to_string()).and_then(|answer| said(&answer))
        });
        if said.as_ref() != Ok(&wanted) {
            self.differing += 1;
            if self.first.len() < TOLD_MAX {
                let told = match said {
                    Ok(said) => tell(&said),
                    Err(fault) => fault,
                };
                let (caller, wanted) = (world.id(caller), tell(&wanted));
                let verb = verb.name();
                self.first.push(format!("{caller} {verb} {}: {wanted} before, {told} now", artifact.id));
            }
        }
    }
}

fn limits(world: &World) -> Limits {
    Limits { instructions_max: world.code_rules().check_instructions_max, ..Limits::default() }
}

fn act_of(command: &Command) -> Option<&Act> {
    match command {
        Command::Act(act) => Some(act),
        Command::ActByTool(turn) => Some(&turn.act),
        _ => None,
    }
}

/// The permissions that an action asks for: its own, and that to give away what it names.
fn requests_of(action: &Action) -> Vec<(&str, Verb)> {
    let mut requests: Vec<_> = action.target().map(|id| (id.as_str(), action.verb())).into_iter().collect();
    if let Action::Invoke { artifact, method, args } = action {
        let gives = [(GenesisArtifact::Ledger, "transfer_ownership"), (GenesisArtifact::Escrow, "deposit")];
        if gives.iter().any(|(service, name)| service.name() == artifact.as_str() && *name == method)
            && let Some(given) = args.get("artifact").and_then(Value::as_text)
        {
            requests.push((given, Verb::Transfer));
        }
    }
    requests
}

/// Owner, creator, everybody on a list, and somebody who is none of these.
fn callers(artifact: &ArtifactRecord, policy: &Policy, end: u32) -> Vec<Key> {
    let mut callers = vec![artifact.owner, artifact.creator];
    for list in [&policy.read, &policy.write, &policy.invoke] {
        if let AllowList::Only(keys) = list {
            callers.extend(keys);
        }
    }
    callers.sort_unstable();
    callers.dedup();
    callers.extend((0..end).rev().map(Key).find(|key| callers.binary_search(key).is_err()));
    callers
}

/// Policies look at nothing but the artifact.
struct Nothing;

impl AccessView for Nothing {
    fn artifact(&self, _: Key) -> Option<&ArtifactRecord> {
        None
    }
    fn balance(&self, _: Key) -> Scrip {
        Scrip::ZERO
    }
    fn contract_depth_max(&self) -> u32 {
        0
    }
}

fn by_policy(artifact: &ArtifactRecord, verb: Verb, caller: Key) -> Said {
    let request = Request { artifact, verb, caller, method: None, args: None, answers: &[] };
    match crate::compose::policies().decide(&request, &Nothing) {
        Answer::Allow { grant, .. } => Some((grant.cost, grant.payer)),
        Answer::Deny { .. } => None,
    }
}

fn request(world: &World, artifact: &ArtifactRecord, contract: &Id, verb: Verb, caller: Key) -> Value {
    let text = |key: Key| Value::text(world.id(key).as_str());
    Value::map([
        ("action", Value::text(verb.name())),
        ("artifact", Value::text(artifact.id.as_str())),
        ("can_execute", artifact.can_execute.into()),
        ("caller", text(caller)),
        ("content_bytes", Value::count(artifact.content.len() as u64)),
        ("contract", Value::text(contract.as_str())),
        ("creator", text(artifact.creator)),
        ("has_standing", artifact.has_standing.into()),
        ("kind", Value::Text(artifact.kind.clone())),
        ("owner", text(artifact.owner)),
        ("version", Value::count(artifact.version)),
    ])
}

/// The answer of a contract that is made of a policy; these use no more than this of what an answer may hold.
fn said(answer: &Value) -> Result<Said, String> {
    let strange = || format!("an answer that policies do not give: {}", answer.to_json());
    let Value::Map(fields) = answer else { return Err(strange()) };
    let known = ["allow", "cacheable", "cost", "payer", "reason"];
    if fields.iter().any(|(name, _)| !known.contains(&name.as_str())) {
        return Err(strange());
    }
    let cost = match answer.get("cost") {
        None => Scrip::ZERO,
        Some(cost) => Scrip(cost.as_count().ok_or_else(strange)?),
    };
    match (answer.get("allow"), answer.get("payer").map(Value::as_text)) {
        (Some(Value::Bool(false)), _) => Ok(None),
        (Some(Value::Bool(true)), None | Some(Some("invoker"))) => Ok(Some((cost, Payer::Invoker))),
        _ => Err(strange()),
    }
}

fn tell(said: &Said) -> String {
    match said {
        None => "no".to_owned(),
        Some((Scrip::ZERO, _)) => "yes".to_owned(),
        Some((cost, payer)) => format!("yes for {cost} from {payer:?}"),
    }
}

#[cfg(test)]
mod tests {
    use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
    use ecology_types::{
        Axis, AxisVector, Charges, Draft, Founder, Genesis, PolicyDraft, Resource, Rules, Side, Time,
    };

    use super::*;
    use crate::host::{Host, Observer};

    struct Unwatched;

    impl Observer for Unwatched {
        fn observe(&mut self, _: &World, _: &ecology_world::Event) {}
    }

    /// A world with artifacts under every combination of lists and prices.
    fn listed() -> Host {
        let axes = AxisVector::default().with(Axis::ArtifactOntology, Side::New);
        let journal: Box<dyn Journal> = Box::new(MemoryJournal::open(&MemoryDisk::new()).unwrap());
        let mut host =
            Host::new(World::new(crate::compose::parts(axes).unwrap()), journal, 1_024, 0).unwrap();
        let founders = ["ann", "bob", "cid"].map(|id| Founder {
            id: Id::known(id),
            is_agent: true,
            config: "".into(),
            scrip: Scrip(100),
            quotas: Resource::ALL.into_iter().fold(Charges::NONE, |all, one| all.with(one, 100_000_000)),
        });
        let genesis = Genesis { rules: Rules::default(), founders: founders.into(), artifacts: Vec::new() };
        host.step(&Command::Create(Box::new(genesis)), Time::ZERO, &mut Unwatched).unwrap();
        let ann = host.world().symbols().key("ann").unwrap();
        let lists = [vec!["*"], vec!["bob"], vec![]];
        for n in 0..108_usize {
            let list = |at: usize| lists[at % 3].iter().map(SmolStr::new).collect();
            let mut draft = Draft::new(Id::new(format!("piece_{n}")).unwrap(), "text");
            draft.policy = Some(PolicyDraft {
                read: list(n),
                write: list(n / 3),
                invoke: list(n / 9),
                read_price: Scrip(3 * u64::from(n / 27 % 2 == 1)),
                invoke_price: Scrip(5 * u64::from(n / 54 == 1)),
            });
            let act =
                Act { agent: ann, action: Action::Write(Box::new(draft)), thought: None, answers: vec![] };
            let step = host.step(&Command::Act(act), Time::ZERO, &mut Unwatched).unwrap();
            assert!(step.outcome.is_ok(), "{:?}", step.outcome);
        }
        host
    }

    fn gate(host: &Host, source_of: SourceOf) -> Gate {
        let mut answers = PolicyAnswers { source_of, ..PolicyAnswers::new(crate::compose::policy_engine()) };
        answers.of_world(host.world());
        answers.gate()
    }

    #[test]
    fn the_contracts_that_are_made_pass() {
        let gate = gate(&listed(), contract_source);
        assert!(gate.passed, "{}", gate.found);
        assert!(gate.found.contains("; 103 policies, 103 artifacts"), "{}", gate.found);
    }

    #[test]
    fn a_generator_that_is_wrong_in_anything_does_not_pass() {
        fn replaced(policy: &Policy, name: &dyn Fn(Key) -> SmolStr, from: &str, to: &str) -> String {
            let source = contract_source(policy, name);
            assert!(source.contains(from), "{from} is not in {source}");
            source.replace(from, to)
        }
        let host = listed();
        let wrong: [(&str, SourceOf); 8] = [
            ("the owner does not get in", |policy, name| {
                replaced(policy, name, "request.caller == request.owner", "false")
            }),
            ("the price is one too high", |policy, name| {
                replaced(policy, name, "cost = rule.price", "cost = rule.price and rule.price + 1")
            }),
            ("no price", |policy, name| replaced(policy, name, "cost = rule.price,", "")),
            ("the owner pays", |policy, name| {
                replaced(policy, name, "payer = \"invoker\"", "payer = \"owner\"")
            }),
            ("everybody deletes", |policy, name| {
                replaced(policy, name, "delete = write", "delete = { list = { \"*\" } }")
            }),
            ("the wrong list", |policy, name| {
                contract_source(&Policy { invoke: policy.read.clone(), ..policy.clone() }, name)
            }),
            ("no code", |_, _| "this is no code".to_owned()),
            ("no end", |_, _| "function check_permission(request) while true do end end".to_owned()),
        ];
        for (what, source_of) in wrong {
            let gate = gate(&host, source_of);
            assert!(!gate.passed, "{what}: {}", gate.found);
            assert!(gate.found.contains(" before, ") || gate.found.contains(": "), "{what}: {}", gate.found);
        }
    }
}
