//! The answer of one window, without the name of a resource.

use ecology_types::Time;

/// Whether one amount fits one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes, now.
    Admit,
    /// Not now; exactly at `until`, if nothing else happens before, the answer is [`Answer::Admit`].
    Wait {
        /// The first moment at which the answer is yes; [`Time::NEVER`] when only an event can free capacity.
        until: Time,
    },
    /// The amount is larger than the share of a whole window.
    AboveShare,
}

impl Answer {
    /// Whether the answer is yes, now.
    #[must_use]
    pub const fn is_admit(self) -> bool {
        matches!(self, Self::Admit)
    }
}
