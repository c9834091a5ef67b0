//! The sentence of a no.

use ecology_types::{Key, RefusalCode};

use crate::{AccessView, Answer, Request};

/// A no whose sentence reads `CALLER may not VERB ARTIFACT: RULE`, where the rule is put together from `parts`.
///
/// Built by hand because a refusal is as frequent as a permission in a busy world, and formatting machinery costs three times as much.
pub(crate) fn refuse(
    code: RefusalCode,
    request: &Request<'_>,
    view: &dyn AccessView,
    parts: &[&str],
) -> Answer {
    let mut reason = String::with_capacity(160);
    push_name(&mut reason, request.caller, view);
    reason.push_str(" may not ");
    reason.push_str(request.verb.name());
    reason.push(' ');
    reason.push_str(request.artifact.id.as_str());
    reason.push_str(": ");
    for part in parts {
        reason.push_str(part);
    }
    Answer::Deny { code, reason }
}

/// The id behind a key, or its number when nothing alive has it.
pub(crate) fn push_name(into: &mut String, key: Key, view: &dyn AccessView) {
    match view.artifact(key) {
        Some(record) => into.push_str(record.id.as_str()),
        None => {
            into.push('#');
            into.push_str(&key.0.to_string());
        }
    }
}

/// See [`push_name`].
pub(crate) fn name_of(key: Key, view: &dyn AccessView) -> String {
    let mut name = String::new();
    push_name(&mut name, key, view);
    name
}
