//! `cargo xtask plan show ID`: one gap, its criteria and what the evidence says about each.

use anyhow::Result;

use super::{load_valid, standing};
use crate::claims::Claims;
use crate::date::today;
use crate::exit::{Exit, Usage};
use crate::talk::{say, tell};
use crate::workspace::Workspace;

/// Prints the plan of gap `id`.
///
/// # Errors
/// [`Usage`] when there is no such gap; otherwise when a plan cannot be read.
pub(crate) fn run(workspace: &Workspace, id: u32) -> Result<Exit> {
    let plans = load_valid(workspace)?;
    let Some(plan) = plans.iter().find(|plan| plan.head.id == id) else {
        let known: Vec<_> = plans.iter().map(|plan| plan.head.id.to_string()).collect();
        return Err(Usage::error(format!("there is no gap {id}; the gaps are {}", known.join(", "))));
    };
    let standing = standing(workspace, &workspace.files()?, plan)?;
    let head = &plan.head;
    say!("gap {id}: {}", head.title);
    say!("file        {}", plan.file);
    say!("phase       {}", head.phase);
    say!("axis        {}", head.axis.as_deref().unwrap_or("-"));
    say!("status      {} (computed: {})", head.status.name(), standing.computed.name());
    let blockers: Vec<_> = head.blocked_by.iter().map(ToString::to_string).collect();
    say!("blocked by  {}", if blockers.is_empty() { "-".to_owned() } else { blockers.join(", ") });
    say!("paths       {}", head.paths.join(" "));
    match &standing.evidence {
        Some(found) => say!("evidence    {} of {} ({})", standing.word(), found.date, found.version),
        None => say!("evidence    none"),
    }
    match Claims::load(workspace)?.live(id, today()) {
        Some(claim) => say!("claimed     by {} since {}", claim.who, claim.since),
        None => say!("claimed     by nobody"),
    }
    say!("criteria");
    for criterion in &plan.criteria {
        let proven = standing
            .evidence
            .as_ref()
            .and_then(|found| found.criteria.iter().find(|proven| proven.name == criterion.name));
        let verdict = proven.map_or("-", |proven| proven.verdict.as_str());
        say!(
            "  {verdict:<4}  {:<32} {:<7} {}",
            plan.name_of(criterion),
            criterion.check.kind(),
            crate::verify::describe(&criterion.check)
        );
    }
    say!("\n{}", plan.prose);
    tell!("next: cargo xtask verify-phase {} --only {id}", head.phase);
    Ok(Exit::Passed)
}
