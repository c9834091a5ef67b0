//! Which stock contract takes the place of a policy.

use ecology_types::{AllowList, ArtifactRecord, Scrip};

use crate::{AccessDivergence, StockContract};

/// What governs an artifact after its policy fields have given way to a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The contract.
    pub contract: StockContract,
    /// Where its answers differ from those of the policy, as the artifact is now; empty for an exact successor.
    pub differs: Vec<AccessDivergence>,
}

impl Successor {
    /// Whether every request gets the answer that the policy gave, as long as nothing about the artifact changes.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.differs.is_empty()
    }
}

/// The stock contract that takes the place of the policy of `artifact`.
///
/// Where no stock contract says the same, the closest one is taken that opens nothing which the policy closed: rights may be lost, which
/// their owners can give again, but nothing becomes readable that was not.
#[must_use]
pub fn successor(artifact: &ArtifactRecord) -> Successor {
    let policy = artifact.policy.as_deref();
    let open = ecology_types::Policy::open();
    let policy = policy.unwrap_or(&open);
    let is_closed = |list: &AllowList| matches!(list, AllowList::Only(keys) if keys.is_empty());
    let anyone = AllowList::Anyone;
    let mut differs = Vec::new();
    let anyone_uses = policy.read == anyone && policy.invoke == anyone;
    if anyone_uses && artifact.owner == artifact.creator {
        if policy.read_price > Scrip::ZERO || policy.invoke_price > Scrip::ZERO {
            differs.push(AccessDivergence::PricesIgnored);
        }
        if !is_closed(&policy.write) {
            differs.push(AccessDivergence::ListsGiveNothing);
        }
        return Successor { contract: StockContract::Freeware, differs };
    }
    // Under freeware the creator could still change what somebody else owns now.
    if ![&policy.read, &policy.invoke, &policy.write].into_iter().all(is_closed) {
        differs.push(AccessDivergence::ListsGiveNothing);
    }
    Successor { contract: StockContract::Private, differs }
}
