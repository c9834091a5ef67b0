//! Agents that govern their works by the contracts of the library, and others that meet these contracts.

use std::collections::BTreeMap;

use ecology_contracts::{LIBRARY, Template};
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted::{AgendaConfig, Errand, ErrandsConfig};
use ecology_types::{Axis, Effect, PolicyDraft, RefusalCode, Scrip, Side, SmolStr, Time, Value};
use ecology_world::{Event, World};

use super::rhythm;
use crate::report::ContractUse;

/// How many agents meet each contract: one that writes it, one that uses what it governs, one that is in the way.
const CAST: [&str; 3] = ["author", "user", "rival"];

/// How many agents it takes for every contract to govern something, when each has to do with one contract.
pub(super) const MEMBERS: usize = CAST.len() * LIBRARY.len();

/// How many contracts an agent has to do with where few agents meet all of them.
const CONTRACTS_EACH: usize = LIBRARY.len().div_ceil(SMALL_CASTS);
const SMALL_CASTS: usize = 2;

/// How many agents it takes there.
pub(super) const SMALL_MEMBERS: usize = CAST.len() * SMALL_CASTS;

/// How long it takes them at most until each contract has said what it has to say.
pub(super) const TICKS_NEEDED: u64 = 150;

/// The id under which an author writes a contract of the library.
pub(super) fn law_id(template: &str, round: usize) -> String {
    format!("law_{template}_{round}")
}

/// The library's name of a contract by the id that an author gave it.
pub(super) fn library_name(id: &str) -> Option<&'static str> {
    let name = id.strip_prefix("law_")?.rsplit_once('_')?.0;
    LIBRARY.iter().map(|template| template.name).find(|known| *known == name)
}

/// Each contract by name with how often it said yes and no, and since when contracts have decided.
pub(super) type LibraryMemory = (Vec<(String, u64, u64)>, Option<Time>);

/// What contracts of the library said to others than who wrote them, while contracts decided.
#[derive(Debug, Default)]
pub(super) struct LibraryUse {
    each: BTreeMap<&'static str, ContractUse>,
    /// Since when contracts have decided.
    since: Option<Time>,
}

impl LibraryUse {
    pub(super) fn observe(&mut self, world: &World, event: &Event) {
        // What a run begins with says who decides in it; a history that is read again is read by the halves of today.
        if let Effect::RunStarted { axes, .. } = &event.effect {
            let decides = axes.side(Axis::AccessControl) == Side::New;
            self.since = decides.then(|| self.since.unwrap_or(event.time));
        }
        if self.since.is_none() {
            return;
        }
        let (record, is_yes) = match &event.effect {
            Effect::ActionDone { target: Some(target), .. } => (world.live(*target), true),
            Effect::ActionRefused { target: Some(id), code: RefusalCode::NotPermitted, .. } => {
                (world.live_named(id), false)
            }
            _ => return,
        };
        let Some(law) = record.and_then(|record| record.access_contract) else { return };
        let Some(name) = library_name(world.id(law).as_str()) else { return };
        if world.live(law).is_none_or(|law| event.actor == Some(law.creator)) {
            return;
        }
        let used = self.each.entry(name).or_default();
        if is_yes {
            used.allowed += 1;
        } else {
            used.refused += 1;
        }
    }

    /// What a run goes on from.
    pub(super) fn memory(&self) -> LibraryMemory {
        let Self { each, since } = self;
        let each = each.iter().map(|(name, used)| ((*name).to_owned(), used.allowed, used.refused)).collect();
        (each, *since)
    }

    /// The same from its memory; `None` when that names a contract that the library does not have.
    pub(super) fn recalled((each, since): LibraryMemory) -> Option<Self> {
        let known = |name: &str| LIBRARY.iter().map(|template| template.name).find(|known| *known == name);
        let each: Option<BTreeMap<_, _>> = each
            .into_iter()
            .map(|(name, allowed, refused)| Some((known(&name)?, ContractUse { allowed, refused })))
            .collect();
        Some(Self { each: each?, since })
    }

    /// How many contracts said yes to somebody, and no to somebody unless they never do.
    pub(super) fn in_use(&self) -> u64 {
        let is_used = |(name, used): &(&&str, &ContractUse)| {
            used.allowed > 0 && (used.refused > 0 || **name == "public")
        };
        self.each.iter().filter(is_used).count() as u64
    }

    /// Whether contracts have decided for so long that all of the library should be in use.
    pub(super) fn is_due(&self, config: &Config, now: Time) -> bool {
        let needed = rhythm(config).0.saturating_mul(TICKS_NEEDED);
        self.since.is_some_and(|since| now.since(since).0 >= needed)
    }

    /// How many contracts said no to somebody.
    pub(super) fn refused(&self) -> u64 {
        self.each.values().filter(|used| used.refused > 0).count() as u64
    }

    pub(super) fn report(&self) -> BTreeMap<String, ContractUse> {
        self.each.iter().map(|(name, used)| ((*name).to_owned(), *used)).collect()
    }
}

/// One contract with its cast.
struct Stage {
    template: &'static Template,
    round: usize,
    /// The ids of the cast.
    cast: [String; 3],
    /// Length of a tick, in microseconds of world time.
    tick_us: u64,
}

/// The id and the mind of the guild's member at `index`.
pub(super) fn member(config: &Config, index: usize) -> (String, MindConfig) {
    let (round, at) = (index / MEMBERS, index % MEMBERS);
    let template = &LIBRARY[at / CAST.len()];
    let cast = CAST.map(|role| format!("{}_{role}_{round}", template.name));
    let role = at % CAST.len();
    let id = cast[role].clone();
    let errands = Stage { template, round, cast, tick_us: tick_us(config) }.errands(role);
    (
        id,
        MindConfig::Errands(ErrandsConfig {
            errands,
            delay_mean: rhythm(config),
            ..ErrandsConfig::default()
        }),
    )
}

/// Something under each combination of lists, with the prices that this part of the guild asks, for a world that has policies and no contracts
/// yet; and everything that the others of the cast can do to it.
fn listed(part: usize, round: usize, role: usize, cast: &[String; 3]) -> Vec<Errand> {
    let lists = [vec!["*"], vec![cast[1].as_str()], vec![]];
    let names = |list: &[&str]| list.iter().map(SmolStr::new).collect::<Vec<_>>();
    let sign = Errand { artifact: format!("listed_{part}_{round}"), ..Errand::default() };
    let write =
        Errand { action: "write".to_owned(), content: LISTED.to_owned(), any: true, ..Errand::default() };
    let read = Errand { action: "read".to_owned(), any: true, ..Errand::default() };
    let call =
        Errand { action: "invoke".to_owned(), method: "one".to_owned(), any: true, ..Errand::default() };
    let mut errands = match role {
        // Where there is a seal, or where it is refused for another reason, policies are on their way out.
        0 => vec![Errand {
            action: "read".to_owned(),
            artifact: format!("seal_{part}_{round}"),
            refusal: "artifact_not_found".to_owned(),
            patient: true,
            ..Errand::default()
        }],
        _ => vec![Errand { action: "read".to_owned(), patient: true, ..sign.clone() }],
    };
    for combination in 0..2 * lists.len().pow(3) {
        let (which, has_price) = (combination / 2, combination % 2 == 1);
        let artifact = format!("listed_{part}_{round}_{combination}");
        let piece = |errand: &Errand| Errand { artifact: artifact.clone(), ..errand.clone() };
        if role == 0 {
            let policy = PolicyDraft {
                read: names(&lists[which % 3]),
                write: names(&lists[which / 3 % 3]),
                invoke: names(&lists[which / 9]),
                read_price: Scrip(u64::from(has_price)),
                // Each part of the guild has the other price as well.
                invoke_price: Scrip(u64::from(has_price != (part % 2 == 1))),
            };
            errands.push(Errand { policy: Some(policy), executable: true, ..piece(&write) });
        } else {
            errands.extend([&read, &call, &write].map(piece));
        }
    }
    if role == 0 {
        errands.push(Errand { action: "write".to_owned(), content: "see there".to_owned(), ..sign });
    }
    errands
}

/// Code that anybody can call who may.
const LISTED: &str = "function run(method, args) return 1 end";

/// The id and the mind of one of the [`SMALL_MEMBERS`] who meet all contracts between them. They begin when contracts decide, which the
/// authors find out by a note that even its owner may not read.
pub(super) fn small_member(config: &Config, round: usize, index: usize) -> (String, MindConfig) {
    let (part, role) = (index / CAST.len(), index % CAST.len());
    let cast = CAST.map(|role| format!("{role}_{part}_{round}"));
    let seal = format!("seal_{part}_{round}");
    let sealed = Errand {
        action: "write".to_owned(),
        artifact: seal.clone(),
        content: "This note lets nobody read it but itself: once its owner is refused, contracts decide."
            .to_owned(),
        contract: Some("genesis_self_owned".to_owned()),
        patient: true,
        ..Errand::default()
    };
    let begins = |stage: &Stage| match role {
        0 => {
            let read = Errand { action: "read".to_owned(), artifact: seal.clone(), ..Errand::default() };
            Errand { patient: true, ..refused(read) }
        }
        _ => Errand { action: "read".to_owned(), artifact: stage.law(), patient: true, ..Errand::default() },
    };
    let mut lists = if role == 0 { vec![vec![sealed]] } else { Vec::new() };
    for template in LIBRARY.iter().skip(part * CONTRACTS_EACH).take(CONTRACTS_EACH) {
        let stage = Stage { template, round, cast: cast.clone(), tick_us: tick_us(config) };
        let mut list = vec![begins(&stage)];
        list.extend(stage.errands(role));
        lists.push(list);
    }
    lists.push(listed(part, round, role, &cast));
    let agenda = AgendaConfig { lists, delay_mean: rhythm(config), ..AgendaConfig::default() };
    (cast[role].clone(), MindConfig::Agenda(agenda))
}

fn tick_us(config: &Config) -> u64 {
    config.time.tick_ms.saturating_mul(1_000)
}

impl Stage {
    fn errands(&self, role: usize) -> Vec<Errand> {
        match role {
            0 => self.author(),
            1 => self.user(),
            _ => self.rival(),
        }
    }

    fn name_of(&self, role: &str) -> String {
        CAST.iter()
            .zip(&self.cast)
            .find(|(known, _)| **known == role)
            .map_or_else(String::new, |(_, id)| id.clone())
    }

    fn law(&self) -> String {
        law_id(self.template.name, self.round)
    }

    /// What the contract governs: something that the author writes, but only a principal can do anything to itself.
    fn work(&self) -> String {
        match self.template.name {
            "self_owned" => self.name_of("user"),
            name => format!("{name}_work_{}", self.round),
        }
    }

    /// The contract with what this cast fills in.
    fn source(&self) -> String {
        let name = |role: &str| Value::Text(self.name_of(role).into());
        let time = |ticks: u64| Value::count(self.tick_us.saturating_mul(ticks));
        let values: Vec<(&str, Value)> = match self.template.name {
            "allow_list" => vec![("readers", Value::List(vec![name("user")]))],
            "subscription" => vec![("period_us", time(1_000_000))],
            "approval" => vec![("approvers", Value::List(vec![name("author"), name("user")]))],
            "auction" => vec![("artifact", Value::Text(self.work().into())), ("ends_us", time(40))],
            "lease" => vec![("period_us", time(1_000_000))],
            "bounty" => vec![("artifact", Value::Text(self.work().into())), ("sponsor", name("author"))],
            "time_lock" => vec![("opens_us", time(25))],
            _ => Vec::new(),
        };
        // What is filled in has the shape of the defaults; a test writes every contract.
        let source = self.template.fill(&values).unwrap_or_else(|_| self.template.source.to_owned());
        // Moments are counted from the writing on.
        ["ends_us = ", "opens_us = "].into_iter().fold(source, |source, name| {
            source.replacen(&format!("local {name}"), &format!("local {name}@now+"), 1)
        })
    }

    fn sign(&self) -> String {
        format!("{}_sign_{}", self.template.name, self.round)
    }

    fn read(&self) -> Errand {
        Errand { action: "read".to_owned(), artifact: self.work(), ..Errand::default() }
    }

    fn write(&self) -> Errand {
        Errand {
            action: "write".to_owned(),
            artifact: self.work(),
            content: format!("written under {}", self.template.name),
            replace: true,
            ..Errand::default()
        }
    }

    fn delete(&self) -> Errand {
        Errand { action: "delete".to_owned(), artifact: self.work(), ..Errand::default() }
    }

    /// Calls a method of the contract with what it may spend.
    fn call(&self, method: &str, args: &[(&str, serde_json::Value)], allowance: u64) -> Errand {
        Errand {
            action: "invoke".to_owned(),
            artifact: self.law(),
            method: method.to_owned(),
            args: args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            allowance,
            ..Errand::default()
        }
    }

    /// Writes the contract and something under it, then does what its author has to do.
    fn author(&self) -> Vec<Errand> {
        let mut methods = vec!["check_permission".to_owned()];
        methods.extend(self.template.methods.iter().map(|method| (*method).to_owned()));
        let law = Errand {
            action: "write".to_owned(),
            artifact: self.law(),
            content: self.source(),
            kind: Some("contract".to_owned()),
            methods,
            standing: self.template.needs_standing,
            ..Errand::default()
        };
        if self.template.name == "self_owned" {
            return vec![law];
        }
        let work = Errand {
            action: "write".to_owned(),
            artifact: self.work(),
            content: format!("a work under {}", self.template.name),
            contract: Some(self.law()),
            ..Errand::default()
        };
        let mut errands = vec![law, work];
        let artifact = || ("artifact", serde_json::Value::from(self.work()));
        match self.template.name {
            "private" => {
                let args = [artifact(), ("to", self.name_of("user").into())];
                let to = Errand {
                    artifact: "genesis_ledger".to_owned(),
                    ..self.call("transfer_ownership", &args, 0)
                };
                errands.push(to);
            }
            "approval" => {
                let who = ("who", self.name_of("rival").into());
                errands.push(self.call("approve", &[artifact(), ("action", "write".into()), who], 0));
            }
            "auction" => errands.push(self.call("settle", &[], 0)),
            "bounty" => {
                errands.push(self.call("deposit", &[], 20));
                errands.push(self.call("accept", &[("writer", self.name_of("user").into())], 0));
            }
            "delegation" => {
                let to = ("to", self.name_of("user").into());
                let actions = ("actions", serde_json::Value::from(vec!["write"]));
                errands.push(self.call("delegate", &[artifact(), to, actions], 0));
            }
            "time_lock" => errands.push(refused(self.delete())),
            _ => errands.push(self.read()),
        }
        errands
    }

    /// Uses what the contract governs as it allows.
    fn user(&self) -> Vec<Errand> {
        let artifact = || ("artifact", serde_json::Value::from(self.work()));
        match self.template.name {
            "freeware" => vec![self.read(), refused(self.write())],
            "private" => vec![self.read()],
            // It puts itself under the contract and says so.
            "self_owned" => {
                let law = Errand { artifact: self.law(), ..self.read() };
                let itself = Errand { keep: true, contract: Some(self.law()), ..self.write() };
                let sign = Errand { artifact: self.sign(), replace: false, ..self.write() };
                vec![law, itself, self.read(), sign]
            }
            "public" => vec![self.write()],
            "subscription" => {
                vec![refused(self.read()), self.call("subscribe", &[artifact()], 10), self.read()]
            }
            "approval" => {
                let who = ("who", self.name_of("rival").into());
                vec![
                    refused(self.write()),
                    self.call("approve", &[artifact(), ("action", "write".into()), who], 0),
                ]
            }
            "auction" => vec![self.call("bid", &[], 5), refused(self.read())],
            "lease" => vec![self.call("rent", &[artifact(), ("periods", 1.into())], 3), self.write()],
            "bounty" => vec![self.write()],
            "delegation" => vec![self.write(), refused(self.write())],
            "time_lock" => vec![refused(self.read()), self.read()],
            _ => vec![self.read()],
        }
    }

    /// Tries what the contract keeps it from, and what it may do all the same.
    fn rival(&self) -> Vec<Errand> {
        match self.template.name {
            "freeware" => vec![self.read(), refused(self.delete())],
            "public" => vec![self.read()],
            "approval" => vec![self.write()],
            // Outbids the user, or bids first and is outbid by nobody.
            "auction" => vec![self.call("bid", &[], 7), self.read()],
            "self_owned" => {
                vec![Errand { artifact: self.sign(), ..self.read() }, refused(self.read())]
            }
            "paywall" | "licence" => vec![self.read(), self.read(), refused(self.write())],
            "first_reader" => vec![self.read(), refused(self.write())],
            "bounty" => vec![self.read(), refused(self.delete())],
            "time_lock" => vec![refused(self.write()), self.read()],
            _ => vec![refused(self.read())],
        }
    }
}

/// The same errand, expected to be refused by the contract.
fn refused(errand: Errand) -> Errand {
    Errand { refusal: "not_permitted".to_owned(), ..errand }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source_of(mind: &MindConfig, law: &str) -> Option<String> {
        let errands: Vec<&Errand> = match mind {
            MindConfig::Errands(config) => config.errands.iter().collect(),
            MindConfig::Agenda(config) => config.lists.iter().flatten().collect(),
            _ => Vec::new(),
        };
        errands
            .into_iter()
            .find(|errand| errand.artifact == law && errand.action == "write")
            .map(|errand| errand.content.clone())
    }

    #[test]
    fn every_contract_of_the_library_has_a_cast() {
        let config = Config::default();
        let large: Vec<_> = (0..2 * MEMBERS).map(|index| member(&config, index)).collect();
        let small: Vec<_> = (0..SMALL_MEMBERS).map(|index| small_member(&config, 0, index)).collect();
        for members in [&large, &small] {
            for (id, mind) in members {
                MindConfig::parse(&mind.to_text()).unwrap_or_else(|error| panic!("{id}: {error}"));
            }
            for template in LIBRARY {
                let law = law_id(template.name, 0);
                let found =
                    members.iter().find_map(|(_, mind)| source_of(mind, &law)).expect("somebody writes it");
                assert_eq!(found.lines().count(), template.source.lines().count());
                assert_eq!(
                    found.matches("@now+").count(),
                    usize::from(["auction", "time_lock"].contains(&template.name))
                );
            }
        }
        assert_eq!(library_name(&law_id("time_lock", 3)), Some("time_lock"));
        assert_eq!(library_name("law_unknown_0"), None);
    }
}
