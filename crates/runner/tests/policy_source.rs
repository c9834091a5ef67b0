//! The contract that is made of a policy says what the policy says: random policies, everybody, everything, through the engine.

use ecology_contracts::{
    AccessControl, AccessView, Answer, PolicyAccess, Request, contract_source, source_fits,
};
use ecology_runner::compose;
use ecology_sandbox::{Limits, NoHost};
use ecology_types::{AllowList, ArtifactRecord, Id, Key, Policy, Scrip, SmolStr, Time, Value, Verb};
use proptest::prelude::*;
use std::sync::Arc;

struct Nothing;

impl AccessView for Nothing {
    fn artifact(&self, _: Key) -> Option<&ArtifactRecord> {
        None
    }
    fn balance(&self, _: Key) -> Scrip {
        Scrip::ZERO
    }
    fn contract_depth_max(&self) -> u32 {
        10
    }
}

fn name(key: Key) -> SmolStr {
    SmolStr::new(format!("agent_{}", key.0))
}

fn any_list() -> impl Strategy<Value = AllowList> {
    prop_oneof![
        Just(AllowList::Anyone),
        proptest::collection::btree_set(20..30_u32, 0..6)
            .prop_map(|keys| AllowList::Only(keys.into_iter().map(Key).collect())),
    ]
}

fn any_price() -> impl Strategy<Value = Scrip> {
    prop_oneof![Just(0), 1..50_u64, Just((1 << 53) - 1)].prop_map(Scrip)
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (any_list(), any_list(), any_list(), any_price(), any_price()).prop_map(
        |(read, write, invoke, read_price, invoke_price)| Policy {
            read,
            write,
            invoke,
            read_price,
            invoke_price,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_source_says_the_same(policy in any_policy(), owner in 20..30_u32, creator in 20..32_u32) {
        let source = contract_source(&policy, &name);
        prop_assert!(source_fits(&policy, &source));
        let program = compose::policy_engine().compile(&source, &Limits::default()).unwrap();
        let record = ArtifactRecord {
            key: Key(50),
            id: Id::known("thing"),
            creator: Key(creator),
            owner: Key(owner),
            kind: SmolStr::new_static("data"),
            content: Arc::from("x"),
            version: 1,
            created_at: Time::ZERO,
            changed_at: Time::ZERO,
            has_standing: false,
            can_execute: true,
            access_contract: None,
            policy: Some(Arc::new(policy)),
            interface: None,
            memory: None,
        };
        for caller in (20..33).map(Key) {
            for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Noop) {
                let request = Request { artifact: &record, verb, caller, method: None, args: None, answers: &[] };
                let wanted = match PolicyAccess.decide(&request, &Nothing) {
                    Answer::Allow { grant, .. } => Some((grant.cost.0, grant.payer)),
                    Answer::Deny { .. } => None,
                };
                let asked = Value::map([
                    ("action", Value::text(verb.name())),
                    ("artifact", Value::text("thing")),
                    ("caller", Value::Text(name(caller))),
                    ("creator", Value::Text(name(record.creator))),
                    ("owner", Value::Text(name(record.owner))),
                ]);
                let answer = program
                    .call("check_permission", &[asked], &Limits::default(), 0, &mut NoHost)
                    .outcome
                    .unwrap();
                let payer = answer.get("payer").and_then(Value::as_text).unwrap_or("invoker");
                prop_assert_eq!(payer, "invoker");
                let said = (answer.get("allow") == Some(&Value::Bool(true))).then(|| {
                    let cost = answer.get("cost").map_or(0, |cost| cost.as_count().unwrap());
                    (cost, ecology_types::Payer::Invoker)
                });
                prop_assert_eq!(said, wanted, "{:?} {:?}", caller, verb);
            }
        }
    }
}
