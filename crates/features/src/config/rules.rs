//! Configuration in the terms of the world: positions and rules.

use ecology_types::{Axis, AxisVector, LoopRules, MintRules, OnDeprecated, Rules, Scrip, Side, Span};

use super::{Config, run::MS_MAX};
use crate::deprecations::{DeprecationCode, Level};
use crate::error::{ConfigError, Problem};

impl Config {
    /// Which implementation serves on each axis, and where the other one is compared.
    ///
    /// A shadow that names the serving side itself counts as none; [`crate::load`] refuses it.
    #[must_use]
    pub fn axis_vector(&self) -> AxisVector {
        let mut positions = AxisVector::default();
        for axis in Axis::ALL {
            let side = self.features.side(axis);
            positions = positions.with(axis, side);
            if self.shadow.side(axis) == Some(side.other()) {
                positions = positions.with_shadow(axis);
            }
        }
        positions
    }

    /// The rules that a world is played by.
    ///
    /// # Errors
    /// A span in milliseconds that does not fit the world's microseconds. [`crate::load`] refuses these earlier, at their place.
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        Ok(Rules {
            limits: self.limits.clone(),
            capacity: self.capacity.charges(),
            window: span("time.window_ms", self.time.window_ms)?,
            tick: span("time.tick_ms", self.time.tick_ms)?,
            action_estimate: self.action_estimate.charges(),
            mint: MintRules {
                interval: span("mint.interval_ms", self.mint.interval_ms)?,
                winners: self.mint.winners,
                mint_ratio: self.mint.mint_ratio,
                bid_min: Scrip(self.mint.bid_min),
            },
            loops: LoopRules {
                errors_in_row_max: self.loops.errors_in_row_max,
                backoff_first: span("loops.backoff_first_ms", self.loops.backoff_first_ms)?,
                backoff_max: span("loops.backoff_max_ms", self.loops.backoff_max_ms)?,
            },
            // Policies are the schema of the old access control; only under the new one are they on their way out.
            policy_fields: match self.features.side(Axis::AccessControl) {
                Side::Old => OnDeprecated::Allow,
                Side::New => match self.deprecations.level(DeprecationCode::PolicyFields) {
                    Level::Allow => OnDeprecated::Allow,
                    Level::Warn => OnDeprecated::Warn,
                    Level::Deny => OnDeprecated::Deny,
                },
            },
        })
    }
}

fn span(key: &str, milliseconds: u64) -> Result<Span, ConfigError> {
    if milliseconds > MS_MAX {
        return Err(ConfigError::new(Problem::OutOfRange {
            key: key.to_owned(),
            found: milliseconds.to_string(),
            min: 0,
            max: i64::try_from(MS_MAX).unwrap_or(i64::MAX),
        }));
    }
    Ok(Span::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_world() {
        let ours = Config::default().rules().expect("defaults are valid");
        let world = Rules { action_estimate: ours.action_estimate, ..Rules::default() };
        assert_eq!(ours, world, "a default of the configuration differs from the one of the world");
    }

    #[test]
    fn an_overflowing_span_is_refused() {
        let mut config = Config::default();
        config.time.tick_ms = u64::MAX;
        let error = config.rules().expect_err("it does not fit");
        assert!(error.to_string().contains("time.tick_ms"), "{error}");
    }
}
