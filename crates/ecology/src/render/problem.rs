//! Failures as people read them: with colour and arrows on a terminal, as plain lines elsewhere.

use std::fmt;

use ecology_features::Place;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode,
};

use crate::failure::{Failure, Problem};
use crate::text::{clean, clean_in_place};

/// The text for stderr. Empty when there is nothing to say.
pub(crate) fn render(failure: &Failure, fancy: bool, color: bool, width: usize) -> String {
    let each = failure
        .problems
        .iter()
        .map(|problem| if fancy { graphical(problem, color, width) } else { plain(problem) });
    each.collect::<Vec<_>>().join(if fancy { "" } else { "\n" })
}

fn plain(problem: &Problem) -> String {
    let mut text = format!("error[{}]: {}\n", problem.code, clean(&problem.message));
    for place in &problem.places {
        let number = place.line().to_string();
        let margin = " ".repeat(number.len());
        let line = clean(&place.line_text()).into_owned();
        let marks = format!("{}{}", " ".repeat(place.column() - 1), "^".repeat(place.width()));
        let last = format!("{margin} | {marks} {}", clean(place.label()));
        text += &format!("{margin}--> {}\n{margin} |\n{number} | {line}\n", clean(&place.address()));
        text += &format!("{}\n", last.trim_end());
    }
    if let Some(help) = &problem.help {
        text += &format!("  help: {}\n", clean(help));
    }
    text
}

fn graphical(problem: &Problem, color: bool, width: usize) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let mut text = String::new();
    match handler.render_report(&mut text, &Shown::new(problem)) {
        Ok(()) => text,
        Err(fmt::Error) => plain(problem),
    }
}

/// A problem in the shape that miette draws. What stands in another source than the first place is told of as a related remark.
#[derive(Debug)]
struct Shown {
    code: Option<&'static str>,
    message: String,
    help: Option<String>,
    severity: Severity,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(problem: &Problem) -> Self {
        let mut shown = Self {
            code: Some(problem.code),
            message: clean(&problem.message).into_owned(),
            help: problem.help.as_deref().map(|help| clean(help).into_owned()),
            severity: Severity::Error,
            source: None,
            labels: Vec::new(),
            related: Vec::new(),
        };
        if let Some(first) = problem.places.first() {
            shown.source = Some(source(first));
            for place in &problem.places {
                if place.source_name() == first.source_name() && place.text() == first.text() {
                    shown.labels.push(label(place));
                } else {
                    shown.related.push(Self::remark(place));
                }
            }
        }
        shown
    }

    fn remark(place: &Place) -> Self {
        Self {
            code: None,
            message: format!("the other one stands in {}", clean(place.source_name())),
            help: None,
            severity: Severity::Advice,
            source: Some(source(place)),
            labels: vec![label(place)],
            related: Vec::new(),
        }
    }
}

fn source(place: &Place) -> NamedSource<String> {
    NamedSource::new(clean(place.source_name()), clean_in_place(place.text()))
}

fn label(place: &Place) -> LabeledSpan {
    let span = place.span();
    let text = if place.label().is_empty() { "here" } else { place.label() };
    LabeledSpan::new_with_span(Some(clean(text).into_owned()), span)
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|one| one as &dyn Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ecology_features::{Sources, load};
    use ecology_journal::JournalError;

    use super::*;

    fn of_config(text: &str, set: &[&str]) -> Failure {
        let sources = set
            .iter()
            .fold(Sources::new().file("ecology.toml", text), |sources, one| sources.set("--set", *one));
        load(sources).unwrap_err().into()
    }

    #[test]
    fn a_configuration_that_is_refused() {
        let failure = of_config("[features]\naccess_controll = \"contract\"\n", &["run.agents=0"]);
        assert_eq!(failure.exit.number(), 3);
        insta::assert_snapshot!("config_plain", render(&failure, false, false, 80));
        insta::assert_snapshot!("config_fancy", render(&failure, true, false, 80));
    }

    #[test]
    fn two_places_in_two_sources() {
        let failure =
            of_config("[features]\nexecution_mode = \"continuous\"\n", &["features.rate_limiting=tick"]);
        insta::assert_snapshot!("needs_plain", render(&failure, false, false, 80));
        insta::assert_snapshot!("needs_fancy", render(&failure, true, false, 80));
    }

    #[test]
    fn nothing_in_a_file_steers_the_terminal() {
        let failure = of_config("[features]\n\"rate\u{1b}[31m\" = \"\u{9b}2J\" # \u{202e}\n", &[]);
        for text in [render(&failure, false, false, 80), render(&failure, true, false, 80)] {
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
        }
    }

    #[test]
    fn every_class_of_world_error() {
        let path = PathBuf::from("worlds/a.world");
        let errors = [
            JournalError::IsDirectory { path: path.clone() },
            JournalError::NotFound { path: path.clone() },
            JournalError::ParentMissing { folder: "worlds".into() },
            JournalError::AlreadyExists { path: path.clone() },
            JournalError::LeftOver { path: path.clone() },
            JournalError::NotWritable { path: path.clone(), detail: "permission denied".to_owned() },
            JournalError::ReadOnly,
            JournalError::NotReadable { path: path.clone(), detail: "permission denied".to_owned() },
            JournalError::NotADatabase { path: path.clone() },
            JournalError::NotAWorld { path: path.clone(), found: 7 },
            JournalError::TooNew { what: "record version".to_owned(), found: 9, supported: 1 },
            JournalError::Locked { path, hint: "process 42 runs it; wait for it to end".to_owned() },
            JournalError::TornTail { at: 7 },
            JournalError::Corrupt { number: 7, detail: "checksum".to_owned() },
            JournalError::DiskFull { doing: "appending".to_owned(), detail: "no space".to_owned() },
            JournalError::Poisoned { cause: "no space".to_owned() },
            JournalError::Io { doing: "syncing".to_owned(), detail: "input/output error".to_owned() },
        ];
        let text: Vec<String> = errors
            .into_iter()
            .map(|error| {
                let failure = Failure::from(error);
                format!("exit {}\n{}", failure.exit.number(), render(&failure, false, false, 80))
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
