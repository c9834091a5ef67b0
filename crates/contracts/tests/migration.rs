//! The contract that takes the place of a policy says the same, or closes more; it never opens what the policy closed.

use std::sync::Arc;

use ecology_contracts::{
    AccessControl, AccessView, Answer, ContractAccess, PolicyAccess, Request, StockContract, successor,
};
use ecology_types::{AllowList, ArtifactRecord, Id, Key, Policy, Scrip, SmolStr, Time, Verb};

const OWNER: Key = Key(20);
const CREATOR: Key = Key(21);
const LISTED: Key = Key(22);
const STRANGER: Key = Key(23);

struct Nothing;

impl AccessView for Nothing {
    fn artifact(&self, _: Key) -> Option<&ArtifactRecord> {
        None
    }
    fn balance(&self, _: Key) -> Scrip {
        Scrip(100)
    }
    fn contract_depth_max(&self) -> u32 {
        10
    }
}

fn record(creator: Key, policy: Option<Policy>) -> ArtifactRecord {
    ArtifactRecord {
        key: Key(30),
        id: Id::known("thing"),
        creator,
        owner: OWNER,
        kind: SmolStr::new_static("data"),
        content: Arc::from("x"),
        version: 1,
        created_at: Time::ZERO,
        changed_at: Time::ZERO,
        has_standing: false,
        can_execute: false,
        access_contract: None,
        policy: policy.map(Arc::new),
        interface: None,
        memory: None,
    }
}

/// Every policy over three sorts of lists and two prices each, and none at all.
fn policies() -> Vec<Option<Policy>> {
    let lists = [AllowList::Anyone, AllowList::Only(Vec::new()), AllowList::Only(vec![LISTED])];
    let mut all = vec![None];
    for read in &lists {
        for write in &lists {
            for invoke in &lists {
                for (read_price, invoke_price) in [(0, 0), (3, 0), (0, 3), (2, 3)] {
                    all.push(Some(Policy {
                        read: read.clone(),
                        write: write.clone(),
                        invoke: invoke.clone(),
                        read_price: Scrip(read_price),
                        invoke_price: Scrip(invoke_price),
                    }));
                }
            }
        }
    }
    all
}

fn answers(record: &ArtifactRecord, contract: StockContract) -> Vec<(Key, Verb, Answer, Answer)> {
    let mut governed = record.clone();
    governed.access_contract = Some(contract.artifact().key());
    let mut all = Vec::new();
    for caller in [OWNER, CREATOR, LISTED, STRANGER] {
        for verb in Verb::ALL {
            let ask = |artifact| Request { artifact, verb, caller, method: None, args: None, answers: &[] };
            let old = PolicyAccess.decide(&ask(record), &Nothing);
            let new = ContractAccess.decide(&ask(&governed), &Nothing);
            all.push((caller, verb, old, new));
        }
    }
    all
}

fn cost(answer: &Answer) -> Option<Scrip> {
    match answer {
        Answer::Allow { grant, .. } => Some(grant.cost),
        Answer::Deny { .. } => None,
    }
}

#[test]
fn an_exact_successor_answers_every_request_alike() {
    let mut exact = 0;
    for creator in [OWNER, CREATOR] {
        for policy in policies() {
            let record = record(creator, policy);
            let found = successor(&record);
            let compared = answers(&record, found.contract);
            let differing: Vec<_> = compared.iter().filter(|(.., old, new)| cost(old) != cost(new)).collect();
            assert_eq!(found.is_exact(), differing.is_empty(), "{record:?}: {found:?} {differing:?}");
            exact += u32::from(found.is_exact());
        }
    }
    assert!(exact >= 8, "{exact} exact successors");
}

#[test]
fn nothing_is_opened_that_was_closed() {
    for creator in [OWNER, CREATOR] {
        for policy in policies() {
            let record = record(creator, policy);
            let found = successor(&record);
            for (caller, verb, old, new) in answers(&record, found.contract) {
                assert!(
                    !new.is_allowed() || old.is_allowed(),
                    "{caller:?} {verb:?} {record:?}: {found:?} allows it, the policy does not"
                );
            }
        }
    }
}
