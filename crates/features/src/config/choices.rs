//! The names that can stand in `[features]` and `[shadow]`.

use ecology_types::{Axis, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The two halves of one axis as configuration names them, and the same with `off` for the shadow.
macro_rules! axis_choice {
    ($choice:ident, $shadow:ident, $axis:ident, $old:ident: $old_doc:literal, $new:ident: $new_doc:literal) => {
        #[doc = concat!("What serves on [`Axis::", stringify!($axis), "`].")]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $choice {
            #[default]
            #[doc = $old_doc]
            $old,
            #[doc = $new_doc]
            $new,
        }

        impl $choice {
            /// The half that this names.
            #[must_use]
            pub const fn side(self) -> Side {
                match self {
                    Self::$old => Side::Old,
                    Self::$new => Side::New,
                }
            }

            /// The name of a half.
            #[must_use]
            pub const fn of(side: Side) -> Self {
                match side {
                    Side::Old => Self::$old,
                    Side::New => Self::$new,
                }
            }
        }

        #[doc = concat!("What is compared beside what serves on [`Axis::", stringify!($axis), "`].")]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $shadow {
            /// Nothing is compared.
            #[default]
            Off,
            #[doc = $old_doc]
            $old,
            #[doc = $new_doc]
            $new,
        }

        impl $shadow {
            /// The half that this names, if any.
            #[must_use]
            pub const fn side(self) -> Option<Side> {
                match self {
                    Self::Off => None,
                    Self::$old => Some(Side::Old),
                    Self::$new => Some(Side::New),
                }
            }

            /// The name of a half, or of nothing.
            #[must_use]
            pub const fn of(side: Option<Side>) -> Self {
                match side {
                    None => Self::Off,
                    Some(Side::Old) => Self::$old,
                    Some(Side::New) => Self::$new,
                }
            }
        }
    };
}

axis_choice!(
    RateLimiting, RateLimitingShadow, RateLimiting,
    Tick: "Shares of renewable resources are refilled at the start of every tick.",
    Rolling: "What is used in any trailing window stays within the share."
);
axis_choice!(
    ExecutionMode, ExecutionModeShadow, ExecutionMode,
    Tick: "All agents think on one snapshot, then act one after the other in a seeded order.",
    Continuous: "Every agent runs its own loop."
);
axis_choice!(
    ArtifactOntology, ArtifactOntologyShadow, ArtifactOntology,
    Legacy: "Artifacts have a type, an owner and policy fields; principals are listed apart from them.",
    Unified: "One schema and one id namespace for everything."
);
axis_choice!(
    AccessControl, AccessControlShadow, AccessControl,
    Policy: "Lists of readers, writers and invokers with prices.",
    Contract: "The artifact's access contract is the only authority."
);
axis_choice!(
    ResourceLimits, ResourceLimitsShadow, ResourceLimits,
    Config: "Configured numbers, enforced inside the process.",
    Docker: "Limits that the kernel enforces on containers. Not built yet."
);

/// `[features]`: which implementation serves, on each axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// Who may use how much, now.
    pub rate_limiting: RateLimiting,
    /// Who drives the agents. "continuous" needs rate_limiting = "rolling".
    pub execution_mode: ExecutionMode,
    /// What exists, and what it looks like.
    pub artifact_ontology: ArtifactOntology,
    /// Who may do what to what, at what price. "contract" needs artifact_ontology = "unified".
    pub access_control: AccessControl,
    /// What an agent's process gets. "docker" is not built yet.
    pub resource_limits: ResourceLimits,
}

impl Features {
    /// The half that serves on `axis`.
    #[must_use]
    pub const fn side(&self, axis: Axis) -> Side {
        match axis {
            Axis::RateLimiting => self.rate_limiting.side(),
            Axis::ExecutionMode => self.execution_mode.side(),
            Axis::ArtifactOntology => self.artifact_ontology.side(),
            Axis::AccessControl => self.access_control.side(),
            Axis::ResourceLimits => self.resource_limits.side(),
        }
    }

    /// Lets `side` serve on `axis`. What it needs elsewhere is not touched.
    pub const fn set(&mut self, axis: Axis, side: Side) {
        match axis {
            Axis::RateLimiting => self.rate_limiting = RateLimiting::of(side),
            Axis::ExecutionMode => self.execution_mode = ExecutionMode::of(side),
            Axis::ArtifactOntology => self.artifact_ontology = ArtifactOntology::of(side),
            Axis::AccessControl => self.access_control = AccessControl::of(side),
            Axis::ResourceLimits => self.resource_limits = ResourceLimits::of(side),
        }
    }
}

/// `[shadow]`: which implementation runs beside the one that serves, is compared with it, and serves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shadow {
    /// Beside rate limiting.
    pub rate_limiting: RateLimitingShadow,
    /// Beside the execution mode. Only "off" is possible: compare whole runs instead.
    pub execution_mode: ExecutionModeShadow,
    /// Beside the ontology.
    pub artifact_ontology: ArtifactOntologyShadow,
    /// Beside access control.
    pub access_control: AccessControlShadow,
    /// Beside resource limits. Only "off" is possible while "docker" is not built.
    pub resource_limits: ResourceLimitsShadow,
}

impl Shadow {
    /// The half that shadows on `axis`, if any.
    #[must_use]
    pub const fn side(&self, axis: Axis) -> Option<Side> {
        match axis {
            Axis::RateLimiting => self.rate_limiting.side(),
            Axis::ExecutionMode => self.execution_mode.side(),
            Axis::ArtifactOntology => self.artifact_ontology.side(),
            Axis::AccessControl => self.access_control.side(),
            Axis::ResourceLimits => self.resource_limits.side(),
        }
    }

    /// Lets `side`, or nothing, shadow on `axis`.
    pub const fn set(&mut self, axis: Axis, side: Option<Side>) {
        match axis {
            Axis::RateLimiting => self.rate_limiting = RateLimitingShadow::of(side),
            Axis::ExecutionMode => self.execution_mode = ExecutionModeShadow::of(side),
            Axis::ArtifactOntology => self.artifact_ontology = ArtifactOntologyShadow::of(side),
            Axis::AccessControl => self.access_control = AccessControlShadow::of(side),
            Axis::ResourceLimits => self.resource_limits = ResourceLimitsShadow::of(side),
        }
    }
}
