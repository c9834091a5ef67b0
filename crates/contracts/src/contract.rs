//! The new implementation: the artifact's contract is the only authority.

use ecology_types::{Axis, Grant, Key, Payer, RefusalCode, Scrip, Side, SmolStr, Verb};

use crate::freshness::{Known, look_up};
use crate::refuse::{name_of, refuse};
use crate::{AccessControl, AccessView, Answer, Depth, Governor, Request};

/// Asks the contract of the artifact, and nobody else: the owner has no bypass, the artifacts of time zero have no privilege.
///
/// The four contracts of time zero are answered natively. A contract that is code must exist, be executable and have been asked outside; its
/// answer is looked up among [`Request::answers`] and counts only while everything it was computed from is unchanged. Native evaluation does
/// not recurse, so contracts that govern themselves or each other in a circle are harmless.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContractAccess;

/// The longest sentence of a contract that is passed on, in characters; contracts are untrusted.
const SENTENCE_CHARS_MAX: usize = 200;

impl AccessControl for ContractAccess {
    fn name(&self) -> &'static str {
        Axis::AccessControl.implementation(Side::New)
    }

    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer {
        match Governor::of_contract(request.artifact.access_contract) {
            Governor::Stock(stock) => match stock.rule(request) {
                Ok(reason) => Answer::free(reason),
                Err(rule) => refuse(RefusalCode::NotPermitted, request, view, &[rule]),
            },
            Governor::Code(_) if request.verb == Verb::Noop => Answer::free("nothing is done"),
            Governor::Code(contract) => decide_by_code(request, contract, view),
        }
    }

    /// The contract when it is code that can be asked, unless an answer that holds came along already.
    fn needs_code(&self, request: &Request<'_>, view: &dyn AccessView) -> Option<Key> {
        match Governor::of_contract(request.artifact.access_contract) {
            Governor::Code(contract)
                if request.verb != Verb::Noop
                    && Depth::of(view).enter().is_ok()
                    && view.artifact(contract).is_some_and(|record| record.can_execute)
                    && !matches!(look_up(request, contract, view), Known::Fresh(_)) =>
            {
                Some(contract)
            }
            _ => None,
        }
    }
}

fn decide_by_code(request: &Request<'_>, contract: Key, view: &dyn AccessView) -> Answer {
    let no = |code, rule: &[&str]| {
        let name = name_of(contract, view);
        let mut parts = vec!["its contract ", name.as_str()];
        parts.extend_from_slice(rule);
        refuse(code, request, view, &parts)
    };
    match view.artifact(contract) {
        None => return no(RefusalCode::ContractMissing, &[" does not exist"]),
        Some(record) if !record.can_execute => {
            return no(RefusalCode::ContractMissing, &[" is not executable and cannot be asked"]);
        }
        Some(_) => {}
    }
    if let Err(too_deep) = Depth::of(view).enter() {
        return too_deep.answer(request, contract, view);
    }
    match look_up(request, contract, view) {
        Known::Nothing => no(RefusalCode::ContractNeedsCode, &[" is code and has not been asked"]),
        Known::Stale(why) => no(RefusalCode::AnswerStale, &[" has to be asked again: ", &why]),
        Known::Fresh(Err(sentence)) => {
            no(RefusalCode::NotPermitted, &[" says no: ", cut(sentence, SENTENCE_CHARS_MAX)])
        }
        Known::Fresh(Ok(grant)) => match unusable(grant, request) {
            None => Answer::Allow { grant: *grant, reason: "its contract allows it" },
            Some(why) => {
                no(RefusalCode::NotPermitted, &[" gave an answer that cannot be carried out: ", why])
            }
        },
    }
}

/// Why a grant makes no sense, or `None` when it does.
fn unusable(grant: &Grant, request: &Request<'_>) -> Option<&'static str> {
    match grant.payer {
        _ if grant.cost > Scrip::TOTAL_MAX => Some("the price is more than a world can hold"),
        Payer::Split(share) if share > 100 => Some("the invoker would pay more than the whole"),
        Payer::Artifact if !request.artifact.has_standing => {
            Some("the artifact has no standing and cannot pay")
        }
        _ => None,
    }
}

fn cut(sentence: &SmolStr, chars_max: usize) -> &str {
    sentence.char_indices().nth(chars_max).map_or(sentence.as_str(), |(at, _)| &sentence[..at])
}
