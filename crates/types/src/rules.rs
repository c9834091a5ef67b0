//! The rules that a world is played by: limits, capacities, schedules. They are data, and a journal records every change of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Charges, Scrip, Span};

/// Everything that configuration decides about the physics of a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// How much of anything one principal, one request or one page may take.
    pub limits: Limits,
    /// What the provider has in total: stock for depletable and allocatable resources, capacity per window for renewable ones.
    /// Shares add up to at most this.
    pub capacity: Charges,
    /// Length of the window for renewable resources in rolling mode.
    pub window: Span,
    /// World time that one tick takes. In tick mode it is also the window.
    pub tick: Span,
    /// What every action reserves before it is carried out; the measured amount replaces it afterwards.
    pub action_estimate: Charges,
    /// The auction of new scrip.
    pub mint: MintRules,
    /// How agents' loops behave.
    pub loops: LoopRules,
    /// What happens when an agent writes policy fields.
    pub policy_fields: OnDeprecated,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            capacity: Charges([u64::MAX >> 1; crate::Resource::COUNT]),
            window: Span::from_secs(60),
            tick: Span::from_secs(1),
            action_estimate: Charges::NONE,
            mint: MintRules::default(),
            loops: LoopRules::default(),
            policy_fields: OnDeprecated::Allow,
        }
    }
}

/// What happens when somebody uses something that is on its way out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDeprecated {
    /// Nothing.
    #[default]
    Allow,
    /// It is done, and the log says so once per run.
    Warn,
    /// It is refused.
    Deny,
}

/// Upper bounds. Each has a refusal that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest id, in bytes; at most 128.
    pub id_bytes_max: u32,
    /// Longest method name or kind, in bytes.
    pub name_bytes_max: u32,
    /// Largest content of one artifact, in bytes.
    pub content_bytes_max: u64,
    /// Largest arguments of one invocation, in bytes.
    pub args_bytes_max: u64,
    /// Deepest nesting of arguments.
    pub args_depth_max: u32,
    /// Most methods in one interface.
    pub methods_max: u32,
    /// Most ids in one allow list.
    pub allow_list_max: u32,
    /// Most artifacts that the world holds, tombstones included.
    pub artifacts_max: u32,
    /// Most open listings and offers of one principal.
    pub orders_per_principal_max: u32,
    /// Most open bids of one principal at the mint.
    pub bids_per_principal_max: u32,
    /// Most event kinds and artifacts that one principal subscribes to.
    pub subscriptions_per_principal_max: u32,
    /// Most items on one page of a listing, a search or the event log.
    pub page_items_max: u32,
    /// Events that stay readable through `genesis_event_log`; the journal keeps all.
    pub log_events_max: u32,
    /// How deep contracts may ask contracts.
    pub contract_depth_max: u32,
    /// Most open reservations of one principal.
    pub reservations_per_principal_max: u32,
    /// Most wake conditions in one sleep.
    pub wake_conditions_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            id_bytes_max: 64,
            name_bytes_max: 64,
            content_bytes_max: 100_000,
            args_bytes_max: 64_000,
            args_depth_max: 16,
            methods_max: 64,
            allow_list_max: 256,
            artifacts_max: 10_000_000,
            orders_per_principal_max: 64,
            bids_per_principal_max: 8,
            subscriptions_per_principal_max: 32,
            page_items_max: 100,
            log_events_max: 100_000,
            contract_depth_max: 10,
            reservations_per_principal_max: 4,
            wake_conditions_max: 8,
        }
    }
}

/// The auction of new scrip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MintRules {
    /// Time between two resolutions, in microseconds of world time; 0 turns the mint off.
    pub interval: Span,
    /// How many bids win.
    pub winners: u32,
    /// Points of score for one new scrip.
    pub mint_ratio: u64,
    /// Lowest bid that is taken.
    pub bid_min: Scrip,
}

impl Default for MintRules {
    fn default() -> Self {
        Self { interval: Span::from_secs(10), winners: 1, mint_ratio: 10, bid_min: Scrip(1) }
    }
}

/// How agents' loops behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoopRules {
    /// Errors in a row after which a loop pauses.
    pub errors_in_row_max: u32,
    /// First pause after an error, in microseconds; it doubles with every further one.
    pub backoff_first: Span,
    /// Longest pause after an error, in microseconds.
    pub backoff_max: Span,
}

impl Default for LoopRules {
    fn default() -> Self {
        Self { errors_in_row_max: 5, backoff_first: Span::from_millis(100), backoff_max: Span::from_secs(60) }
    }
}
