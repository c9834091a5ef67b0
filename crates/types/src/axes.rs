//! Which implementation serves and which runs beside it, for each axis, as plain data that a journal can keep.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dimension of the migration: one question that two implementations answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Axis {
    /// Who may use how much, now: `tick` or `rolling`.
    RateLimiting,
    /// Who drives the agents: `tick` or `continuous`.
    ExecutionMode,
    /// What exists and what it looks like: `legacy` or `unified`.
    ArtifactOntology,
    /// Who may do what to what, at what price: `policy` or `contract`.
    AccessControl,
    /// What an agent's process gets: `config` or `docker`.
    ResourceLimits,
}

impl Axis {
    /// How many axes there are.
    pub const COUNT: usize = 5;
    /// Every axis, in the order of their indices.
    pub const ALL: [Self; Self::COUNT] = [
        Self::RateLimiting,
        Self::ExecutionMode,
        Self::ArtifactOntology,
        Self::AccessControl,
        Self::ResourceLimits,
    ];

    /// Position in [`Axis::ALL`] and in [`AxisVector`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in configuration and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimiting => "rate_limiting",
            Self::ExecutionMode => "execution_mode",
            Self::ArtifactOntology => "artifact_ontology",
            Self::AccessControl => "access_control",
            Self::ResourceLimits => "resource_limits",
        }
    }

    /// The name of the implementation on one side.
    #[must_use]
    pub const fn implementation(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::RateLimiting | Self::ExecutionMode, Side::Old) => "tick",
            (Self::RateLimiting, Side::New) => "rolling",
            (Self::ExecutionMode, Side::New) => "continuous",
            (Self::ArtifactOntology, Side::Old) => "legacy",
            (Self::ArtifactOntology, Side::New) => "unified",
            (Self::AccessControl, Side::Old) => "policy",
            (Self::AccessControl, Side::New) => "contract",
            (Self::ResourceLimits, Side::Old) => "config",
            (Self::ResourceLimits, Side::New) => "docker",
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One half of an axis.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The architecture that a deployment comes from.
    #[default]
    Old,
    /// The architecture that it moves to.
    New,
}

impl Side {
    /// The other half.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

/// The positions under which a command was decided: which side serves on each axis, and where the other side is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct AxisVector {
    /// The serving side, by [`Axis::index`].
    pub serves: [Side; Axis::COUNT],
    /// Whether the other side runs beside it, is compared, and serves nothing.
    pub shadowed: [bool; Axis::COUNT],
}

impl AxisVector {
    /// The serving side of `axis`.
    #[must_use]
    pub const fn side(&self, axis: Axis) -> Side {
        self.serves[axis.index()]
    }

    /// The name of the serving implementation of `axis`.
    #[must_use]
    pub const fn serving(&self, axis: Axis) -> &'static str {
        axis.implementation(self.side(axis))
    }

    /// The name of the shadowing implementation of `axis`, when there is one.
    #[must_use]
    pub const fn shadowing(&self, axis: Axis) -> Option<&'static str> {
        if self.shadowed[axis.index()] { Some(axis.implementation(self.side(axis).other())) } else { None }
    }

    /// The same vector with `side` serving on `axis`.
    #[must_use]
    pub const fn with(mut self, axis: Axis, side: Side) -> Self {
        self.serves[axis.index()] = side;
        self
    }

    /// The same vector with the other side of `axis` shadowing.
    #[must_use]
    pub const fn with_shadow(mut self, axis: Axis) -> Self {
        self.shadowed[axis.index()] = true;
        self
    }
}

impl fmt::Display for AxisVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, axis) in Axis::ALL.into_iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{axis}={}", self.serving(axis))?;
            if let Some(shadow) = self.shadowing(axis) {
                write!(f, "(shadow {shadow})")?;
            }
        }
        Ok(())
    }
}
