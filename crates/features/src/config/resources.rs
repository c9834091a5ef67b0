//! Amounts per resource, by name.

use ecology_types::{Charges, Resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[capacity]`: what the provider has in total. A resource that is not named has no limit of the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// Money for language models, in micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_budget: Option<u64>,
    /// Room for content, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<u64>,
    /// Working memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Tokens of language models, per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_tokens: Option<u64>,
    /// Thoughts, per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_calls: Option<u64>,
    /// CPU time, in microseconds per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u64>,
    /// Bytes written, per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_writes: Option<u64>,
    /// Bytes of requests and results, per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
}

impl Capacity {
    /// The capacity of a resource that configuration does not name: larger than any sum of shares.
    pub const UNLIMITED: u64 = i64::MAX as u64;

    /// The configured capacity of one resource.
    #[must_use]
    pub const fn get(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::LlmBudget => self.llm_budget,
            Resource::Disk => self.disk,
            Resource::Memory => self.memory,
            Resource::LlmTokens => self.llm_tokens,
            Resource::LlmCalls => self.llm_calls,
            Resource::Cpu => self.cpu,
            Resource::DiskWrites => self.disk_writes,
            Resource::Bandwidth => self.bandwidth,
        }
    }

    /// All capacities, with [`Capacity::UNLIMITED`] for what is not named.
    #[must_use]
    pub fn charges(&self) -> Charges {
        let mut charges = Charges::NONE;
        for resource in Resource::ALL {
            charges[resource] = self.get(resource).unwrap_or(Self::UNLIMITED);
        }
        charges
    }
}

/// A section with one amount per resource, each with its own default.
macro_rules! amounts {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $resource:ident = $default:literal, $field_doc:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(#[doc = $field_doc] pub $field: u64,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// The amounts as a vector over all resources.
            #[must_use]
            pub const fn charges(&self) -> Charges {
                Charges::NONE$(.with(Resource::$resource, self.$field))*
            }
        }
    };
}

amounts! {
    /// `[shares]`: what each agent that exists at time zero holds. Later ones begin with nothing and get theirs by trade.
    Shares {
        llm_budget: LlmBudget = 1_000_000, "Money for language models, in micro-dollars; spent for good.";
        disk: Disk = 1_000_000, "Room for content, in bytes.";
        memory: Memory = 67_108_864, "Working memory, in bytes.";
        llm_tokens: LlmTokens = 100_000, "Tokens of language models, per window.";
        llm_calls: LlmCalls = 10_000, "Thoughts, per window.";
        cpu: Cpu = 10_000_000, "CPU time, in microseconds per window.";
        disk_writes: DiskWrites = 10_000_000, "Bytes written, per window.";
        bandwidth: Bandwidth = 100_000_000, "Bytes of requests and results, per window.";
    }
}

amounts! {
    /// `[action_estimate]`: what every action reserves before it is carried out; the measured amount replaces it afterwards.
    ActionEstimate {
        llm_budget: LlmBudget = 0, "Money for language models, in micro-dollars.";
        disk: Disk = 0, "Room for content, in bytes.";
        memory: Memory = 0, "Working memory, in bytes.";
        llm_tokens: LlmTokens = 0, "Tokens of language models.";
        llm_calls: LlmCalls = 0, "Thoughts.";
        cpu: Cpu = 1_000, "CPU time, in microseconds.";
        disk_writes: DiskWrites = 1_024, "Bytes written.";
        bandwidth: Bandwidth = 1_024, "Bytes of the request and its result.";
    }
}
