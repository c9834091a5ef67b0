//! Errands: agents that work through a list of actions, each tried until it comes out as expected.

use ecology_types::{
    Action, AllowedInvocation, Draft, Id, Interface, Method, Outcome, RefusalCode, Scrip, Seed, SmolStr,
    Span, Value, Verb,
};
use serde::{Deserialize, Serialize};

use super::{Flaw, Script, Tools, check_range};
use crate::{Decision, Mind, MindError, Perception, Then, state};

/// Most errands on one list.
pub const ERRANDS_MAX: usize = 256;

/// Configuration of [`Errands`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ErrandsConfig {
    /// What to do, in this order.
    pub errands: Vec<Errand>,
    /// How often the whole list is done; 0 for as long as the agent lives.
    pub rounds: u64,
    /// How often one errand is tried before the agent goes on to the next one.
    pub tries_max: u32,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for ErrandsConfig {
    fn default() -> Self {
        Self { errands: Vec::new(), rounds: 1, tries_max: 100, delay_mean: Span::ZERO }
    }
}

/// One errand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Errand {
    /// `noop`, `read`, `write`, `delete` or `invoke`; empty for `noop`.
    pub action: String,
    /// The id of the artifact.
    pub artifact: String,
    /// What is written.
    pub content: String,
    /// The label of what is written.
    pub kind: Option<String>,
    /// The id of the contract that answers for what is written.
    pub contract: Option<String>,
    /// The methods of what is written, which makes it executable.
    pub methods: Vec<String>,
    /// Whether what is written holds scrip.
    pub standing: bool,
    /// The method that is invoked.
    pub method: String,
    /// Its arguments.
    pub args: serde_json::Map<String, serde_json::Value>,
    /// What the tool may spend of the agent's scrip.
    pub allowance: u64,
    /// The code of the refusal that is expected; empty for an action that is done.
    pub refusal: String,
}

impl Errand {
    fn verb(&self) -> Option<Verb> {
        let verb = Verb::ALL.into_iter().find(|verb| verb.name() == self.action);
        match verb {
            _ if self.action.is_empty() => Some(Verb::Noop),
            Some(Verb::Edit | Verb::Transfer) => None,
            other => other,
        }
    }

    fn check(&self) -> Result<(), Flaw> {
        let Some(verb) = self.verb() else {
            let message = format!("{:?} is not noop, read, write, delete or invoke", short(&self.action));
            return Err(Flaw::new("action", message));
        };
        if verb != Verb::Noop {
            Id::new(&*self.artifact).map_err(|error| Flaw::new("artifact", error.to_string()))?;
        }
        if let Some(contract) = &self.contract {
            Id::new(&**contract).map_err(|error| Flaw::new("contract", error.to_string()))?;
        }
        if let Some(kind) = &self.kind {
            super::check_kind("kind", kind)?;
        }
        if !self.refusal.is_empty() && RefusalCode::ALL.iter().all(|code| code.name() != self.refusal) {
            return Err(Flaw::new("refusal", format!("{:?} is no code of a refusal", short(&self.refusal))));
        }
        Value::from_json(&serde_json::Value::Object(self.args.clone()))
            .map_err(|error| Flaw::new("args", error.to_string()))?;
        check_range("allowance", self.allowance, 0, super::PRICE_MAX)
    }

    /// The action. Everything in it was checked when the configuration was read.
    fn to_action(&self) -> Result<Action, MindError> {
        let id = |text: &str| Id::new(text).map_err(|error| MindError::Failed(error.to_string().into()));
        Ok(match self.verb() {
            None | Some(Verb::Noop) => Action::Noop,
            Some(Verb::Read) => Action::Read { artifact: id(&self.artifact)? },
            Some(Verb::Delete) => Action::Delete { artifact: id(&self.artifact)? },
            Some(Verb::Write) => {
                let mut draft = Draft::new(id(&self.artifact)?, self.content.as_str());
                draft.kind = self.kind.as_deref().map(SmolStr::new);
                draft.access_contract = self.contract.as_deref().map(id).transpose()?;
                if !self.methods.is_empty() {
                    draft.can_execute = Some(true);
                    draft.interface = Some(self.interface().into());
                }
                draft.has_standing = self.standing.then_some(true);
                Action::Write(Box::new(draft))
            }
            Some(_) => {
                let args = Value::from_json(&serde_json::Value::Object(self.args.clone()))
                    .map_err(|error| MindError::Failed(error.to_string().into()))?;
                let (artifact, method) = (id(&self.artifact)?, SmolStr::new(&self.method));
                if self.allowance == 0 {
                    Action::Invoke { artifact, method, args }
                } else {
                    let allowance = Scrip(self.allowance);
                    Action::InvokeAllowing(Box::new(AllowedInvocation { artifact, method, args, allowance }))
                }
            }
        })
    }

    fn interface(&self) -> Interface {
        let method = |name: &String| Method {
            name: SmolStr::new(name),
            description: SmolStr::new_static("see the source"),
            input_schema: Value::map([("type", Value::text("object"))]),
        };
        Interface {
            description: SmolStr::new_static("code that an agent wrote; its source says what it does"),
            methods: self.methods.iter().map(method).collect(),
        }
    }

    fn is_met_by(&self, outcome: &Outcome) -> bool {
        match outcome {
            Ok(_) => self.refusal.is_empty(),
            Err(refusal) => refusal.code.name() == self.refusal,
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

impl Script for ErrandsConfig {
    fn check(&self) -> Result<(), Flaw> {
        if self.errands.len() > ERRANDS_MAX {
            return Err(Flaw::new("errands", format!("a list has at most {ERRANDS_MAX}")));
        }
        self.errands.iter().try_for_each(Errand::check)?;
        check_range("tries_max", self.tries_max.into(), 1, u32::MAX.into())?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Errands::new(self.clone()))
    }
}

/// Does one errand after the other; what does not come out as expected is tried again, because others may have to act first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errands {
    config: Box<ErrandsConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    round: u64,
    at: u64,
    tries: u32,
}

impl Errands {
    /// An agent at the head of its list.
    #[must_use]
    pub fn new(config: ErrandsConfig) -> Self {
        Self { config: Box::new(config), state: State::default() }
    }

    fn present(&self) -> Option<&Errand> {
        self.config.errands.get(usize::try_from(self.state.at).ok()?)
    }

    fn advance(&mut self) {
        self.state.at += 1;
        self.state.tries = 0;
        if self.present().is_none() {
            self.state.at = 0;
            self.state.round = self.state.round.saturating_add(1);
        }
    }
}

impl Mind for Errands {
    fn name(&self) -> &'static str {
        "errands"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        if self.state.tries > 0 {
            let is_met = match (self.present(), view.last_outcome()) {
                (Some(errand), Some(outcome)) => errand.is_met_by(outcome),
                _ => false,
            };
            if is_met || self.state.tries >= self.config.tries_max {
                self.advance();
            }
        }
        let is_over = self.config.rounds > 0 && self.state.round >= self.config.rounds;
        let Some(errand) = self.present().filter(|_| !is_over) else {
            return Ok(Decision::noop().then(Then::Stop));
        };
        let action = errand.to_action()?;
        self.state.tries = self.state.tries.saturating_add(1);
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
