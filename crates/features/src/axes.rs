//! The table of the axes: the one place that says what can be chosen, how finished it is and what it needs.

use std::fmt;

use ecology_types::{Axis, Side};

use crate::deprecations::DeprecationCode;

/// What a release offers of one implementation. (What a deployment runs is a [`crate::Position`].)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Planned, not built. Choosing it is refused with what to write instead.
    Absent,
    /// Built; serves whoever asks for it.
    OptIn,
    /// Serves whoever chooses nothing.
    Default,
    /// Still serves whoever asks for it, and warns once per run with its code and the release that removes it.
    Deprecated,
    /// Gone. Choosing it is refused with what to write instead.
    Removed,
}

impl Stage {
    /// The word for it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::OptIn => "opt-in",
            Self::Default => "default",
            Self::Deprecated => "deprecated",
            Self::Removed => "removed",
        }
    }

    /// Whether an implementation at this stage can serve or shadow.
    #[must_use]
    pub const fn can_run(self) -> bool {
        !matches!(self, Self::Absent | Self::Removed)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A condition on another axis: there, `side` must serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The other axis.
    pub axis: Axis,
    /// What must serve there.
    pub side: Side,
    /// Why, in half a sentence.
    pub why: &'static str,
}

/// One half of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implementation {
    /// Its name in configuration.
    pub name: &'static str,
    /// What it does, in one sentence without a full stop.
    pub meaning: &'static str,
    /// What this release offers of it.
    pub stage: Stage,
    /// What must serve on other axes while it serves. A shadow serves nothing and needs nothing.
    pub needs: &'static [Need],
    /// The code under which it will be, or is, deprecated.
    pub deprecation: Option<DeprecationCode>,
}

/// Whether the two halves can run side by side on one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shadowing {
    /// Yes.
    Possible,
    /// No, with the reason and what to do instead.
    Impossible {
        /// Why, as a sentence without a full stop.
        why: &'static str,
        /// What to do instead, as a sentence without a full stop.
        instead: &'static str,
    },
}

/// One axis: one question that two implementations answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisInfo {
    /// Which one.
    pub axis: Axis,
    /// The question.
    pub question: &'static str,
    /// The phase of the migration that brings the new half.
    pub phase: u8,
    /// The architecture that a deployment comes from.
    pub old: Implementation,
    /// The architecture that it moves to.
    pub new: Implementation,
    /// Whether one half can be compared beside the other.
    pub shadowing: Shadowing,
}

impl AxisInfo {
    /// Its key in `[features]` and `[shadow]`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.axis.name()
    }

    /// One half.
    #[must_use]
    pub const fn implementation(&self, side: Side) -> &Implementation {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// The half that serves whoever chooses nothing.
    #[must_use]
    pub fn default_side(&self) -> Side {
        if self.new.stage == Stage::Default { Side::New } else { Side::Old }
    }
}

/// Every axis, in the order of [`Axis::ALL`]. Flags, schema, warnings and reports are derived from this table.
pub static AXES: [AxisInfo; Axis::COUNT] = [
    AxisInfo {
        axis: Axis::RateLimiting,
        question: "Who may use how much, now?",
        phase: 1,
        old: Implementation {
            name: "tick",
            meaning: "shares of renewable resources are refilled at the start of every tick",
            stage: Stage::Default,
            needs: &[],
            deprecation: Some(DeprecationCode::RateLimitingTick),
        },
        new: Implementation {
            name: "rolling",
            meaning: "what is used in any trailing window stays within the share",
            stage: Stage::OptIn,
            needs: &[],
            deprecation: None,
        },
        shadowing: Shadowing::Possible,
    },
    AxisInfo {
        axis: Axis::ExecutionMode,
        question: "Who drives the agents?",
        phase: 2,
        old: Implementation {
            name: "tick",
            meaning: "all agents think on one snapshot, then act one after the other in a seeded order",
            stage: Stage::Default,
            needs: &[],
            deprecation: Some(DeprecationCode::ExecutionModeTick),
        },
        new: Implementation {
            name: "continuous",
            meaning: "every agent runs its own loop and sleeps, wakes and stops on its own",
            stage: Stage::OptIn,
            needs: &[Need {
                axis: Axis::RateLimiting,
                side: Side::New,
                why: "without ticks nothing would refill the shares",
            }],
            deprecation: None,
        },
        shadowing: Shadowing::Impossible {
            why: "only one thing can drive an agent, so there is no second answer to compare with",
            instead: "compare whole runs instead: `ecology compare-modes` runs a scenario in both and compares what has to be equal",
        },
    },
    AxisInfo {
        axis: Axis::ArtifactOntology,
        question: "What exists, and what does it look like?",
        phase: 3,
        old: Implementation {
            name: "legacy",
            meaning: "artifacts have a type, an owner and policy fields; principals are listed apart from them",
            stage: Stage::Default,
            needs: &[],
            deprecation: Some(DeprecationCode::OntologyLegacy),
        },
        new: Implementation {
            name: "unified",
            meaning: "one schema and one id namespace for everything, agents and their memory included",
            stage: Stage::OptIn,
            needs: &[],
            deprecation: None,
        },
        shadowing: Shadowing::Possible,
    },
    AxisInfo {
        axis: Axis::AccessControl,
        question: "Who may do what to what, at what price?",
        phase: 4,
        old: Implementation {
            name: "policy",
            meaning: "lists of readers, writers and invokers with prices; the owner always may",
            stage: Stage::Default,
            needs: &[],
            deprecation: Some(DeprecationCode::AccessControlPolicy),
        },
        new: Implementation {
            name: "contract",
            meaning: "the artifact's access contract is the only authority, also over its owner",
            stage: Stage::OptIn,
            needs: &[Need {
                axis: Axis::ArtifactOntology,
                side: Side::New,
                why: "only unified artifacts show the contract that answers for them",
            }],
            deprecation: None,
        },
        shadowing: Shadowing::Possible,
    },
    AxisInfo {
        axis: Axis::ResourceLimits,
        question: "What does an agent's process get?",
        phase: 5,
        old: Implementation {
            name: "config",
            meaning: "configured numbers, counted and enforced inside the process",
            stage: Stage::Default,
            needs: &[],
            deprecation: Some(DeprecationCode::ResourceLimitsConfig),
        },
        new: Implementation {
            name: "docker",
            meaning: "limits that the kernel of the machine enforces on containers",
            stage: Stage::Absent,
            needs: &[],
            deprecation: None,
        },
        shadowing: Shadowing::Possible,
    },
];

/// The entry of `axis`.
#[must_use]
pub fn info(axis: Axis) -> &'static AxisInfo {
    &AXES[axis.index()]
}

/// What this release offers of one half of `axis`.
#[must_use]
pub fn stage_of(axis: Axis, side: Side) -> Stage {
    info(axis).implementation(side).stage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_vocabulary() {
        for (at, axis) in Axis::ALL.into_iter().enumerate() {
            let entry = &AXES[at];
            assert_eq!(entry.axis, axis);
            for side in [Side::Old, Side::New] {
                assert_eq!(entry.implementation(side).name, axis.implementation(side));
            }
            assert_eq!(usize::from(entry.phase), at + 1);
        }
    }

    #[test]
    fn exactly_one_half_is_the_default_and_it_needs_nothing_that_is_not() {
        for entry in &AXES {
            let defaults =
                [entry.old.stage, entry.new.stage].iter().filter(|s| **s == Stage::Default).count();
            assert_eq!(defaults, 1, "{}", entry.axis);
            for need in entry.implementation(entry.default_side()).needs {
                assert_eq!(info(need.axis).default_side(), need.side, "{}", entry.axis);
            }
        }
    }

    #[test]
    fn needs_point_back_in_the_table_so_that_they_cannot_go_round() {
        for entry in &AXES {
            for half in [&entry.old, &entry.new] {
                assert!(half.needs.iter().all(|need| need.axis < entry.axis), "{}", half.name);
            }
        }
    }

    #[test]
    fn every_old_half_has_the_code_that_will_end_it() {
        let mut codes: Vec<_> = AXES.iter().filter_map(|entry| entry.old.deprecation).collect();
        assert_eq!(codes.len(), AXES.len());
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), AXES.len());
    }
}
