//! The six actions.

use ecology_types::{Action, Draft, GenesisArtifact as G, RefusalCode as Code, Resource, Value, WriteMode};

use crate::support::*;

#[test]
fn writing_reading_editing_and_deleting() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        test.done("ann", Action::Noop);
        let made = test.write("ann", "poem", "roses are red");
        assert_eq!((int(&made, "version"), made.get("created")), (1, Some(&Value::Bool(true))));
        assert_eq!(test.disk_used("ann"), 13);
        let seen = test.done("bob", read("poem"));
        assert_eq!(seen.get("content").and_then(Value::as_text), Some("roses are red"));
        assert!(seen.get("metadata").is_some());
        test.done("ann", edit("poem", "red", "blue", Some(1)));
        test.refused("ann", edit("poem", "blue", "red", Some(1)), Code::VersionConflict);
        test.refused("ann", edit("poem", "green", "red", None), Code::PassageNotFound);
        test.refused("ann", edit("poem", "", "red", None), Code::PassageNotFound);
        test.refused("bob", edit("poem", "blue", "red", None), Code::NotPermitted);
        assert_eq!(test.disk_used("ann"), 14);
        // Overlapping occurrences count.
        test.write("ann", "saw", "aaa");
        test.refused("ann", edit("saw", "aa", "b", None), Code::PassageAmbiguous);
        test.write("ann", "accents", "ééx");
        test.refused("ann", edit("accents", "é", "e", None), Code::PassageAmbiguous);
        test.done("ann", edit("accents", "éx", "", None));
        test.done("ann", delete("poem"));
        test.done("ann", delete("poem"));
        test.refused("bob", delete("poem"), Code::ArtifactDeleted);
        test.refused("bob", read("poem"), Code::ArtifactDeleted);
        let again = Action::Write(Box::new(Draft::new(id("poem"), "again")));
        test.refused("ann", again, Code::IdTaken);
        assert_eq!(test.disk_used("ann"), 3 + 2);
    }
}

#[test]
fn a_write_replaces_what_it_was_based_on() {
    for combo in Combo::all() {
        let mut test = TestWorld::new(combo);
        let draft = |mode, expected_version| {
            let draft = Draft { mode, expected_version, ..Draft::new(id("note"), "text") };
            Action::Write(Box::new(draft))
        };
        test.refused("ann", draft(WriteMode::Replace, None), Code::ArtifactNotFound);
        test.done("ann", draft(WriteMode::Create, None));
        test.refused("ann", draft(WriteMode::Create, None), Code::IdTaken);
        test.refused("bob", draft(WriteMode::Create, None), Code::IdTaken);
        test.done("ann", draft(WriteMode::Replace, Some(1)));
        test.refused("ann", draft(WriteMode::CreateOrReplace, Some(1)), Code::VersionConflict);
        test.done("ann", draft(WriteMode::CreateOrReplace, Some(2)));
    }
}

#[test]
fn disk_is_a_quota_that_comes_back() {
    for combo in Combo::all() {
        let mut genesis = genesis(rules());
        genesis.founders[0].quotas[Resource::Disk] = 10;
        let mut test = TestWorld::with(combo, genesis);
        let write = |name: &str, content: &str| Action::Write(Box::new(Draft::new(id(name), content)));
        test.done("ann", write("a", "12345"));
        test.refused("ann", write("b", "123456"), Code::InsufficientQuota);
        test.refused("ann", edit("a", "5", "5678901", None), Code::InsufficientQuota);
        test.done("ann", write("a", "1"));
        test.done("ann", write("b", "123456"));
        test.done("ann", delete("a"));
        assert_eq!(test.disk_used("ann"), 6);
        // What is in use cannot be given away, and nobody is given what does not fit.
        let give = [("to", "bob".into()), ("resource", "disk".into()), ("amount", Value::Int(5))];
        test.invoke_refused("ann", G::RightsRegistry, "transfer_quota", give, Code::InsufficientQuota);
        test.write("bob", "large", "12345");
        let gift = || [("artifact", "large".into()), ("to", "ann".into())];
        test.invoke_refused("bob", G::Ledger, "transfer_ownership", gift(), Code::InsufficientQuota);
        test.done("ann", delete("b"));
        test.invoke("bob", G::Ledger, "transfer_ownership", gift());
        assert_eq!((test.disk_used("ann"), test.disk_used("bob")), (5, 0));
    }
}

#[test]
fn rates_wait_and_move_with_their_shares() {
    for combo in Combo::all() {
        let mut genesis = genesis(rules());
        genesis.founders[0].quotas[Resource::DiskWrites] = 10;
        let mut test = TestWorld::with(combo, genesis);
        let write = |content: &str| Action::Write(Box::new(Draft::new(id("a"), content)));
        test.refused("ann", write("12345678901"), Code::RateTooLarge);
        test.done("ann", write("123456"));
        let refusal = test.refused("ann", write("12345"), Code::RateExceeded);
        let give = |amount: i64| {
            [("to", "bob".into()), ("resource", "disk_writes".into()), ("amount", Value::Int(amount))]
        };
        test.invoke_refused("ann", G::RightsRegistry, "transfer_quota", give(5), Code::RateExceeded);
        test.invoke("ann", G::RightsRegistry, "transfer_quota", give(4));
        let back = [("to", "ann".into()), ("resource", "disk_writes".into()), ("amount", Value::Int(4))];
        test.invoke("bob", G::Ledger, "transfer", back);
        let until = refusal.retry_at.unwrap();
        test.now = if test.combo.is_tick() { test.now } else { until };
        if test.combo.is_tick() {
            test.command(ecology_types::Command::Tick);
        }
        test.done("ann", write("12345"));
    }
}
