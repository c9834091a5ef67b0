//! One page of what matches and may be seen.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use ecology_types::ArtifactRecord;

use crate::registry::Registry;
use crate::{Page, Query};

/// Searches registries as if they were one; a key that matches in two of them is listed once.
///
/// The order of the questions is the privacy of the search: filters on metadata, then `may_see`, and only then the text. Nothing of a record that
/// may not be seen influences the page, not even whether there is more.
pub(crate) fn search(
    registries: &[&Registry],
    query: &Query,
    may_see: &dyn Fn(&ArtifactRecord) -> bool,
) -> Page {
    let needle = match query.text.as_deref() {
        None | Some("") => None,
        Some(text) => match Needle::new(text) {
            Some(needle) => Some(needle),
            None => return Page::default(),
        },
    };
    let matches = |record: &ArtifactRecord| {
        agrees(query, record) && may_see(record) && needle.as_ref().is_none_or(|needle| needle.is_in(record))
    };
    let mut page = Page::default();
    let mut to_skip = query.offset;
    let mut keys: Vec<_> =
        registries.iter().map(|registry| (registry, registry.candidates(query).peekable())).collect();
    while let Some(key) = keys.iter_mut().filter_map(|(_, keys)| keys.peek().copied()).min() {
        let mut found = false;
        for (registry, keys) in &mut keys {
            if keys.next_if_eq(&key).is_some() {
                found = found || registry.live(key).is_some_and(matches);
            }
        }
        if !found {
            continue;
        }
        if to_skip > 0 {
            to_skip -= 1;
        } else if page.keys.len() < query.limit as usize {
            page.keys.push(key);
        } else {
            page.more = true;
            break;
        }
    }
    page
}

/// Whether the metadata agree with the filters.
fn agrees(query: &Query, record: &ArtifactRecord) -> bool {
    query.owner.is_none_or(|owner| owner == record.owner)
        && query.creator.is_none_or(|creator| creator == record.creator)
        && query.has_standing.is_none_or(|has| has == record.has_standing)
        && query.can_execute.is_none_or(|can| can == record.can_execute)
        && query.kind.as_ref().is_none_or(|kind| *kind == record.kind)
}

/// Text to look for without regard to ASCII case, in time linear in what is searched whatever the text is.
struct Needle(AhoCorasick);

impl Needle {
    /// The longest text that gets the automaton with a full table, which is twice as fast and takes up to 1 KiB per byte of text.
    const DFA_BYTES_MAX: usize = 128;

    fn new(text: &str) -> Option<Self> {
        let short = text.len() <= Self::DFA_BYTES_MAX;
        let kind = if short { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(kind)).build([text]).ok().map(Self)
    }

    fn is_in(&self, record: &ArtifactRecord) -> bool {
        self.0.is_match(record.id.as_str())
            || self.0.is_match(record.kind.as_str())
            || self.0.is_match(record.content.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_is_found_in_linear_time() {
        let content = "a".repeat(100_000);
        let long = format!("{}B", &content[..50_000]);
        for (text, found) in [("AAA", true), ("aab", false), (&content, true), (&long, false), ("é", false)]
        {
            assert_eq!(Needle::new(text).is_some_and(|needle| needle.0.is_match(&content)), found);
        }
        assert!(Needle::new("ÉTÉ x").is_some_and(|needle| needle.0.is_match("un ÉTÉ X")));
        assert!(!Needle::new("été").is_some_and(|needle| needle.0.is_match("ÉTÉ")), "ASCII case only");
    }
}
