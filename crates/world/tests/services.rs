//! Every method of every service, and what the handbook says about them.

use std::collections::BTreeSet;

use ecology_types::{Action, GenesisArtifact as G, RefusalCode as Code, Value};

use crate::support::*;

/// Arguments that every method takes.
fn calls() -> Vec<(G, &'static str, Value)> {
    let none = || Value::Null;
    let what = || Value::map([("artifact", "poem".into())]);
    let order = |number: i64| Value::map([("order", Value::Int(number))]);
    let kinds = || Value::map([("types", Value::List(vec!["minted".into()]))]);
    vec![
        (G::Ledger, "balance", Value::map([("principal", "bob".into())])),
        (G::Ledger, "all_balances", none()),
        (G::Ledger, "transfer", Value::map([("to", "bob".into()), ("amount", Value::Int(1))])),
        (G::Ledger, "spawn_principal", Value::map([("id", "eve".into()), ("config", "mind".into())])),
        (G::Ledger, "transfer_ownership", Value::map([("artifact", "spare".into()), ("to", "bob".into())])),
        (G::RightsRegistry, "check_quota", Value::map([("resource", "disk".into())])),
        (G::RightsRegistry, "all_quotas", Value::map([("limit", Value::Int(2))])),
        (G::Ledger, "revenue", what()),
        (G::Ledger, "transfer_revenue", Value::map([("artifact", "other".into()), ("to", "ann".into())])),
        (
            G::RightsRegistry,
            "transfer_quota",
            Value::map([("to", "bob".into()), ("resource", "cpu".into()), ("amount", Value::Int(1))]),
        ),
        (G::Store, "list", none()),
        (G::Store, "get", what()),
        (G::Store, "search", Value::map([("text", "ROSES".into())])),
        (G::Store, "count", none()),
        (G::Store, "list_by_type", Value::map([("type", "data".into())])),
        (G::Store, "list_by_owner", Value::map([("owner", "ann".into())])),
        (G::Store, "list_agents", none()),
        (G::Store, "list_principals", none()),
        (G::Store, "get_metadata", what()),
        (G::Store, "get_interface", Value::map([("artifact", "genesis_ledger".into())])),
        (G::Store, "create", Value::map([("artifact", "new".into()), ("content", "text".into())])),
        (G::Store, "delete", Value::map([("artifact", "new".into())])),
        (G::Escrow, "offer", Value::map([("kind", "wheat".into()), ("price", Value::Int(3))])),
        (G::Escrow, "check", order(1)),
        (G::Escrow, "list_active", Value::map([("kind", "wheat".into())])),
        (G::Escrow, "cancel", order(1)),
        (G::Escrow, "purchase", order(2)),
        (G::Escrow, "accept", Value::map([("order", Value::Int(3)), ("artifact", "poem".into())])),
        (G::Escrow, "deposit", Value::map([("artifact", "other".into()), ("price", Value::Int(3))])),
        (G::Mint, "status", none()),
        (G::Mint, "bid", Value::map([("artifact", "third".into()), ("amount", Value::Int(3))])),
        (G::Mint, "check", Value::map([("bid", Value::Int(1))])),
        (G::EventLog, "read", Value::map([("since", Value::Int(3)), ("limit", Value::Int(5))])),
        (G::EventLog, "subscribe", kinds()),
        (G::EventLog, "unsubscribe", Value::map([("subscription", Value::Int(1))])),
        (G::Handbook, "read", none()),
    ]
}

#[test]
fn every_method_of_every_service_answers() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        for name in ["poem", "spare", "other", "third"] {
            test.write("ann", name, "roses are red");
        }
        let listed: BTreeSet<(G, String)> = G::ALL
            .into_iter()
            .filter(|service| !service.is_contract())
            .filter_map(|service| Some((service, test.world.live(service.key())?.interface.clone()?)))
            .flat_map(|(service, interface)| {
                interface.methods.iter().map(|method| (service, method.name.to_string())).collect::<Vec<_>>()
            })
            .collect();
        let called: BTreeSet<(G, String)> =
            calls().into_iter().map(|(service, method, _)| (service, method.to_owned())).collect();
        assert_eq!(listed, called, "the interfaces name exactly the methods that are tested here");
        for (service, method, args) in calls() {
            match (service, method) {
                (G::Escrow, "purchase") => {
                    test.write("bob", "theirs", "x");
                    test.invoke(
                        "bob",
                        G::Escrow,
                        "deposit",
                        [("artifact", "theirs".into()), ("price", Value::Int(2))],
                    );
                }
                (G::Escrow, "accept") => {
                    test.invoke(
                        "bob",
                        G::Escrow,
                        "offer",
                        [("kind", "data".into()), ("price", Value::Int(2))],
                    );
                }
                _ => {}
            }
            test.done("ann", Action::invoke(service.id(), method, args.clone()));
            // A superfluous argument is refused by name.
            let mut wrong = match args {
                Value::Map(pairs) => pairs,
                _ => Vec::new(),
            };
            wrong.push(("superfluous".into(), Value::Int(1)));
            let refusal = test.refused(
                "ann",
                Action::invoke(service.id(), method, Value::Map(wrong)),
                Code::ArgumentInvalid,
            );
            assert!(refusal.detail.contains("superfluous"), "{refusal}");
        }
    }
}

#[test]
fn the_handbook_names_what_exists_and_nothing_else() {
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        let contents = test.invoke("ann", G::Handbook, "read", []);
        let contents = contents.get("text").and_then(Value::as_text).unwrap().to_owned();
        let known: BTreeSet<String> =
            calls().into_iter().map(|(service, method, _)| format!("{}.{method}", service.name())).collect();
        let mut text = String::new();
        for chapter in contents.trim_start_matches("Chapters: ").trim_end_matches('.').split(", ") {
            let read = test.invoke("ann", G::Handbook, "read", [("topic", chapter.into())]);
            let chapter_text = read.get("text").and_then(Value::as_text).unwrap();
            assert!(!chapter_text.is_empty(), "{chapter}");
            text.push_str(chapter_text);
            text.push('\n');
            if chapter.starts_with("genesis_") {
                for line in chapter_text.lines().skip(1) {
                    let method = line.split('(').next().unwrap();
                    assert!(known.contains(&format!("{chapter}.{method}")), "{chapter} has no {method}");
                }
            }
        }
        for code in Code::ALL {
            text.push(' ');
            text.push_str(code.remedy());
        }
        for word in text.split(|c: char| !(c.is_alphanumeric() || "_.".contains(c))) {
            let word = word.trim_end_matches('.');
            if let Some((service, method)) = word.split_once('.')
                && service.starts_with("genesis_")
            {
                assert!(known.contains(&format!("{service}.{method}")), "{word} does not exist");
            } else if word.starts_with("genesis_") {
                assert!(G::ALL.iter().any(|artifact| artifact.name() == word), "{word} does not exist");
            }
        }
        test.invoke_refused(
            "ann",
            G::Handbook,
            "read",
            [("topic", "nonsense".into())],
            Code::ArgumentInvalid,
        );
    }
}

#[test]
fn contracts_answer_check_permission() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.write("ann", "poem", "roses");
        let ask = |caller: &str| {
            [("artifact", "poem".into()), ("action", "write".into()), ("caller", Value::text(caller))]
        };
        for (contract, caller, allowed) in [
            (G::Freeware, "ann", true),
            (G::Freeware, "bob", false),
            (G::Public, "bob", true),
            (G::Private, "bob", false),
        ] {
            let answer = test.invoke("cid", contract, "check_permission", ask(caller));
            assert_eq!(answer.get("allowed"), Some(&Value::Bool(allowed)), "{contract:?} {caller}");
        }
        test.invoke_refused("cid", G::Public, "anything", [], Code::MethodNotFound);
    }
}
