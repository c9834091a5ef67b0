//! Whether the answer of a contract that is code still holds.

use ecology_types::{Key, PermissionAnswer, Reads, question_digest};

use crate::refuse::name_of;
use crate::{AccessView, Request};

/// What the answers that came along say about a question.
pub(crate) enum Known<'a> {
    /// None of them is about it.
    Nothing,
    /// One is, but it cannot be relied on; the text says why.
    Stale(String),
    /// The contract's answer on the present state.
    Fresh(&'a PermissionAnswer),
}

/// Looks for the answer of `contract` to `request`. Every answer to the question has to hold, and if there are several they have to agree:
/// an answer that can be chosen is not an answer.
pub(crate) fn look_up<'a>(request: &Request<'a>, contract: Key, view: &dyn AccessView) -> Known<'a> {
    let mut digest = None;
    let mut found: Option<&'a PermissionAnswer> = None;
    for answer in request.answers.iter().filter(|answer| is_about(answer, request, contract)) {
        let digest = *digest.get_or_insert_with(|| question_digest(request.method, request.args));
        if answer.call_digest != digest {
            continue;
        }
        if let Some(why) = stale(answer, view) {
            return Known::Stale(why);
        }
        match found {
            Some(first) if first.verdict != answer.verdict => {
                return Known::Stale("two answers contradict each other".to_owned());
            }
            Some(_) => {}
            None => found = Some(answer),
        }
    }
    found.map_or(Known::Nothing, Known::Fresh)
}

fn is_about(answer: &PermissionAnswer, request: &Request<'_>, contract: Key) -> bool {
    answer.artifact == request.artifact.key
        && answer.verb == request.verb
        && answer.caller == request.caller
        && answer.contract == contract
}

/// Why an answer does not hold any more, or `None` while it does.
///
/// It was computed from the contract's own code at least, so an answer that does not name the version of its contract is incomplete: it
/// would survive a change of the contract.
#[must_use]
pub fn stale(answer: &PermissionAnswer, view: &dyn AccessView) -> Option<String> {
    if !answer.reads.versions.iter().any(|(key, _)| *key == answer.contract) {
        return Some("the answer does not say which version of the contract gave it".to_owned());
    }
    changed(&answer.reads, answer.contract, view)
}

/// What has changed since code was told `reads` in the name of `reader`, or `None` while all of it holds.
#[must_use]
pub fn changed(reads: &Reads, reader: Key, view: &dyn AccessView) -> Option<String> {
    if let Some(told) = reads.time {
        let (now, age_max) = (view.now(), view.answer_age_max());
        if now < told || now > told.after(age_max) {
            return Some(format!("it was told the time {told}, and now it is {now}"));
        }
    }
    for (key, version) in &reads.versions {
        // Versions begin at 1; 0 is the version of what is not there, and what is not there can be read as well.
        let present = view.artifact(*key).map_or(0, |record| record.version);
        if present != *version {
            return Some(format!("{} is at version {present}, not {version}", name_of(*key, view)));
        }
    }
    for (key, owner) in &reads.owners {
        if view.artifact(*key).is_none_or(|record| record.owner != *owner) {
            let (what, who) = (name_of(*key, view), name_of(*owner, view));
            return Some(format!("{what} does not belong to {who} any more"));
        }
    }
    for (key, balance) in &reads.balances {
        let present = view.balance(*key);
        if present != *balance {
            return Some(format!("the balance of {} is {present}, not {balance}", name_of(*key, view)));
        }
    }
    for (key, version) in &reads.states {
        let present = view.state_version(*key);
        if present != *version {
            return Some(format!(
                "the state of {} is at version {present}, not {version}",
                name_of(*key, view)
            ));
        }
    }
    for (which, count) in &reads.events {
        let present = view.events(reader, which);
        if present != *count {
            return Some(format!("there are {present} events {}, not {count}", which.kind.name()));
        }
    }
    None
}
