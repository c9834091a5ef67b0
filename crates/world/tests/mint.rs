//! The auction of new scrip.

use ecology_types::{Command, GenesisArtifact as G, RefusalCode as Code, Scrip, Span, Value};

use crate::support::*;

fn mint_world(combo: Combo, winners: u32) -> TestWorld {
    let mut rules = rules();
    rules.mint.winners = winners;
    rules.mint.mint_ratio = 10;
    rules.limits.bids_per_principal_max = 2;
    let mut test = TestWorld::with(combo, genesis(rules));
    for (who, what) in [("ann", "a"), ("bob", "b"), ("cid", "c"), ("dot", "d")] {
        test.write(who, what, "words");
    }
    test
}

fn bid(test: &mut TestWorld, who: &str, what: &str, amount: i64) -> u64 {
    let placed =
        test.invoke(who, G::Mint, "bid", [("artifact", what.into()), ("amount", Value::Int(amount))]);
    u64::try_from(int(&placed, "bid")).unwrap()
}

#[test]
fn winners_pay_the_highest_losing_bid_and_everybody_gets_the_income() {
    for combo in Combo::all() {
        let mut test = mint_world(combo, 2);
        let bids = [("ann", "a", 50), ("bob", "b", 80), ("cid", "c", 50), ("dot", "d", 31)]
            .map(|(who, what, amount)| bid(&mut test, who, what, amount));
        test.command(Command::ResolveMint { scores: vec![(bids[0], Ok(57)), (bids[1], Ok(100))] });
        // Of equal bids the earlier wins. Both pay 50: 100 for three agents is 33 each and 1 left over.
        let expected =
            [("ann", 1_000 - 50 + 5 + 33), ("bob", 1_000 - 50 + 10 + 33), ("cid", 1_033), ("dot", 1_000)];
        for (who, scrip) in expected {
            assert_eq!(test.scrip(who), scrip, "{combo:?} {who}");
        }
        assert_eq!((test.world.mint().pool(), test.world.mint().round()), (Scrip(1), 1));
        // What was left over is shared the next time.
        let winner = bid(&mut test, "ann", "a", 10);
        let second = bid(&mut test, "bob", "b", 9);
        bid(&mut test, "cid", "c", 5);
        test.command(Command::ResolveMint { scores: vec![(winner, Ok(0)), (second, Ok(0))] });
        assert_eq!(test.world.mint().pool(), Scrip(11 % 3));
        assert_eq!(test.scrip("cid"), 1_033 + 3);
    }
}

#[test]
fn a_failed_scoring_gives_everything_back() {
    for combo in Combo::all() {
        let mut test = mint_world(combo, 1);
        let winner = bid(&mut test, "ann", "a", 50);
        bid(&mut test, "bob", "b", 40);
        let supply = test.world.accounts().supply();
        test.command(Command::ResolveMint { scores: vec![(winner, Err("unreadable".into()))] });
        assert_eq!((test.scrip("ann"), test.scrip("bob")), (1_000, 1_000));
        assert_eq!((test.world.accounts().supply(), test.world.mint().pool()), (supply, Scrip::ZERO));
        let missing = bid(&mut test, "ann", "a", 50);
        assert!(test.world.step(&Command::ResolveMint { scores: Vec::new() }, test.now).is_err());
        assert!(test.world.mint().get(missing).is_some());
    }
}

#[test]
fn bids_are_checked() {
    for combo in Combo::all() {
        let mut test = mint_world(combo, 1);
        let args =
            |what: &str, amount: i64| [("artifact", Value::text(what)), ("amount", Value::Int(amount))];
        test.invoke_refused("ann", G::Mint, "bid", args("b", 5), Code::NotPermitted);
        test.invoke_refused("ann", G::Mint, "bid", args("a", 5_000), Code::InsufficientScrip);
        test.invoke_refused("ann", G::Mint, "bid", args("a", 0), Code::AmountInvalid);
        bid(&mut test, "ann", "a", 5);
        test.invoke_refused("ann", G::Mint, "bid", args("a", 5), Code::WrongState);
        test.refused("ann", delete("a"), Code::WrongState);
        test.write("ann", "a2", "words");
        test.write("ann", "a3", "words");
        bid(&mut test, "ann", "a2", 5);
        test.invoke_refused("ann", G::Mint, "bid", args("a3", 5), Code::LimitReached);
        test.invoke_refused("ann", G::Mint, "check", [("bid", Value::Int(99))], Code::ListingNotFound);
        let mut rules = rules();
        rules.mint.interval = Span::ZERO;
        let mut off = TestWorld::with(combo, genesis(rules));
        off.write("ann", "a", "words");
        off.invoke_refused("ann", G::Mint, "bid", args("a", 5), Code::Unavailable);
    }
}
