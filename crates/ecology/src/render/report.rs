//! The report of a run, as people read it.

mod sections;

use ecology_runner::report::RunReport;

use crate::terminal::Style;

/// The whole report. `next` are command lines that work as typed.
pub(crate) fn render(report: &RunReport, next: &[(String, String)], style: Style, width: usize) -> String {
    let parts = [
        sections::head(report, style, width),
        sections::findings(report, style, width),
        sections::trade_and_money(report, style),
        sections::actions(report, style),
        sections::limits(report, style, width),
        sections::users(report, style),
        sections::shadows(report, style, width),
        sections::state(report, style),
        sections::next(next, style),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
