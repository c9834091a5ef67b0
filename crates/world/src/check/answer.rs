//! What the code of a contract gave back, read strictly.

use ecology_types::{
    Denial, GenesisArtifact, Key, Payer, PermissionAnswer, Reads, Scrip, SmolStr, Terms, Value, sentence,
};

use super::Question;
use crate::world::World;

/// Whether a contract says that its answer may be given again while everything that it looked at stays as it is. One that changes the
/// contract's state may not.
#[must_use]
pub fn is_cacheable(answer: &Value) -> bool {
    answer.get("cacheable") == Some(&Value::Bool(true))
        && matches!(answer.get("state"), None | Some(Value::Null))
}

/// Most principals that share one price.
const SHARES_MAX: usize = 16;

impl World {
    /// The answer that a command carries: what code gave back for a question, or why it failed, with what it was told and what it used.
    /// Everything but a well-formed answer counts as a fault of the contract.
    #[must_use]
    pub fn answer_of(
        &self,
        question: &Question,
        reads: Reads,
        answer: Result<Value, SmolStr>,
        instructions: u64,
    ) -> PermissionAnswer {
        let verdict = match answer {
            Ok(value) => self.verdict_of(&value),
            Err(fault) => Err(Denial::fault(fault)),
        };
        PermissionAnswer {
            artifact: question.artifact,
            verb: question.verb,
            caller: question.caller,
            contract: question.contract,
            call_digest: question.call_digest,
            verdict,
            reads,
            instructions,
            is_cached: false,
        }
    }

    fn verdict_of(&self, answer: &Value) -> Result<Terms, Denial> {
        match answer {
            Value::Bool(true) => Ok(Terms::default()),
            Value::Bool(false) => Err(Denial::no("it gave no reason")),
            Value::Map(pairs) => self.verdict_of_table(pairs),
            other => Err(Denial::fault(format!(
                "check_permission returned {}; it must return true, false or a table with allow",
                other.shape()
            ))),
        }
    }

    fn verdict_of_table(&self, pairs: &[(SmolStr, Value)]) -> Result<Terms, Denial> {
        let mut allow = None;
        let mut reason = SmolStr::default();
        let mut payer = "invoker";
        let mut share = None;
        let mut terms = Terms::default();
        for (name, value) in pairs {
            let wrong = |wanted: &str| {
                Denial::fault(format!("its answer has {name} = {}; it must be {wanted}", value.shape()))
            };
            match name.as_str() {
                "allow" => match value {
                    Value::Bool(truth) => allow = Some(*truth),
                    _ => return Err(wrong("true or false")),
                },
                "reason" => reason = sentence(value.as_text().ok_or_else(|| wrong("text"))?),
                "cost" => {
                    let wanted = "a whole number from 0 to what a world can hold";
                    let cost = value.as_count().map(Scrip).filter(|cost| *cost <= Scrip::TOTAL_MAX);
                    terms.cost = cost.ok_or_else(|| wrong(wanted))?;
                }
                "payer" => {
                    let wanted = "invoker, owner, artifact or split";
                    payer = value
                        .as_text()
                        .filter(|text| ["invoker", "owner", "artifact", "split"].contains(text))
                        .ok_or_else(|| wrong(wanted))?;
                }
                "payer_share" => {
                    let hundredths = value.as_count().and_then(|count| u8::try_from(count).ok());
                    share = Some(hundredths.filter(|share| *share <= 100).ok_or_else(|| wrong("0 to 100"))?);
                }
                "pay" => terms.shares = self.shares_of(value)?,
                "state" => terms.state = (*value != Value::Null).then(|| value.clone()),
                "cacheable" => {
                    if !matches!(value, Value::Bool(_)) {
                        return Err(wrong("true or false"));
                    }
                }
                _ => {
                    let known = "allow, reason, cost, payer, payer_share, pay, state and cacheable";
                    return Err(Denial::fault(format!("its answer has the key {name}; it may have {known}")));
                }
            }
        }
        terms.payer = match (payer, share) {
            ("split", Some(share)) => Payer::Split(share),
            ("split", None) => return Err(Denial::fault("its answer has payer = split without payer_share")),
            (_, Some(_)) => return Err(Denial::fault("its answer has payer_share without payer = split")),
            ("owner", None) => Payer::Owner,
            ("artifact", None) => Payer::Artifact,
            _ => Payer::Invoker,
        };
        match allow {
            Some(true) => {
                let sum =
                    terms.shares.iter().try_fold(Scrip::ZERO, |sum, (_, share)| sum.checked_add(*share));
                if sum.is_none_or(|sum| sum > terms.cost) {
                    return Err(Denial::fault("its answer pays out more than the cost"));
                }
                terms.reason = reason;
                Ok(terms)
            }
            Some(false) if reason.is_empty() => Err(Denial::no("it gave no reason")),
            Some(false) => Err(Denial { reason, is_fault: false }),
            None => Err(Denial::fault("its answer does not say allow = true or allow = false")),
        }
    }

    fn shares_of(&self, value: &Value) -> Result<Vec<(Key, Scrip)>, Denial> {
        let wrong =
            || Denial::fault("its answer must have pay = { { to = id, amount = whole number }, ... }");
        let items = match value {
            Value::List(items) => items.as_slice(),
            // An empty table is a list as well as a map.
            Value::Map(pairs) if pairs.is_empty() => &[],
            _ => return Err(wrong()),
        };
        if items.len() > SHARES_MAX {
            return Err(Denial::fault(format!("its answer pays more than {SHARES_MAX}")));
        }
        let mut shares = Vec::with_capacity(items.len());
        for item in items {
            let Value::Map(pairs) = item else { return Err(wrong()) };
            let (Some(to), Some(amount), 2) = (
                item.get("to").and_then(Value::as_text),
                item.get("amount").and_then(Value::as_count),
                pairs.len(),
            ) else {
                return Err(wrong());
            };
            let key = self.principal_named(to).filter(|key| GenesisArtifact::from_key(*key).is_none());
            let Some(key) = key else {
                return Err(Denial::fault(format!("its answer pays {to}, which is no principal")));
            };
            shares.push((key, Scrip(amount)));
        }
        Ok(shares)
    }
}
