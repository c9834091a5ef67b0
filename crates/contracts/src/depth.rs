//! How deep contracts may ask contracts.

use ecology_types::{Key, RefusalCode};

use crate::refuse::{name_of, refuse};
use crate::{AccessView, Answer, Request};

/// A guard that counts how deep contracts ask contracts. Whatever runs contract code enters once for every contract that it asks, and
/// passes the guard it gets down to whatever that contract asks in turn. Self-reference and cycles are legal data: the guard ends them.
///
/// ```
/// use ecology_contracts::{Depth, TooDeep};
/// let outside = Depth::outside(2);
/// let first = outside.enter()?;
/// let second = first.enter()?;
/// assert_eq!(second.enter(), Err(TooDeep { depth_max: 2 }));
/// # Ok::<(), TooDeep>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    entered: u32,
    depth_max: u32,
}

impl Depth {
    /// Outside of all contracts, with room for `depth_max` of them inside each other.
    #[must_use]
    pub const fn outside(depth_max: u32) -> Self {
        Self { entered: 0, depth_max }
    }

    /// Outside of all contracts, with the room that the world gives.
    #[must_use]
    pub fn of(view: &dyn AccessView) -> Self {
        Self::outside(view.contract_depth_max())
    }

    /// The guard inside of one more contract.
    ///
    /// # Errors
    /// [`TooDeep`] when the limit is reached.
    pub const fn enter(self) -> Result<Self, TooDeep> {
        if self.entered >= self.depth_max {
            return Err(TooDeep { depth_max: self.depth_max });
        }
        Ok(Self { entered: self.entered + 1, depth_max: self.depth_max })
    }

    /// How many contracts stand around this point.
    #[must_use]
    pub const fn entered(self) -> u32 {
        self.entered
    }
}

/// Contracts asked contracts beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("contracts may ask contracts {depth_max} deep at most")]
pub struct TooDeep {
    /// The limit.
    pub depth_max: u32,
}

impl TooDeep {
    /// The no that follows from it, for the question that was put to `contract`.
    #[must_use]
    pub fn answer(self, request: &Request<'_>, contract: Key, view: &dyn AccessView) -> Answer {
        let parts = ["its contract ", &name_of(contract, view), " cannot be asked, ", &self.to_string()];
        refuse(RefusalCode::ContractTooDeep, request, view, &parts)
    }
}
