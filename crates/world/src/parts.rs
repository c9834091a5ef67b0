//! The three replaceable parts of a world.

use ecology_contracts::AccessControl;
use ecology_ontology::Ontology;
use ecology_rate_limiting::RateLimiter;
use ecology_shadow::Report;
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
    /// What the shadows have found so far, for every axis that has one.
    #[must_use]
    pub fn shadow_reports(&self) -> Vec<(Axis, Report)> {
        [
            (Axis::RateLimiting, self.limiter.shadow_report()),
            (Axis::ArtifactOntology, self.ontology.shadow_report()),
            (Axis::AccessControl, self.access.shadow_report()),
        ]
        .into_iter()
        .filter_map(|(axis, report)| Some((axis, report?)))
        .collect()
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
