//! Everything that has a code, with what it means and what to do.

use ecology_features::{DEPRECATIONS, stage_of};
use ecology_shadow::Divergence;
use ecology_types::{Axis, RefusalCode, Side};
use serde::Serialize;

use crate::exit::Exit;
use crate::terminal::Style;
use crate::text::wrap;

use super::problem_codes::PROBLEMS;

/// One code.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// The code as it is written.
    pub(crate) code: String,
    /// What kind of code it is.
    pub(crate) family: &'static str,
    /// A name for it, or what it means in one line.
    pub(crate) title: String,
    /// Headings with their text.
    pub(crate) parts: Vec<Part>,
}

/// A heading with its text.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Part {
    pub(crate) heading: &'static str,
    pub(crate) text: String,
}

fn part(heading: &'static str, text: impl Into<String>) -> Part {
    Part { heading, text: text.into() }
}

/// All codes, family by family.
pub(crate) fn entries() -> Vec<Entry> {
    let registers: [(Axis, &[Divergence]); 4] = [
        (Axis::RateLimiting, ecology_rate_limiting::divergence::REGISTER),
        (Axis::ArtifactOntology, ecology_ontology::REGISTER),
        (Axis::AccessControl, ecology_contracts::REGISTER),
        (Axis::ResourceLimits, ecology_container_limits::REGISTER),
    ];
    let divergences =
        registers.iter().flat_map(|(axis, register)| register.iter().map(|one| divergence(*axis, one)));
    let refusals = RefusalCode::ALL.iter().map(|code| refusal(*code));
    let deprecations = DEPRECATIONS.iter().map(|entry| Entry {
        code: entry.code.name().to_owned(),
        family: "deprecation",
        title: entry.what.to_owned(),
        parts: vec![
            part("Where it is written", entry.place),
            part("What to write instead", entry.replacement),
            part(
                "Gone in",
                format!("release {}, after it has warned for one whole release", entry.removed_in),
            ),
            part("In force", if entry.is_in_force() { "in this release" } else { "not in this release" }),
            part("Setting", format!("deprecations.{} = \"allow\", \"warn\" or \"deny\"", entry.code)),
        ],
    });
    let problems = PROBLEMS.iter().map(|(code, meaning, remedy)| Entry {
        code: (*code).to_owned(),
        family: "error",
        title: (*meaning).to_owned(),
        parts: vec![part("What to do", *remedy)],
    });
    let exits = Exit::ALL.iter().map(|exit| Entry {
        code: format!("exit-{}", exit.number()),
        family: "exit code",
        title: exit.meaning().to_owned(),
        parts: vec![part("What to do", exit.remedy())],
    });
    divergences.chain(refusals).chain(deprecations).chain(problems).chain(exits).collect()
}

/// The title of a registered divergence.
pub(crate) fn title(code: &str) -> Option<String> {
    entries().into_iter().find(|entry| entry.code == code).map(|entry| entry.title)
}

fn divergence(axis: Axis, one: &Divergence) -> Entry {
    let (old, new) = (axis.implementation(Side::Old), axis.implementation(Side::New));
    Entry {
        code: one.code.to_owned(),
        family: "divergence",
        title: one.title.to_owned(),
        parts: vec![
            part(
                "Axis",
                format!(
                    "{axis}: {old} ({}) and {new} ({})",
                    stage_of(axis, Side::Old),
                    stage_of(axis, Side::New)
                ),
            ),
            part("Old", format!("{old}: {}", one.old)),
            part("New", format!("{new}: {}", one.new)),
            part("Who notices", one.affected),
            part("What to do", one.instead),
        ],
    }
}

fn refusal(code: RefusalCode) -> Entry {
    let again = if code.is_retriable() {
        "the same action may succeed later"
    } else {
        "not without a change: the same action will be refused again"
    };
    Entry {
        code: code.name().to_owned(),
        family: "refusal",
        title: code.meaning().to_owned(),
        parts: vec![
            part("Category", code.category().name()),
            part("Trying again", again),
            part("What an agent is told", code.remedy()),
        ],
    }
}

/// The page about one code.
pub(crate) fn show(entry: &Entry, style: Style, width: usize) -> String {
    let head = format!("{} ({}): {}", entry.code, entry.family, entry.title);
    let mut text = wrap(&head, width).join("\n").replacen(&entry.code, &style.heading(&entry.code), 1) + "\n";
    for part in &entry.parts {
        text += &format!("\n{}\n", style.faint(part.heading));
        for line in wrap(&part.text, width.saturating_sub(2)) {
            text += &format!("  {line}\n");
        }
    }
    text
}

/// All codes, one line each.
pub(crate) fn list(entries: &[Entry], style: Style, width: usize, program: &str) -> String {
    let column = entries.iter().map(|entry| entry.code.len()).max().unwrap_or(0) + 2;
    let mut text = String::new();
    let mut family = "";
    for entry in entries {
        if entry.family != family {
            let gap = if family.is_empty() { "" } else { "\n" };
            family = entry.family;
            text += &format!("{gap}{}\n", style.heading(&plural(family)));
        }
        let title = crate::text::cut(&entry.title, width.saturating_sub(column + 2));
        text += &format!("  {:<column$}{title}\n", entry.code);
    }
    text += &format!("\nMore about one: {program} explain CODE\n");
    text
}

fn plural(family: &str) -> String {
    let mut letters = family.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}s", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<String> = entries().into_iter().map(|entry| entry.code.to_lowercase()).collect();
        codes.sort();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn one_page_of_each_family() {
        let entries = entries();
        for code in ["RL-1", "insufficient_scrip", "ECO-D001", "config::needs", "exit-4"] {
            let entry = entries.iter().find(|entry| entry.code == code).expect("it exists");
            insta::assert_snapshot!(
                format!("explain_{}", code.replace("::", "_")),
                show(entry, Style::PLAIN, 80)
            );
        }
    }

    #[test]
    fn the_list_of_codes() {
        insta::assert_snapshot!(list(&entries(), Style::PLAIN, 80, "ecology"));
    }
}
