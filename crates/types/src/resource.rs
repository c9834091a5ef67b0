//! The three kinds of scarce things, and vectors of amounts over them.

use std::fmt;
use std::ops::{Index, IndexMut};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scarce thing that principals hold shares of. Amounts are integers in the unit that each variant names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Resource {
    /// Money for language models, in micro-dollars. Spent for good.
    LlmBudget,
    /// Room for content, in bytes. Given back on delete.
    Disk,
    /// Working memory, in bytes. Given back when an action ends.
    Memory,
    /// Tokens of language models, per window.
    LlmTokens,
    /// Thoughts, per window.
    LlmCalls,
    /// CPU time, in microseconds per window.
    Cpu,
    /// Bytes written, per window.
    DiskWrites,
    /// Bytes of requests and results, per window.
    Bandwidth,
}

/// How a resource behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// Spent for good.
    Depletable,
    /// A quota, given back on delete or free.
    Allocatable,
    /// A rate over a window. Unused capacity is lost.
    Renewable,
}

impl Resource {
    /// How many resources there are.
    pub const COUNT: usize = 8;

    /// Every resource, in the order of their indices.
    pub const ALL: [Self; Self::COUNT] = [
        Self::LlmBudget,
        Self::Disk,
        Self::Memory,
        Self::LlmTokens,
        Self::LlmCalls,
        Self::Cpu,
        Self::DiskWrites,
        Self::Bandwidth,
    ];

    /// The renewable ones: those that a rate limiter decides about.
    pub const RENEWABLE: [Self; 5] =
        [Self::LlmTokens, Self::LlmCalls, Self::Cpu, Self::DiskWrites, Self::Bandwidth];

    /// Position in [`Resource::ALL`] and in [`Charges`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// How it behaves over time.
    #[must_use]
    pub const fn kind(self) -> ResourceKind {
        match self {
            Self::LlmBudget => ResourceKind::Depletable,
            Self::Disk | Self::Memory => ResourceKind::Allocatable,
            _ => ResourceKind::Renewable,
        }
    }

    /// Whether the machine measures it while the world runs, so that two runs of one seed differ in it.
    /// The others are counted by the rules of the world and are the same in every run.
    #[must_use]
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory)
    }

    /// The name in configuration, arguments and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LlmBudget => "llm_budget",
            Self::Disk => "disk",
            Self::Memory => "memory",
            Self::LlmTokens => "llm_tokens",
            Self::LlmCalls => "llm_calls",
            Self::Cpu => "cpu",
            Self::DiskWrites => "disk_writes",
            Self::Bandwidth => "bandwidth",
        }
    }

    /// The unit of its amounts.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::LlmBudget => "micro-dollars",
            Self::Disk | Self::Memory | Self::DiskWrites | Self::Bandwidth => "bytes",
            Self::LlmTokens => "tokens",
            Self::LlmCalls => "calls",
            Self::Cpu => "microseconds",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text does not name a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no resource is called {0:?}; they are llm_budget, disk, memory, llm_tokens, llm_calls, cpu, disk_writes, bandwidth"
)]
pub struct UnknownResource(pub String);

impl FromStr for Resource {
    type Err = UnknownResource;
    fn from_str(text: &str) -> Result<Self, UnknownResource> {
        Self::ALL
            .into_iter()
            .find(|resource| resource.name() == text)
            .ok_or_else(|| UnknownResource(text.chars().take(64).collect()))
    }
}

/// One amount for every resource, each in its own unit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Charges(pub [u64; Resource::COUNT]);

impl Charges {
    /// Nothing of anything.
    pub const NONE: Self = Self([0; Resource::COUNT]);

    /// `amount` of one resource.
    #[must_use]
    pub const fn of(resource: Resource, amount: u64) -> Self {
        let mut amounts = [0; Resource::COUNT];
        amounts[resource.index()] = amount;
        Self(amounts)
    }

    /// The same charges with `amount` of `resource`.
    #[must_use]
    pub const fn with(mut self, resource: Resource, amount: u64) -> Self {
        self.0[resource.index()] = amount;
        self
    }

    /// Whether every amount is zero.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|amount| *amount == 0)
    }

    /// The amounts that are not zero.
    pub fn iter(&self) -> impl Iterator<Item = (Resource, u64)> + '_ {
        Resource::ALL.into_iter().map(|resource| (resource, self[resource])).filter(|(_, amount)| *amount > 0)
    }

    /// Sum, each amount stopping at `u64::MAX`.
    #[must_use]
    pub fn saturating_add(&self, other: &Self) -> Self {
        let mut sum = *self;
        for resource in Resource::ALL {
            sum[resource] = sum[resource].saturating_add(other[resource]);
        }
        sum
    }
}

/// As a sequence of eight numbers.
///
/// Nearly all amounts are zero. A number below 128 has one encoding in every format that we write, whatever its type, and as a byte it needs
/// no loop.
impl Serialize for Charges {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut amounts = serializer.serialize_tuple(Self::NONE.0.len())?;
        for amount in &self.0 {
            match u8::try_from(*amount) {
                Ok(small) if small < 128 => amounts.serialize_element(&small)?,
                _ => amounts.serialize_element(amount)?,
            }
        }
        amounts.end()
    }
}

impl Index<Resource> for Charges {
    type Output = u64;
    fn index(&self, resource: Resource) -> &u64 {
        &self.0[resource.index()]
    }
}

impl IndexMut<Resource> for Charges {
    fn index_mut(&mut self, resource: Resource) -> &mut u64 {
        &mut self.0[resource.index()]
    }
}

impl fmt::Debug for Charges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(resource, amount)| (resource.name(), amount))).finish()
    }
}
