//! One artifact of a checkpoint.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::policy::OldPolicy;
use crate::problem::ProblemKind;
use crate::topic::Topic;
use crate::tree::{At, Fields, Node, Value};
use crate::work::Work;

/// An artifact as the older program wrote it down.
#[derive(Debug)]
pub(crate) struct OldArtifact {
    pub(crate) id: String,
    pub(crate) at: At,
    pub(crate) kind: Option<String>,
    pub(crate) content: Arc<str>,
    pub(crate) owner: Option<String>,
    pub(crate) executable: bool,
    pub(crate) has_code: bool,
    pub(crate) policy: Option<OldPolicy>,
    pub(crate) has_standing: bool,
    pub(crate) can_execute: bool,
    pub(crate) memory: Option<String>,
    /// The whole of it, for those that are not carried over.
    pub(crate) raw: Option<Box<RawValue>>,
}

impl Work<'_> {
    pub(crate) fn artifact(&mut self, node: &Node, file: &str) -> Option<OldArtifact> {
        let Value::Map(pairs) = &node.value else {
            self.shape("an artifact", node, file, "an object");
            return None;
        };
        let mut fields = Fields::of(pairs);
        let Some(id) = fields.take("id") else {
            self.problems.tell(
                ProblemKind::Shape,
                Some(node.at.place(file)),
                "this artifact has no id",
                "give it one in a copy of the file",
            );
            return None;
        };
        let at = id.at;
        let id = self.word("the id of an artifact", Some(id), file)?;
        let what = |field: &str| format!("{field} of {id:?}");
        let (content, is_text) = match fields.take("content") {
            None => (Arc::from(""), true),
            Some(node) => match &node.value {
                Value::Text(text) => (Arc::clone(text), true),
                Value::Mended(text) => {
                    let item = self.items.add(Topic::Mended, id.as_str(), "content");
                    item.at(node.at.place(file));
                    (Arc::clone(text), true)
                }
                _ => {
                    let item = self.items.add(Topic::Shapes, id.as_str(), format!("it was {}", node.shape()));
                    item.at(node.at.place(file));
                    (Arc::from(node.json()), false)
                }
            },
        };
        self.check_content(&id, &content, node.at.place(file));
        let kind = self.word(&what("type"), fields.take("type"), file);
        let owner = self.word(&what("owner_id"), fields.take("owner_id"), file);
        let times = ["created_at", "updated_at"].map(|name| fields.take(name).map(|node| (name, node)));
        let times: Vec<_> =
            times.into_iter().flatten().map(|(name, node)| (name.to_owned(), node.clone())).collect();
        if !times.is_empty() {
            let kept = Node { at: node.at, value: Value::Map(times) };
            self.items.add(Topic::Times, id.as_str(), "").at(node.at.place(file)).was(kept.raw());
        }
        let executable = self.truth(&what("executable"), fields.take("executable"), file).unwrap_or(false);
        let has_code = self.truth(&what("has_code"), fields.take("has_code"), file).unwrap_or(false);
        let has_standing =
            self.truth(&what("has_standing"), fields.take("has_standing"), file).unwrap_or(false);
        let can_execute = self.truth(&what("can_execute"), fields.take("can_execute"), file).unwrap_or(false);
        let memory = self.word(&what("memory_artifact_id"), fields.take("memory_artifact_id"), file);
        let (policy, price) = (fields.take("policy"), fields.take("price"));
        let policy = self.policy(&id, policy, price, file);
        self.keep_rest(Topic::Fields, &id, fields, file);
        self.totals.artifacts_found += 1;
        self.totals.content_bytes_found += content.len() as u64;
        self.totals.policies_found += u64::from(policy.is_some());
        // Only what may be left out needs a copy of the whole.
        let raw = (id.starts_with("genesis") || !is_text).then(|| node.raw()).flatten();
        Some(OldArtifact {
            id,
            at,
            kind,
            content,
            owner,
            executable,
            has_code,
            policy,
            has_standing,
            can_execute,
            memory,
            raw,
        })
    }

    pub(crate) fn check_content(&mut self, of: &str, content: &str, place: crate::Place) {
        let most = self.options.limits.content_bytes_max;
        if content.len() > most {
            let message = format!("the content of {of:?} has {} bytes, more than {most}", content.len());
            let help = if most < crate::Limits::CONTENT_BYTES_MOST {
                format!("raise --content-bytes-max, at most to {}", crate::Limits::CONTENT_BYTES_MOST)
            } else {
                "split it in a copy of the file".to_owned()
            };
            self.problems.tell(ProblemKind::TooLarge, Some(place), message, help);
        }
    }
}
