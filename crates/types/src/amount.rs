//! The internal currency, as an integer that cannot go below zero.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of scrip, in whole scrip. Never negative: debt is an artifact, not a balance.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Scrip(pub u64);

impl Scrip {
    /// No scrip.
    pub const ZERO: Self = Self(0);
    /// The most scrip that a world may hold in total: it fits a signed 64-bit integer, so that every reader can take it.
    pub const TOTAL_MAX: Self = Self(i64::MAX as u64);

    /// The sum, or `None` when it would not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) if sum <= Self::TOTAL_MAX.0 => Some(Self(sum)),
            _ => None,
        }
    }

    /// The difference, or `None` when `other` is larger.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }
}

impl fmt::Display for Scrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
