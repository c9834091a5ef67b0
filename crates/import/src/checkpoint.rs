//! `checkpoint.json`: what the older program wrote down of its world.

use std::cmp::Ordering;

use crate::artifact::OldArtifact;
use crate::problem::ProblemKind;
use crate::text::Text;
use crate::topic::Topic;
use crate::tree::{At, Fields, Node, Value};
use crate::work::{Amount, Work};

/// A checkpoint as it was read, still in the older program's terms.
#[derive(Debug, Default)]
pub(crate) struct Checkpoint {
    pub(crate) file: String,
    pub(crate) tick: Option<u64>,
    /// In the order of the file.
    pub(crate) balances: Vec<Balance>,
    pub(crate) artifacts: Vec<OldArtifact>,
    pub(crate) agent_ids: Vec<(String, At)>,
    pub(crate) spent_micro_dollars: u64,
}

/// What one id holds.
#[derive(Debug)]
pub(crate) struct Balance {
    pub(crate) id: String,
    pub(crate) at: At,
    pub(crate) scrip: u64,
}

impl Work<'_> {
    pub(crate) fn checkpoint(&mut self, text: &Text) -> Checkpoint {
        let mut checkpoint = Checkpoint { file: text.name.clone(), ..Checkpoint::default() };
        let root = match crate::json::parse(text, &self.options.limits) {
            Ok(root) => root,
            Err(problem) => {
                self.problems.add(problem);
                return checkpoint;
            }
        };
        let Value::Map(pairs) = &root.value else {
            self.shape("the checkpoint", &root, &text.name, "an object");
            return checkpoint;
        };
        let mut fields = Fields::of(pairs);
        let (balances, artifacts) = (fields.take("balances"), fields.take("artifacts"));
        if balances.is_none() && artifacts.is_none() {
            self.problems.tell(
                ProblemKind::Shape,
                Some(root.at.place(&text.name)),
                "this is no checkpoint: it has neither balances nor artifacts",
                "name the file that the older program called checkpoint.json",
            );
            return checkpoint;
        }
        for (name, found) in [("balances", balances), ("artifacts", artifacts)] {
            if found.is_none() {
                self.items.add(Topic::Hints, name, "the checkpoint has none").at(root.at.place(&text.name));
            }
        }
        let agent_ids = fields.take("agent_ids");
        if !self.within_ids_max(&[balances, artifacts, agent_ids], &text.name, root.at) {
            return checkpoint;
        }
        if let Some(node) = balances {
            checkpoint.balances = self.balances(node, &text.name);
        }
        if let Some(node) = agent_ids {
            checkpoint.agent_ids = self.agent_ids(node, &text.name);
        }
        if let Some(node) = artifacts {
            checkpoint.artifacts = self.artifacts(node, &text.name);
        }
        if let Some(node) = fields.take("cumulative_api_cost") {
            let spent = self.micro_dollars("cumulative_api_cost", node, &text.name);
            checkpoint.spent_micro_dollars = spent.unwrap_or(0);
        }
        if let Some(node) = fields.take("tick") {
            checkpoint.tick = self.decimal("tick", node, &text.name).and_then(|tick| {
                let whole = tick.scaled(0).filter(|whole| whole.rest.is_none());
                whole.filter(|_| !tick.is_negative || tick.is_zero()).map(|whole| whole.amount)
            });
            let detail = "world time and ticks begin at 0";
            self.items.add(Topic::Counters, "tick", detail).at(node.at.place(&text.name)).was(node.raw());
        }
        if let Some(node) = fields.take("reason") {
            let detail = "why the older program wrote the checkpoint";
            self.items.add(Topic::Counters, "reason", detail).at(node.at.place(&text.name)).was(node.raw());
        }
        self.keep_rest(Topic::Fields, "", fields, &text.name);
        checkpoint
    }

    fn within_ids_max(&mut self, parts: &[Option<&Node>], file: &str, at: At) -> bool {
        let length = |node: &&Node| match &node.value {
            Value::List(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            _ => 0,
        };
        let found: usize = parts.iter().flatten().map(length).sum();
        let most = self.options.limits.ids_max;
        if found > most {
            let message = format!("balances, agent_ids and artifacts have {found} entries, more than {most}");
            self.problems.tell(ProblemKind::TooLarge, Some(at.place(file)), message, "raise --ids-max");
        }
        found <= most
    }

    fn balances(&mut self, node: &Node, file: &str) -> Vec<Balance> {
        let Value::Map(pairs) = &node.value else {
            self.shape("balances", node, file, "an object");
            return Vec::new();
        };
        let mut balances = Vec::with_capacity(pairs.len());
        for (id, node) in pairs {
            let what = format!("the balance of {id:?}");
            let (scrip, scrip_node) = match &node.value {
                Value::Map(pairs) => {
                    let mut fields = Fields::of(pairs);
                    let scrip = fields.take("scrip");
                    if let Some(compute) = fields.take("compute") {
                        let item = self.items.add(Topic::Compute, id.as_str(), "");
                        item.at(compute.at.place(file)).was(compute.raw());
                    }
                    if scrip.is_none() {
                        let detail = "the balance names no scrip: it counts as 0";
                        self.items.add(Topic::Hints, id.as_str(), detail).at(node.at.place(file));
                    }
                    self.keep_rest(Topic::Fields, &format!("balance of {id}"), fields, file);
                    (scrip.and_then(|node| self.scrip(&what, node, file)).unwrap_or_default(), scrip)
                }
                _ => (self.scrip(&what, node, file).unwrap_or_default(), Some(node)),
            };
            let scrip = self.balance(id, scrip, scrip_node, file);
            balances.push(Balance { id: id.clone(), at: node.at, scrip });
        }
        balances
    }

    /// What of an amount becomes a balance here.
    pub(crate) fn balance(&mut self, id: &str, amount: Amount, node: Option<&Node>, file: &str) -> u64 {
        let Some(node) = node else { return 0 };
        let place = node.at.place(file);
        if amount.is_negative {
            self.totals.scrip_debt = self.totals.scrip_debt.saturating_add(amount.whole);
            self.items.add(Topic::Debts, id, "the balance is 0").at(place).was(node.raw());
            return 0;
        }
        if amount.has_fraction {
            self.totals.scrip_fractions += 1;
            let detail = format!("{} scrip", amount.whole);
            self.items.add(Topic::Fractions, id, detail).at(place).was(node.raw());
        }
        match self.totals.scrip_found.checked_add(amount.whole) {
            Some(sum) if sum <= ecology_types::Scrip::TOTAL_MAX.0 => self.totals.scrip_found = sum,
            _ => {
                let most = ecology_types::Scrip::TOTAL_MAX;
                self.number(
                    &format!("the balance of {id:?}"),
                    node,
                    file,
                    &format!("a world holds at most {most} scrip altogether"),
                );
            }
        }
        amount.whole
    }

    fn agent_ids(&mut self, node: &Node, file: &str) -> Vec<(String, At)> {
        let Value::List(items) = &node.value else {
            self.shape("agent_ids", node, file, "a list of ids");
            return Vec::new();
        };
        let mut ids: Vec<(String, At)> = Vec::with_capacity(items.len());
        let mut seen = std::collections::BTreeSet::new();
        for item in items {
            let Some(id) = self.word("an entry of agent_ids", Some(item), file) else { continue };
            if seen.insert(id.clone()) {
                ids.push((id, item.at));
            } else {
                self.items.add(Topic::Hints, id, "agent_ids names it twice").at(item.at.place(file));
            }
        }
        ids
    }

    fn artifacts(&mut self, node: &Node, file: &str) -> Vec<OldArtifact> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.artifact(item, file)).collect(),
            _ => {
                self.shape("artifacts", node, file, "a list");
                Vec::new()
            }
        }
    }

    /// Dollars as micro-dollars, to the nearest, a half to the even one. What is below zero is a problem.
    pub(crate) fn micro_dollars(&mut self, what: &str, node: &Node, file: &str) -> Option<u64> {
        let number = self.decimal(what, node, file)?;
        if number.is_negative && !number.is_zero() {
            self.number(what, node, file, "an amount of dollars cannot be below zero");
            return None;
        }
        let whole = number.scaled(6);
        let Some(amount) =
            whole.and_then(crate::number::Whole::rounded).filter(|sum| *sum <= i64::MAX as u64)
        else {
            self.number(what, node, file, "that many dollars do not fit");
            return None;
        };
        if let Some(rest) = whole.and_then(|whole| whole.rest) {
            let way = match rest {
                Ordering::Less => "down",
                Ordering::Greater => "up",
                Ordering::Equal => "half to even",
            };
            let detail = format!("{amount} micro-dollars, rounded {way}");
            self.items.add(Topic::Dollars, what, detail).at(node.at.place(file)).was(node.raw());
        }
        Some(amount)
    }
}
