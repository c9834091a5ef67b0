//! How an import is done.

/// What an import may do and take in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Upper bounds.
    pub limits: Limits,
    /// Whether ids that this world cannot hold get new ones, everywhere they are referred to.
    pub rename_ids: bool,
    /// Whether of several things that share an id all but one get new ones, and what refers to them with them.
    pub rename_colliding: bool,
}

/// Upper bounds of what is read. Everything above one of them is refused, and the refusal names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest checkpoint, configuration, agent file or prompt, in bytes. Event logs are read line by line and may be larger.
    pub file_bytes_max: u64,
    /// Deepest nesting of lists and maps.
    pub depth_max: usize,
    /// Most principals and artifacts together, and most values in one YAML file.
    pub ids_max: usize,
    /// Largest content of one artifact or prompt, in bytes; at most [`Limits::CONTENT_BYTES_MOST`].
    pub content_bytes_max: usize,
    /// Longest line of an event log, in bytes; a longer one is counted and not read.
    pub line_bytes_max: usize,
    /// Most files and folders that are looked at.
    pub files_max: usize,
    /// Most problems that one refusal lists; the rest is counted.
    pub problems_max: usize,
}

impl Limits {
    /// A journal keeps a text twice in one record of 16 MiB at most.
    pub const CONTENT_BYTES_MOST: usize = 7 * 1024 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 256 * 1024 * 1024,
            depth_max: 32,
            ids_max: 1_000_000,
            content_bytes_max: 4 * 1024 * 1024,
            line_bytes_max: 16 * 1024 * 1024,
            files_max: 10_000,
            problems_max: 100,
        }
    }
}
