//! `config.yaml`: what of it has a counterpart here.

use crate::number::Decimal;
use crate::text::Text;
use crate::topic::Topic;
use crate::tree::{At, Node, Value};
use crate::work::Work;

/// One setting of this world's configuration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    /// Its whole name, for example `shares.disk`.
    pub key: String,
    /// Its value, as TOML writes it.
    pub value: String,
    /// Where it comes from.
    pub from: String,
}

/// What the configuration says, in the units of this world.
#[derive(Debug, Default)]
pub(crate) struct OldConfig {
    pub(crate) llm_budget: Option<u64>,
    pub(crate) disk: Option<u64>,
    pub(crate) compute_per_tick: Option<u64>,
    pub(crate) dearest_1k_tokens: Option<u64>,
    pub(crate) starting_scrip: Option<u64>,
    pub(crate) default_model: Option<String>,
    /// Settings that are the same here, in other units perhaps.
    pub(crate) settings: Vec<Setting>,
}

/// World time of one tick: the default of the configuration, which the import does not change.
const TICK_MS: u64 = 1_000;

/// What became of one value.
enum Taken {
    Yes,
    /// Nothing here corresponds to its name.
    Unknown,
    /// Something does, and cannot have this value.
    Unfit,
}

/// A value with the names that lead to it.
struct Leaf<'n> {
    path: String,
    node: &'n Node,
}

impl Work<'_> {
    pub(crate) fn config(&mut self, text: &Text, has_checkpoint: bool) -> OldConfig {
        let mut config = OldConfig::default();
        let root = match crate::yaml::parse(text, &self.options.limits) {
            Ok(root) => root,
            Err(problem) => {
                self.problems.add(problem);
                return config;
            }
        };
        if !matches!(root.value, Value::Map(_)) {
            self.shape("the configuration", &root, &text.name, "a map");
            return config;
        }
        let mut leaves = Vec::new();
        collect(&root, String::new(), &mut leaves);
        // Of a name that stands there several times the last counts, as in the older program.
        let mut last = std::collections::BTreeMap::new();
        for (at, leaf) in leaves.iter().enumerate() {
            last.insert(leaf.path.as_str(), at);
        }
        let mut budgets: Vec<(u64, &str, At)> = Vec::new();
        for (at, leaf) in leaves.iter().enumerate() {
            let counts = last.get(leaf.path.as_str()) == Some(&at);
            let detail = if counts {
                match self.setting(leaf, text, has_checkpoint, &mut config, &mut budgets) {
                    Taken::Yes => None,
                    Taken::Unknown => Some(""),
                    Taken::Unfit => Some("the setting is known, this value fits none here"),
                }
            } else {
                Some("a later line sets it again")
            };
            if let Some(detail) = detail {
                let item = self.items.add(Topic::Configuration, leaf.path.as_str(), detail);
                item.at(leaf.node.at.place(&text.name)).was(leaf.node.raw());
            }
        }
        // Nobody can spend more than the tighter of the two allowed.
        if let Some((tightest, path, at)) = budgets.iter().min().copied() {
            config.llm_budget = Some(tightest);
            if budgets.len() > 1 {
                let detail =
                    format!("the tighter of {} limits holds: {tightest} micro-dollars", budgets.len());
                self.items.add(Topic::Converted, path, detail).at(at.place(&text.name));
            }
        }
        config
    }

    /// Takes one value over, if it has a counterpart.
    fn setting<'n>(
        &mut self,
        leaf: &Leaf<'n>,
        text: &Text,
        has_checkpoint: bool,
        config: &mut OldConfig,
        budgets: &mut Vec<(u64, &'n str, At)>,
    ) -> Taken {
        let (node, path) = (leaf.node, leaf.path.as_str());
        let count = |node: &Node| whole(node);
        match path {
            "resources.stock.llm_budget" | "resources.stock.llm_budget.total" => {
                let Some(sum) = self.amount_of_dollars(path, node, text) else { return Taken::Unfit };
                budgets.push((sum, "resources.stock.llm_budget", node.at));
            }
            "budget.max_api_cost" => {
                let Some(sum) = self.amount_of_dollars(path, node, text) else { return Taken::Unfit };
                budgets.push((sum, "budget.max_api_cost", node.at));
            }
            "resources.stock.disk" | "resources.stock.disk.total" => match count(node) {
                Some(bytes) => config.disk = Some(bytes),
                None => return Taken::Unfit,
            },
            "resources.flow.compute.per_tick" => match count(node) {
                Some(units) => config.compute_per_tick = Some(units),
                None => return Taken::Unfit,
            },
            "costs.per_1k_input_tokens" | "costs.per_1k_output_tokens" => match count(node) {
                Some(units) => config.dearest_1k_tokens = config.dearest_1k_tokens.max(Some(units)),
                None => return Taken::Unfit,
            },
            "scrip.starting_amount" if !has_checkpoint => match count(node) {
                Some(scrip) => config.starting_scrip = Some(scrip),
                None => return Taken::Unfit,
            },
            "llm.default_model" => match node.text() {
                Some(model) => config.default_model = Some(model.to_string()),
                None => return Taken::Unfit,
            },
            _ => return self.same_setting(leaf, text, config),
        }
        Taken::Yes
    }

    /// Settings of which each has exactly one counterpart.
    fn same_setting(&mut self, leaf: &Leaf<'_>, text: &Text, config: &mut OldConfig) -> Taken {
        let path = leaf.path.replace("genesis.oracle.", "genesis.mint.");
        let (key, least, most, thousandths) = match path.as_str() {
            "genesis.mint.mint_ratio" => ("mint.mint_ratio", 1, 1_000_000_000, false),
            "genesis.mint.auction.slots_per_auction" => ("mint.winners", 1, 1_000_000, false),
            "genesis.mint.auction.minimum_bid" => ("mint.bid_min", 0, i64::MAX as u64, false),
            "genesis.mint.auction.period" => ("mint.interval_ms", 1, 1_000_000_000, false),
            "rate_limiting.window_seconds" => ("time.window_ms", 1, 1_000_000_000_000, true),
            "rate_limiting.resources.llm_calls.max_per_window" => {
                ("shares.llm_calls", 0, i64::MAX as u64 >> 16, false)
            }
            "execution.agent_loop.max_consecutive_errors" => ("loops.errors_in_row_max", 1, 1_000_000, false),
            _ => return Taken::Unknown,
        };
        let Value::Number(number) = &leaf.node.value else { return Taken::Unfit };
        let exact = Decimal::parse(number)
            .filter(|number| !number.is_negative)
            .and_then(|number| number.scaled(if thousandths { 3 } else { 0 }))
            .filter(|whole| whole.rest.is_none());
        let Some(amount) = exact.map(|whole| whole.amount) else { return Taken::Unfit };
        let amount = if key == "mint.interval_ms" { amount.saturating_mul(TICK_MS) } else { amount };
        if !(least..=most).contains(&amount) {
            return Taken::Unfit;
        }
        let value = amount.to_string();
        let place = leaf.node.at.place(&text.name);
        if value == *number {
            self.items.add(Topic::Settings, leaf.path.as_str(), format!("{key} = {value}")).at(place);
        } else {
            let how =
                if thousandths { "seconds as milliseconds" } else { "ticks of one second as milliseconds" };
            let detail = format!("{key} = {value}: {how}");
            self.items.add(Topic::Converted, leaf.path.as_str(), detail).at(place).was(leaf.node.raw());
        }
        config.settings.push(Setting { key: key.to_owned(), value, from: leaf.path.clone() });
        Taken::Yes
    }

    /// Dollars of a configuration; what is none is left where it is.
    fn amount_of_dollars(&mut self, path: &str, node: &Node, text: &Text) -> Option<u64> {
        match &node.value {
            Value::Number(number)
                if Decimal::parse(number).is_some_and(|number| !number.is_negative || number.is_zero()) =>
            {
                self.micro_dollars(path, node, &text.name)
            }
            _ => None,
        }
    }
}

/// A whole number from 0 on that fits a signed integer.
fn whole(node: &Node) -> Option<u64> {
    let Value::Number(number) = &node.value else { return None };
    let number = Decimal::parse(number).filter(|number| !number.is_negative || number.is_zero())?;
    let whole = number.scaled(0).filter(|whole| whole.rest.is_none())?;
    Some(whole.amount).filter(|amount| *amount <= i64::MAX as u64)
}

/// Every value that is no map, with the names that lead to it.
fn collect<'n>(node: &'n Node, path: String, into: &mut Vec<Leaf<'n>>) {
    match &node.value {
        Value::Map(pairs) if !pairs.is_empty() => {
            for (name, node) in pairs {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(node, path, into);
            }
        }
        _ => into.push(Leaf { path, node }),
    }
}
