//! Laws between the two halves, on questions that proptest makes up.

use std::sync::Arc;

use ecology_contracts::conformance::{FixtureView, request};
use ecology_contracts::{AccessControl, ContractAccess, PolicyAccess, classify};
use ecology_shadow::Verdict;
use ecology_types::{AllowList, GenesisArtifact, Key, Policy, Scrip, Verb};
use proptest::prelude::*;

fn verbs() -> impl Strategy<Value = Verb> {
    proptest::sample::select(Verb::ALL.to_vec())
}

fn lists() -> impl Strategy<Value = AllowList> {
    prop_oneof![
        Just(AllowList::Anyone),
        proptest::collection::btree_set(12_u32..20, 0..4)
            .prop_map(|keys| AllowList::Only(keys.into_iter().map(Key).collect())),
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    (lists(), lists(), lists(), 0_u64..3, 0_u64..3).prop_map(
        |(read, write, invoke, read_price, invoke_price)| Policy {
            read,
            write,
            invoke,
            read_price: Scrip(read_price),
            invoke_price: Scrip(invoke_price),
        },
    )
}

/// A document of `owner`, who made it too.
fn world(owner: u32) -> (FixtureView, Key) {
    let mut world = FixtureView::new();
    for name in ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"] {
        world.add_principal(name);
    }
    let doc = world.add_artifact("doc", Key(owner));
    (world, doc)
}

proptest! {
    /// Without a policy and a contract, and never given away: both agree on everything, price included.
    #[test]
    fn defaults_agree(owner in 12_u32..20, caller in 0_u32..24, verb in verbs()) {
        let (world, doc) = world(owner);
        let question = request(world.record(doc), verb, Key(caller));
        let (old, new) = (PolicyAccess.decide(&question, &world), ContractAccess.decide(&question, &world));
        prop_assert_eq!(classify(&question, &old, &new), Verdict::Same);
    }

    /// A policy that says what `genesis_private` says is the same as that contract, whoever made it.
    #[test]
    fn a_closed_policy_is_the_private_contract(
        creator in 12_u32..20, owner in 12_u32..20, caller in 0_u32..24, verb in verbs()
    ) {
        let (mut world, doc) = world(creator);
        let record = world.record_mut(doc);
        record.owner = Key(owner);
        record.policy = Some(Arc::new(Policy::default()));
        record.access_contract = Some(GenesisArtifact::Private.key());
        let question = request(world.record(doc), verb, Key(caller));
        let (old, new) = (PolicyAccess.decide(&question, &world), ContractAccess.decide(&question, &world));
        prop_assert_eq!(classify(&question, &old, &new), Verdict::Same);
    }

    /// Policies change nothing under a contract, and contracts nothing under a policy.
    #[test]
    fn each_half_is_blind_for_the_fields_of_the_other(
        policy in policies(), contract in 8_u32..12, owner in 12_u32..20, caller in 0_u32..24, verb in verbs()
    ) {
        let (mut world, doc) = world(owner);
        world.record_mut(doc).policy = Some(Arc::new(policy));
        let by_policy = PolicyAccess.decide(&request(world.record(doc), verb, Key(caller)), &world);
        world.record_mut(doc).access_contract = Some(Key(contract));
        let question = request(world.record(doc), verb, Key(caller));
        prop_assert_eq!(PolicyAccess.decide(&question, &world), by_policy);
        let by_contract = ContractAccess.decide(&question, &world);
        world.record_mut(doc).policy = None;
        prop_assert_eq!(ContractAccess.decide(&request(world.record(doc), verb, Key(caller)), &world), by_contract);
    }

    /// Whatever a stricter stock contract allows, the more open ones allow too.
    #[test]
    fn stock_contracts_are_ordered(owner in 12_u32..20, caller in 0_u32..24, verb in verbs()) {
        let (mut world, doc) = world(owner);
        let mut may = |contract: GenesisArtifact| {
            world.record_mut(doc).access_contract = Some(contract.key());
            ContractAccess.decide(&request(world.record(doc), verb, Key(caller)), &world).is_allowed()
        };
        let (private, freeware, public) =
            (may(GenesisArtifact::Private), may(GenesisArtifact::Freeware), may(GenesisArtifact::Public));
        prop_assert!(private <= freeware && freeware <= public && public);
    }
}
