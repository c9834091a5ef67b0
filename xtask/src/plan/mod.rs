//! `plans/`: one file per gap, its typed criteria, the evidence for them, and the status that follows.

mod check;
mod evidence;
mod front_matter;
mod phases;
mod show;
mod status;

use anyhow::Result;
use serde::Deserialize;

use crate::criterion::Criterion;
use crate::workspace::Workspace;

pub(crate) use check::run as check;
pub(crate) use evidence::{Evidence, Proven, hash};
pub(crate) use front_matter::Problem;
pub(crate) use phases::run as phases;
pub(crate) use show::run as show;
pub(crate) use status::{Status, standing};

/// The phases, in order, with their goals.
pub(crate) const PHASES: [(u8, &str); 6] = [
    (1, "foundation"),
    (2, "integration"),
    (3, "unified ontology"),
    (4, "contracts"),
    (5, "real limits"),
    (6, "advanced"),
];

/// The axes with their old and new implementations.
pub(crate) const AXES: [(&str, [&str; 2]); 5] = [
    ("rate_limiting", ["tick", "rolling"]),
    ("execution_mode", ["tick", "continuous"]),
    ("artifact_ontology", ["legacy", "unified"]),
    ("access_control", ["policy", "contract"]),
    ("resource_limits", ["config", "docker"]),
];

/// One gap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The file, relative to the root.
    pub(crate) file: String,
    /// What the front matter says.
    pub(crate) head: Head,
    /// When it is closed.
    pub(crate) criteria: Vec<Criterion>,
    /// The prose.
    pub(crate) prose: String,
}

/// The front matter without the criteria.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Head {
    /// Number of the gap.
    pub(crate) id: u32,
    /// What it is about.
    pub(crate) title: String,
    /// Number of the phase it belongs to.
    pub(crate) phase: u8,
    /// The axis it moves, when it moves one.
    pub(crate) axis: Option<String>,
    /// What the writer says.
    pub(crate) status: Status,
    /// Gaps that must be closed before.
    #[serde(default)]
    pub(crate) blocked_by: Vec<u32>,
    /// Globs of the files that implement it: evidence is about these.
    pub(crate) paths: Vec<String>,
}

impl Plan {
    /// `GAP/name` of a criterion.
    pub(crate) fn name_of(&self, criterion: &Criterion) -> String {
        format!("{}/{}", self.head.id, criterion.name)
    }
}

/// Every plan by number, and what is wrong with the files that cannot be read.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn load(workspace: &Workspace) -> Result<(Vec<Plan>, Vec<Problem>)> {
    let mut plans = Vec::new();
    let mut problems = Vec::new();
    for file in workspace.files()? {
        let Some(name) = file.strip_prefix("plans/") else { continue };
        if name.contains('/') || !name.ends_with(".md") || name == "README.md" {
            continue;
        }
        match front_matter::read(&file, &workspace.read(&file)?) {
            Ok(plan) => plans.push(plan),
            Err(mut found) => problems.append(&mut found),
        }
    }
    plans.sort_by_key(|plan| plan.head.id);
    Ok((plans, problems))
}

/// Every plan by number.
///
/// # Errors
/// When one of the files cannot be read; the message has a line for each problem.
pub(crate) fn load_valid(workspace: &Workspace) -> Result<Vec<Plan>> {
    let (plans, problems) = load(workspace)?;
    if problems.is_empty() {
        return Ok(plans);
    }
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    anyhow::bail!("{}", lines.join("\n"))
}
