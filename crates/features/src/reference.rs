//! The reference of all settings: `config/ecology.toml`, generated.

use std::fmt::Write as _;

use crate::axes::AXES;
use crate::keys::{Key, Shape, root};
use crate::layers::variable;

/// The widest line of a comment, in characters.
const WIDTH: usize = 110;

/// Bounds from here on are those of the type rather than of the matter; the reference leaves them out.
const WITHOUT_END: i64 = u32::MAX as i64;

/// The text of `config/ecology.toml`: every setting, commented out, with its meaning, what it takes and its default.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    comment(&mut text, "Every setting with its default. Take the # away from a line to change it.");
    comment(
        &mut text,
        &format!(
            "Stronger than this file: the environment ({}), then --set features.access_control=policy, then options of their own. \
             `ecology config show` tells where each value comes from.",
            variable("features.access_control")
        ),
    );
    text.push_str("#:schema ./ecology.schema.json\n");
    section(&mut text, root());
    text
}

fn section(text: &mut String, section: &Key) {
    let (sections, settings): (Vec<&Key>, Vec<&Key>) =
        section.children().iter().partition(|key| matches!(key.shape, Shape::Section(_)));
    for key in settings {
        setting(text, key);
    }
    for key in sections {
        text.push('\n');
        comment(text, &key.meaning);
        // A heading that only holds further headings is implied by them.
        if key.children().iter().any(|child| !matches!(child.shape, Shape::Section(_))) {
            let _ = writeln!(text, "[{}]", key.path);
        }
        self::section(text, key);
    }
}

fn setting(text: &mut String, key: &Key) {
    let takes = match &key.shape {
        Shape::Choice(names) => names.join(" | "),
        Shape::Integer { min, max } => match (*min, *max >= WITHOUT_END) {
            (0, true) => String::new(),
            (_, true) => format!("at least {min}"),
            (_, false) => format!("{min} to {max}"),
        },
        Shape::List { min, max, .. } => format!("each {min} to {max}"),
        Shape::Flag => "true | false".to_owned(),
        Shape::Section(_) | Shape::Text => String::new(),
    };
    let takes = if takes.is_empty() { takes } else { format!(" ({takes})") };
    comment(text, &format!("{}{takes}", key.meaning));
    match &key.default {
        Some(value) => {
            let _ = writeln!(text, "# {} = {value}", key.name);
        }
        None => {
            let _ = writeln!(text, "# {}  # not set by default", key.example());
        }
    }
}

fn comment(text: &mut String, sentence: &str) {
    let mut line = String::from("##");
    for word in sentence.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("##");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

/// The text of `config/all-new.toml`: every new half that this release has serves.
#[must_use]
pub fn all_new() -> String {
    let mut text = String::new();
    comment(
        &mut text,
        "Every new implementation that this release has. What is not named here keeps its default.",
    );
    text.push_str("#:schema ./ecology.schema.json\n\n[features]\n");
    for entry in &AXES {
        if entry.new.stage.can_run() {
            let _ = writeln!(text, "{} = {:?}", entry.key(), entry.new.name);
        }
    }
    text
}
