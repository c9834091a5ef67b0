//! `cargo xtask phases`: every phase and gap with its status at a glance.

use anyhow::Result;
use serde::Serialize;

use super::{PHASES, load_valid, standing};
use crate::claims;
use crate::date::today;
use crate::exit::Exit;
use crate::talk::{say, tell};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Row {
    phase: u8,
    gap: u32,
    title: String,
    written: &'static str,
    computed: &'static str,
    evidence: &'static str,
    criteria: usize,
    claimed_by: Option<String>,
}

/// Prints the table, or one JSON array.
///
/// # Errors
/// When a plan cannot be read.
pub(crate) fn run(workspace: &Workspace, json: bool) -> Result<Exit> {
    let files = workspace.files()?;
    let claims = claims::Claims::load(workspace)?;
    let mut rows = Vec::new();
    for plan in load_valid(workspace)? {
        let standing = standing(workspace, &files, &plan)?;
        rows.push(Row {
            phase: plan.head.phase,
            gap: plan.head.id,
            written: plan.head.status.name(),
            computed: standing.computed.name(),
            evidence: standing.word(),
            criteria: plan.criteria.len(),
            claimed_by: claims.live(plan.head.id, today()).map(|claim| claim.who.clone()),
            title: plan.head.title,
        });
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Passed);
    }
    say!(
        "{:>3}  {:<40} {:<12} {:<12} {:<9} {:<9} claimed by",
        "gap",
        "title",
        "written",
        "computed",
        "evidence",
        "criteria"
    );
    for (number, goal) in PHASES {
        let own: Vec<&Row> = rows.iter().filter(|row| row.phase == number).collect();
        let complete = own.iter().filter(|row| row.computed == "complete").count();
        say!("phase {number}: {goal} ({complete} of {} complete)", own.len());
        for row in own {
            let mark = if row.written == row.computed { ' ' } else { '!' };
            say!(
                "{:>3}{mark} {:<40} {:<12} {:<12} {:<9} {:<9} {}",
                row.gap,
                row.title,
                row.written,
                row.computed,
                row.evidence,
                row.criteria,
                row.claimed_by.as_deref().unwrap_or("-")
            );
        }
    }
    tell!("next: cargo xtask verify-phase all");
    Ok(Exit::Passed)
}
