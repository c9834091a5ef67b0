//! What to type after a run: three commands that work as they stand.

use ecology_runner::report::RunReport;
use ecology_types::{Axis, AxisVector, Side};

use super::word;
use crate::cli::RunArgs;
use crate::terminal::Terminal;
use crate::text::{clean, shell_word};

const CONTINUOUSLY: &str = "--set features.execution_mode=continuous --set features.rate_limiting=rolling";

/// What of a command line made the world what it is, to be said again.
fn again(args: &RunArgs) -> String {
    let mut text = String::new();
    let mut add = |option: &str, value: String| text += &format!(" {option} {}", shell_word(&clean(&value)));
    if let Some(config) = &args.config.config {
        add("--config", config.display().to_string());
    }
    if let Some(agents) = args.agents {
        add("--agents", agents.to_string());
    }
    if let Some(seed) = args.seed {
        add("--seed", seed.to_string());
    }
    let modes = ["features.execution_mode", "features.rate_limiting", "run.world"];
    for set in args.config.set.iter().filter(|set| !modes.iter().any(|mode| set.trim().starts_with(mode))) {
        add("--set", set.clone());
    }
    text
}

/// Command lines with what they show.
pub(super) fn commands(
    report: &RunReport,
    args: &RunArgs,
    axes: AxisVector,
    terminal: &Terminal,
) -> Vec<(String, String)> {
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
    if let (Some(world), false) = (&report.world, report.shadow.is_empty()) {
        let why = "what the shadows of all runs of this world found, and what was never compared";
        add(format!("agree {}", word(world)), why);
        return list;
    }
    let codes = report.shadow.values().flat_map(|found| found.expected.keys());
    if let Some(code) = codes.into_iter().next() {
        add(format!("explain {}", word(code)), "why both halves may answer differently, and what to do");
    } else if axes.side(Axis::ExecutionMode) == Side::Old {
        match &report.world {
            // No run can make it anew.
            Some(world) if report.scenario == "imported" => add(
                format!("run --world {} {CONTINUOUSLY}", word(world)),
                "the same world with every agent in its own loop",
            ),
            // How it was made, other commands have said.
            Some(world) if report.resumed => {
                let why = "what would be different, and what would not, with every agent in its own loop";
                add(format!("compare-modes {}", word(world)), why);
            }
            _ => add(
                format!("run --scenario {}{} {CONTINUOUSLY}", report.scenario, again(args)),
                "the same world with every agent in its own loop",
            ),
        }
    } else {
        add("features".to_owned(), "which halves serve, and what comes next on each axis");
    }
    list
}
