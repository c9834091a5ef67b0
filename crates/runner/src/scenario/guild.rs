//! Agents that govern their works by the contracts of the library, and others that meet these contracts.

use ecology_contracts::{LIBRARY, Template};
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted::{Errand, ErrandsConfig};
use ecology_types::Value;

use super::rhythm;

/// How many agents meet each contract: one that writes it, one that uses what it governs, one that is in the way.
const CAST: [&str; 3] = ["author", "user", "rival"];

/// How many agents it takes for every contract to govern something.
pub(super) const MEMBERS: usize = CAST.len() * LIBRARY.len();

/// The id under which an author writes a contract of the library.
pub(super) fn law_id(template: &str, round: usize) -> String {
    format!("law_{template}_{round}")
}

/// The library's name of a contract by the id that an author gave it.
pub(super) fn library_name(id: &str) -> Option<&'static str> {
    let name = id.strip_prefix("law_")?.rsplit_once('_')?.0;
    LIBRARY.iter().map(|template| template.name).find(|known| *known == name)
}

/// One contract with its cast.
struct Stage {
    template: &'static Template,
    round: usize,
    /// Length of a tick, in microseconds of world time.
    tick_us: u64,
}

/// The id and the mind of the guild's member at `index`.
pub(super) fn member(config: &Config, index: usize) -> (String, MindConfig) {
    let (round, at) = (index / MEMBERS, index % MEMBERS);
    let stage = Stage {
        template: &LIBRARY[at / CAST.len()],
        round,
        tick_us: config.time.tick_ms.saturating_mul(1_000),
    };
    let role = CAST[at % CAST.len()];
    let errands = match role {
        "author" => stage.author(),
        "user" => stage.user(),
        _ => stage.rival(),
    };
    let errands = ErrandsConfig { errands, delay_mean: rhythm(config), ..ErrandsConfig::default() };
    (stage.name_of(role), MindConfig::Errands(errands))
}

impl Stage {
    fn name_of(&self, role: &str) -> String {
        format!("{}_{role}_{}", self.template.name, self.round)
    }

    fn law(&self) -> String {
        law_id(self.template.name, self.round)
    }

    fn work(&self) -> String {
        format!("{}_work_{}", self.template.name, self.round)
    }

    /// The contract with what this cast fills in.
    fn source(&self) -> String {
        let name = |role: &str| Value::Text(self.name_of(role).into());
        let time = |ticks: u64| Value::count(self.tick_us.saturating_mul(ticks));
        let values: Vec<(&str, Value)> = match self.template.name {
            "allow_list" => vec![("readers", Value::List(vec![name("user")]))],
            "subscription" => vec![("period_us", time(1_000_000))],
            "approval" => vec![("approvers", Value::List(vec![name("author"), name("user")]))],
            "auction" => vec![("artifact", Value::Text(self.work().into())), ("ends_us", time(20))],
            "lease" => vec![("period_us", time(1_000_000))],
            "bounty" => vec![("artifact", Value::Text(self.work().into())), ("sponsor", name("author"))],
            "time_lock" => vec![("opens_us", time(15))],
            _ => Vec::new(),
        };
        // What is filled in has the shape of the defaults; a test writes every contract.
        self.template.fill(&values).unwrap_or_else(|_| self.template.source.to_owned())
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
            "self_owned" => errands.push(refused(self.delete())),
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
            "private" | "self_owned" => vec![refused(self.read())],
            "public" => vec![self.write()],
            "subscription" => {
                vec![refused(self.read()), self.call("subscribe", &[artifact()], 10), self.read()]
            }
            "approval" => {
                let who = ("who", self.name_of("rival").into());
                vec![self.call("approve", &[artifact(), ("action", "write".into()), who], 0)]
            }
            "auction" => vec![self.call("bid", &[], 5)],
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
            "paywall" | "licence" => vec![self.read(), self.read(), refused(self.write())],
            "first_reader" => vec![self.read()],
            "bounty" => vec![self.read()],
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

    #[test]
    fn every_contract_of_the_library_has_a_cast() {
        let config = Config::default();
        for index in 0..2 * MEMBERS {
            let (id, mind) = member(&config, index);
            MindConfig::parse(&mind.to_text()).unwrap_or_else(|error| panic!("{id}: {error}"));
        }
        for template in LIBRARY {
            assert_eq!(library_name(&law_id(template.name, 3)), Some(template.name));
            let stage = Stage { template, round: 0, tick_us: 1_000_000 };
            assert_eq!(stage.source().lines().count(), template.source.lines().count());
        }
        assert_eq!(library_name("law_unknown_0"), None);
    }
}
