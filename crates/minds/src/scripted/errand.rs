//! One errand: an action with what is expected to come of it.

use ecology_types::{
    Action, AllowedInvocation, Draft, Id, Interface, Method, Outcome, PolicyDraft, RefusalCode, Scrip,
    SmolStr, Time, Value, Verb, WriteMode,
};
use serde::{Deserialize, Serialize};

use super::{Flaw, check_kind, check_range};
use crate::{MindError, Perception};

/// One errand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Errand {
    /// `noop`, `read`, `write`, `delete` or `invoke`; empty for `noop`.
    #[serde(skip_serializing_if = "is_default")]
    pub action: String,
    /// The id of the artifact.
    #[serde(skip_serializing_if = "is_default")]
    pub artifact: String,
    /// What is written. `@now+N` in it stands for the world time of the writing plus N microseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub content: String,
    /// Whether what is written keeps the content that it has: only what else is said about it changes.
    #[serde(skip_serializing_if = "is_default")]
    pub keep: bool,
    /// The label of what is written.
    #[serde(skip_serializing_if = "is_default")]
    pub kind: Option<String>,
    /// The id of the contract that answers for what is written.
    #[serde(skip_serializing_if = "is_default")]
    pub contract: Option<String>,
    /// The methods of what is written, which makes it executable.
    #[serde(skip_serializing_if = "is_default")]
    pub methods: Vec<String>,
    /// Whether what is written can be invoked though it names no methods.
    #[serde(skip_serializing_if = "is_default")]
    pub executable: bool,
    /// Lists and prices of what is written, where policies decide.
    #[serde(skip_serializing_if = "is_default")]
    pub policy: Option<PolicyDraft>,
    /// Whether what is written has to be there already.
    #[serde(skip_serializing_if = "is_default")]
    pub replace: bool,
    /// Whether what is written holds scrip.
    #[serde(skip_serializing_if = "is_default")]
    pub standing: bool,
    /// The method that is invoked.
    #[serde(skip_serializing_if = "is_default")]
    pub method: String,
    /// Its arguments.
    #[serde(skip_serializing_if = "is_default")]
    pub args: serde_json::Map<String, serde_json::Value>,
    /// What the tool may spend of the agent's scrip.
    #[serde(skip_serializing_if = "is_default")]
    pub allowance: u64,
    /// The code of the refusal that is expected; empty for an action that is done.
    #[serde(skip_serializing_if = "is_default")]
    pub refusal: String,
    /// Whether it does not matter what comes of it.
    #[serde(skip_serializing_if = "is_default")]
    pub any: bool,
    /// Whether it is tried for as long as it takes, whatever `tries_max` says.
    #[serde(skip_serializing_if = "is_default")]
    pub patient: bool,
}

/// Agents have long lists, so what is not said is not written either.
fn is_default<T: Default + PartialEq>(field: &T) -> bool {
    *field == T::default()
}

impl Errand {
    pub(super) fn verb(&self) -> Option<Verb> {
        let verb = Verb::ALL.into_iter().find(|verb| verb.name() == self.action);
        match verb {
            _ if self.action.is_empty() => Some(Verb::Noop),
            Some(Verb::Edit | Verb::Transfer) => None,
            other => other,
        }
    }

    pub(super) fn check(&self) -> Result<(), Flaw> {
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
            check_kind("kind", kind)?;
        }
        if !self.refusal.is_empty() && RefusalCode::ALL.iter().all(|code| code.name() != self.refusal) {
            return Err(Flaw::new("refusal", format!("{:?} is no code of a refusal", short(&self.refusal))));
        }
        Value::from_json(&serde_json::Value::Object(self.args.clone()))
            .map_err(|error| Flaw::new("args", error.to_string()))?;
        check_range("allowance", self.allowance, 0, super::PRICE_MAX)
    }

    /// The action. Everything in it was checked when the configuration was read.
    pub(super) fn to_action(&self, view: &dyn Perception) -> Result<Action, MindError> {
        let id = |text: &str| Id::new(text).map_err(|error| MindError::Failed(error.to_string().into()));
        Ok(match self.verb() {
            None | Some(Verb::Noop) => Action::Noop,
            Some(Verb::Read) => Action::Read { artifact: id(&self.artifact)? },
            Some(Verb::Delete) => Action::Delete { artifact: id(&self.artifact)? },
            Some(Verb::Write) => {
                let target = id(&self.artifact)?;
                let content = if self.keep {
                    // What cannot be seen cannot be kept.
                    match view.artifact(&target).and_then(|found| found.content) {
                        Some(content) => content.to_owned(),
                        None => return Ok(Action::Noop),
                    }
                } else {
                    dated(&self.content, view.now())
                };
                let mut draft = Draft::new(target, content);
                if self.replace {
                    draft.mode = WriteMode::Replace;
                }
                draft.kind = self.kind.as_deref().map(SmolStr::new);
                draft.access_contract = self.contract.as_deref().map(id).transpose()?;
                if !self.methods.is_empty() {
                    draft.can_execute = Some(true);
                    draft.interface = Some(self.interface().into());
                }
                if self.executable {
                    draft.can_execute = Some(true);
                }
                draft.policy.clone_from(&self.policy);
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

    /// Whether this is what was expected.
    pub(super) fn is_met_by(&self, outcome: &Outcome) -> bool {
        match outcome {
            _ if self.any => true,
            Ok(_) => self.refusal.is_empty(),
            Err(refusal) => refusal.code.name() == self.refusal,
        }
    }
}

const NOW: &str = "@now+";

/// The text with every `@now+N` replaced by the time that it stands for.
fn dated(text: &str, now: Time) -> String {
    let mut parts = text.split(NOW);
    let mut dated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        match part[..digits].parse::<u64>() {
            Ok(later) => dated.push_str(&now.0.saturating_add(later).to_string()),
            Err(_) => {
                dated.push_str(NOW);
                dated.push_str(&part[..digits]);
            }
        }
        dated.push_str(&part[digits..]);
    }
    dated
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_filled_in_where_they_are_meant() {
        let at = |text| dated(text, Time(1_000));
        assert_eq!(at("ends = @now+20 -- @now+3"), "ends = 1020 -- 1003");
        assert_eq!(at("@now+x @now + 1 @now+"), "@now+x @now + 1 @now+");
        assert_eq!(at("@now+99999999999999999999"), "@now+99999999999999999999");
    }
}
