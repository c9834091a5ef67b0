//! What a deployment runs: the position on each axis, its name, and the step that comes next.

use std::fmt;

use ecology_types::{Axis, AxisVector, Side};

use crate::axes::{AxisInfo, Shadowing, Stage, info};

/// Where a deployment stands on one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The axis.
    pub axis: Axis,
    /// The half that serves.
    pub serves: Side,
    /// Whether the other half runs beside it, is compared, and serves nothing.
    pub shadowed: bool,
}

/// The four positions of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The old half serves alone.
    Off,
    /// The old half serves, the new one is compared.
    OldWithShadow,
    /// The new half serves, the old one is compared: live with a way back.
    NewWithShadow,
    /// The new half serves alone.
    Complete,
}

impl State {
    /// The words for it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::OldWithShadow => "old + shadow",
            Self::NewWithShadow => "new + shadow old",
            Self::Complete => "complete",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Position {
    /// The position on `axis` in a vector.
    #[must_use]
    pub const fn of(positions: &AxisVector, axis: Axis) -> Self {
        Self { axis, serves: positions.side(axis), shadowed: positions.shadowing(axis).is_some() }
    }

    /// Which of the four it is.
    #[must_use]
    pub const fn state(self) -> State {
        match (self.serves, self.shadowed) {
            (Side::Old, false) => State::Off,
            (Side::Old, true) => State::OldWithShadow,
            (Side::New, true) => State::NewWithShadow,
            (Side::New, false) => State::Complete,
        }
    }
}

/// What to do next on `axis`, in one sentence that names what to write.
#[must_use]
pub fn next_step(axis: Axis, positions: &AxisVector) -> String {
    let entry = info(axis);
    let (key, old, new) = (entry.key(), entry.old.name, entry.new.name);
    match entry.new.stage {
        Stage::Absent => return format!("none in this release: {new} is not built yet"),
        Stage::Removed => return format!("none: {new} was removed"),
        Stage::OptIn | Stage::Default | Stage::Deprecated => {}
    }
    match Position::of(positions, axis).state() {
        State::Off => match entry.shadowing {
            Shadowing::Possible => format!("compare it: --set shadow.{key}={new}"),
            Shadowing::Impossible { .. } => format!("compare whole runs: {}", serve(entry, positions)),
        },
        State::OldWithShadow => {
            format!("once nothing is unexplained: {} --set shadow.{key}={old}", serve(entry, positions))
        }
        State::NewWithShadow => format!("once the way back is not needed: --set shadow.{key}=off"),
        State::Complete => "none: the migration is complete here".to_owned(),
    }
}

/// The settings that let the new half serve, with those that it needs.
fn serve(entry: &AxisInfo, positions: &AxisVector) -> String {
    let mut settings = format!("--set features.{}={}", entry.key(), entry.new.name);
    for need in entry.new.needs {
        if positions.side(need.axis) != need.side {
            let other = info(need.axis);
            settings += &format!(" --set features.{}={}", other.key(), other.implementation(need.side).name);
        }
    }
    settings
}

/// One line of `ecology features`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureRow {
    /// The axis.
    pub axis: Axis,
    /// The question that it answers.
    pub question: &'static str,
    /// The phase that brings its new half.
    pub phase: u8,
    /// The name of what serves.
    pub serves: &'static str,
    /// The name of what shadows, if anything does.
    pub shadows: Option<&'static str>,
    /// Where this deployment stands.
    pub state: State,
    /// The name of the new half.
    pub new: &'static str,
    /// What this release offers of the new half.
    pub stage: Stage,
    /// What to do next.
    pub next_step: String,
}

/// The table that `ecology features` prints: one row per axis.
#[must_use]
pub fn rows(positions: &AxisVector) -> Vec<FeatureRow> {
    Axis::ALL
        .into_iter()
        .map(|axis| {
            let entry = info(axis);
            FeatureRow {
                axis,
                question: entry.question,
                phase: entry.phase,
                serves: positions.serving(axis),
                shadows: positions.shadowing(axis),
                state: Position::of(positions, axis).state(),
                new: entry.new.name,
                stage: entry.new.stage,
                next_step: next_step(axis, positions),
            }
        })
        .collect()
}
