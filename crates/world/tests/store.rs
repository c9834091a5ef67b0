//! Finding what is there: complete and stable pages, for nothing, and nobody learns what is not for them.

use std::collections::BTreeSet;

use ecology_types::{Action, GenesisArtifact as G, RefusalCode as Code, Resource, SmolStr, Value};
use proptest::prelude::*;

use crate::support::*;

/// All ids on all pages of a listing.
fn all_pages(
    test: &mut TestWorld,
    who: &str,
    method: &str,
    words: &[(&str, Value)],
    limit: i64,
) -> Vec<String> {
    let list = if method == "list_agents" || method == "list_principals" { "ids" } else { "artifacts" };
    let mut found = Vec::new();
    loop {
        let mut args: Vec<(SmolStr, Value)> =
            words.iter().map(|(name, value)| (SmolStr::new(name), value.clone())).collect();
        args.push(("offset".into(), Value::count(found.len() as u64)));
        args.push(("limit".into(), Value::Int(limit)));
        let page = test.done(who, Action::invoke(G::Store.id(), method, Value::Map(args)));
        let ids = ids_in(&page, list);
        assert!(ids.len() <= usize::try_from(limit).unwrap());
        found.extend(ids);
        if page.get("more") == Some(&Value::Bool(false)) {
            return found;
        }
    }
}

#[test]
fn every_page_is_complete_whatever_its_length() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        for number in 0..9 {
            test.write("ann", &format!("note_{number}"), "find me");
        }
        let write = test.private("diary", "find me");
        test.done("ann", write);
        let words = [("owner", Value::text("ann"))];
        let whole = all_pages(&mut test, "bob", "list_by_owner", &words, 100);
        for limit in [1, 2, 7] {
            assert_eq!(all_pages(&mut test, "bob", "list_by_owner", &words, limit), whole);
        }
        let notes: Vec<_> = whole.iter().filter(|id| id.starts_with("note")).collect();
        assert_eq!((notes.len(), whole.contains(&"diary".to_owned())), (9, false));
        assert!(all_pages(&mut test, "ann", "list_by_owner", &words, 3).contains(&"diary".to_owned()));
        let agents = all_pages(&mut test, "cid", "list_agents", &[], 2);
        assert_eq!(agents, ["ann", "bob", "cid"]);
    }
}

/// What comes to be later stands behind what was there, so a reader who goes on at its place misses nothing that stays.
#[test]
fn pages_stay_where_they_are_while_others_write() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        for number in 0..4 {
            test.write("ann", &format!("note_{number}"), "x");
        }
        let page = |test: &mut TestWorld, offset: i64| {
            let args = [("owner", "ann".into()), ("offset", Value::Int(offset)), ("limit", Value::Int(2))];
            ids_in(&test.invoke("bob", G::Store, "list_by_owner", args), "artifacts")
        };
        let first = page(&mut test, 0);
        test.write("ann", "a_late_note", "x");
        test.write("ann", "note_0", "changed");
        assert_eq!(page(&mut test, 0), first);
    }
}

#[test]
fn looking_around_is_free() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let priced = test.priced("book", 7, 0);
        test.done("ann", priced);
        // Somebody without a single scrip, byte of disk or call looks at everything.
        test.invoke("bob", G::Ledger, "transfer", [("to", "ann".into()), ("amount", Value::Int(1_000))]);
        for resource in [Resource::Disk, Resource::LlmCalls, Resource::LlmBudget] {
            let all = [
                ("to", "ann".into()),
                ("resource", resource.name().into()),
                ("amount", Value::Int(1_000_000)),
            ];
            test.invoke("bob", G::RightsRegistry, "transfer_quota", all);
        }
        for (method, words) in [
            ("list", vec![]),
            ("search", vec![("text", Value::text("x"))]),
            ("list_by_owner", vec![("owner", Value::text("ann"))]),
            ("list_by_type", vec![("type", Value::text("data"))]),
            ("list_agents", vec![]),
            ("list_principals", vec![]),
        ] {
            all_pages(&mut test, "bob", method, &words, 50);
        }
        test.invoke("bob", G::Store, "count", []);
        test.invoke("bob", G::Store, "get_metadata", [("artifact", "book".into())]);
        test.invoke("bob", G::Store, "get_interface", [("artifact", "genesis_store".into())]);
        assert_eq!((test.scrip("bob"), test.scrip("ann")), (0, 2_000));
        test.invoke_refused("bob", G::Store, "get", [("artifact", "book".into())], Code::NotPermitted);
    }
}

/// Two worlds that differ only in what is private look the same to everybody else, whatever they ask.
#[test]
fn what_is_private_changes_no_answer_to_others() {
    for combo in Combo::all() {
        let mut shown = Vec::new();
        for secret in ["attack at dawn", "stay in bed!!!"] {
            let mut test = TestWorld::new(combo);
            let write = test.private("plan", secret);
            test.done("ann", write);
            test.write("ann", "poster", "attack is no plan");
            let mut answers = Vec::new();
            for text in ["attack", "dawn", "bed", "plan", "!!!"] {
                answers.push(all_pages(&mut test, "bob", "search", &[("text", Value::text(text))], 1));
            }
            answers.push(all_pages(&mut test, "bob", "list", &[], 3));
            for method in ["get", "get_metadata"] {
                let no = test.invoke_refused(
                    "bob",
                    G::Store,
                    method,
                    [("artifact", "plan".into())],
                    Code::NotPermitted,
                );
                answers.push(vec![no.detail.to_string()]);
            }
            answers.push(test.log_of("bob"));
            shown.push(answers);
        }
        assert_eq!(shown[0], shown[1], "{combo:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A search finds exactly what contains the text and may be read for nothing.
    #[test]
    fn search_finds_what_is_there(contents in proptest::collection::vec(("[xyz ]{0,6}", any::<bool>()), 0..12), text in "[xyz]{1,2}", limit in 1..5_i64) {
        for combo in Combo::plain() {
            let mut test = TestWorld::new(combo);
            let mut expected = BTreeSet::new();
            for (number, (content, is_private)) in contents.iter().enumerate() {
                let name = format!("n_{number}");
                if *is_private {
                    let write = test.private(&name, content);
                    test.done("ann", write);
                } else {
                    test.write("ann", &name, content);
                    if content.contains(&text) {
                        expected.insert(name);
                    }
                }
            }
            let words = [("text", Value::text(&text))];
            let found: BTreeSet<String> = all_pages(&mut test, "bob", "search", &words, limit)
                .into_iter()
                .filter(|id| id.starts_with("n_"))
                .collect();
            prop_assert_eq!(&found, &expected);
        }
    }
}
