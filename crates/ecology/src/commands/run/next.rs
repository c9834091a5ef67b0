//! What to type after a run: three commands that work as they stand.

use ecology_runner::report::RunReport;
use ecology_types::{Axis, AxisVector, Side};

use super::word;
use crate::terminal::Terminal;

/// Command lines with what they show.
pub(super) fn commands(report: &RunReport, axes: AxisVector, terminal: &Terminal) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut add = |command: String, why: &str| list.push((terminal.command(&command), why.to_owned()));
    match &report.world {
        Some(world) => {
            let world = word(world);
            add(format!("replay {world}"), "compute the state again from the journal and compare the hash");
            let (kind, why) = if report.trade.trades > 0 {
                ("escrow_sold", "the last ten trades; also: balances, agents, artifacts, escrow, mint")
            } else {
                ("action_done", "the last ten actions; also: balances, agents, artifacts, escrow, mint")
            };
            add(format!("inspect {world} events --kind {kind} --limit 10"), why);
        }
        None => add(
            format!("run --scenario {}", report.scenario),
            "the same in a file that can be inspected and replayed",
        ),
    }
    let codes = report.shadow.values().flat_map(|found| found.expected.keys());
    if let Some(code) = codes.into_iter().next() {
        add(format!("explain {}", word(code)), "why both halves may answer differently, and what to do");
    } else if axes.side(Axis::ExecutionMode) == Side::Old {
        let what = match &report.world {
            // No run can make it anew.
            Some(world) if report.scenario == "imported" => format!("--world {}", word(world)),
            _ => format!("--scenario {}", report.scenario),
        };
        add(
            format!(
                "run {what} --set features.execution_mode=continuous --set features.rate_limiting=rolling"
            ),
            "the same world with every agent in its own loop",
        );
    } else {
        add("features".to_owned(), "which halves serve, and what comes next on each axis");
    }
    list
}
