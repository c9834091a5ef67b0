//! The vocabulary of an agent ecology.
//!
//! This is the ground floor: ids, integer amounts, time as a value, seeds, actions, refusals, commands and effects.
//!
//! What is absent, on purpose: IO, clocks, async, floating point, randomness that is not an argument, and every kind of
//! behaviour that could differ between two architectures. Crates above decide; this one only names.

mod action;
mod amount;
mod artifact;
mod axes;
mod code;
mod command;
mod command_kind;
mod counted;
mod effect;
mod encoder;
mod genesis;
mod id;
mod migration;
mod numbered;
mod outcome;
mod record;
mod refusal;
mod resource;
mod rules;
mod seed;
mod snug;
mod time;
mod value;
mod wake;

pub use action::{Action, Draft, Verb, WriteMode};
pub use amount::Scrip;
pub use artifact::{AllowList, ArtifactRecord, Interface, Method, Policy, PolicyDraft};
pub use axes::{Axis, AxisVector, Side};
pub use code::{
    AllowedInvocation, CodeRules, Denial, EventCount, HostCall, Operation, Purse, Reads, SENTENCE_CHARS_MAX,
    Terms, ToolAct, ToolRun, call_digest, question_digest, sentence, told_digest,
};
pub use command::{
    Act, Command, Founder, Genesis, Grant, Lifecycle, Measurement, Payer, PermissionAnswer, Thought,
};
pub use command_kind::CommandKind;
pub use counted::counted;
pub use effect::{
    Bid, BidId, ContainerChange, Effect, EventKind, Good, MintReason, Order, OrderId, ReservationId,
    TransferReason, WakeReason,
};
pub use genesis::GenesisArtifact;
pub use id::{Id, IdError, Key};
pub use migration::{Converted, ConvertedField, Migration, RangeDigest};
pub use numbered::Numbered;
pub use outcome::Outcome;
pub use record::{RECORD_VERSION, Record, RecordError, RecordRef, append};
pub use refusal::{Category, Refusal, RefusalCode};
pub use resource::{Charges, Resource, ResourceKind, UnknownResource};
pub use rules::{Limits, LoopRules, MintRules, OnDeprecated, Rules};
pub use seed::{Seed, SeededRng};
pub use smol_str::SmolStr;
pub use snug::Snug;
pub use time::{Span, Time};
pub use value::{NotAValue, Value};
pub use wake::{Sleep, WakeCondition};
