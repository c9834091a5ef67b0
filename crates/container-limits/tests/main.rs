//! The tests of the crate as its users see it.

mod config;
mod shadow;

use ecology_container_limits::{Capacity, ConfigLimits, ShadowLimits, limits_suite};

limits_suite! {
    config_conforms: ConfigLimits::new,
    a_pair_conforms: |capacity: Capacity| {
        ShadowLimits::new(Box::new(ConfigLimits::new(capacity)), Box::new(ConfigLimits::new(capacity)))
    },
}
