//! Every way in which policies and contracts may legitimately differ. What is not here is a bug in one of the two.
//!
//! What is compared: whether it is a yes or a no, the price and its payer of a yes, the code of a no. Not compared are the sentences: they
//! name the rule that spoke, and the rules are not the same.

use ecology_shadow::{Divergence, Verdict};
use ecology_types::{GenesisArtifact, Grant, RefusalCode, Scrip, Verb};

use crate::policy::Listed;
use crate::{Answer, Governor, PolicyAccess, Request, StockContract};

/// A legitimate difference between [`PolicyAccess`] and [`crate::ContractAccess`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum AccessDivergence {
    /// `AC-1`: an owner is refused by a contract that does not ask who owns.
    OwnerBypassGone,
    /// `AC-2`: under `genesis_freeware` the creator changes the artifact, not the owner.
    CreatorChanges,
    /// `AC-3`: prices in policy fields are not charged by stock contracts.
    PricesIgnored,
    /// `AC-4`: being on a list gives no right.
    ListsGiveNothing,
    /// `AC-5`: a contract opens what a list closes.
    ListsCloseNothing,
    /// `AC-6`: a contract that is code cannot be relied on, so the answer is no.
    ContractUnanswered,
    /// `AC-7`: both say no, with different codes.
    RefusalCodeDiffers,
    /// `AC-8`: artifacts of time zero are governed like all others.
    GenesisUnprivileged,
    /// `AC-9`: a contract that is code sets its own price.
    ContractPrices,
    /// `AC-10`: the instructions of a contract that is code are charged as CPU time.
    CodeTakesTime,
}

/// The register, in the order of the codes.
pub const REGISTER: &[Divergence] = &[
    Divergence {
        code: "AC-1",
        title: "no owner bypass",
        old: "the owner always may, whatever the lists say",
        new: "the contract decides; genesis_self_owned and contracts that are code may refuse the owner",
        affected: "owners of artifacts governed by genesis_self_owned or by code",
        instead: "set access_contract_id to genesis_private or genesis_freeware, or make the contract ask for the owner",
    },
    Divergence {
        code: "AC-2",
        title: "freeware asks for the creator",
        old: "the owner writes, edits and deletes",
        new: "under genesis_freeware the creator does, also after the artifact was given away",
        affected: "buyers of artifacts that stay under genesis_freeware, and the creators who sold them",
        instead: "before a sale set access_contract_id to genesis_private, under which changing follows ownership",
    },
    Divergence {
        code: "AC-3",
        title: "price fields are not charged",
        old: "read_price and invoke_price are charged to anyone but the owner",
        new: "stock contracts are free of charge; price fields are ignored",
        affected: "owners who live from read_price or invoke_price",
        instead: "govern the artifact by a contract that answers with a cost, or sell access through genesis_escrow",
    },
    Divergence {
        code: "AC-4",
        title: "lists give no right",
        old: "who is on a list may",
        new: "lists are ignored; the contract refuses",
        affected: "principals on read, write or invoke lists of artifacts under a stricter contract",
        instead: "choose genesis_public or a contract that knows the list",
    },
    Divergence {
        code: "AC-5",
        title: "lists close nothing",
        old: "who is not on the list may not",
        new: "lists are ignored; the contract allows, and the default genesis_freeware lets anyone read and invoke",
        affected: "owners who rely on a read, write or invoke list under a more open contract",
        instead: "set access_contract_id to genesis_private, or to a contract that knows the list",
    },
    Divergence {
        code: "AC-6",
        title: "a contract that cannot answer refuses",
        old: "the policy is data and always answers",
        new: "a contract that is missing, not executable, not asked, changed meanwhile or too deep is a no",
        affected: "users of artifacts whose access_contract_id names code, in shadow mode all of them, since only the serving side is asked",
        instead: "keep the contract alive; when the code is answer_stale or contract_needs_code, try again",
    },
    Divergence {
        code: "AC-7",
        title: "another code for the same no",
        old: "every no is not_permitted",
        new: "a no may also be contract_missing, contract_needs_code, contract_too_deep or answer_stale",
        affected: "agents that decide by the code of a refusal",
        instead: "decide by category and retriability, which every code carries",
    },
    Divergence {
        code: "AC-8",
        title: "time zero has no privilege",
        old: "artifacts of time zero are read and invoked by everybody and changed by nobody",
        new: "their contract decides, as for any other artifact",
        affected: "whoever is the creator or owner of artifacts of time zero, and everybody if they are governed by another contract than genesis_freeware",
        instead: "keep artifacts of time zero under genesis_freeware and let nobody act as genesis",
    },
    Divergence {
        code: "AC-9",
        title: "contracts set prices",
        old: "the price is what the policy fields say, and the invoker pays it",
        new: "a contract that is code answers with a price and with who pays it",
        affected: "users of artifacts whose access_contract_id names code",
        instead: "ask the contract for the price before acting",
    },
    Divergence {
        code: "AC-10",
        title: "asking code takes time",
        old: "the policy is data; looking at it is free",
        new: "the instructions that a contract took to answer are charged as CPU time to whoever bears the price, asked for a no, or owns what failed",
        affected: "users of artifacts whose access_contract_id names code",
        instead: "let the contract answer cacheable = true where that is so: an answer from the cache is free",
    },
];

impl AccessDivergence {
    /// Its entry in the register.
    #[must_use]
    pub const fn entry(self) -> &'static Divergence {
        &REGISTER[self as usize]
    }

    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }
}

/// Compares the answers of [`PolicyAccess`] and [`crate::ContractAccess`] to one question.
///
/// A registered difference is accepted only where its cause is present in the artifact and the request: the same pair of answers on another
/// artifact is a mismatch.
#[must_use]
pub fn classify(request: &Request<'_>, policy: &Answer, contract: &Answer) -> Verdict {
    if agree(policy, contract) {
        return if code_was_run(request) {
            Verdict::Expected { code: AccessDivergence::CodeTakesTime.code() }
        } else {
            Verdict::Same
        };
    }
    match explain(request, policy, contract) {
        Some(divergence) => Verdict::Expected { code: divergence.code() },
        None => Verdict::Mismatch { detail: describe(request, policy, contract) },
    }
}

/// Whether the contract that governs has been run for an answer to this question, which somebody bears.
fn code_was_run(request: &Request<'_>) -> bool {
    let Governor::Code(contract) = Governor::of_contract(request.artifact.access_contract) else {
        return false;
    };
    request
        .answers
        .iter()
        .any(|answer| answer.contract == contract && !answer.is_cached && answer.instructions > 0)
}

/// The question and two answers, for people.
pub(crate) fn describe(request: &Request<'_>, policy: &Answer, contract: &Answer) -> String {
    let Request { artifact, verb, caller, .. } = request;
    format!(
        "caller #{} {verb} {} (creator #{}, owner #{}, contract {:?}, policy {:?}): policy {policy:?}, contract {contract:?}",
        caller.0,
        artifact.id,
        artifact.creator.0,
        artifact.owner.0,
        artifact.access_contract.map(|key| key.0),
        artifact.policy,
    )
}

/// Whether two answers are the same: yes at the same price, or no with the same code. Who would pay nothing does not matter.
pub(crate) fn agree(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Answer::Allow { grant: one, .. }, Answer::Allow { grant: other, .. }) => same_price(one, other),
        (Answer::Deny { code: one, .. }, Answer::Deny { code: other, .. }) => one == other,
        _ => false,
    }
}

fn same_price(one: &Grant, other: &Grant) -> bool {
    one == other || (one.cost == Scrip::ZERO && other.cost == Scrip::ZERO)
}

fn explain(request: &Request<'_>, policy: &Answer, contract: &Answer) -> Option<AccessDivergence> {
    let governor = Governor::of_contract(request.artifact.access_contract);
    let is_code = matches!(governor, Governor::Code(_));
    let is_genesis = GenesisArtifact::from_key(request.artifact.key).is_some();
    let is_owner = request.caller == request.artifact.owner;
    let listed_price = match PolicyAccess::listed(request) {
        Listed::Yes(price) => Some(price),
        Listed::No(_) => None,
    };
    let by_list = !is_genesis && !is_owner;
    match (policy, contract) {
        (Answer::Allow { .. }, Answer::Allow { .. }) if is_code => Some(AccessDivergence::ContractPrices),
        (Answer::Allow { grant, .. }, Answer::Allow { grant: free, .. }) => {
            (by_list && listed_price == Some(grant.cost) && free.cost == Scrip::ZERO)
                .then_some(AccessDivergence::PricesIgnored)
        }
        (Answer::Deny { code: RefusalCode::NotPermitted, .. }, Answer::Deny { code, .. }) => {
            (is_code && cannot_answer(*code)).then_some(AccessDivergence::RefusalCodeDiffers)
        }
        (Answer::Allow { .. }, Answer::Deny { code, .. }) if is_code && cannot_answer(*code) => {
            Some(AccessDivergence::ContractUnanswered)
        }
        (Answer::Allow { .. }, Answer::Deny { code: RefusalCode::NotPermitted, .. }) => {
            if !contract_may(request, governor, false) {
                None
            } else if is_genesis {
                matches!(request.verb, Verb::Read | Verb::Invoke)
                    .then_some(AccessDivergence::GenesisUnprivileged)
            } else if is_owner && governor == Governor::Stock(StockContract::Freeware) {
                Some(AccessDivergence::CreatorChanges)
            } else if is_owner {
                Some(AccessDivergence::OwnerBypassGone)
            } else {
                listed_price.map(|_| AccessDivergence::ListsGiveNothing)
            }
        }
        (Answer::Deny { code: RefusalCode::NotPermitted, .. }, Answer::Allow { grant, .. }) => {
            if !contract_may(request, governor, true) || !(is_code || grant.cost == Scrip::ZERO) {
                None
            } else if is_genesis {
                (!matches!(request.verb, Verb::Read | Verb::Invoke | Verb::Noop))
                    .then_some(AccessDivergence::GenesisUnprivileged)
            } else if is_owner || listed_price.is_some() {
                None
            } else if governor == Governor::Stock(StockContract::Freeware) && changes(request.verb) {
                Some(AccessDivergence::CreatorChanges)
            } else {
                Some(AccessDivergence::ListsCloseNothing)
            }
        }
        _ => None,
    }
}

/// Whether the contract can have given this answer. The rules are written down here a second time, as conditions on the question, so that a
/// stock contract that errs is not excused by its own mistake.
fn contract_may(request: &Request<'_>, governor: Governor, allow: bool) -> bool {
    let Request { artifact, verb, caller, .. } = request;
    let stock = match governor {
        Governor::Code(_) => return *verb != Verb::Noop,
        Governor::Stock(stock) => stock,
    };
    let allows = match stock {
        _ if *verb == Verb::Noop => true,
        StockContract::Public => true,
        StockContract::Private => *caller == artifact.owner,
        StockContract::SelfOwned => *caller == artifact.key,
        StockContract::Freeware if changes(*verb) => *caller == artifact.creator,
        StockContract::Freeware => *verb != Verb::Transfer || *caller == artifact.owner,
    };
    allows == allow
}

const fn changes(verb: Verb) -> bool {
    matches!(verb, Verb::Write | Verb::Edit | Verb::Delete)
}

const fn cannot_answer(code: RefusalCode) -> bool {
    matches!(
        code,
        RefusalCode::ContractMissing
            | RefusalCode::ContractNeedsCode
            | RefusalCode::ContractTooDeep
            | RefusalCode::AnswerStale
    )
}
