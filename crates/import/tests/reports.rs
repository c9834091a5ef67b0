//! What the report says.

use ecology_import::{EventLog, Imported, Limits, Options, Report, Text, Texts, Topic, read_texts};

use crate::builder::{Checkpoint, agent_files};

/// The report as lines: what became of what.
fn lines(report: &Report) -> String {
    let mut text = format!("{:#?}\n", report.totals);
    for topic in Topic::ALL {
        if report.of(*topic).next().is_none() {
            continue;
        }
        text += &format!("{:?}: {}\n", topic.fate(), topic.name());
        for item in report.of(*topic) {
            let place = item.place.as_ref().map(|place| format!(" @{place}")).unwrap_or_default();
            let value = item.value.as_ref().map(|value| format!(" <- {value}")).unwrap_or_default();
            text += &format!("  {} | {}{place}{value}\n", item.name, item.detail);
        }
    }
    text
}

fn whole_run() -> Texts {
    let checkpoint = Checkpoint::default()
        .agent("alpha", "120")
        .agent("beta", "33.5")
        .balance("gamma", "-4")
        .balance("genesis_escrow", "7")
        .balance("genesis_ledger", "0")
        .artifact("note", "alpha", "")
        .artifact(
            "tool",
            "beta",
            ", \"executable\": true, \"price\": 5, \"has_code\": true, \"mood\": [1.50], \"policy\": {\"read_price\": 0, \"invoke_price\": 6, \"allow_read\": [\"*\"], \"allow_write\": [\"ghost\", \"alpha\"], \"allow_invoke\": \"@vault\"}",
        )
        .artifact("for_sale", "genesis_escrow", "")
        .artifact("orphan", "stranger", ", \"memory_artifact_id\": \"note\"")
        .artifact("alpha", "alpha", ", \"has_standing\": true, \"can_execute\": true, \"memory_artifact_id\": \"note\"")
        .artifact("genesis_ledger", "system", "")
        .with("\"cumulative_api_cost\": 0.1234565")
        .with("\"reason\": \"budget\"")
        .with("\"extra\": {\"a\": 1e400}");
    let config = "resources:\n  stock:\n    llm_budget: {total: 1.00, unit: dollars}\n    disk: {total: 50000}\n  flow:\n    compute: {per_tick: 1000}\nscrip:\n  starting_amount: 100\ncosts: {per_1k_input_tokens: 1, per_1k_output_tokens: 3}\ngenesis:\n  oracle: {mint_ratio: 20, auction: {period: 50}}\nrate_limiting: {enabled: false, window_seconds: 0.0005}\nexecution: {agent_loop: {max_consecutive_errors: 5}}\nexecutor: {timeout_seconds: 5}\nllm: {default_model: gemini/x}\nbudget: {max_api_cost: .inf}\nworld: {max_ticks: 100, max_ticks: 200}\n";
    let log = "{\"timestamp\": \"2023-05-01\", \"event_type\": \"tick\", \"tick\": 1}\nbroken\n{\"timestamp\": \"2023-05-03\", \"event_type\": \"tick\", \"tick\": 44}\n{\"event_type\": \"to";
    Texts {
        config: Some(Text::new("config.yaml", config)),
        agents: vec![
            agent_files(
                "alpha",
                Some("id: alpha\nllm_model: m1\nstarting_credits: 100\nrag: {enabled: yes, limit: 5}\n"),
                Some("You are alpha.\n"),
            ),
            agent_files("zed", Some("enabled: false\n"), None),
        ],
        logs: vec![EventLog::read("run.jsonl", log.as_bytes(), &Limits::default()).unwrap()],
        unread: vec![("notes.txt".to_owned(), "no part of a run".to_owned())],
        ..checkpoint.texts()
    }
}

fn read(texts: Texts) -> Imported {
    read_texts(texts, &Options::default()).unwrap()
}

#[test]
fn a_whole_run() {
    let imported = read(whole_run());
    insta::assert_snapshot!("report", lines(&imported.report));
    insta::assert_snapshot!("config", imported.config_toml());
    let principals: Vec<String> = imported.principals.iter().map(|one| format!("{one:?}")).collect();
    let artifacts: Vec<String> = imported.artifacts.iter().map(|one| format!("{one:?}")).collect();
    insta::assert_snapshot!("world", format!("{}\n\n{}", principals.join("\n"), artifacts.join("\n")));
    // The JSON is one value, with what stood in the files as it stood there.
    let json: serde_json::Value =
        serde_json::from_str(&imported.report.to_json().replace("1e400", "0")).unwrap();
    assert_eq!(json["report_version"], 1);
    assert!(imported.report.to_json().contains("{\"a\":1e400}"));
}

#[test]
fn agents_alone_begin_with_their_credits() {
    let texts = Texts {
        source: "run".to_owned(),
        config: Some(Text::new("config.yaml", "scrip: {starting_amount: 30}\n")),
        agents: vec![
            agent_files("ann", Some("starting_credits: 5\n"), Some("Be kind.")),
            agent_files("bob", None, Some("Be quick.")),
            agent_files("off", Some("enabled: no\nstarting_credits: 9\n"), None),
        ],
        ..Texts::default()
    };
    let imported = read(texts);
    let scrip: Vec<_> = imported.principals.iter().map(|one| (one.id.as_str(), one.scrip.0)).collect();
    assert_eq!(scrip, [("ann", 5), ("bob", 30)]);
    assert_eq!(imported.report.of(Topic::AgentFiles).count(), 1);
}

#[test]
fn a_prompt_too_long_for_a_configuration_is_an_artifact_of_its_agent() {
    let prompt = "a\"b\n".repeat(30_000);
    let mut texts = Checkpoint::default().agent("ann", "1").texts();
    texts.agents = vec![agent_files("ann", Some("llm_model: m\n"), Some(&prompt))];
    let imported = read(texts);
    let (owner, draft) = &imported.artifacts[0];
    assert_eq!((owner.as_str(), draft.artifact.as_str()), ("ann", "ann.system_prompt"));
    assert_eq!(&*draft.content, prompt);
    assert_eq!(draft.policy, Some(ecology_types::PolicyDraft::default()));
    assert!(imported.principals[0].owned_bytes == prompt.len() as u64);
    assert!(ecology_minds::MindConfig::parse(&imported.principals[0].config).is_ok());
    assert!(imported.config_toml().contains("content_bytes_max = 120000"));
}

#[test]
fn nobody_may_spend_what_nobody_allowed() {
    let imported = read(Checkpoint::default().agent("ann", "1").texts());
    assert!(imported.config_toml().contains("llm_budget = 0"));
}
