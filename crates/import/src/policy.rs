//! Access lists and prices of the older program, and what they become.

use ecology_types::{GenesisArtifact, Id, PolicyDraft, Scrip, SmolStr};
use serde_json::value::RawValue;

use crate::topic::Topic;
use crate::tree::{At, Fields, Node, Value};
use crate::work::Work;

/// A policy as the older program wrote it down; what it does not name has the older program's default.
#[derive(Debug, Clone)]
pub(crate) struct OldPolicy {
    pub(crate) at: At,
    pub(crate) read: Vec<String>,
    pub(crate) write: Vec<String>,
    pub(crate) invoke: Vec<String>,
    pub(crate) read_price: u64,
    pub(crate) invoke_price: u64,
    /// What could not be taken as it was.
    flaws: bool,
    /// As it was written.
    pub(crate) raw: Option<Box<RawValue>>,
}

/// A policy in the terms of this world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPolicy {
    /// `None` for the default of both programs: anyone reads and invokes for free, only the owner writes.
    pub(crate) draft: Option<PolicyDraft>,
    /// The genesis contract that says the same or less, when it is not the default one.
    pub(crate) contract: Option<GenesisArtifact>,
    /// Whether it says the same as the old one.
    pub(crate) is_same: bool,
    /// The contracts that it asked.
    pub(crate) contracts: Vec<String>,
    /// Entries that nobody here answers to.
    pub(crate) unknown: Vec<String>,
    /// Whether the contract is narrower than the lists.
    pub(crate) is_narrower_under_contracts: bool,
}

const ANYONE: &str = "*";

impl Work<'_> {
    pub(crate) fn policy(
        &mut self,
        id: &str,
        policy: Option<&Node>,
        price: Option<&Node>,
        file: &str,
    ) -> Option<OldPolicy> {
        let place = policy.or(price)?;
        let mut old = OldPolicy {
            at: place.at,
            read: vec![ANYONE.to_owned()],
            write: Vec::new(),
            invoke: vec![ANYONE.to_owned()],
            read_price: 0,
            invoke_price: 0,
            flaws: false,
            raw: policy.and_then(Node::raw),
        };
        let own_price =
            price.map(|node| (self.price(&format!("price of {id:?}"), node, file, &mut old.flaws), node));
        old.invoke_price = own_price.map_or(0, |(price, _)| price);
        let Some(policy) = policy else { return Some(old) };
        let Value::Map(pairs) = &policy.value else {
            self.shape(&format!("policy of {id:?}"), policy, file, "an object");
            return Some(old);
        };
        let mut fields = Fields::of(pairs);
        for (name, list) in [
            ("allow_read", &mut old.read),
            ("allow_write", &mut old.write),
            ("allow_invoke", &mut old.invoke),
        ] {
            if let Some(node) = fields.take(name) {
                *list = self.allow_list(&format!("{name} of {id:?}"), node, file);
            }
        }
        if let Some(node) = fields.take("read_price") {
            old.read_price = self.price(&format!("read_price of {id:?}"), node, file, &mut old.flaws);
        }
        if let Some(node) = fields.take("invoke_price") {
            let invoke_price = self.price(&format!("invoke_price of {id:?}"), node, file, &mut old.flaws);
            if let Some((price, node)) = own_price
                && price != invoke_price
            {
                old.flaws = true;
                let detail =
                    format!("price says {price} and invoke_price {invoke_price}: invoke_price holds");
                self.items.add(Topic::Prices, id, detail).at(node.at.place(file)).was(node.raw());
            }
            old.invoke_price = invoke_price;
        }
        self.keep_rest(Topic::Fields, &format!("policy of {id}"), fields, file);
        Some(old)
    }

    fn price(&mut self, what: &str, node: &Node, file: &str, flaws: &mut bool) -> u64 {
        let Some(amount) = self.scrip(what, node, file) else { return 0 };
        let price = if amount.is_negative { 0 } else { amount.whole };
        if amount.is_negative || amount.has_fraction {
            *flaws = true;
            // Nothing gets cheaper than it was asked.
            let price = price.saturating_add(u64::from(amount.has_fraction && !amount.is_negative));
            self.items
                .add(Topic::Prices, what, format!("it is {price} now"))
                .at(node.at.place(file))
                .was(node.raw());
            return price.min(Scrip::TOTAL_MAX.0);
        }
        price
    }

    /// Ids, `"*"` and `"@contract"`; a single one may stand without a list.
    fn allow_list(&mut self, what: &str, node: &Node, file: &str) -> Vec<String> {
        match &node.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| self.word(&format!("an entry of {what}"), Some(item), file))
                .collect(),
            Value::Text(text) | Value::Mended(text) => vec![text.to_string()],
            _ => {
                self.shape(what, node, file, "a list of ids");
                Vec::new()
            }
        }
    }
}

impl OldPolicy {
    /// The policy here; `named` knows what an old id is called.
    pub(crate) fn translate(&self, named: &dyn Fn(&str) -> Option<Id>) -> NewPolicy {
        let (mut contracts, mut unknown) = (Vec::new(), Vec::new());
        let mut list = |entries: &[String]| -> Vec<SmolStr> {
            let mut ids: Vec<SmolStr> = Vec::new();
            for entry in entries {
                if let Some(contract) = entry.strip_prefix('@') {
                    contracts.push(contract.to_owned());
                } else if entry == ANYONE {
                    ids.push(SmolStr::new_static(ANYONE));
                } else if let Some(id) = named(entry) {
                    ids.push(id.into());
                } else {
                    unknown.push(entry.clone());
                }
            }
            ids.sort_unstable();
            ids.dedup();
            // Anyone is everyone on the list.
            if ids.iter().any(|id| id == ANYONE) { vec![SmolStr::new_static(ANYONE)] } else { ids }
        };
        let (read, write, invoke) = (list(&self.read), list(&self.write), list(&self.invoke));
        let is_anyone = |list: &[SmolStr]| list.iter().any(|id| id == ANYONE);
        let is_free = self.read_price == 0 && self.invoke_price == 0;
        let (r, w, i) = (is_anyone(&read), is_anyone(&write), is_anyone(&invoke));
        let nobody = read.is_empty() && write.is_empty() && invoke.is_empty();
        let is_open = r && i && write.is_empty() && is_free;
        let contract = if is_open {
            None
        } else if r && w && i && is_free {
            Some(GenesisArtifact::Public)
        } else {
            Some(GenesisArtifact::Private)
        };
        let is_narrower_under_contracts = contract == Some(GenesisArtifact::Private) && !nobody;
        let draft = PolicyDraft {
            read,
            write,
            invoke,
            read_price: Scrip(self.read_price),
            invoke_price: Scrip(self.invoke_price),
        };
        // An entry that means nobody is no loss where anyone may.
        let is_same = !self.flaws && contracts.is_empty() && unknown.is_empty();
        NewPolicy {
            draft: (!is_open).then_some(draft),
            contract,
            is_same,
            contracts,
            unknown,
            is_narrower_under_contracts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(read: &[&str], write: &[&str], invoke: &[&str], price: u64) -> OldPolicy {
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        OldPolicy {
            at: At::default(),
            read: list(read),
            write: list(write),
            invoke: list(invoke),
            read_price: 0,
            invoke_price: price,
            flaws: false,
            raw: None,
        }
    }

    fn new(policy: &OldPolicy) -> NewPolicy {
        policy.translate(&|id| ["ann", "bob"].contains(&id).then(|| Id::new(id).unwrap()))
    }

    #[test]
    fn defaults_need_nothing_and_lists_never_grow() {
        let open = new(&old(&["*", "ann"], &[], &["*"], 0));
        assert_eq!((open.draft, open.contract, open.is_same), (None, None, true));
        let public = new(&old(&["*"], &["*"], &["*"], 0));
        assert_eq!((public.contract, public.is_same), (Some(GenesisArtifact::Public), true));
        let private = new(&old(&[], &[], &[], 0));
        assert_eq!(
            (private.contract, private.is_narrower_under_contracts),
            (Some(GenesisArtifact::Private), false)
        );
        let priced = new(&old(&["*"], &[], &["*"], 3));
        assert!(priced.is_same && priced.is_narrower_under_contracts);
        let mixed = new(&old(&["bob", "carl", "ann", "bob"], &[], &["@vault"], 0));
        let draft = mixed.draft.unwrap();
        assert_eq!(draft.read, ["ann", "bob"]);
        assert!(draft.invoke.is_empty() && !mixed.is_same);
        assert_eq!((mixed.contracts, mixed.unknown), (vec!["vault".to_owned()], vec!["carl".to_owned()]));
    }
}
