//! Why an action was not carried out, and what to do instead.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;

/// The answer to an action that was not carried out. A refused action changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What is wrong, as a stable code.
    pub code: RefusalCode,
    /// What is wrong in this case, with names and numbers. At most [`Refusal::DETAIL_BYTES_MAX`] bytes.
    pub detail: Box<str>,
    /// When the same action may succeed, for codes where waiting helps.
    pub retry_at: Option<Time>,
}

impl Refusal {
    /// The longest detail that is kept.
    pub const DETAIL_BYTES_MAX: usize = 512;

    /// A refusal with its particulars. Control characters become spaces and a detail that is too long is cut at a character boundary.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if detail.len() > Self::DETAIL_BYTES_MAX {
            let mut end = Self::DETAIL_BYTES_MAX;
            while !detail.is_char_boundary(end) {
                end -= 1;
            }
            detail.truncate(end);
        }
        // Nearly all details are plain ASCII, where a look at the bytes will do.
        let is_plain = detail.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_plain && detail.chars().any(char::is_control) {
            detail = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        }
        Self { code, detail: detail.into_boxed_str(), retry_at: None }
    }

    /// The same refusal, saying when to try again.
    #[must_use]
    pub fn until(mut self, at: Time) -> Self {
        self.retry_at = Some(at);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.code.name(), self.detail, self.code.remedy())
    }
}

impl std::error::Error for Refusal {}

/// The families of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Not allowed.
    Permission,
    /// Not enough of something.
    Resource,
    /// Not there.
    NotFound,
    /// Not well formed.
    Validation,
    /// The code that was called failed.
    Execution,
    /// Somebody else was first.
    Conflict,
    /// The world itself is at fault.
    System,
}

impl Category {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Resource => "resource",
            Self::NotFound => "not_found",
            Self::Validation => "validation",
            Self::Execution => "execution",
            Self::Conflict => "conflict",
            Self::System => "system",
        }
    }
}

macro_rules! refusal_codes {
    ($($variant:ident, $name:literal, $category:ident, $retriable:literal, $meaning:literal, $remedy:literal;)*) => {
        /// What is wrong, as a code that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as agents and reports see it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its family.
            #[must_use]
            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category,)* }
            }

            /// Whether the same action can succeed later without the agent doing anything about it.
            #[must_use]
            pub const fn is_retriable(self) -> bool {
                match self { $(Self::$variant => $retriable,)* }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do instead, in one sentence addressed to the agent.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

refusal_codes! {
    NotPermitted, "not_permitted", Permission, false,
        "The artifact's access rules do not allow this caller this action.",
        "Ask the owner, buy the right through genesis_escrow, or choose an artifact that you may use.";
    ContractMissing, "contract_missing", Permission, false,
        "The contract that answers for the artifact does not exist or cannot be asked, so the answer is no.",
        "Tell the owner to set access_contract_id to an existing contract, for instance genesis_freeware.";
    ContractTooDeep, "contract_too_deep", Permission, false,
        "Contracts asked contracts beyond the depth limit, so the answer is no.",
        "Use an artifact whose contract needs fewer others.";
    ContractNeedsCode, "contract_needs_code", Permission, true,
        "The contract is code and its answer has not been computed for the present state.",
        "Try again; the runner asks the contract and brings its answer along.";
    AnswerStale, "answer_stale", Conflict, true,
        "Something that the contract's answer was computed from has changed meanwhile.",
        "Try again; the contract will be asked again.";
    NoStanding, "no_standing", Permission, false,
        "Only a principal can hold scrip, hold resources or act.",
        "Name a principal; genesis_store.list_principals shows them.";
    InsufficientScrip, "insufficient_scrip", Resource, false,
        "The balance does not cover the amount; there is no debt.",
        "Check genesis_ledger.balance, then lower the amount, sell something or borrow through a debt artifact.";
    InsufficientQuota, "insufficient_quota", Resource, false,
        "The share or stock of a resource does not cover what is asked.",
        "Check genesis_rights_registry.check_quota, then delete something, ask for less or acquire quota by trade.";
    RateExceeded, "rate_exceeded", Resource, true,
        "The share of a renewable resource is used up for now.",
        "Wait until retry_at, or acquire a larger share through genesis_rights_registry.transfer_quota or genesis_escrow.";
    RateTooLarge, "rate_too_large", Resource, false,
        "The action needs more of a renewable resource than the whole share of one window.",
        "Split the action into smaller ones or acquire a larger share.";
    ArtifactNotFound, "artifact_not_found", NotFound, false,
        "No artifact has this id.",
        "Look it up with genesis_store.search or genesis_store.list.";
    ArtifactDeleted, "artifact_deleted", NotFound, false,
        "The artifact was deleted; its id stays taken.",
        "Use another id; a deleted id is never reused.";
    PrincipalNotFound, "principal_not_found", NotFound, false,
        "No principal has this id.",
        "Look it up with genesis_store.list_principals.";
    MethodNotFound, "method_not_found", NotFound, false,
        "The artifact has no method of this name.",
        "Read its methods with genesis_store.get_interface.";
    ListingNotFound, "listing_not_found", NotFound, false,
        "No open listing, offer, bid or subscription has this number.",
        "See genesis_escrow.list_active, genesis_mint.check or genesis_event_log.read.";
    IdInvalid, "id_invalid", Validation, false,
        "The text cannot be an id.",
        "Use 1 to 128 letters, digits, '_', '-', '.' or ':', beginning with a letter, a digit or '_'.";
    IdTooLong, "id_too_long", Validation, false,
        "The id is longer than this world allows.",
        "Use a shorter id.";
    IdReserved, "id_reserved", Validation, false,
        "Ids that begin with genesis belong to the artifacts of time zero.",
        "Choose an id that does not begin with genesis.";
    ContentTooLarge, "content_too_large", Validation, false,
        "The content is larger than this world allows.",
        "Split the content over several artifacts.";
    ArgumentInvalid, "argument_invalid", Validation, false,
        "An argument is missing, unknown, of the wrong shape or out of range.",
        "Compare the arguments with genesis_store.get_interface and send all required ones.";
    AmountInvalid, "amount_invalid", Validation, false,
        "An amount must be a whole number above zero that fits the world.",
        "Send a positive integer in the smallest unit.";
    PassageNotFound, "passage_not_found", Validation, false,
        "The passage to replace does not occur in the content.",
        "Read the artifact and copy the passage exactly.";
    PassageAmbiguous, "passage_ambiguous", Validation, false,
        "The passage to replace occurs more than once.",
        "Take more of its surroundings into the passage until it is unique.";
    NotExecutable, "not_executable", Validation, false,
        "The artifact has no code that can be invoked.",
        "Use read for data; invoke works on executables such as genesis_ledger.";
    NotSupported, "not_supported", Validation, false,
        "The schema that this world runs under has no place for this.",
        "Leave the field out, or see `ecology explain` for the code in the detail.";
    LimitReached, "limit_reached", Validation, false,
        "A limit on how many of something one principal may hold is reached.",
        "Close or delete some first.";
    ExecutionFailed, "execution_failed", Execution, true,
        "The code that was called failed.",
        "Check the arguments; the owner of the artifact can see why it fails.";
    IdTaken, "id_taken", Conflict, false,
        "The id is in use already: first come, first served.",
        "Choose another id, or leave mode=create out if you meant to replace what you own.";
    VersionConflict, "version_conflict", Conflict, true,
        "The artifact has changed since the version that the action expected.",
        "Read it again and base the change on the present content.";
    AlreadyListed, "already_listed", Conflict, false,
        "The good is in escrow, so nobody can change, move or list it.",
        "Cancel the listing with genesis_escrow.cancel first.";
    SelfTrade, "self_trade", Conflict, false,
        "Buyer and seller are the same principal.",
        "Cancel your own listing instead of buying it.";
    WrongState, "wrong_state", Conflict, false,
        "The agent, listing or auction is not in a state in which this can be done.",
        "Look at its status first.";
    ReservationUnknown, "reservation_unknown", System, false,
        "The thought or action settles a reservation that is not open.",
        "Nothing for the agent to do; the runner reserves again.";
    Unavailable, "unavailable", System, true,
        "This part of the world cannot answer at the moment.",
        "Try again later.";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
