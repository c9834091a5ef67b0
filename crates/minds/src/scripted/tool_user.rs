//! Tool users: agents that look for the tools of others and work with them.

use ecology_types::{Action, AllowedInvocation, Draft, Id, Scrip, Seed, SmolStr, Span, Value, WriteMode};
use serde::{Deserialize, Serialize};

use super::tool_maker::{SIGN_PRICE, SIGN_TOOL};
use super::{Flaw, PRICE_MAX, Script, Tools, check_kind, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, services, state};

/// Configuration of [`ToolUser`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolUserConfig {
    /// The label of the signs that tools are looked for under.
    pub kind: SmolStr,
    /// The method that it calls.
    pub method: SmolStr,
    /// How many calls it makes.
    pub calls_max: u64,
    /// What a tool may spend of its scrip in one call, for instance on other tools.
    pub allowance: u64,
    /// The highest price of a call that it pays, in scrip.
    pub price_max: u64,
    /// Scrip that it keeps: with less it calls nothing.
    pub keep: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for ToolUserConfig {
    fn default() -> Self {
        Self {
            kind: SmolStr::new_static("tool"),
            method: SmolStr::new_static("total"),
            calls_max: 6,
            allowance: 0,
            price_max: 10,
            keep: 20,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for ToolUserConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("kind", &self.kind)?;
        check_kind("method", &self.method)?;
        check_range("calls_max", self.calls_max, 0, 1_000_000)?;
        check_range("allowance", self.allowance, 0, PRICE_MAX)?;
        check_range("price_max", self.price_max, 0, PRICE_MAX)?;
        check_range("keep", self.keep, 0, PRICE_MAX)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(ToolUser::new(self.clone(), seed))
    }
}

/// Lists the tools there are, gives one of them numbers, keeps a note of what it was told, and begins again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUser {
    config: Box<ToolUserConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    calls: u64,
    /// What it waits for.
    asked: Asked,
    /// The place in the list of the tool that comes next.
    tool: u64,
    dice: Dice,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Asked {
    #[default]
    Nothing,
    Tools,
    Answer,
}

/// How many tools it looks through at a time.
const TOOLS_MAX: u64 = 64;

impl ToolUser {
    /// One that knows no tool yet.
    #[must_use]
    pub fn new(config: ToolUserConfig, seed: Seed) -> Self {
        let state = State { calls: 0, asked: Asked::Nothing, tool: 0, dice: Dice::new(seed) };
        Self { config: Box::new(config), state }
    }

    fn call(&mut self, tool: Id) -> Action {
        let numbers = (0..3).map(|_| Value::count(self.state.dice.within(1, 100))).collect();
        let args = Value::map([("numbers", Value::List(numbers))]);
        let method = self.config.method.clone();
        match self.config.allowance {
            0 => Action::Invoke { artifact: tool, method, args },
            allowance => Action::InvokeAllowing(Box::new(AllowedInvocation {
                artifact: tool,
                method,
                args,
                allowance: Scrip(allowance),
            })),
        }
    }

    fn note(&self, view: &dyn Perception, answer: &Value) -> Result<Action, MindError> {
        let id = Id::new(format!("{}_notes", view.me()))
            .map_err(|error| MindError::Failed(error.to_string().into()))?;
        let mut draft = Draft::new(id, format!("{} {}", self.state.calls, answer.to_json()));
        draft.mode = WriteMode::CreateOrReplace;
        Ok(Action::Write(Box::new(draft)))
    }
}

/// The signs of a list of the store.
fn signs_of(list: &Value) -> Vec<Id> {
    let Some(Value::List(items)) = list.get("artifacts") else { return Vec::new() };
    items.iter().filter_map(|item| Id::new(item.get("id")?.as_text()?).ok()).collect()
}

/// The tool on a sign, when a call costs no more than `price_max`.
fn tool_of(sign: &str, price_max: u64) -> Option<Id> {
    let field = |name: &str| sign.lines().find_map(|line| line.strip_prefix(name));
    let price = field(SIGN_PRICE)?.parse::<u64>().ok()?;
    (price <= price_max).then(|| Id::new(field(SIGN_TOOL)?).ok())?
}

impl Mind for ToolUser {
    fn name(&self) -> &'static str {
        "tool_user"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let config = &*self.config;
        let action = match (std::mem::take(&mut self.state.asked), view.last_outcome()) {
            (Asked::Tools, Some(Ok(list))) => {
                let signs = signs_of(list);
                let at = usize::try_from(self.state.tool).unwrap_or(0);
                self.state.tool = self.state.tool.wrapping_add(1);
                let sign = signs.get(at % signs.len().max(1)).and_then(|sign| view.artifact(sign)?.content);
                match sign.and_then(|sign| tool_of(sign, config.price_max)) {
                    None => Action::Noop,
                    Some(tool) => {
                        self.state.asked = Asked::Answer;
                        self.call(tool)
                    }
                }
            }
            (Asked::Answer, Some(Ok(answer))) => {
                self.state.calls = self.state.calls.saturating_add(1);
                self.note(view, answer)?
            }
            _ if self.state.calls >= config.calls_max || view.scrip().0 < config.keep => Action::Noop,
            _ => {
                self.state.asked = Asked::Tools;
                services::method(
                    services::store(),
                    "list_by_type",
                    [("type", Value::text(&config.kind)), ("limit", TOOLS_MAX.into())],
                )
            }
        };
        Ok(Decision::act(action))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
