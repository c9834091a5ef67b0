//! The four contracts of time zero, as native code.

use ecology_types::{GenesisArtifact, Key, Verb};

use crate::Request;

/// A contract of time zero. It is answered natively: its rule is part of the kernel and needs no look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StockContract {
    /// Anyone reads and invokes, only the creator writes, edits and deletes, only the owner transfers. The default.
    Freeware,
    /// Only the artifact itself may do anything to itself.
    SelfOwned,
    /// Only the owner may do anything.
    Private,
    /// Anyone may do anything.
    Public,
}

impl StockContract {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Freeware, Self::SelfOwned, Self::Private, Self::Public];

    /// The stock contract with this key, if it is one.
    #[must_use]
    pub const fn from_key(key: Key) -> Option<Self> {
        const FREEWARE: u32 = GenesisArtifact::Freeware.key().0;
        const SELF_OWNED: u32 = GenesisArtifact::SelfOwned.key().0;
        const PRIVATE: u32 = GenesisArtifact::Private.key().0;
        const PUBLIC: u32 = GenesisArtifact::Public.key().0;
        match key.0 {
            FREEWARE => Some(Self::Freeware),
            SELF_OWNED => Some(Self::SelfOwned),
            PRIVATE => Some(Self::Private),
            PUBLIC => Some(Self::Public),
            _ => None,
        }
    }

    /// The artifact that stands for it.
    #[must_use]
    pub const fn artifact(self) -> GenesisArtifact {
        match self {
            Self::Freeware => GenesisArtifact::Freeware,
            Self::SelfOwned => GenesisArtifact::SelfOwned,
            Self::Private => GenesisArtifact::Private,
            Self::Public => GenesisArtifact::Public,
        }
    }

    /// Whether the contract says yes, whichever contract governs the artifact now.
    #[must_use]
    pub fn allows(self, request: &Request<'_>) -> bool {
        self.rule(request).is_ok()
    }

    /// What the contract says: `Ok` with why it may be done, or `Err` with the rule that forbids it. Always free of charge.
    pub(crate) fn rule(self, request: &Request<'_>) -> Result<&'static str, &'static str> {
        let (caller, artifact) = (request.caller, request.artifact);
        match (self, request.verb) {
            (_, Verb::Noop) => Ok("nothing is done"),
            (Self::Freeware, Verb::Read | Verb::Invoke) => Ok("genesis_freeware: anyone reads and invokes"),
            (Self::Freeware, Verb::Write | Verb::Edit | Verb::Delete) if caller == artifact.creator => {
                Ok("genesis_freeware: the creator changes")
            }
            (Self::Freeware, Verb::Write | Verb::Edit | Verb::Delete) => {
                Err("its contract genesis_freeware lets only the creator change it")
            }
            (Self::Freeware, Verb::Transfer) if caller == artifact.owner => {
                Ok("genesis_freeware: the owner gives it away")
            }
            (Self::Freeware, Verb::Transfer) => {
                Err("its contract genesis_freeware lets only the owner give it away")
            }
            (Self::SelfOwned, _) if caller == artifact.key => Ok("genesis_self_owned: it is itself"),
            (Self::SelfOwned, _) => {
                Err("its contract genesis_self_owned lets only the artifact itself do so")
            }
            (Self::Private, _) if caller == artifact.owner => Ok("genesis_private: the owner may"),
            (Self::Private, _) => Err("its contract genesis_private lets only the owner do so"),
            (Self::Public, _) => Ok("genesis_public: anyone may"),
        }
    }
}
