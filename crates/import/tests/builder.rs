//! Checkpoints of every kind, as text.

use ecology_import::{AgentFiles, Imported, Options, Refused, Text, Texts, read_texts};
use proptest::prelude::*;

/// A checkpoint on its way; everything is JSON text already.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checkpoint {
    pub(crate) balances: Vec<(String, String)>,
    pub(crate) agent_ids: Vec<String>,
    pub(crate) artifacts: Vec<String>,
    pub(crate) more: Vec<String>,
}

pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl Checkpoint {
    pub(crate) fn balance(mut self, id: &str, scrip: &str) -> Self {
        self.balances.push((id.to_owned(), format!("{{\"compute\": 5, \"scrip\": {scrip}}}")));
        self
    }

    pub(crate) fn agent(mut self, id: &str, scrip: &str) -> Self {
        self.agent_ids.push(id.to_owned());
        self.balance(id, scrip)
    }

    pub(crate) fn artifact(mut self, id: &str, owner: &str, more: &str) -> Self {
        let (id, owner) = (quoted(id), quoted(owner));
        let times = "\"created_at\": \"2023-05-01T10:00:00\", \"updated_at\": \"2023-05-02T10:00:00.5\"";
        self.artifacts.push(format!(
            "{{\"id\": {id}, \"type\": \"data\", \"content\": \"text of {}\", \"owner_id\": {owner}, {times}{more}}}",
            self.artifacts.len()
        ));
        self
    }

    pub(crate) fn with(mut self, more: &str) -> Self {
        self.more.push(more.to_owned());
        self
    }

    pub(crate) fn text(&self) -> String {
        let balances: Vec<String> =
            self.balances.iter().map(|(id, balance)| format!("    {}: {balance}", quoted(id))).collect();
        let agents: Vec<String> = self.agent_ids.iter().map(|id| quoted(id)).collect();
        let mut parts = vec![
            "  \"tick\": 42".to_owned(),
            format!("  \"balances\": {{\n{}\n  }}", balances.join(",\n")),
            format!("  \"artifacts\": [\n    {}\n  ]", self.artifacts.join(",\n    ")),
            format!("  \"agent_ids\": [{}]", agents.join(", ")),
        ];
        parts.extend(self.more.iter().map(|more| format!("  {more}")));
        format!("{{\n{}\n}}\n", parts.join(",\n"))
    }

    pub(crate) fn texts(&self) -> Texts {
        Texts {
            source: "run".to_owned(),
            checkpoint: Some(Text::new("checkpoint.json", self.text())),
            ..Texts::default()
        }
    }

    pub(crate) fn read(&self) -> Result<Imported, Refused> {
        read_texts(self.texts(), &Options::default())
    }

    pub(crate) fn read_renaming(&self) -> Result<Imported, Refused> {
        read_texts(self.texts(), &Options { rename_ids: true, rename_colliding: true, ..Options::default() })
    }
}

pub(crate) fn agent_files(folder: &str, settings: Option<&str>, prompt: Option<&str>) -> AgentFiles {
    let text = |name: &str, text: &str| Text::new(format!("agents/{folder}/{name}"), text);
    AgentFiles {
        folder: folder.to_owned(),
        settings: settings.map(|settings| text("agent.yaml", settings)),
        prompt: prompt.map(|prompt| text("system_prompt.md", prompt)),
    }
}

/// Ids that are easy to have twice, and some that nobody can have here.
fn an_id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-e][a-z0-9_.-]{0,3}",
        1 => "genesis_[a-c]",
        1 => prop::sample::select(vec!["genesis_escrow", "genesis_ledger", "system"]).prop_map(str::to_owned),
        1 => "[ -~é\u{1}]{0,6}",
        1 => "[a-z]{100,140}",
    ]
}

fn a_number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0_u64..1_000_000).prop_map(|n| n.to_string()),
        1 => (-1_000_i64..0).prop_map(|n| n.to_string()),
        1 => (0_u64..1_000, 0_u32..1_000).prop_map(|(n, f)| format!("{n}.{f:03}")),
        1 => Just("0".to_owned()),
        1 => Just("2.5e2".to_owned()),
    ]
}

fn an_entry() -> impl Strategy<Value = String> {
    prop_oneof![3 => an_id(), 1 => Just("*".to_owned()), 1 => an_id().prop_map(|id| format!("@{id}"))]
}

prop_compose! {
    fn a_policy()(
        lists in prop::collection::vec((prop::sample::select(vec!["allow_read", "allow_write", "allow_invoke"]), prop::collection::vec(an_entry(), 0..4)), 0..3),
        price in a_number(),
    ) -> String {
        let mut fields: Vec<String> = lists
            .iter()
            .map(|(name, entries)| {
                let entries: Vec<String> = entries.iter().map(|entry| quoted(entry)).collect();
                format!("\"{name}\": [{}]", entries.join(", "))
            })
            .collect();
        fields.push(format!("\"invoke_price\": {price}"));
        format!(", \"policy\": {{{}}}", fields.join(", "))
    }
}

prop_compose! {
    fn an_artifact()(
        id in an_id(),
        owner in prop_oneof![9 => an_id().prop_map(|id| quoted(&id)), 1 => Just("null".to_owned())],
        kind in prop_oneof![Just("data".to_owned()), Just("agent".to_owned()), Just("genesis".to_owned()), "[ -~\n]{0,80}"],
        content in prop_oneof![4 => ".{0,40}".prop_map(|text| quoted(&text)), 1 => Just("{\"a\": [1, 2.50]}".to_owned())],
        policy in prop::option::of(a_policy()),
        flags in prop::collection::vec(prop::sample::select(vec!["executable", "has_code", "has_standing", "can_execute"]), 0..3),
        memory in prop::option::of(an_id()),
        unknown in prop::option::of("[a-z]{3,5}"),
    ) -> String {
        let mut text = format!(
            "{{\"id\": {}, \"type\": {}, \"content\": {content}, \"owner_id\": {owner}{}",
            quoted(&id), quoted(&kind), policy.unwrap_or_default()
        );
        let mut flags = flags;
        flags.sort_unstable();
        flags.dedup();
        for flag in flags {
            text += &format!(", \"{flag}\": true");
        }
        if let Some(memory) = memory {
            text += &format!(", \"memory_artifact_id\": {}", quoted(&memory));
        }
        if let Some(unknown) = unknown {
            text += &format!(", \"x_{unknown}\": [1.10]");
        }
        text + "}"
    }
}

prop_compose! {
    /// A checkpoint that the older program could have written, and some that it could not.
    pub(crate) fn a_checkpoint()(
        balances in prop::collection::btree_map(an_id(), a_number(), 0..8),
        artifacts in prop::collection::vec(an_artifact(), 0..10),
        others in prop::collection::vec(an_id(), 0..3),
    ) -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        for (n, (id, scrip)) in balances.iter().enumerate() {
            checkpoint = match n % 3 {
                0 => checkpoint.agent(id, scrip),
                1 => checkpoint.balance(id, scrip),
                _ => { checkpoint.balances.push((id.clone(), scrip.clone())); checkpoint }
            };
        }
        checkpoint.agent_ids.extend(others);
        checkpoint.artifacts = artifacts;
        checkpoint.with("\"cumulative_api_cost\": 0.0123456789")
    }
}
