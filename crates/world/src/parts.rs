//! The three replaceable parts of a world.

use ecology_contracts::AccessControl;
use ecology_ontology::Ontology;
use ecology_rate_limiting::RateLimiter;
use ecology_shadow::{Comparison, Report};
use ecology_types::{Axis, AxisVector};

/// The implementations that a world runs on, chosen by whoever composes it. The world never asks which ones they are.
pub struct Parts {
    /// Who may use how much, now.
    pub limiter: Box<dyn RateLimiter>,
    /// What exists.
    pub ontology: Box<dyn Ontology>,
    /// Who may do what to what.
    pub access: Box<dyn AccessControl>,
    /// The positions that led to this choice; stamped on every record.
    pub axes: AxisVector,
}

impl Parts {
    /// The comparisons of the shadows, for every axis that has one.
    #[must_use]
    pub fn comparisons(&self) -> Vec<(Axis, &Comparison)> {
        [
            (Axis::RateLimiting, self.limiter.comparison()),
            (Axis::ArtifactOntology, self.ontology.comparison()),
            (Axis::AccessControl, self.access.comparison()),
        ]
        .into_iter()
        .filter_map(|(axis, comparison)| Some((axis, comparison?)))
        .collect()
    }

    /// What the shadows have found so far, for every axis that has one.
    #[must_use]
    pub fn shadow_reports(&self) -> Vec<(Axis, Report)> {
        self.comparisons().into_iter().map(|(axis, comparison)| (axis, comparison.report())).collect()
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("limiter", &self.limiter.name())
            .field("ontology", &self.ontology.name())
            .field("access", &self.access.name())
            .field("axes", &self.axes)
            .finish()
    }
}
