//! `ecology doctor`.

mod checks;

use serde::Serialize;

use crate::cli::DoctorArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, wrap};

/// What one look at the machine found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// Whether it is in order.
    pub(crate) ok: bool,
    /// What was found.
    pub(crate) found: String,
    /// What to do, when it is not in order.
    pub(crate) remedy: Option<&'static str>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, ok: true, found: found.into(), remedy: None }
    }

    pub(crate) fn warn(check: &'static str, found: impl Into<String>, remedy: &'static str) -> Self {
        Self { check, ok: false, found: found.into(), remedy: Some(remedy) }
    }
}

pub(crate) fn execute(args: &DoctorArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let findings = checks::all(terminal);
    if args.json {
        terminal.print_json(&findings)?;
    } else {
        terminal.print(&render(&findings, terminal.out, terminal.width))?;
    }
    Ok(Exit::Ok)
}

fn render(findings: &[Finding], style: Style, width: usize) -> String {
    const LABEL: usize = 20;
    let mut text = String::new();
    for finding in findings {
        let mark = if finding.ok { style.good("ok  ") } else { style.warning("warn") };
        let mut words = clean(&finding.found).into_owned();
        if let Some(remedy) = finding.remedy {
            words += &format!(": {remedy}");
        }
        for (at, line) in wrap(&words, width.saturating_sub(LABEL + 4)).iter().enumerate() {
            if at == 0 {
                text += &format!("{mark}  {:<14}{line}\n", finding.check);
            } else {
                text += &format!("{:LABEL$}{line}\n", "");
            }
        }
    }
    let warnings = findings.iter().filter(|finding| !finding.ok).count();
    text += &match warnings {
        0 => "\neverything is in order\n".to_owned(),
        n => format!("\n{} to look at\n", count(n as u64, "thing")),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_doctor() {
        let findings = [
            Finding::ok("cores", "8"),
            Finding::warn(
                "sync",
                "a sync takes 3 µs, which no disk can do",
                "keep worlds on a disk: what a file system in memory acknowledges is gone after a power failure",
            ),
        ];
        insta::assert_snapshot!(render(&findings, Style::PLAIN, 80));
    }
}
