//! Where something is written: a source with its text, and a stretch of it.

use std::ops::Range;
use std::sync::Arc;

/// What kind of thing a text came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A configuration file.
    File,
    /// An environment variable.
    Environment,
    /// An argument on the command line.
    Argument,
    /// The default of this release.
    Default,
}

/// A text that configuration was read from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    /// The path of a file, the name of a variable, the option of an argument.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A stretch of a source, with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    source: Arc<Source>,
    span: Range<usize>,
    label: String,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let end = span.end.min(source.text.len());
        Self { source: Arc::clone(source), span: span.start.min(end)..end, label: String::new() }
    }

    pub(crate) fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A place for a default, which is written nowhere.
    pub(crate) fn of_default(text: String) -> Self {
        let end = text.len();
        let source = Source { kind: SourceKind::Default, name: "default".to_owned(), text };
        Self { source: Arc::new(source), span: 0..end, label: String::new() }
    }

    pub(crate) fn kind(&self) -> &SourceKind {
        &self.source.kind
    }

    /// What the text is: the path of a file, the name of an environment variable, an option, or `default`.
    #[must_use]
    pub fn source_name(&self) -> &str {
        &self.source.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The stretch, in bytes of [`Place::text`]. It lies within the text and on character boundaries.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        let text = self.text();
        let mut span = self.span.clone();
        while !text.is_char_boundary(span.start) {
            span.start -= 1;
        }
        while !text.is_char_boundary(span.end) {
            span.end += 1;
        }
        span
    }

    /// What is to be said about this stretch; empty when the message says it all.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The line, beginning with 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.text()[..self.span().start].matches('\n').count() + 1
    }

    /// The column in characters, beginning with 1.
    #[must_use]
    pub fn column(&self) -> usize {
        let before = &self.text()[..self.span().start];
        before.chars().rev().take_while(|c| *c != '\n').count() + 1
    }

    /// `name:line:column` for a file, the name alone for what has only one line.
    #[must_use]
    pub fn address(&self) -> String {
        match self.source.kind {
            SourceKind::File => format!("{}:{}:{}", self.source_name(), self.line(), self.column()),
            SourceKind::Environment => format!("environment {}", self.source_name()),
            SourceKind::Argument | SourceKind::Default => self.source_name().to_owned(),
        }
    }

    /// The line that the stretch begins on, as text without control characters.
    #[must_use]
    pub fn line_text(&self) -> String {
        let text = self.text();
        let start = self.span().start;
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        text[from..to]
            .chars()
            .map(|c| if c == '\t' || c.is_control() { ' ' } else { c })
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    /// How many characters of [`Place::line_text`] the stretch covers, at least 1.
    #[must_use]
    pub fn width(&self) -> usize {
        let marked = &self.text()[self.span()];
        marked.split('\n').next().unwrap_or("").chars().count().max(1)
    }
}
