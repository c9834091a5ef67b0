//! The status that follows from the evidence.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{Evidence, Plan, hash};
use crate::workspace::Workspace;

/// How far a gap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Nobody has built it.
    Planned,
    /// It is being built, or is built and not proven.
    InProgress,
    /// Evidence says that every criterion passed.
    Complete,
}

impl Status {
    /// As written in plans.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InProgress => "in-progress",
            Self::Complete => "complete",
        }
    }
}

/// What the evidence says about a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The status that should be written.
    pub(crate) computed: Status,
    /// The evidence.
    pub(crate) evidence: Option<Evidence>,
    /// Whether files or criteria changed since it was recorded.
    pub(crate) stale: bool,
}

impl Standing {
    /// One word for tables: `none`, `fresh` or `stale`.
    pub(crate) fn word(&self) -> &'static str {
        match (&self.evidence, self.stale) {
            (None, _) => "none",
            (Some(_), false) => "fresh",
            (Some(_), true) => "stale",
        }
    }
}

/// Computes the status of `plan`.
///
/// Without evidence nothing is complete, and only the writer knows whether somebody has begun. With evidence, the results decide. That files
/// changed since does not undo the status, because `verify-phase` proves it again each time; it makes the evidence stale, which is shown.
///
/// # Errors
/// When the evidence or a file cannot be read.
pub(crate) fn standing(workspace: &Workspace, files: &[String], plan: &Plan) -> Result<Standing> {
    let evidence = Evidence::load(workspace, plan.head.id)?;
    let Some(found) = &evidence else {
        let begun = plan.head.status != Status::Planned;
        let computed = if begun { Status::InProgress } else { Status::Planned };
        return Ok(Standing { computed, evidence, stale: false });
    };
    let computed = if found.proves(plan) { Status::Complete } else { Status::InProgress };
    let stale = found.hash != hash(workspace, files, plan)?;
    Ok(Standing { computed, evidence, stale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criterion::{Check, Criterion, DocsCheck};
    use crate::plan::{Head, Proven};

    fn plan(status: Status) -> Plan {
        let check = Check::Docs(DocsCheck { page: "a/x.md".to_owned(), mentions: vec!["x".to_owned()] });
        Plan {
            file: "plans/01-x.md".to_owned(),
            head: Head {
                id: 1,
                title: "X".to_owned(),
                phase: 1,
                axis: None,
                status,
                blocked_by: Vec::new(),
                paths: vec!["a/**".to_owned()],
            },
            criteria: vec![Criterion { name: "says".to_owned(), needs: Vec::new(), check, line: 1 }],
            prose: "Why.".to_owned(),
        }
    }

    fn record(workspace: &Workspace, plan: &Plan, verdict: &str) {
        let files = workspace.files().unwrap();
        let evidence = Evidence {
            gap: 1,
            version: "0.1.0".to_owned(),
            date: jiff::civil::date(2026, 1, 2),
            hash: hash(workspace, &files, plan).unwrap(),
            criteria: vec![Proven {
                name: "says".to_owned(),
                kind: "docs".to_owned(),
                verdict: verdict.to_owned(),
                detail: String::new(),
            }],
        };
        evidence.save(workspace).unwrap();
    }

    fn now(workspace: &Workspace, plan: &Plan) -> (Status, &'static str) {
        let standing = standing(workspace, &workspace.files().unwrap(), plan).unwrap();
        (standing.computed, standing.word())
    }

    #[test]
    fn without_evidence_nothing_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        assert_eq!(now(&workspace, &plan(Status::Complete)), (Status::InProgress, "none"));
        assert_eq!(now(&workspace, &plan(Status::Planned)), (Status::Planned, "none"));
    }

    #[test]
    fn evidence_goes_stale_with_a_file_a_new_file_and_a_criterion() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        workspace.write("a/x.md", "x").unwrap();
        workspace.write("b/other.md", "x").unwrap();
        let plan = plan(Status::Complete);
        record(&workspace, &plan, "PASS");
        assert_eq!(now(&workspace, &plan), (Status::Complete, "fresh"));

        workspace.write("b/other.md", "changed").unwrap();
        assert_eq!(now(&workspace, &plan), (Status::Complete, "fresh"));
        workspace.write("a/x.md", "y").unwrap();
        assert_eq!(now(&workspace, &plan).1, "stale");
        workspace.write("a/x.md", "x").unwrap();
        assert_eq!(now(&workspace, &plan).1, "fresh");
        workspace.write("a/new.md", "").unwrap();
        assert_eq!(now(&workspace, &plan).1, "stale");
        std::fs::remove_file(workspace.path("a/new.md")).unwrap();
        std::fs::rename(workspace.path("a/x.md"), workspace.path("a/z.md")).unwrap();
        assert_eq!(now(&workspace, &plan).1, "stale");
        std::fs::rename(workspace.path("a/z.md"), workspace.path("a/x.md")).unwrap();

        let mut other = plan.clone();
        other.criteria[0].needs.push("docker".to_owned());
        assert_eq!(now(&workspace, &other).1, "stale");
        other.criteria.push(Criterion { name: "more".to_owned(), ..plan.criteria[0].clone() });
        assert_eq!(now(&workspace, &other).0, Status::InProgress);
    }

    #[test]
    fn a_skip_or_a_failure_never_completes() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        workspace.write("a/x.md", "x").unwrap();
        for verdict in ["SKIP", "FAIL"] {
            record(&workspace, &plan(Status::Complete), verdict);
            assert_eq!(now(&workspace, &plan(Status::Complete)).0, Status::InProgress);
        }
    }
}
