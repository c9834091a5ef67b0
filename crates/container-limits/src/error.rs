//! Why a plan is not in force.

use ecology_types::Span;

use crate::Limit;

/// Why a plan could not be put in force. Nothing has changed then, unless the error says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnforceError {
    /// The plans of all would add up to more than there is.
    #[error("{asked} of {limit} do not fit: {free} are free; lower the plan of somebody else first")]
    OverCapacity {
        /// Which limit.
        limit: Limit,
        /// What the plan asks.
        asked: u64,
        /// What the others leave.
        free: u64,
    },
    /// The plan counts over another window.
    #[error("the plan counts over {asked}, these limits over {window}; make it with the same limits")]
    WindowDiffers {
        /// The window of the plan.
        asked: Span,
        /// The window in force.
        window: Span,
    },
    /// A transfer failed, and what was changed before could not be put back.
    #[error("{failed}; and the giver's former plan could not be put back: {not_restored}")]
    NotRestored {
        /// Why the transfer failed.
        failed: Box<EnforceError>,
        /// Why the giver keeps its lower plan.
        not_restored: Box<EnforceError>,
    },
}
