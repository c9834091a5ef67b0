//! `plans/evidence/ID.json`: what was proven, about which bytes.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::digest::digest;
use crate::globs;
use crate::workspace::Workspace;

/// The recorded result of verifying one gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    /// Number of the gap.
    pub(crate) gap: u32,
    /// Version of the workspace.
    pub(crate) version: String,
    /// The day.
    pub(crate) date: crate::date::Date,
    /// Hash of the plan's criteria and of the files that its `paths` match.
    pub(crate) hash: String,
    /// The result of each criterion.
    pub(crate) criteria: Vec<Proven>,
}

/// The recorded result of one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proven {
    /// Its name.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// `PASS`, `FAIL` or `SKIP`.
    pub(crate) verdict: String,
    /// What was found.
    pub(crate) detail: String,
}

impl Evidence {
    fn file(gap: u32) -> String {
        format!("plans/evidence/{gap:02}.json")
    }

    /// The evidence for a gap, when there is some.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub(crate) fn load(workspace: &Workspace, gap: u32) -> Result<Option<Self>> {
        let file = Self::file(gap);
        if !workspace.path(&file).is_file() {
            return Ok(None);
        }
        let text = workspace.read(&file)?;
        let evidence: Self = serde_json::from_str(&text).with_context(|| {
            format!(
                "{file}: is no evidence; record it again: cargo xtask verify-phase all --only {gap} --record"
            )
        })?;
        anyhow::ensure!(evidence.gap == gap, "{file}: is about gap {}", evidence.gap);
        Ok(Some(evidence))
    }

    /// Writes it; gives the file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn save(&self, workspace: &Workspace) -> Result<String> {
        let file = Self::file(self.gap);
        workspace.write(&file, &format!("{}\n", serde_json::to_string_pretty(self)?))?;
        Ok(file)
    }

    /// Whether every criterion of `plan` has passed.
    pub(crate) fn proves(&self, plan: &Plan) -> bool {
        !plan.criteria.is_empty()
            && plan.criteria.iter().all(|criterion| {
                self.criteria.iter().any(|proven| proven.name == criterion.name && proven.verdict == "PASS")
            })
    }
}

/// What evidence for `plan` is about: its criteria and the bytes of the files that its `paths` match.
///
/// # Errors
/// When a glob is malformed or a file cannot be read.
pub(crate) fn hash(workspace: &Workspace, files: &[String], plan: &Plan) -> Result<String> {
    let criteria = serde_json::to_string(&plan.criteria)?;
    digest(workspace, &globs::matching(files, &plan.head.paths)?, &criteria)
}
