//! What an agent's process gets.
//!
//! A principal's shares become a [`Plan`]: CPU time per window, memory, disk, bytes written and moved per window, processes. [`ResourceLimits`]
//! makes plans, enforces them and says whether what an action used was within them.
//!
//! [`ConfigLimits`] keeps accounts in this process: it refuses a plan that the machine has no room for and flags an action that exceeded its
//! plan, so that whoever drives the agent stops it before the next one. It cannot stop an action halfway; only the kernel of the machine can. No implementation that asks the kernel exists yet.
//!
//! Invariants:
//!
//! * Planning is pure and monotone: more of a share never gives a lower limit, and no shares give no limits above zero.
//! * Plans made of shares that fit the capacity fit the capacity together, whatever is rounded.
//! * The plans in force never add up to more than the capacity; what would exceed it is refused and changes nothing.
//! * Whoever has no plan may use nothing.
//! * Integers only; no clock, no IO, no randomness, no hash map.
//!
//! ```
//! use ecology_container_limits::{Capacity, ConfigLimits, ResourceLimits, Verdict};
//! use ecology_types::{Charges, Key, Resource, Span};
//!
//! let room = Charges::of(Resource::Memory, 1 << 30).with(Resource::Cpu, 2_000_000);
//! let mut limits = ConfigLimits::new(Capacity { window: Span::from_secs(1), shares: room, pids: 1_000 });
//! let agent = Key(12);
//! let plan = limits.plan(&Charges::of(Resource::Memory, 1 << 20));
//! limits.enforce(agent, &plan)?;
//! assert_eq!(limits.admit(agent, &Charges::of(Resource::Memory, 1 << 20)), Verdict::Within);
//! assert!(!limits.admit(agent, &Charges::of(Resource::Memory, 2 << 20)).is_within());
//! # Ok::<(), ecology_container_limits::EnforceError>(())
//! ```

mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod divergence;
mod error;
mod limits;
mod plan;
mod register;
mod shadow;
mod transfer;
mod verdict;

pub use config::ConfigLimits;
pub use divergence::{REGISTER, classify};
pub use error::EnforceError;
pub use limits::ResourceLimits;
pub use plan::{Capacity, Limit, Plan};
pub use shadow::ShadowLimits;
pub use transfer::{enforce_together, enforce_transfer};
pub use verdict::Verdict;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
