//! Bytes that an action writes and moves.

use ecology_types::{Action, Outcome};
use serde::{Deserialize, Serialize};

/// What follows from an action and its outcome alone, without a clock: the same in every run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Bytes of content that went into the world; zero when the action was refused.
    pub written_bytes: u64,
    /// Bytes of the request and of the result or refusal.
    pub bandwidth_bytes: u64,
}

impl Traffic {
    /// The traffic of an action with its outcome.
    #[must_use]
    pub fn of(action: &Action, outcome: &Outcome) -> Self {
        let request = Self::request_bytes(action);
        let (written_bytes, answer) = match outcome {
            Ok(value) => (Self::content_bytes(action), len(value.bytes())),
            Err(refusal) => (0, len(refusal.detail.len())),
        };
        Self { written_bytes, bandwidth_bytes: request.saturating_add(answer) }
    }

    /// Bytes of content that the action writes if it is carried out.
    #[must_use]
    pub fn content_bytes(action: &Action) -> u64 {
        match action {
            Action::Write(draft) => len(draft.content.len()),
            Action::Edit { replace, .. } => len(replace.len()),
            Action::Noop
            | Action::Read { .. }
            | Action::Delete { .. }
            | Action::Invoke { .. }
            | Action::InvokeAllowing(_) => 0,
        }
    }

    /// Bytes of ids, contents, method and arguments that the action carries: what can be reserved before its outcome is known.
    #[must_use]
    pub fn request_bytes(action: &Action) -> u64 {
        let target = action.target().map_or(0, |id| id.as_str().len());
        let rest = match action {
            Action::Noop | Action::Read { .. } | Action::Delete { .. } => 0,
            Action::Write(draft) => draft.content.len(),
            Action::Edit { find, replace, .. } => find.len() + replace.len(),
            Action::Invoke { method, args, .. } => method.len() + args.bytes(),
            Action::InvokeAllowing(call) => call.method.len() + call.args.bytes(),
        };
        len(target).saturating_add(len(rest))
    }
}

fn len(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
