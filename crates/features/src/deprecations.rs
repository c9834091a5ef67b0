//! The table of deprecations: what goes, where it is written, what to write instead, and when it is gone.

use std::fmt;
use std::str::FromStr;

use ecology_types::{Axis, AxisVector, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::axes::{Stage, stage_of};

/// The stable code of a deprecation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeprecationCode {
    /// Policy fields on an artifact.
    #[serde(rename = "ECO-D001")]
    PolicyFields,
    /// Agents driven by ticks.
    #[serde(rename = "ECO-D002")]
    ExecutionModeTick,
    /// Shares refilled by ticks.
    #[serde(rename = "ECO-D003")]
    RateLimitingTick,
    /// Artifacts apart from principals.
    #[serde(rename = "ECO-D004")]
    OntologyLegacy,
    /// Access by lists.
    #[serde(rename = "ECO-D005")]
    AccessControlPolicy,
    /// Limits that are only numbers.
    #[serde(rename = "ECO-D006")]
    ResourceLimitsConfig,
}

impl DeprecationCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 6] = [
        Self::PolicyFields,
        Self::ExecutionModeTick,
        Self::RateLimitingTick,
        Self::OntologyLegacy,
        Self::AccessControlPolicy,
        Self::ResourceLimitsConfig,
    ];

    /// The code as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PolicyFields => "ECO-D001",
            Self::ExecutionModeTick => "ECO-D002",
            Self::RateLimitingTick => "ECO-D003",
            Self::OntologyLegacy => "ECO-D004",
            Self::AccessControlPolicy => "ECO-D005",
            Self::ResourceLimitsConfig => "ECO-D006",
        }
    }

    /// Its entry in the table.
    #[must_use]
    pub fn info(self) -> &'static Deprecation {
        &DEPRECATIONS[self as usize]
    }
}

impl fmt::Display for DeprecationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the code of a deprecation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no deprecation has the code {0:?}; they go from ECO-D001 to ECO-D006")]
pub struct UnknownCode(pub String);

impl FromStr for DeprecationCode {
    type Err = UnknownCode;
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .into_iter()
            .find(|code| code.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownCode(text.chars().take(64).collect()))
    }
}

/// What happens when something deprecated is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is said.
    Allow,
    /// A warning, once per run, and an event in the journal.
    #[default]
    Warn,
    /// The use is refused.
    Deny,
}

/// When a deprecation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// An implementation serves, and its stage is [`Stage::Deprecated`].
    Serves(Axis, Side),
    /// Something is written into a world in which this implementation serves.
    WrittenUnder(Axis, Side),
}

/// One thing that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecation {
    /// Its code.
    pub code: DeprecationCode,
    /// What goes, as the beginning of a sentence.
    pub what: &'static str,
    /// Where it is written.
    pub place: &'static str,
    /// What to write instead.
    pub replacement: &'static str,
    /// The release that no longer knows it. Nothing is removed before it has warned for one whole release.
    pub removed_in: &'static str,
    /// When it holds.
    pub trigger: Trigger,
}

impl Deprecation {
    /// Whether using it means something in this release under these positions.
    #[must_use]
    pub fn is_active(&self, positions: &AxisVector) -> bool {
        match self.trigger {
            Trigger::Serves(axis, side) => {
                positions.side(axis) == side && stage_of(axis, side) == Stage::Deprecated
            }
            Trigger::WrittenUnder(axis, side) => positions.side(axis) == side,
        }
    }

    /// Whether any deployment of this release can meet it.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        match self.trigger {
            Trigger::Serves(axis, side) => stage_of(axis, side) == Stage::Deprecated,
            Trigger::WrittenUnder(axis, side) => stage_of(axis, side).can_run(),
        }
    }
}

impl fmt::Display for Deprecation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({}) will be removed in {}; {}",
            self.code, self.what, self.place, self.removed_in, self.replacement
        )
    }
}

/// Every deprecation, in the order of the codes.
pub static DEPRECATIONS: [Deprecation; DeprecationCode::ALL.len()] = [
    Deprecation {
        code: DeprecationCode::PolicyFields,
        what: "policy fields on an artifact, which decide nothing under contracts",
        place: "policy in a write action while access_control = \"contract\" serves",
        replacement: "leave policy out and write access_contract = \"genesis_freeware\" or a contract of your own; `ecology contracts allow_list` prints one that says what the lists say, paywall one with prices",
        removed_in: "0.3.0",
        trigger: Trigger::WrittenUnder(Axis::AccessControl, Side::New),
    },
    Deprecation {
        code: DeprecationCode::ExecutionModeTick,
        what: "driving agents by ticks",
        place: "execution_mode = \"tick\" under [features]",
        replacement: "write execution_mode = \"continuous\" and rate_limiting = \"rolling\"",
        removed_in: "0.4.0",
        trigger: Trigger::Serves(Axis::ExecutionMode, Side::Old),
    },
    Deprecation {
        code: DeprecationCode::RateLimitingTick,
        what: "refilling shares by ticks",
        place: "rate_limiting = \"tick\" under [features]",
        replacement: "write rate_limiting = \"rolling\"",
        removed_in: "0.4.0",
        trigger: Trigger::Serves(Axis::RateLimiting, Side::Old),
    },
    Deprecation {
        code: DeprecationCode::OntologyLegacy,
        what: "the legacy ontology",
        place: "artifact_ontology = \"legacy\" under [features]",
        replacement: "write artifact_ontology = \"unified\"",
        removed_in: "0.4.0",
        trigger: Trigger::Serves(Axis::ArtifactOntology, Side::Old),
    },
    Deprecation {
        code: DeprecationCode::AccessControlPolicy,
        what: "access by policy fields",
        place: "access_control = \"policy\" under [features]",
        replacement: "write access_control = \"contract\" and artifact_ontology = \"unified\"",
        removed_in: "0.4.0",
        trigger: Trigger::Serves(Axis::AccessControl, Side::Old),
    },
    Deprecation {
        code: DeprecationCode::ResourceLimitsConfig,
        what: "limits that only the process counts",
        place: "resource_limits = \"config\" under [features]",
        replacement: "write resource_limits = \"docker\"",
        removed_in: "0.5.0",
        trigger: Trigger::Serves(Axis::ResourceLimits, Side::Old),
    },
];

/// The deprecations that using a world under these positions can meet.
pub fn active(positions: &AxisVector) -> impl Iterator<Item = &'static Deprecation> + '_ {
    DEPRECATIONS.iter().filter(|entry| entry.is_active(positions))
}

/// `[deprecations]`: what happens when something deprecated is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deprecations {
    /// Policy fields on an artifact while access_control = "contract" serves.
    #[serde(rename = "ECO-D001")]
    pub policy_fields: Level,
    /// execution_mode = "tick". Not in force in this release.
    #[serde(rename = "ECO-D002")]
    pub execution_mode_tick: Level,
    /// rate_limiting = "tick". Not in force in this release.
    #[serde(rename = "ECO-D003")]
    pub rate_limiting_tick: Level,
    /// artifact_ontology = "legacy". Not in force in this release.
    #[serde(rename = "ECO-D004")]
    pub ontology_legacy: Level,
    /// access_control = "policy". Not in force in this release.
    #[serde(rename = "ECO-D005")]
    pub access_control_policy: Level,
    /// resource_limits = "config". Not in force in this release.
    #[serde(rename = "ECO-D006")]
    pub resource_limits_config: Level,
}

impl Deprecations {
    /// What happens when `code` is used.
    #[must_use]
    pub const fn level(&self, code: DeprecationCode) -> Level {
        match code {
            DeprecationCode::PolicyFields => self.policy_fields,
            DeprecationCode::ExecutionModeTick => self.execution_mode_tick,
            DeprecationCode::RateLimitingTick => self.rate_limiting_tick,
            DeprecationCode::OntologyLegacy => self.ontology_legacy,
            DeprecationCode::AccessControlPolicy => self.access_control_policy,
            DeprecationCode::ResourceLimitsConfig => self.resource_limits_config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_codes() {
        for code in DeprecationCode::ALL {
            assert_eq!(code.info().code, code);
            assert_eq!(code.name().parse(), Ok(code));
            assert_eq!(serde_json::to_value(code).expect("plain data"), code.name());
        }
        assert!("ECO-D999".parse::<DeprecationCode>().is_err());
    }

    #[test]
    fn only_policy_fields_under_contracts_are_active_today() {
        let old = AxisVector::default();
        assert_eq!(active(&old).count(), 0);
        let new = old.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
        let codes: Vec<_> = active(&new).map(|entry| entry.code).collect();
        assert_eq!(codes, [DeprecationCode::PolicyFields]);
    }

    #[test]
    fn every_axis_points_at_the_deprecation_that_triggers_on_it() {
        for entry in &crate::AXES {
            let code = entry.old.deprecation.expect("every old half has one");
            assert_eq!(code.info().trigger, Trigger::Serves(entry.axis, Side::Old));
        }
    }
}
