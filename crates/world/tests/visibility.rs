//! Who sees what.

use ecology_types::{Action, Draft, GenesisArtifact as G, RefusalCode as Code, Value};

use crate::support::*;

#[test]
fn bids_stay_sealed() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.write("ann", "poem", "roses");
        test.write("bob", "song", "violets");
        let placed =
            test.invoke("ann", G::Mint, "bid", [("artifact", "poem".into()), ("amount", Value::Int(437))]);
        test.invoke("bob", G::Mint, "bid", [("artifact", "song".into()), ("amount", Value::Int(431))]);
        let bid = Value::Int(int(&placed, "bid"));
        let seen = test.log_of("cid").join("\n");
        assert!(!seen.contains("437") && !seen.contains("431"), "{seen}");
        assert!(test.log_of("ann").join("\n").contains("437"));
        let theirs = test.invoke("cid", G::Mint, "check", [("bid", bid.clone())]);
        assert!(theirs.get("amount").is_none());
        let mine = test.invoke("ann", G::Mint, "check", [("bid", bid)]);
        assert_eq!(int(&mine, "amount"), 437);
        test.command(ecology_types::Command::ResolveMint { scores: vec![(1, Ok(50))] });
        let seen = test.log_of("cid").join("\n");
        assert!(!seen.contains("437"), "the winner's bid is nobody's business: {seen}");
    }
}

#[test]
fn what_is_private_stays_private_even_after_it_is_deleted() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let action = test.private("diary", "my secret plan");
        test.done("ann", action);
        test.done("ann", edit("diary", "plan", "love", None));
        test.done("ann", read("diary"));
        test.refused("bob", read("diary"), Code::NotPermitted);
        let hidden = |test: &mut TestWorld| {
            let seen = test.log_of("cid").join("\n");
            assert!(!seen.contains("diary"), "{combo:?}: {seen}");
            for (method, args) in [
                ("list", vec![]),
                ("search", vec![("text", Value::text("secret"))]),
                ("search", vec![("text", Value::text("diary"))]),
                ("list_by_owner", vec![("owner", Value::text("ann"))]),
                ("list_by_type", vec![("type", Value::text("data"))]),
            ] {
                let args = args.into_iter().map(|(name, value)| (name.into(), value)).collect();
                let page = test.done("cid", Action::invoke(G::Store.id(), method, Value::Map(args)));
                assert!(!ids_in(&page, "artifacts").contains(&"diary".to_owned()), "{method}");
            }
            let log = test.invoke("cid", G::EventLog, "read", [("limit", Value::Int(100))]);
            assert!(!format!("{log:?}").contains("diary"));
        };
        hidden(&mut test);
        for method in ["get", "get_metadata", "get_interface"] {
            test.invoke_refused("dot", G::Store, method, [("artifact", "diary".into())], Code::NotPermitted);
        }
        test.done("ann", delete("diary"));
        hidden(&mut test);
        assert!(test.log_of("ann").join("\n").contains("diary"), "its owner sees what it did");
        // A snapshot keeps the secret too.
        let opened =
            ecology_world::World::from_snapshot(combo.parts(), &test.world.snapshot().unwrap()).unwrap();
        test.world = opened;
        hidden(&mut test);
    }
}

#[test]
fn what_is_public_shows_even_after_it_is_deleted() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.write("ann", "poster", "read me");
        test.done("ann", delete("poster"));
        let seen = test.log_of("cid").join("\n");
        for kind in ["artifact_created", "artifact_deleted"] {
            assert!(seen.contains(kind), "{seen}");
        }
    }
}

#[test]
fn refused_actions_show_only_to_who_tried() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.refused("ann", read("hidden_name"), Code::ArtifactNotFound);
        assert!(!test.log_of("bob").join("\n").contains("hidden_name"));
        assert!(test.log_of("ann").join("\n").contains("hidden_name"));
    }
}

#[test]
fn what_costs_something_is_not_searched_for_free() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let priced = test.priced("book", 7, 0);
        test.done("ann", priced);
        let found = test.invoke("bob", G::Store, "search", [("text", "priced".into())]);
        assert!(ids_in(&found, "artifacts").is_empty());
        let listed = test.invoke("bob", G::Store, "list_by_owner", [("owner", "ann".into())]);
        assert_eq!(ids_in(&listed, "artifacts"), ["book"]);
        test.invoke_refused("bob", G::Store, "get", [("artifact", "book".into())], Code::NotPermitted);
        test.done("bob", read("book"));
        assert_eq!((test.scrip("bob"), test.scrip("ann")), (993, 1_007));
    }
}

#[test]
fn owning_is_not_reading_under_contracts() {
    use ecology_minds::Perception as _;
    for combo in Combo::plain().into_iter().filter(|combo| combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let mut draft = Draft::new(id("sealed"), "for itself alone");
        draft.access_contract = Some(G::SelfOwned.id());
        test.done("ann", Action::Write(Box::new(draft)));
        test.refused("ann", read("sealed"), Code::NotPermitted);
        let view = test.world.view(test.key("ann"), test.now, 0, None);
        let glimpse = view.artifact(&id("sealed")).unwrap();
        assert!(glimpse.owner_is_me && glimpse.content.is_none());
    }
}
