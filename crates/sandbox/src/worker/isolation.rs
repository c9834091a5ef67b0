//! Which walls stand around a worker.

use serde::{Deserialize, Serialize};

/// Which walls stand around a worker process, as it found them when it started. Nothing is silently missing: see [`Isolation::missing`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Isolation {
    layers: Vec<Layer>,
}

/// One wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Its name, such as `seccomp`.
    pub name: String,
    /// What it keeps out.
    pub against: String,
    /// Nothing when it stands, else why not.
    pub missing_because: Option<String>,
}

impl Isolation {
    pub(super) fn note(&mut self, name: &str, against: &str, outcome: Result<(), String>) {
        let missing_because = outcome.err().map(|why| crate::clean(&why));
        self.layers.push(Layer { name: name.to_owned(), against: against.to_owned(), missing_because });
    }

    /// All walls, standing or not.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Whether the wall called `name` stands.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.name == name && layer.missing_because.is_none())
    }

    /// The walls that are missing.
    pub fn missing(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(|layer| layer.missing_because.is_some())
    }
}

impl std::fmt::Display for Isolation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, layer) in self.layers.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match &layer.missing_because {
                None => write!(formatter, "{comma}{}", layer.name)?,
                Some(why) => write!(formatter, "{comma}{} MISSING ({why})", layer.name)?,
            }
        }
        Ok(())
    }
}
