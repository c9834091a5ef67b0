//! Scoring of artifacts that win at the mint.

use ecology_types::{ArtifactRecord, SmolStr};

/// Gives an artifact 0 to 100 points. Called outside `step`; its answers enter the world as inputs, so that a replay needs no scorer.
pub trait Scorer: Send {
    /// The name in reports.
    fn name(&self) -> &'static str;

    /// The points of one artifact.
    ///
    /// # Errors
    /// Why it could not be scored; the bid is then refunded.
    fn score(&mut self, artifact: &ArtifactRecord) -> Result<u8, SmolStr>;
}

/// The default scorer: counts distinct words, so that saying more scores more and repeating oneself does not. Deterministic.
#[derive(Debug, Clone, Copy, Default)]
pub struct DistinctWords;

impl Scorer for DistinctWords {
    fn name(&self) -> &'static str {
        "distinct_words"
    }

    fn score(&mut self, artifact: &ArtifactRecord) -> Result<u8, SmolStr> {
        if artifact.content.trim().is_empty() {
            return Err(SmolStr::new_static("the artifact has no content"));
        }
        let mut words: Vec<&str> = artifact.content.split_whitespace().take(10_000).collect();
        words.sort_unstable();
        words.dedup();
        Ok(u8::try_from(words.len().min(100)).unwrap_or(100))
    }
}
