//! Laws that hold in every state and of every history, checked from outside the deciders; one file each.
//!
//! [`World::check_invariants`] judges a state. [`History`] judges a history, record by record. [`replay_equals_live`] and
//! [`nothing_lost_nothing_twice`] compare two things that must be the same. Tests of every layer use these: of the world after each
//! command, of the runner after each run, and of crashes for each disk that is found.

mod balance;
mod disk;
mod escrow;
mod mint;
mod namespace;
mod owner;
mod promise;
mod refusal;
mod replay;
mod reservation;
mod scrip;
mod sequence;
mod shares;
mod windows;

use ecology_types::Record;

use crate::world::World;

pub use namespace::Namespace;
pub use promise::nothing_lost_nothing_twice;
pub use refusal::Refusals;
pub use replay::replay_equals_live;
pub use reservation::Reservations;
pub use sequence::Sequence;

/// A law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{law}: {detail}")]
pub struct Broken {
    /// The law.
    pub law: &'static str,
    /// How it is broken.
    pub detail: String,
}

impl World {
    /// Checks every law on the present state. Takes time in proportion to the size of the world.
    ///
    /// # Errors
    /// The first law that is [`Broken`].
    pub fn check_invariants(&self) -> Result<(), Broken> {
        self.scrip_is_conserved()?;
        self.what_is_set_aside_is_reserved()?;
        self.shares_fit_capacity()?;
        self.windows_hold()?;
        self.each_artifact_has_one_owner()?;
        self.escrow_holds_what_it_lists()?;
        self.mint_holds_what_is_bid()?;
        self.disk_adds_up()
    }
}

/// A law on histories.
pub trait HistoryLaw {
    /// Takes note of the next record.
    ///
    /// # Errors
    /// How the record breaks the law.
    fn hear(&mut self, record: &Record) -> Result<(), Broken>;
}

/// All laws on histories together.
#[derive(Debug, Clone, Default)]
pub struct History {
    sequence: Sequence,
    namespace: Namespace,
    reservations: Reservations,
    refusals: Refusals,
}

impl History {
    /// How many reservations are open after what was heard so far.
    #[must_use]
    pub fn open_reservations(&self) -> usize {
        self.reservations.open()
    }
}

impl HistoryLaw for History {
    fn hear(&mut self, record: &Record) -> Result<(), Broken> {
        self.sequence.hear(record)?;
        self.namespace.hear(record)?;
        self.reservations.hear(record)?;
        self.refusals.hear(record)
    }
}
