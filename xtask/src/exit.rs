//! Exit codes of every word, and the error that means "you asked for something that does not exist".

use std::process::ExitCode;

/// How a command ended when nothing stopped it from finding out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was checked holds.
    Passed,
    /// Something was checked and does not hold.
    Failed,
    /// A plan, a claim or the set-up stands in the way; nothing was found out.
    SetUp,
}

impl Exit {
    /// [`Exit::Passed`] when `good`, else [`Exit::Failed`].
    pub(crate) fn passed_if(good: bool) -> Self {
        if good { Self::Passed } else { Self::Failed }
    }

    /// The documented number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 100,
            Self::SetUp => 96,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The arguments name something that does not exist: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl Usage {
    /// An error that ends the program with exit code 2.
    pub(crate) fn error(text: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self(text.into()))
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
