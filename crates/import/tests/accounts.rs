//! Everything is accounted for, whatever the checkpoint holds.

use std::collections::BTreeSet;

use ecology_import::Topic;
use proptest::prelude::*;
use serde_json::Value;

use crate::builder::{Checkpoint, a_checkpoint};

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    /// Scrip, ids, contents and policies of any checkpoint are in the new world or in the report by name.
    #[test]
    fn nothing_is_lost(checkpoint in a_checkpoint()) {
        let imported = match checkpoint.read_renaming() {
            Ok(imported) => imported,
            Err(refused) => {
                // Only what no program could decide.
                prop_assert!(refused.count > 0 && refused.problems.iter().all(|one| !one.help.is_empty()));
                return Ok(());
            }
        };
        let report = &imported.report;
        prop_assert_eq!(report.totals.disagreement(), None);
        let json: Value = serde_json::from_str(&checkpoint.text()).unwrap();

        // Scrip, computed here on its own.
        let mut scrip = 0_u64;
        let mut debts = 0;
        for balance in json["balances"].as_object().unwrap().values() {
            let amount = if balance.is_object() { &balance["scrip"] } else { balance };
            let amount = amount.as_f64().unwrap();
            if amount < 0.0 {
                debts += 1;
            } else {
                scrip += format!("{}", amount.floor()).parse::<u64>().unwrap();
            }
        }
        let carried: u64 = imported.principals.iter().map(|one| one.scrip.0).sum();
        prop_assert_eq!(carried, scrip);
        prop_assert_eq!(report.of(Topic::Debts).count(), debts);

        // Ids: unique, and every one of the file is here or named.
        let principals: BTreeSet<&str> = imported.principals.iter().map(|one| one.id.as_str()).collect();
        let artifacts: BTreeSet<&str> = imported.artifacts.iter().map(|(_, draft)| draft.artifact.as_str()).collect();
        prop_assert_eq!(principals.len(), imported.principals.len());
        prop_assert_eq!(artifacts.len(), imported.artifacts.len());
        let told = report.to_json();
        let named = |id: &str| principals.contains(id) || artifacts.contains(id) || told.contains(serde_json::to_string(id).unwrap().trim_matches('"'));
        for id in json["balances"].as_object().unwrap().keys() {
            prop_assert!(named(id), "{:?}", id);
        }
        for id in json["agent_ids"].as_array().unwrap() {
            prop_assert!(named(id.as_str().unwrap()), "{:?}", id);
        }

        // Every artifact: its content is an artifact's, a configuration's, or kept in the report.
        let mut contents: Vec<&str> = imported.artifacts.iter().map(|(_, draft)| &*draft.content).collect();
        for principal in &imported.principals {
            contents.push(&principal.config);
        }
        for artifact in json["artifacts"].as_array().unwrap() {
            prop_assert!(named(artifact["id"].as_str().unwrap()));
            if let Some(text) = artifact["content"].as_str() {
                let as_json = serde_json::to_string(text).unwrap();
                let inside = as_json.trim_matches('"');
                let found = contents.iter().any(|content| *content == text || content.contains(inside)) || told.contains(inside);
                prop_assert!(found, "{:?}", artifact);
            }
            if let Some((name, _)) = artifact.as_object().unwrap().iter().find(|(name, _)| name.starts_with("x_")) {
                prop_assert!(told.contains(name.as_str()), "unknown fields are kept");
            }
        }

        // Whoever owns something is there, and lists name only who is there.
        for (owner, draft) in &imported.artifacts {
            prop_assert!(principals.contains(owner.as_str()));
            for list in draft.policy.iter().flat_map(|policy| [&policy.read, &policy.write, &policy.invoke]) {
                for id in list {
                    let known = id == "*" || principals.contains(id.as_str()) || artifacts.contains(id.as_str());
                    prop_assert!(known || id.starts_with("genesis_"), "{}", id);
                }
            }
        }
        prop_assert!(toml_of(&imported).contains("scenario = \"imported\""));
    }

    /// Without permission no id changes: either all of them can stay, or nothing is imported.
    #[test]
    fn ids_change_only_on_request(checkpoint in a_checkpoint()) {
        if let Ok(imported) = checkpoint.read() {
            prop_assert_eq!(imported.report.of(Topic::Renamed).count(), 0);
        }
    }
}

fn toml_of(imported: &ecology_import::Imported) -> String {
    imported.config_toml()
}

#[test]
fn references_follow_a_renamed_id() {
    let checkpoint = Checkpoint::default().agent("bad id", "7").agent("ann", "1").artifact(
        "my\u{1b}[2J",
        "bad id",
        ", \"policy\": {\"allow_write\": [\"bad id\", \"ann\"]}",
    );
    let refused = checkpoint.read().unwrap_err();
    assert_eq!(refused.count, 2);
    assert!(refused.problems.iter().all(|one| one.help.contains("--rename-ids")));
    assert!(!refused.to_string().contains('\u{1b}'));
    let imported = checkpoint.read_renaming().unwrap();
    let (owner, draft) = &imported.artifacts[0];
    assert_eq!(owner, &imported.principals[0].id);
    assert!(owner.as_str().starts_with("bad_id-"), "{owner}");
    assert!(draft.policy.as_ref().unwrap().write.iter().any(|id| id == owner.as_str()));
    assert_eq!(imported.report.of(Topic::Renamed).count(), 2);
}

#[test]
fn twice_the_same_id() {
    let twice =
        Checkpoint::default().agent("ann", "1").artifact("note", "ann", "").artifact("note", "ann", "");
    assert!(twice.read().unwrap_err().to_string().contains("is there twice"));
    let imported = twice.read_renaming().unwrap();
    assert_eq!(imported.artifacts.len(), 2);
    let money = Checkpoint::default().agent("ann", "1").balance("ann", "2");
    assert!(money.read_renaming().unwrap_err().to_string().contains("second balance"));
}
