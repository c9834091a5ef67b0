//! Editing a configuration file in place: nothing but the position changes, comments and order stay.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ecology_features::file::find_file;
use ecology_features::{Sources, load};
use ecology_types::{Axis, Side};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Style;
use crate::text::clean;

/// What happened to a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edited {
    path: Option<PathBuf>,
    /// Lines that went and lines that came.
    diff: Vec<(char, String)>,
}

impl Edited {
    pub(super) fn as_json(&self) -> serde_json::Value {
        let diff: Vec<_> = self.diff.iter().map(|(mark, line)| format!("{mark}{line}")).collect();
        serde_json::json!({ "file": self.path.as_ref().map(|path| path.display().to_string()), "diff": diff })
    }

    pub(super) fn as_text(&self, style: Style) -> String {
        let Some(path) = &self.path else { return String::new() };
        if self.diff.is_empty() {
            return format!("\n{} says so already\n", shown(path));
        }
        let mut text = format!("\n{}\n", style.heading(&shown(path)));
        for (mark, line) in &self.diff {
            let line = format!("{mark} {}", clean(line));
            text += &format!("  {}\n", if *mark == '-' { style.bad(&line) } else { style.good(&line) });
        }
        text
    }
}

/// Writes the half `to` of `axis` into the configuration file that somebody named, or into the one that runs read if it chooses a half
/// of that axis.
///
/// # Errors
/// When there is one and it cannot be read or written, or would no longer hold. The world has been moved all the same.
pub(super) fn edit(path: Option<&Path>, axis: Axis, to: Side) -> Result<Edited, Failure> {
    let Some((name, before)) = find_file(path)? else { return Ok(Edited::default()) };
    // A file that nobody named and that leaves the axis open is for other worlds too: this one carries its position itself.
    if path.is_none() && !names(&before, axis) {
        return Ok(Edited::default());
    }
    let path = PathBuf::from(&name);
    let by_hand = |detail: String| {
        Failure::new(
            Exit::Config,
            "migrate::configuration",
            format!("the world was moved, and {} was not edited: {detail}", shown(&path)),
            format!("write {axis} = {:?} under [features] yourself", axis.implementation(to)),
        )
    };
    let after = edited(&before, axis, to).map_err(&by_hand)?;
    if let Err(errors) = load(Sources::new().file(&name, &after)) {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        return Err(by_hand(first));
    }
    if after != before {
        replace(&path, &after).map_err(|error| by_hand(error.to_string()))?;
    }
    Ok(Edited { path: Some(path), diff: diff(&before, &after) })
}

/// Whether a configuration chooses a half of the axis.
fn names(text: &str, axis: Axis) -> bool {
    let Ok(document) = text.parse::<DocumentMut>() else { return true };
    document.get("features").and_then(|table| table.get(axis.name())).is_some()
}

fn edited(text: &str, axis: Axis, to: Side) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let serves = axis.implementation(to);
    put(&mut document, "features", axis.name(), serves)?;
    // What serves cannot be compared with itself; what served goes on beside it.
    let shadows = document.get("shadow").and_then(|table| table.get(axis.name())).and_then(Item::as_str);
    if shadows == Some(serves) {
        put(&mut document, "shadow", axis.name(), axis.implementation(to.other()))?;
    }
    Ok(document.to_string())
}

/// Sets one value and leaves everything around it as it is.
fn put(document: &mut DocumentMut, section: &str, key: &str, text: &str) -> Result<(), String> {
    let table = document.entry(section).or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or_else(|| format!("{section} is no table"))?;
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = text.into();
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(text));
        }
    }
    Ok(())
}

/// Puts the new text in the place of the file at once: a crash leaves the old one or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one.
    let path = std::fs::canonicalize(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = PathBuf::from(name);
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(std::fs::metadata(&path)?.permissions())?;
    file.sync_all()?;
    std::fs::rename(&draft, &path)
}

/// The lines that differ; a change of a value moves no line.
fn diff(before: &str, after: &str) -> Vec<(char, String)> {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same_first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_first;
    let same_last = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let gone = old[same_first..old.len() - same_last].iter().map(|line| ('-', (*line).to_owned()));
    let come = new[same_first..new.len() - same_last].iter().map(|line| ('+', (*line).to_owned()));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_changes() {
        let text = "# mine\n[features]\n  access_control   = \"policy\"  # for now\nrate_limiting = \"tick\"\n\n[run]\nticks = 5\n";
        let after = edited(text, Axis::AccessControl, Side::New).unwrap();
        assert_eq!(after, text.replace("\"policy\"", "\"contract\""));
        assert_eq!(edited(&after, Axis::AccessControl, Side::Old).unwrap(), text);
        let lines = diff(text, &after);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], ('-', "  access_control   = \"policy\"  # for now".to_owned()));
    }

    #[test]
    fn a_file_that_leaves_the_axis_open_is_known() {
        assert!(!names("# [features]\n[features]\n# rate_limiting = \"tick\"\n", Axis::RateLimiting));
        assert!(names("features.rate_limiting = \"tick\"\n", Axis::RateLimiting));
        assert!(!names("features.rate_limiting = \"tick\"\n", Axis::AccessControl));
    }

    #[test]
    fn what_is_not_there_is_added() {
        let after = edited("[run]\nticks = 5\n", Axis::RateLimiting, Side::New).unwrap();
        assert!(after.contains("[features]\nrate_limiting = \"rolling\""), "{after}");
        assert!(after.starts_with("[run]\nticks = 5\n"));
        let dotted = edited("features.rate_limiting = \"tick\"\n", Axis::RateLimiting, Side::New).unwrap();
        assert_eq!(dotted, "features.rate_limiting = \"rolling\"\n");
    }

    #[test]
    fn a_shadow_of_what_serves_now_becomes_one_of_what_served() {
        let text = "[features]\naccess_control = \"policy\"\n[shadow]\naccess_control = \"contract\"\n";
        let after = edited(text, Axis::AccessControl, Side::New).unwrap();
        assert_eq!(
            after,
            "[features]\naccess_control = \"contract\"\n[shadow]\naccess_control = \"policy\"\n"
        );
    }

    #[test]
    fn what_is_no_configuration_is_left_alone() {
        assert!(edited("[features", Axis::AccessControl, Side::New).is_err());
        assert!(edited("features = 3\n", Axis::AccessControl, Side::New).is_err());
    }
}
