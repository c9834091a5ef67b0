//! What can be wrong with a configuration, where, and what to write instead.

use std::fmt::{self, Write as _};

use ecology_types::{Axis, Side};

use crate::axes::{Need, Shadowing, info};
use crate::deprecations::DeprecationCode;
use crate::place::Place;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A source could not be read at all.
    #[error("cannot read the configuration: {detail}")]
    Unreadable {
        /// What the system said.
        detail: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The text is not TOML.
    #[error("this is not TOML: {detail}")]
    Syntax {
        /// What the parser said.
        detail: String,
    },
    /// A key that does not exist.
    #[error("no setting is called {key:?}")]
    UnknownKey {
        /// What was written, with its sections.
        key: String,
        /// The whole name of the nearest setting that exists.
        nearest: Option<String>,
        /// The names that exist at this place.
        known: Vec<String>,
    },
    /// A value of another type.
    #[error("{key} takes {wanted}, not {found}")]
    WrongType {
        /// The setting.
        key: String,
        /// What it takes.
        wanted: String,
        /// What was written.
        found: String,
        /// What to write.
        example: String,
    },
    /// A number that is too small or too large, or a list that is too short or too long.
    #[error("{key} = {found} is outside {min} to {max}")]
    OutOfRange {
        /// The setting.
        key: String,
        /// What was written.
        found: String,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A name that is not among the values of a setting.
    #[error("{key} has no value {found:?}")]
    UnknownChoice {
        /// The setting.
        key: String,
        /// What was written.
        found: String,
        /// The nearest value.
        nearest: Option<String>,
        /// Every value.
        choices: Vec<String>,
    },
    /// An implementation that this release does not have.
    #[error("{section}.{axis} = {name:?} is {state} in this release", name = axis.implementation(*side), state = if *removed { "removed" } else { "not built yet" })]
    NotOffered {
        /// `features` or `shadow`.
        section: &'static str,
        /// The axis.
        axis: Axis,
        /// The half that was chosen.
        side: Side,
        /// Whether it is gone; otherwise it is still to come.
        removed: bool,
    },
    /// An implementation that needs another one elsewhere.
    #[error("features.{axis} = {name:?} needs features.{other} = {wanted:?}: {why}",
        name = axis.implementation(*side), other = need.axis, wanted = need.axis.implementation(need.side), why = need.why)]
    Needs {
        /// The axis.
        axis: Axis,
        /// The half that was chosen.
        side: Side,
        /// What it needs.
        need: Need,
    },
    /// A shadow on an axis that has none.
    #[error("{axis} cannot be shadowed: {why}", why = match info(*axis).shadowing {
        Shadowing::Impossible { why, .. } => why,
        Shadowing::Possible => "there is nothing to compare with",
    })]
    CannotShadow {
        /// The axis.
        axis: Axis,
    },
    /// A shadow that is what serves.
    #[error("{axis} = {name:?} serves already, it cannot be compared with itself", name = axis.implementation(*side))]
    ShadowsItself {
        /// The axis.
        axis: Axis,
        /// What serves and was to be compared.
        side: Side,
    },
    /// Something deprecated is chosen whose level is `deny`.
    #[error("{} is deprecated, and deprecations.{code} = \"deny\"", code.info().place)]
    Denied {
        /// Its code.
        code: DeprecationCode,
    },
    /// Two settings that cannot both hold.
    #[error("{what}")]
    Contradiction {
        /// What does not fit.
        what: String,
        /// What to write.
        remedy: String,
    },
    /// An assignment without `=`, or without a name.
    #[error("{assignment:?} sets nothing")]
    NotAnAssignment {
        /// What was written.
        assignment: String,
    },
    /// An environment variable that looks like a setting and is none.
    #[error("{variable} is not read: it lacks the double underscore between section and key")]
    SingleUnderscore {
        /// The variable.
        variable: String,
        /// What it should be called.
        meant: String,
    },
    /// Two environment variables for one setting.
    #[error("{first} and {second} both set {key}")]
    SetTwice {
        /// The setting.
        key: String,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Sources that are each in order did not make a configuration: a mistake in this program.
    #[error("the settings do not fit together: {detail}")]
    Internal {
        /// What the deserialiser said.
        detail: String,
    },
}

impl Problem {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config::unreadable",
            Self::Syntax { .. } => "config::syntax",
            Self::UnknownKey { .. } => "config::unknown_key",
            Self::WrongType { .. } => "config::wrong_type",
            Self::OutOfRange { .. } => "config::out_of_range",
            Self::UnknownChoice { .. } => "config::unknown_choice",
            Self::NotOffered { removed: false, .. } => "config::not_built",
            Self::NotOffered { removed: true, .. } => "config::removed",
            Self::Needs { .. } => "config::needs",
            Self::CannotShadow { .. } => "config::cannot_shadow",
            Self::ShadowsItself { .. } => "config::shadows_itself",
            Self::Denied { .. } => "config::denied",
            Self::Contradiction { .. } => "config::contradiction",
            Self::NotAnAssignment { .. } => "config::not_an_assignment",
            Self::SingleUnderscore { .. } => "config::single_underscore",
            Self::SetTwice { .. } => "config::set_twice",
            Self::Internal { .. } => "config::internal",
        }
    }

    /// What to write or do instead, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { remedy, .. } => (*remedy).to_owned(),
            Self::Syntax { detail } if detail.contains("duplicate") => {
                "keep one of the two and take the other away".to_owned()
            }
            Self::Syntax { .. } => {
                "a setting is written key = value under its [section]; texts stand in double quotes"
                    .to_owned()
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("did you mean {nearest}?"),
            Self::UnknownKey { known, .. } => format!("the names here are {}", known.join(", ")),
            Self::WrongType { example, .. } => format!("write {example}"),
            Self::OutOfRange { min, max, .. } => format!("choose {min} to {max}"),
            Self::UnknownChoice { nearest: Some(nearest), choices, .. } => {
                format!("did you mean {nearest:?}? The values are {}", quoted(choices))
            }
            Self::UnknownChoice { choices, .. } => format!("the values are {}", quoted(choices)),
            Self::NotOffered { section, axis, side, .. } => {
                let instead = match *section {
                    "shadow" => "off",
                    _ => axis.implementation(side.other()),
                };
                format!("write {section}.{axis} = {instead:?}; `ecology features` shows what is built")
            }
            Self::Needs { axis, side, need } => format!(
                "write features.{} = {:?} too, or keep features.{axis} = {:?}",
                need.axis,
                need.axis.implementation(need.side),
                axis.implementation(side.other())
            ),
            Self::CannotShadow { axis } => match info(*axis).shadowing {
                Shadowing::Impossible { instead, .. } => instead.to_owned(),
                Shadowing::Possible => format!("write shadow.{axis} = \"off\""),
            },
            Self::ShadowsItself { axis, side } => {
                format!("write shadow.{axis} = {:?}, or \"off\"", axis.implementation(side.other()))
            }
            Self::Denied { code } => code.info().replacement.to_owned(),
            Self::Contradiction { remedy, .. } => remedy.clone(),
            Self::NotAnAssignment { .. } => {
                "write section.key=value, for example features.rate_limiting=rolling".to_owned()
            }
            Self::SingleUnderscore { meant, .. } => format!("call it {meant}"),
            Self::SetTwice { .. } => "unset one of them".to_owned(),
            Self::Internal { .. } => "please report this with the output of `ecology config show`".to_owned(),
        }
    }
}

fn quoted(choices: &[String]) -> String {
    choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ")
}

/// One thing that is wrong with a configuration, with every place that has to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problem: Box<Problem>,
    places: Vec<Place>,
}

impl ConfigError {
    /// A problem that belongs to no text.
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        Self { problem: Box::new(problem), places: Vec::new() }
    }

    /// The same problem, also at `place`. The first place is the one to change.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Where: first the place to change, then what it clashes with.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// A stable word for the problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// What to write or do instead.
    #[must_use]
    pub fn help(&self) -> String {
        self.problem.help()
    }

    /// The error as plain text of several lines, for places without a richer renderer.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("error[{}]: {self}\n", self.code());
        for place in &self.places {
            let number = place.line().to_string();
            let margin = " ".repeat(number.len());
            let line = place.line_text();
            let indent = " ".repeat(place.column() - 1);
            let marks = "^".repeat(place.width());
            let label = place.label();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{margin}--> {}", place.address());
            let _ = writeln!(text, "{margin} |");
            let _ = writeln!(text, "{number} | {line}");
            let _ = writeln!(text, "{}", format!("{margin} | {indent}{marks} {label}").trim_end());
        }
        let _ = writeln!(text, "  help: {}", self.help());
        text
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for ConfigError {}
