//! Whether the contracts that a migration makes of policies answer as the policies do: their code is run and compared.

use ecology_contracts::{
    AccessControl, AccessView, Answer, Request, contract_source, policy_contract_id, source_fits,
};
use ecology_sandbox::{Engine, Limits, NoHost, Program};
use ecology_types::{
    Act, Action, AllowList, ArtifactRecord, Command, GenesisArtifact, Id, Key, Payer, Policy, Record, Scrip,
    SmolStr, Value, Verb,
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
    programs: FxHashMap<Policy, Option<Made>>,
    asked: FxHashSet<(u32, Verb, Key, bool)>,
    /// Recorded requests about artifacts whose policy would become a contract.
    recorded: u64,
    /// Artifacts whose policy becomes one now.
    artifacts: u64,
    differing: u64,
    first: Vec<String>,
}

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
            "{} of {} distinct questions answered alike, from {} recorded requests; {policies} policies, {} artifacts",
            self.asked.len() as u64 - self.differing,
            self.asked.len(),
            self.recorded,
            self.artifacts
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
            let source = contract_source(policy, &|key| SmolStr::new(world.id(key).as_str()));
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
