//! `ecology scenarios`.

use serde_json::json;

use crate::cli::ScenariosArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{Style, Terminal};
use crate::text::{count, wrap};
use ecology_runner::scenario::{SCENARIOS, ScenarioInfo};

const INDENT: usize = 12;

pub(crate) fn execute(args: &ScenariosArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if args.json {
        let rows: Vec<_> = SCENARIOS.iter().map(row).collect();
        terminal.print_json(&rows)?;
    } else {
        terminal.print(&render(SCENARIOS, terminal.out, terminal.width, &terminal.program))?;
    }
    Ok(Exit::Ok)
}

fn row(scenario: &ScenarioInfo) -> serde_json::Value {
    json!({
        "name": scenario.name,
        "what": scenario.what,
        "expects": scenario.expects,
        "source": scenario.source,
        "agents": scenario.agents,
    })
}

fn render(scenarios: &[ScenarioInfo], style: Style, width: usize, program: &str) -> String {
    let mut text = String::new();
    for scenario in scenarios {
        let name = format!("{:<INDENT$}", scenario.name);
        let what = format!("{}.", scenario.what.trim_end_matches('.'));
        for (at, line) in wrap(&what, width - INDENT).iter().enumerate() {
            let name = if at == 0 { style.heading(&name) } else { " ".repeat(INDENT) };
            text += &format!("{name}{line}\n");
        }
        for line in wrap(&format!("Expect: {}.", scenario.expects), width - INDENT) {
            text += &format!("{:INDENT$}{line}\n", "");
        }
        for line in wrap(
            &format!("Source: {}. {}.", scenario.source, count(scenario.agents.into(), "agent")),
            width - INDENT,
        ) {
            text += &format!("{:INDENT$}{}\n", "", style.faint(&line));
        }
        text.push('\n');
    }
    text += &format!("Run one: {program} run --scenario NAME\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenarios() {
        insta::assert_snapshot!(render(SCENARIOS, Style::PLAIN, 80, "ecology"));
    }
}
