//! The name that somebody probably meant.

use crate::keys::{Key, find, settings};

/// As much of a name as is compared and shown.
const SHOWN_CHARS: usize = 64;

/// `text`, cut when it is too long to be a name anybody meant to write.
pub(crate) fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(SHOWN_CHARS).collect();
    cut.push('…');
    cut
}

/// The candidate that is nearest to `name`, if any is near.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(SHOWN_CHARS).collect::<String>().to_lowercase().replace('-', "_");
    candidates
        .map(|candidate| {
            let plain = candidate.to_lowercase().replace('-', "_");
            let distance = strsim::damerau_levenshtein(&name, &plain);
            let near = distance <= (plain.chars().count() / 3).max(1)
                || strsim::jaro_winkler(&name, &plain) >= 0.9
                || (name.len() >= 4 && plain.contains(&name));
            (near, distance, candidate)
        })
        .filter(|(near, ..)| *near)
        .min_by_key(|(_, distance, _)| *distance)
        .map(|(.., candidate)| candidate)
}

/// The whole name of the setting or section that was meant by `name`, followed by `rest`, inside `section`.
pub(crate) fn nearest_key(section: &Key, name: &str, rest: &[&str]) -> Option<String> {
    let beside = nearest(name, section.children().iter().map(|key| key.name.as_str()));
    if let Some(key) = beside.and_then(|name| section.child(name)) {
        let whole =
            std::iter::once(key.path.as_str()).chain(rest.iter().copied()).collect::<Vec<_>>().join(".");
        if find(&whole).is_some() {
            return Some(whole);
        }
        let last =
            rest.last().and_then(|last| nearest(last, key.children().iter().map(|one| one.name.as_str())));
        return last.and_then(|last| key.child(last)).or(Some(key)).map(|key| key.path.clone());
    }
    // Perhaps the name is right and only its section is missing or wrong.
    let last = rest.last().unwrap_or(&name);
    let elsewhere = |matches: &dyn Fn(&str) -> bool| {
        settings().into_iter().find(|key| matches(&key.name)).map(|key| key.path.clone())
    };
    elsewhere(&|one| one == *last).or_else(|| elsewhere(&|one| nearest(last, std::iter::once(one)).is_some()))
}
