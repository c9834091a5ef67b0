//! Trade.

use ecology_types::{Action, Draft, GenesisArtifact as G, RefusalCode as Code, Resource, SmolStr, Value};

use crate::support::*;

fn good(test: &mut TestWorld, owner: &str, name: &str, kind: &str) {
    let mut draft = Draft::new(id(name), "goods");
    draft.kind = Some(SmolStr::new(kind));
    test.done(owner, Action::Write(Box::new(draft)));
}

#[test]
fn an_ask_that_crosses_an_offer_trades_at_the_earlier_price() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        good(&mut test, "ann", "w2", "wheat");
        // The offer was first: its price holds.
        test.invoke("bob", G::Escrow, "offer", [("kind", "wheat".into()), ("price", Value::Int(50))]);
        assert_eq!(test.scrip("bob"), 950);
        let sold =
            test.invoke("ann", G::Escrow, "deposit", [("artifact", "w1".into()), ("price", Value::Int(30))]);
        assert_eq!((int(&sold, "price"), test.scrip("ann"), test.scrip("bob")), (50, 1_050, 950));
        assert_eq!(test.owner("w1"), "bob");
        assert_eq!((test.disk_used("ann"), test.disk_used("bob")), (5, 5));
        // The ask was first: its price holds.
        test.invoke("ann", G::Escrow, "deposit", [("artifact", "w2".into()), ("price", Value::Int(20))]);
        let bought =
            test.invoke("cid", G::Escrow, "offer", [("kind", "wheat".into()), ("price", Value::Int(60))]);
        assert_eq!((int(&bought, "price"), test.scrip("ann"), test.scrip("cid")), (20, 1_070, 980));
        assert_eq!(test.owner("w2"), "cid");
        assert!(test.world.orders().is_empty());
        assert_eq!(test.world.orders().kinds_len(), 0);
    }
}

#[test]
fn of_two_buyers_at_once_one_succeeds() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        let listed =
            test.invoke("ann", G::Escrow, "deposit", [("artifact", "w1".into()), ("price", Value::Int(10))]);
        let order = || [("order", Value::Int(int(&listed, "order")))];
        test.invoke("bob", G::Escrow, "purchase", order());
        test.invoke_refused("cid", G::Escrow, "purchase", order(), Code::ListingNotFound);
        assert_eq!((test.scrip("bob"), test.scrip("cid"), test.owner("w1")), (990, 1_000, "bob".to_owned()));
    }
}

#[test]
fn an_escrowed_good_is_out_of_reach_until_it_is_cancelled() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        let listed =
            test.invoke("ann", G::Escrow, "deposit", [("artifact", "w1".into()), ("price", Value::Int(10))]);
        let order = || [("order", Value::Int(int(&listed, "order")))];
        let write = Action::Write(Box::new(Draft::new(id("w1"), "spoiled")));
        for action in [write, edit("w1", "goods", "bads", None), delete("w1")] {
            test.refused("ann", action, Code::AlreadyListed);
        }
        let again = [("artifact", Value::text("w1")), ("price", Value::Int(1))];
        test.invoke_refused("ann", G::Escrow, "deposit", again, Code::AlreadyListed);
        let gift = [("artifact", Value::text("w1")), ("to", Value::text("bob"))];
        test.invoke_refused("ann", G::Ledger, "transfer_ownership", gift, Code::AlreadyListed);
        test.invoke_refused("bob", G::Escrow, "cancel", order(), Code::NotPermitted);
        test.invoke_refused("ann", G::Escrow, "purchase", order(), Code::SelfTrade);
        test.invoke("ann", G::Escrow, "cancel", order());
        assert_eq!(test.owner("w1"), "ann");
        test.invoke_refused("ann", G::Escrow, "cancel", order(), Code::ListingNotFound);
    }
}

#[test]
fn an_order_can_be_replaced_in_one_step() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        let listed =
            test.invoke("ann", G::Escrow, "deposit", [("artifact", "w1".into()), ("price", Value::Int(90))]);
        let cheaper = test.invoke(
            "ann",
            G::Escrow,
            "deposit",
            [
                ("artifact", "w1".into()),
                ("price", Value::Int(40)),
                ("replace", Value::Int(int(&listed, "order"))),
            ],
        );
        assert_eq!(test.world.orders().len(), 1);
        let offered =
            test.invoke("bob", G::Escrow, "offer", [("kind", "wheat".into()), ("price", Value::Int(30))]);
        let replace = Value::Int(int(&offered, "order"));
        // All of bob's scrip counts, what the replaced offer holds included.
        test.invoke(
            "bob",
            G::Escrow,
            "offer",
            [("kind", "barley".into()), ("price", Value::Int(1_000)), ("replace", replace)],
        );
        assert_eq!(test.scrip("bob"), 0);
        let not_mine = [
            ("kind", "rye".into()),
            ("price", 5_u64.into()),
            ("replace", Value::Int(int(&cheaper, "order"))),
        ];
        test.invoke_refused("cid", G::Escrow, "offer", not_mine, Code::NotPermitted);
    }
}

#[test]
fn rights_are_goods() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let right = |amount: i64, price: i64| {
            [
                ("resource", Value::text("llm_tokens")),
                ("amount", Value::Int(amount)),
                ("price", Value::Int(price)),
            ]
        };
        test.invoke("ann", G::Escrow, "deposit", right(500, 7));
        assert_eq!(test.quota("ann", Resource::LlmTokens), 999_500);
        test.invoke(
            "bob",
            G::Escrow,
            "offer",
            [("kind", "right:llm_tokens:500".into()), ("price", Value::Int(9))],
        );
        assert_eq!(test.quota("bob", Resource::LlmTokens), 1_000_500);
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_007, 993));
        test.invoke_refused("ann", G::Escrow, "deposit", right(2_000_000, 7), Code::InsufficientQuota);
        let offered = test.invoke(
            "cid",
            G::Escrow,
            "offer",
            [("kind", "right:disk:10".into()), ("price", Value::Int(3))],
        );
        let accept = [
            ("order", Value::Int(int(&offered, "order"))),
            ("resource", "disk".into()),
            ("amount", Value::Int(10)),
        ];
        test.invoke("bob", G::Escrow, "accept", accept);
        assert_eq!(test.quota("cid", Resource::Disk), 1_000_010);
    }
}

#[test]
fn a_label_does_not_make_an_artifact_a_right() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.invoke(
            "bob",
            G::Escrow,
            "offer",
            [("kind", "right:disk:10".into()), ("price", Value::Int(100))],
        );
        good(&mut test, "ann", "junk", "right:disk:10");
        let deposit = [("artifact", Value::text("junk")), ("price", Value::Int(1))];
        test.invoke_refused("ann", G::Escrow, "deposit", deposit, Code::ArgumentInvalid);
        assert_eq!(test.scrip("ann"), 1_000);
    }
}

#[test]
fn an_agent_can_be_sold_and_goes_on_acting() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let listed = test.invoke(
            "ann",
            G::Escrow,
            "deposit",
            [("artifact", "ann".into()), ("price", Value::Int(100))],
        );
        test.done("ann", Action::Noop);
        test.refused("ann", edit("ann", "mind", "mood", None), Code::AlreadyListed);
        test.invoke("bob", G::Escrow, "purchase", [("order", Value::Int(int(&listed, "order")))]);
        assert_eq!((test.owner("ann"), test.scrip("ann"), test.scrip("bob")), ("bob".to_owned(), 1_100, 900));
        // The new owner writes the configuration; the agent keeps its balance and no longer does.
        test.done("bob", edit("ann", "mind of ann", "mind of bob's ann", None));
        test.refused("ann", edit("ann", "mind", "mood", None), Code::NotPermitted);
        assert_eq!(test.disk_used("bob"), 6, "what was there at time zero is charged to nobody");
    }
}

#[test]
fn an_agent_for_sale_stays_what_its_listing_says() {
    for combo in Combo::all().into_iter().filter(|combo| combo.is_legacy()) {
        let mut test = TestWorld::new(combo);
        let listed = test.invoke(
            "ann",
            G::Escrow,
            "deposit",
            [("artifact", "ann".into()), ("price", Value::Int(100))],
        );
        let mut decoy = Draft::new(id("ann"), "");
        decoy.kind = Some(SmolStr::new("data"));
        test.refused("ann", Action::Write(Box::new(decoy)), Code::AlreadyListed);
        test.invoke("bob", G::Escrow, "purchase", [("order", Value::Int(int(&listed, "order")))]);
        assert_eq!(test.owner("ann"), "bob");
    }
}

#[test]
fn fees_of_an_escrowed_artifact_go_to_its_seller() {
    for combo in Combo::all().into_iter().filter(|combo| !combo.has_contracts()) {
        let mut test = TestWorld::new(combo);
        let priced = test.priced("book", 7, 0);
        test.done("ann", priced);
        test.invoke("ann", G::Escrow, "deposit", [("artifact", "book".into()), ("price", Value::Int(100))]);
        test.done("bob", read("book"));
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_007, 993));
        test.done("ann", read("book"));
        assert_eq!(test.scrip("ann"), 1_007);
    }
}

#[test]
fn orders_for_one_stay_between_two() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        let listed = test.invoke(
            "ann",
            G::Escrow,
            "deposit",
            [("artifact", "w1".into()), ("price", Value::Int(437)), ("buyer", "bob".into())],
        );
        let ask = int(&listed, "order");
        let offered = test.invoke(
            "ann",
            G::Escrow,
            "offer",
            [("kind", "rye".into()), ("price", Value::Int(431)), ("seller", "bob".into())],
        );
        let offer = int(&offered, "order");
        let hidden = |test: &mut TestWorld| {
            let shown = test.log_of("cid").join("\n");
            for secret in ["437", "431", "escrow_opened", "escrow_cancelled", "escrow_sold", "escrowhold"] {
                assert!(!shown.contains(secret), "{combo:?} shows {secret}: {shown}");
            }
            let listed = test.invoke("cid", G::Escrow, "list_active", []);
            assert_eq!(listed.get("orders"), Some(&Value::List(Vec::new())));
        };
        hidden(&mut test);
        for number in [ask, offer] {
            let order = || [("order", Value::Int(number))];
            test.invoke_refused("cid", G::Escrow, "check", order(), Code::NotPermitted);
            test.invoke_refused("cid", G::Escrow, "purchase", order(), Code::NotPermitted);
            test.invoke("bob", G::Escrow, "check", order());
        }
        assert!(test.log_of("bob").join("\n").contains("437"));
        test.invoke("ann", G::Escrow, "cancel", [("order", Value::Int(offer))]);
        hidden(&mut test);
        test.invoke("bob", G::Escrow, "purchase", [("order", Value::Int(ask))]);
        hidden(&mut test);
        let itself = [("kind", "rye".into()), ("price", Value::Int(1)), ("seller", "ann".into())];
        test.invoke_refused("ann", G::Escrow, "offer", itself, Code::SelfTrade);
    }
}

#[test]
fn an_agent_sees_the_best_order_of_others_and_not_its_own() {
    use ecology_minds::Perception as _;
    for combo in Combo::plain() {
        let mut test = TestWorld::new(combo);
        good(&mut test, "ann", "w1", "wheat");
        good(&mut test, "bob", "w2", "wheat");
        test.invoke("ann", G::Escrow, "deposit", [("artifact", "w1".into()), ("price", Value::Int(10))]);
        test.invoke("bob", G::Escrow, "deposit", [("artifact", "w2".into()), ("price", Value::Int(20))]);
        let price = |name: &str| {
            let view = test.world.view(test.key(name), test.now, 0, None);
            view.best_ask("wheat").map(|ask| (ask.price.0, ask.mine))
        };
        assert_eq!(price("ann"), Some((20, false)));
        assert_eq!(price("bob"), Some((10, false)));
    }
}

#[test]
fn a_principal_holds_so_many_orders_and_no_more() {
    for combo in Combo::plain() {
        let mut rules = rules();
        rules.limits.orders_per_principal_max = 2;
        let mut test = TestWorld::with(combo, genesis(rules));
        let offer = |kind: &str| [("kind", Value::text(kind)), ("price", Value::Int(1))];
        let first = test.invoke("ann", G::Escrow, "offer", offer("a"));
        test.invoke("ann", G::Escrow, "offer", offer("b"));
        test.invoke_refused("ann", G::Escrow, "offer", offer("c"), Code::LimitReached);
        let [kind, price] = offer("c");
        test.invoke("ann", G::Escrow, "offer", [kind, price, ("replace", Value::Int(int(&first, "order")))]);
    }
}
