//! The question, the answer and what may be looked at for it: the trait that both implementations share.

use ecology_types::{
    ArtifactRecord, CodeRules, EventCount, Grant, Key, PermissionAnswer, RefusalCode, Scrip, Span, Time,
    Value, Verb,
};

/// A question to access control.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What it is about.
    pub artifact: &'a ArtifactRecord,
    /// What is to be done to it.
    pub verb: Verb,
    /// The immediate caller, never the original one.
    pub caller: Key,
    /// The method, for invocations.
    pub method: Option<&'a str>,
    /// The arguments, for invocations.
    pub args: Option<&'a Value>,
    /// Answers of contracts that are code, computed outside for this action.
    pub answers: &'a [PermissionAnswer],
}

/// What access control may look at. Read only.
pub trait AccessView {
    /// The live artifact with this key.
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord>;
    /// The balance of a principal; zero for anything else.
    fn balance(&self, key: Key) -> Scrip;
    /// How deep contracts may ask contracts.
    fn contract_depth_max(&self) -> u32;

    /// The version of the state that an executable keeps; 0 for one that keeps none.
    fn state_version(&self, _key: Key) -> u64 {
        0
    }

    /// How many events of this sort `viewer` may see.
    fn events(&self, _viewer: Key, _which: &EventCount) -> u64 {
        0
    }

    /// The time of the decision.
    fn now(&self) -> Time {
        Time::ZERO
    }

    /// How old a time may be that a contract was told.
    fn answer_age_max(&self) -> Span {
        CodeRules::default().answer_age_max
    }
}

/// The answer of access control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes, at a price.
    Allow {
        /// The price and who pays.
        grant: Grant,
        /// Why.
        reason: &'static str,
    },
    /// No.
    Deny {
        /// The code of the refusal.
        code: RefusalCode,
        /// Why, in one sentence that names what was asked and which rule said no.
        reason: String,
    },
}

impl Answer {
    /// A yes that costs nothing.
    #[must_use]
    pub const fn free(reason: &'static str) -> Self {
        Self::Allow { grant: Grant { cost: Scrip::ZERO, payer: ecology_types::Payer::Invoker }, reason }
    }

    /// Whether it is a yes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Decides who may do what to what, at what price. Fails closed: whatever cannot be answered is a no with its reason.
pub trait AccessControl: Send + Sync {
    /// The name of the implementation in flags and reports.
    fn name(&self) -> &'static str;

    /// Answers a question on the present state of the world. Changes nothing.
    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer;

    /// The contract whose code must be asked before `decide` can answer, with its answer then among [`Request::answers`].
    /// `None` when the answer is native.
    fn needs_code(&self, request: &Request<'_>, view: &dyn AccessView) -> Option<Key>;

    /// The answer of a contract that is code on which `decide` rests, with its terms: who gets which share of the price, and the contract's
    /// state afterwards. `None` when the answer is native or none at hand can be relied on.
    fn ruling<'a>(&self, _request: &Request<'a>, _view: &dyn AccessView) -> Option<&'a PermissionAnswer> {
        None
    }

    /// The comparison with another implementation, when this is a shadow pair.
    fn comparison(&self) -> Option<&ecology_shadow::Comparison> {
        None
    }

    /// What that comparison found so far.
    fn shadow_report(&self) -> Option<ecology_shadow::Report> {
        self.comparison().map(ecology_shadow::Comparison::report)
    }
}
