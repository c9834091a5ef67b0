//! The genesis services: their methods and how each is carried out.

mod escrow;
mod event_log;
mod handbook;
mod ledger;
mod mint;
mod rights;
mod spec;
mod store;

use std::sync::{Arc, LazyLock};

use ecology_types::{
    ArtifactRecord, GenesisArtifact, Interface, Key, PermissionAnswer, Refusal, RefusalCode, Scrip, Time,
    Value,
};
pub(crate) use spec::Arguments;
use spec::{Service, Shape, optional};

use crate::decide::Done;
use crate::result::row;
use crate::step::Plan;
use crate::world::World;

/// Who calls, what it has paid for the call already, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) key: Key,
    pub(crate) fee: Scrip,
    pub(crate) answers: &'a [PermissionAnswer],
    pub(crate) now: Time,
}

/// The service behind a genesis artifact, if it is one.
pub(crate) const fn service(artifact: GenesisArtifact) -> Option<&'static Service> {
    match artifact {
        GenesisArtifact::Ledger => Some(&ledger::SERVICE),
        GenesisArtifact::RightsRegistry => Some(&rights::SERVICE),
        GenesisArtifact::Store => Some(&store::SERVICE),
        GenesisArtifact::Escrow => Some(&escrow::SERVICE),
        GenesisArtifact::Mint => Some(&mint::SERVICE),
        GenesisArtifact::EventLog => Some(&event_log::SERVICE),
        GenesisArtifact::Handbook => Some(&handbook::SERVICE),
        _ => None,
    }
}

/// What a genesis artifact is for; its content.
pub(crate) const fn description(artifact: GenesisArtifact) -> &'static str {
    match artifact {
        GenesisArtifact::Genesis => "The creator of everything that exists at time zero.",
        GenesisArtifact::Freeware => {
            "Contract: anyone reads and invokes, only the creator writes, edits and deletes, only the owner transfers."
        }
        GenesisArtifact::SelfOwned => "Contract: only the artifact itself does anything to itself.",
        GenesisArtifact::Private => "Contract: only the owner does anything.",
        GenesisArtifact::Public => "Contract: anyone does anything.",
        other => match service(other) {
            Some(service) => service.description,
            None => "",
        },
    }
}

static INTERFACES: LazyLock<Vec<Option<Arc<Interface>>>> = LazyLock::new(|| {
    GenesisArtifact::ALL
        .into_iter()
        .map(|artifact| match service(artifact) {
            Some(service) => Some(Arc::new(service.interface())),
            None if artifact.is_contract() => Some(Arc::new(contract_interface(artifact))),
            None => None,
        })
        .collect()
});

/// The interface of a genesis artifact, if it can be invoked.
pub(crate) fn interface(artifact: GenesisArtifact) -> Option<Arc<Interface>> {
    INTERFACES[artifact.key().index()].clone()
}

const CHECK_PERMISSION: spec::MethodSpec = spec::MethodSpec {
    name: "check_permission",
    description: "Whether a caller may do something to an artifact under this contract.",
    params: &[
        spec::required("artifact", Shape::Id, "the artifact"),
        spec::required("action", Shape::Text, "read, write, edit, delete, invoke or transfer"),
        optional("caller", Shape::Id, "who would do it; you, when left out"),
    ],
};

fn contract_interface(artifact: GenesisArtifact) -> Interface {
    Service { description: description(artifact), methods: &[CHECK_PERMISSION] }.interface()
}

/// Carries out a method of a service.
pub(crate) fn invoke(
    world: &World,
    record: &ArtifactRecord,
    method: &str,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let Some(artifact) = GenesisArtifact::from_key(record.key) else {
        let detail = format!("{} is code, and nothing has run it", record.id);
        return Err(Refusal::new(RefusalCode::Unavailable, detail));
    };
    if artifact.is_contract() {
        return check_permission(world, record, method, args, caller);
    }
    let Some(service) = service(artifact) else {
        return Err(Refusal::new(RefusalCode::NotExecutable, format!("{} has no methods", record.id)));
    };
    let Some(spec) = service.method(method) else {
        let nearest = service
            .methods
            .iter()
            .map(|known| (strsim::damerau_levenshtein(method, known.name), known.name))
            .min()
            .filter(|(distance, _)| *distance <= 4)
            .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
        return Err(no_method(record.id.as_str(), method, &nearest));
    };
    spec.check(args)?;
    match artifact {
        GenesisArtifact::Ledger => ledger::call(world, method, args, caller, plan),
        GenesisArtifact::RightsRegistry => rights::call(world, method, args, caller, plan),
        GenesisArtifact::Store => store::call(world, method, args, caller, plan),
        GenesisArtifact::Escrow => escrow::call(world, method, args, caller, plan),
        GenesisArtifact::Mint => mint::call(world, method, args, caller, plan),
        GenesisArtifact::EventLog => event_log::call(world, method, args, caller, plan),
        _ => handbook::call(args),
    }
}

fn no_method(id: &str, method: &str, nearest: &str) -> Refusal {
    let shown: String = method.chars().take(64).collect();
    Refusal::new(RefusalCode::MethodNotFound, format!("{id} has no method {shown:?}{nearest}"))
}

fn check_permission(
    world: &World,
    contract: &ArtifactRecord,
    method: &str,
    args: &Value,
    caller: &Caller<'_>,
) -> Result<Done, Refusal> {
    use ecology_types::Verb;
    if method != CHECK_PERMISSION.name {
        return Err(no_method(contract.id.as_str(), method, "; did you mean check_permission?"));
    }
    CHECK_PERMISSION.check(args)?;
    let record = world.find(&id_arg(args, "artifact")?)?;
    let action = args.text_arg("action").unwrap_or_default();
    let Some(verb) = Verb::ALL.into_iter().find(|verb| verb.name() == action && *verb != Verb::Noop) else {
        let shown: String = action.chars().take(64).collect();
        let detail = format!("{shown:?} is no action; they are read, write, edit, delete, invoke, transfer");
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
    };
    let who = match args.text_arg("caller") {
        Some(_) => principal_arg(world, args, "caller")?,
        None => caller.key,
    };
    let request = ecology_contracts::Request {
        artifact: record,
        verb,
        caller: who,
        method: None,
        args: None,
        answers: caller.answers,
    };
    let allowed = ecology_contracts::StockContract::from_key(contract.key)
        .is_some_and(|contract| contract.allows(&request));
    Ok(Done::of(row([("allowed", Value::Bool(allowed))])))
}

/// A checked id argument.
pub(crate) fn id_arg(args: &Value, name: &str) -> Result<ecology_types::Id, Refusal> {
    let text = args.text_arg(name).unwrap_or_default();
    ecology_types::Id::new(text)
        .map_err(|error| Refusal::new(RefusalCode::IdInvalid, format!("{name} is no id: {error}")))
}

/// A checked argument that names a living principal.
pub(crate) fn principal_arg(world: &World, args: &Value, name: &str) -> Result<Key, Refusal> {
    let text = args.text_arg(name).unwrap_or_default();
    if let Some(key) = world.principal_named(text) {
        return Ok(key);
    }
    let shown: String = text.chars().take(64).collect();
    if world.symbols.key(text).is_some_and(|key| world.live(key).is_some()) {
        let detail = format!("{shown} is an artifact without standing");
        return Err(Refusal::new(RefusalCode::NoStanding, detail));
    }
    Err(Refusal::new(RefusalCode::PrincipalNotFound, format!("{name}: {shown:?} does not exist")))
}

/// The page that offset and limit ask for, within the limit of the world.
pub(crate) fn page_args(world: &World, args: &Value) -> Result<(u64, u32), Refusal> {
    let page_max = world.rules.limits.page_items_max;
    let limit = args.count_arg("limit").unwrap_or_else(|| u64::from(page_max.min(20)));
    if limit == 0 || limit > u64::from(page_max) {
        let detail = format!("limit is {limit}; a page has 1 to {page_max} items");
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
    }
    Ok((args.count_arg("offset").unwrap_or(0), u32::try_from(limit).unwrap_or(page_max)))
}

pub(crate) const OFFSET: spec::Param = optional("offset", Shape::Count, "items to skip; 0 when left out");
pub(crate) const LIMIT: spec::Param = optional("limit", Shape::Count, "items on the page; 20 when left out");
