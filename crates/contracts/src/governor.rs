//! Who answers for an artifact.

use ecology_types::Key;

use crate::StockContract;

/// What kind of contract answers for an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Governor {
    /// A contract of time zero, answered natively.
    Stock(StockContract),
    /// A contract that is code, asked outside.
    Code(Key),
}

impl Governor {
    /// The governor behind `access_contract`; none stands for `genesis_freeware`.
    #[must_use]
    pub fn of_contract(access_contract: Option<Key>) -> Self {
        match access_contract {
            None => Self::Stock(StockContract::Freeware),
            Some(key) => StockContract::from_key(key).map_or(Self::Code(key), Self::Stock),
        }
    }

    /// The key of the contract.
    #[must_use]
    pub const fn key(self) -> Key {
        match self {
            Self::Stock(stock) => stock.artifact().key(),
            Self::Code(key) => key,
        }
    }
}
