//! Building many minds from few configurations.

use std::cell::RefCell;
use std::collections::VecDeque;

use ecology_types::Seed;

use crate::scripted::Tools;
use crate::{Mind, MindConfig, MindConfigError};

/// Builds minds and remembers the configurations that it read lately: a population mostly has a few, so that most texts are read once, and minds
/// that only look at their configuration can share it.
#[derive(Default)]
pub struct Builder {
    tools: Tools,
    /// The latest one last.
    latest: RefCell<VecDeque<(Box<str>, MindConfig)>>,
}

impl Builder {
    /// How many configurations are remembered.
    const LATEST_MAX: usize = 16;
    /// The longest text that is remembered, in bytes.
    const TEXT_BYTES_MAX: usize = 4_096;

    /// A builder of minds that have these ways to the outside.
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools, latest: RefCell::default() }
    }

    /// The mind that the text of a configuration describes.
    ///
    /// # Errors
    /// [`MindConfigError`] says what is wrong, where, and what to write.
    pub fn build(&self, config_text: &str, seed: Seed) -> Result<Box<dyn Mind>, MindConfigError> {
        let mut latest = self.latest.borrow_mut();
        if let Some((_, config)) = latest.iter().rev().find(|(text, _)| **text == *config_text) {
            return Ok(config.build(seed, &self.tools));
        }
        let config = MindConfig::parse(config_text)?;
        let mind = config.build(seed, &self.tools);
        if config_text.len() <= Self::TEXT_BYTES_MAX {
            if latest.len() >= Self::LATEST_MAX {
                latest.pop_front();
            }
            latest.push_back((config_text.into(), config));
        }
        Ok(mind)
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("remembers", &self.latest.borrow().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_builds_what_each_text_says_however_many_there_are() {
        let builder = Builder::default();
        for round in 0..3 {
            for n in 1..40_u64 {
                let text = format!("mind = 'failing'\nfirst = {n}");
                let mind = builder.build(&text, Seed(n)).unwrap();
                let alone = crate::build(&text, Seed(n)).unwrap();
                assert_eq!((mind.name(), mind.save()), (alone.name(), alone.save()), "round {round}");
            }
            assert!(builder.build("mind = 'nobody'", Seed(0)).is_err());
            assert_eq!(builder.build("mind = 'sleeper'", Seed(0)).unwrap().name(), "sleeper");
        }
        assert_eq!(builder.latest.borrow().len(), Builder::LATEST_MAX);
    }
}
