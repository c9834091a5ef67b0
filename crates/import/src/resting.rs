//! The configurations of agents whose minds are not here.

use std::sync::Arc;

use ecology_minds::scripted::RestingConfig;
use ecology_minds::{CONFIG_BYTES_MAX, MindConfig};
use ecology_types::{Draft, GenesisArtifact, Id, SmolStr, counted};

use crate::agent::OldAgent;
use crate::artifact::OldArtifact;
use crate::map::{Holder, private};
use crate::names::Names;
use crate::settings::OldConfig;
use crate::topic::Topic;
use crate::work::Work;

impl Work<'_> {
    /// The configuration of an agent: all that its files say about its mind. What does not fit is moved into artifacts of its own.
    #[expect(
        clippy::too_many_arguments,
        reason = "all that is known of one agent, and the two places where it may leave something"
    )]
    pub(crate) fn resting(
        &mut self,
        id: &Id,
        holder: &Holder,
        files: Option<OldAgent>,
        body: Option<&OldArtifact>,
        config: &OldConfig,
        file: &str,
        names: &mut Names,
        moved: &mut Vec<(Id, Draft)>,
    ) -> Arc<str> {
        let mut mind = RestingConfig {
            content: body.map(|artifact| artifact.content.to_string()),
            ..RestingConfig::default()
        };
        let mut known = Vec::new();
        let mut place = holder.at.place(file);
        if let Some(agent) = files {
            place = agent.at.place(&agent.file);
            if !agent.is_enabled {
                let detail = "agent.yaml says that it is not enabled, and the checkpoint that it takes part";
                self.items.add(Topic::Hints, id.as_str(), detail).at(place.clone());
            }
            if let Some(prompt) = &agent.prompt {
                known.push(format!("prompt of {}", counted(prompt.len() as u64, "byte", "bytes")));
            }
            mind.prompt = agent.prompt;
            mind.settings = agent.settings;
            mind.model = agent.model.map(SmolStr::from);
        } else {
            known.push("no folder describes it".to_owned());
        }
        if mind.model.is_none() {
            mind.model = config.default_model.as_deref().map(SmolStr::from);
        }
        if let Some(model) = &mind.model {
            known.push(format!("model {}", crate::tree::quoted(model)));
        }
        if mind.settings.is_some() {
            known.push("other settings".to_owned());
        }
        self.items.add(Topic::Minds, id.as_str(), known.join(", ")).at(place.clone());
        loop {
            let text = MindConfig::Resting(mind.clone()).to_text();
            if text.len() <= CONFIG_BYTES_MAX {
                return Arc::from(text);
            }
            let parts = [
                (&mut mind.prompt, "system_prompt"),
                (&mut mind.content, "content"),
                (&mut mind.settings, "settings"),
            ];
            let longest = parts.into_iter().max_by_key(|(part, _)| part.as_ref().map_or(0, String::len));
            let Some((part, name)) = longest.filter(|(part, _)| part.is_some()) else {
                // A model's name this long is no name.
                mind.model = None;
                continue;
            };
            let text = part.take().unwrap_or_default();
            let artifact =
                names.fresh(&format!("{}.{name}", id.as_str().chars().take(100).collect::<String>()));
            let detail = format!("{name} of {id}, {}", counted(text.len() as u64, "byte", "bytes"));
            self.items.add(Topic::Moved, artifact.as_str(), detail).at(place.clone());
            let mut draft = Draft::new(artifact, text);
            draft.kind = Some(SmolStr::new_static("data"));
            draft.policy = Some(private());
            draft.access_contract = Some(GenesisArtifact::Private.id());
            moved.push((id.clone(), draft));
        }
    }
}
