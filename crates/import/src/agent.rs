//! Agent directories: `agent.yaml` beside `system_prompt.md`.

use crate::text::Text;
use crate::topic::Topic;
use crate::tree::{At, Fields, Node, Value};
use crate::work::Work;

/// The files of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFiles {
    /// The name of its folder, which is its id unless `agent.yaml` names another.
    pub folder: String,
    /// `agent.yaml`.
    pub settings: Option<Text>,
    /// `system_prompt.md`.
    pub prompt: Option<Text>,
}

/// An agent as its directory describes it.
#[derive(Debug)]
pub(crate) struct OldAgent {
    pub(crate) id: String,
    pub(crate) file: String,
    pub(crate) at: At,
    pub(crate) is_enabled: bool,
    pub(crate) model: Option<String>,
    pub(crate) scrip: Option<u64>,
    pub(crate) prompt: Option<String>,
    /// Everything else, as JSON.
    pub(crate) settings: Option<String>,
}

impl Work<'_> {
    /// Reads one directory. `takes_part` says whether a checkpoint leaves the starting credits without meaning.
    pub(crate) fn agent(&mut self, files: &AgentFiles, has_checkpoint: bool) -> Option<OldAgent> {
        let prompt = files.prompt.as_ref().map(|text| text.text.clone());
        if let (Some(prompt), Some(text)) = (&prompt, &files.prompt) {
            let place = At { line: 1, column: 1 }.place(&text.name);
            self.check_content(&files.folder, prompt, place);
        }
        let mut agent = OldAgent {
            id: files.folder.clone(),
            file: files
                .settings
                .as_ref()
                .or(files.prompt.as_ref())
                .map_or_else(String::new, |text| text.name.clone()),
            at: At { line: 1, column: 1 },
            is_enabled: true,
            model: None,
            scrip: None,
            prompt,
            settings: None,
        };
        let Some(text) = &files.settings else { return Some(agent) };
        let root = match crate::yaml::parse(text, &self.options.limits) {
            Ok(root) => root,
            Err(problem) => {
                self.problems.add(problem);
                return None;
            }
        };
        let Value::Map(pairs) = &root.value else {
            self.shape("agent.yaml", &root, &text.name, "a map");
            return None;
        };
        let mut fields = Fields::of(pairs);
        if let Some(node) = fields.take("id") {
            agent.at = node.at;
            agent.id = self.word("id", Some(node), &text.name)?;
        }
        agent.is_enabled = self.truth("enabled", fields.take("enabled"), &text.name).unwrap_or(true);
        agent.model = self.word("llm_model", fields.take("llm_model"), &text.name);
        // What somebody who takes no part would have started with is kept with everything else about it.
        let names = if agent.is_enabled { &["starting_credits", "starting_scrip"][..] } else { &[] };
        for name in names {
            let Some(node) = fields.take(name) else { continue };
            if has_checkpoint {
                let detail = format!("{name}: the balance of the checkpoint counts");
                let item = self.items.add(Topic::Configuration, format!("agent {}", agent.id), detail);
                item.at(node.at.place(&text.name)).was(node.raw());
            } else if let Some(amount) = self.scrip(name, node, &text.name) {
                agent.scrip = Some(self.balance(&agent.id, amount, Some(node), &text.name));
            }
        }
        let rest: Vec<(String, Node)> =
            fields.rest().map(|(name, node)| (name.to_owned(), node.clone())).collect();
        if !rest.is_empty() {
            agent.settings = Some(Node { at: root.at, value: Value::Map(rest) }.json());
        }
        Some(agent)
    }

    /// All directories, in the order of their folders.
    pub(crate) fn agents(&mut self, files: &[AgentFiles], has_checkpoint: bool) -> Vec<OldAgent> {
        files.iter().filter_map(|one| self.agent(one, has_checkpoint)).collect()
    }
}
