//! Bugs put in on purpose, so that the crash tests can prove that they would find them. Never in an ordinary build.

/// A bug that a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// The committer acknowledges a batch before it gives it to the journal.
    AcknowledgeBeforeSync,
    /// SQLite syncs its log no longer with every commit, only when it moves it into the main file.
    CommitNotSynced,
    /// SQLite syncs nothing.
    SyncRemoved,
    /// The log is moved into the main file inside the commit, so that whoever waits for an acknowledgement waits for that as well.
    CheckpointBeforeAcknowledgement,
    /// A new world's name is not made durable.
    FolderNotSynced,
}
