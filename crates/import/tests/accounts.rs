//! Everything is accounted for, whatever the checkpoint holds.

use std::collections::BTreeSet;

use ecology_import::{Options, Texts, Topic, read_texts};
use proptest::prelude::*;
use serde_json::Value;

use crate::builder::{Checkpoint, a_checkpoint, agent_files};

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
fn every_collision_is_told_with_both_places() {
    let twice = Checkpoint::default()
        .agent("ann", "1")
        .balance("ann", "2")
        .artifact("note", "ann", "")
        .artifact("note", "ann", "")
        .artifact("ann", "ann", "")
        .artifact("carl", "carl", "");
    let refused = twice.read().unwrap_err();
    let told: Vec<String> = refused.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "checkpoint.json:5:12: \"ann\" is a balance here and a balance in checkpoint.json:4:12; an id means one thing",
            "checkpoint.json:9:12: \"note\" is an artifact here and an artifact in checkpoint.json:8:12; an id means one thing",
            "checkpoint.json:10:12: \"ann\" is an artifact here and a balance in checkpoint.json:4:12; an id means one thing",
            "checkpoint.json:11:12: \"carl\" is an artifact here and an owner in checkpoint.json:11:12; an id means one thing",
        ]
    );
    assert!(refused.problems.iter().all(|one| one.help.contains("--rename-colliding")));
    // New names for what cannot be an id are something else.
    let only_ids = Options { rename_ids: true, ..Options::default() };
    assert_eq!(read_texts(twice.texts(), &only_ids).unwrap_err().count, 4);
    let imported = twice.read_renaming().unwrap();
    let ids: Vec<&str> = imported.principals.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["ann", "ann-2", "carl"]);
    assert_eq!([imported.principals[0].scrip.0, imported.principals[1].scrip.0], [1, 2]);
    let ids: Vec<&str> = imported.artifacts.iter().map(|(_, draft)| draft.artifact.as_str()).collect();
    assert_eq!(ids, ["note", "note-2", "ann-3", "carl-2"]);
    let renamed: Vec<String> =
        imported.report.of(Topic::Separated).map(|item| format!("{} {}", item.name, item.detail)).collect();
    assert_eq!(renamed.len(), 4, "{renamed:?}");
    assert_eq!(
        renamed[0],
        "ann-2 was \"ann\", a balance of the same id as a balance in checkpoint.json:4:12"
    );
}

#[test]
fn references_follow_what_they_mean() {
    let memory = ", \"memory_artifact_id\": \"ann\"";
    let lists = ", \"policy\": {\"allow_read\": [\"ann\", \"@ann\"], \"allow_write\": [\"note\"]}";
    let imported = Checkpoint::default()
        .agent("ann", "1")
        // Taken, so that the next free number is the third.
        .balance("ann-2", "5")
        .artifact("ann", "ann", "")
        .artifact("diary", "ann", memory)
        .artifact("note", "ann", lists)
        .artifact("note", "ann-2", "")
        .read_renaming()
        .unwrap();
    let draft =
        |name: &str| imported.artifacts.iter().find(|(_, draft)| draft.artifact.as_str() == name).unwrap();
    assert_eq!(draft("ann-3").0.as_str(), "ann", "the owner is the principal");
    assert_eq!(draft("diary").1.memory.as_ref().unwrap().as_str(), "ann-3", "a memory is an artifact");
    let policy = draft("note").1.policy.as_ref().unwrap();
    assert_eq!(
        (policy.read.as_slice(), policy.write.as_slice()),
        (&["ann".into()][..], &["note".into()][..])
    );
    let contracts: Vec<&str> =
        imported.report.of(Topic::Contracts).map(|item| item.detail.as_str()).collect();
    assert_eq!(contracts, ["left out: \"ann-3\""]);
    assert_eq!(draft("note-2").0.as_str(), "ann-2");
}

#[test]
fn directories_of_one_agent_are_told_apart() {
    let directories = || Texts {
        source: "run".to_owned(),
        agents: vec![
            agent_files("a", Some("id: ann\nstarting_credits: 3\n"), Some("I am the first.")),
            agent_files("b", Some("id: ann\nstarting_credits: 4\n"), Some("I am the second.")),
        ],
        ..Texts::default()
    };
    let refused = read_texts(directories(), &Options::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "agents/b/agent.yaml:1:5: \"ann\" is an agent's directory here and an agent's directory in agents/a/agent.yaml:1:5; an id means one thing"
    );
    let options = Options { rename_colliding: true, ..Options::default() };
    let imported = read_texts(directories(), &options).unwrap();
    let told: Vec<_> = imported.principals.iter().map(|one| (one.id.as_str(), one.scrip.0)).collect();
    assert_eq!(told, [("ann", 3), ("ann-2", 4)]);
    assert!(imported.principals[1].config.contains("I am the second."));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    /// Whatever the files share, in the new world an id means one thing.
    #[test]
    fn one_namespace(checkpoint in a_checkpoint()) {
        for imported in [checkpoint.read(), checkpoint.read_renaming()].into_iter().flatten() {
            let principals = imported.principals.iter().map(|one| one.id.as_str());
            let artifacts = imported.artifacts.iter().map(|(_, draft)| draft.artifact.as_str());
            let mut known = BTreeSet::new();
            for id in principals.chain(artifacts) {
                prop_assert!(known.insert(id), "{} is there twice", id);
            }
        }
    }
}
