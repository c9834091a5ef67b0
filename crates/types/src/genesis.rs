//! The artifacts of time zero, with the keys that they have in every world.

use crate::{Id, Key};

/// An artifact that exists from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum GenesisArtifact {
    /// The creator of everything at time zero; a reserved name, not a privilege.
    Genesis,
    /// Balances and transfers.
    Ledger,
    /// Quotas and their transfers.
    RightsRegistry,
    /// Discovery.
    Store,
    /// Trade.
    Escrow,
    /// The auction of new scrip.
    Mint,
    /// The log of events.
    EventLog,
    /// The manual for agents.
    Handbook,
    /// Contract: anyone reads and invokes, only the creator changes.
    Freeware,
    /// Contract: only the artifact itself.
    SelfOwned,
    /// Contract: only the owner.
    Private,
    /// Contract: anyone, anything.
    Public,
}

impl GenesisArtifact {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 12] = [
        Self::Genesis,
        Self::Ledger,
        Self::RightsRegistry,
        Self::Store,
        Self::Escrow,
        Self::Mint,
        Self::EventLog,
        Self::Handbook,
        Self::Freeware,
        Self::SelfOwned,
        Self::Private,
        Self::Public,
    ];

    /// Its key, the same in every world.
    #[must_use]
    pub const fn key(self) -> Key {
        Key(self as u32)
    }

    /// The genesis artifact with this key.
    #[must_use]
    pub fn from_key(key: Key) -> Option<Self> {
        Self::ALL.get(key.index()).copied()
    }

    /// Its id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Ledger => "genesis_ledger",
            Self::RightsRegistry => "genesis_rights_registry",
            Self::Store => "genesis_store",
            Self::Escrow => "genesis_escrow",
            Self::Mint => "genesis_mint",
            Self::EventLog => "genesis_event_log",
            Self::Handbook => "genesis_handbook",
            Self::Freeware => "genesis_freeware",
            Self::SelfOwned => "genesis_self_owned",
            Self::Private => "genesis_private",
            Self::Public => "genesis_public",
        }
    }

    /// Its id, checked.
    #[must_use]
    pub fn id(self) -> Id {
        Id::known(self.name())
    }

    /// Whether it is one of the four genesis contracts.
    #[must_use]
    pub const fn is_contract(self) -> bool {
        matches!(self, Self::Freeware | Self::SelfOwned | Self::Private | Self::Public)
    }
}
