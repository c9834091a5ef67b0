//! The new implementation: the artifact's contract is the only authority.

use ecology_types::{
    ArtifactRecord, Axis, GenesisArtifact, Grant, Key, Payer, PermissionAnswer, RefusalCode,
    SENTENCE_CHARS_MAX, Scrip, Side, SmolStr, Terms, Verb,
};

use crate::freshness::{Known, look_up};
use crate::refuse::{name_of, refuse};
use crate::{AccessControl, AccessView, Answer, Depth, Governor, Request, StockContract};

/// Asks the contract of the artifact, and nobody else: the owner has no bypass, the artifacts of time zero have no privilege.
///
/// The four contracts of time zero are answered natively. A contract that is code must exist, be executable and have been asked outside; its
/// answer is looked up among [`Request::answers`] and counts only while everything it was computed from is unchanged. Native evaluation does
/// not recurse, so contracts that govern themselves or each other in a circle are harmless.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContractAccess;

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

    fn ruling<'a>(&self, request: &Request<'a>, view: &dyn AccessView) -> Option<&'a PermissionAnswer> {
        if request.answers.is_empty() || request.verb == Verb::Noop {
            return None;
        }
        let Governor::Code(contract) = Governor::of_contract(request.artifact.access_contract) else {
            return None;
        };
        match look_up(request, contract, view) {
            Known::Fresh(answer) => Some(answer),
            Known::Nothing | Known::Stale(_) => None,
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
        Known::Fresh(PermissionAnswer { verdict: Err(denial), .. }) => {
            let says = if denial.is_fault { " failed: " } else { " says no: " };
            no(RefusalCode::NotPermitted, &[says, cut(&denial.reason, SENTENCE_CHARS_MAX)])
        }
        Known::Fresh(PermissionAnswer { verdict: Ok(terms), .. }) => {
            match unusable(terms, request, contract, view) {
                None => Answer::Allow {
                    grant: Grant { cost: terms.cost, payer: terms.payer },
                    reason: "its contract allows it",
                },
                Some(why) => {
                    no(RefusalCode::NotPermitted, &[" gave an answer that cannot be carried out: ", why])
                }
            }
        }
    }
}

/// Why terms cannot be carried out, or `None` when they can.
fn unusable(
    terms: &Terms,
    request: &Request<'_>,
    contract: Key,
    view: &dyn AccessView,
) -> Option<&'static str> {
    if terms.cost > Scrip::TOTAL_MAX {
        return Some("the price is more than a world can hold");
    }
    let shared = terms.shares.iter().try_fold(Scrip::ZERO, |sum, (_, share)| sum.checked_add(*share));
    if shared.is_none_or(|sum| sum > terms.cost) {
        return Some("the shares are more than the price");
    }
    match terms.payer {
        Payer::Invoker | Payer::Split(100) => None,
        Payer::Split(share) if share > 100 => Some("the invoker would pay more than the whole"),
        Payer::Artifact if !request.artifact.has_standing => {
            Some("the artifact has no standing and cannot pay")
        }
        Payer::Artifact => None,
        Payer::Owner | Payer::Split(_) => (!owner_consents(request.artifact, contract, view))
            .then_some("the owner of the artifact did not write the contract and does not pay for it"),
    }
}

/// Whether the owner of an artifact stands behind what its contract makes it pay: the contract is its own, or nobody can change it any more.
/// That escrow holds both says nothing about those whom it holds them for.
fn owner_consents(artifact: &ArtifactRecord, contract: Key, view: &dyn AccessView) -> bool {
    artifact.owner != GenesisArtifact::Escrow.key()
        && view.artifact(contract).is_some_and(|record| record.owner == artifact.owner || is_final(record))
}

/// Whether nobody can change an executable any more: only it itself could, or `genesis`, and neither of them acts.
fn is_final(record: &ArtifactRecord) -> bool {
    match Governor::of_contract(record.access_contract) {
        Governor::Stock(StockContract::SelfOwned) => !record.has_standing,
        Governor::Stock(StockContract::Freeware) => record.creator == Key::GENESIS,
        Governor::Stock(StockContract::Private) => record.owner == Key::GENESIS,
        Governor::Stock(StockContract::Public) | Governor::Code(_) => false,
    }
}

fn cut(sentence: &SmolStr, chars_max: usize) -> &str {
    sentence.char_indices().nth(chars_max).map_or(sentence.as_str(), |(at, _)| &sentence[..at])
}
