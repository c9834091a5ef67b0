//! What the program knows of where its output goes: terminal or not, colours, width.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::Failure;

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// Emphasis, as far as it is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    on: bool,
}

impl Style {
    /// No emphasis.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { on: false };

    fn paint(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Whether there is emphasis at all.
    pub(crate) const fn is_on(self) -> bool {
        self.on
    }
}

/// Where output goes.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    /// Emphasis on stdout.
    pub(crate) out: Style,
    /// Emphasis on stderr.
    pub(crate) talk: Style,
    /// Whether stderr is a terminal that can redraw a line.
    pub(crate) talk_is_live: bool,
    /// Columns of text on stdout: see [`columns`].
    pub(crate) width: usize,
    /// Whether particulars are wanted that most people do not need.
    pub(crate) verbose: bool,
    /// How this program was called, as one word of a shell: what to type again.
    pub(crate) program: String,
}

impl Terminal {
    pub(crate) fn detect(color: Color, verbose: bool) -> Self {
        let wanted = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !no_color() && !is_dumb(),
        };
        let (out, talk) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Self {
            out: Style { on: wanted(out) },
            talk: Style { on: wanted(talk) },
            talk_is_live: talk && !is_dumb(),
            width: columns(),
            verbose,
            program: program(),
        }
    }

    /// A command line of this program, as it can be typed.
    pub(crate) fn command(&self, rest: &str) -> String {
        format!("{} {rest}", self.program)
    }

    /// Prints data.
    ///
    /// # Errors
    /// When nobody reads it any more or the disk is full.
    #[expect(
        clippy::unused_self,
        reason = "whoever prints has a terminal at hand; tests may keep what is printed"
    )]
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
    }

    /// Prints data as JSON.
    ///
    /// # Errors
    /// When nobody reads it any more or the disk is full.
    pub(crate) fn print_json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.print(&json(value))
    }

    /// Says something to the person in front, beside the data. Nobody listening is no error.
    #[expect(clippy::unused_self, reason = "whoever talks has a terminal at hand")]
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// A value as JSON that can be shown on a terminal.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    // Reports and rows have text keys and integers only: they always encode.
    let text =
        serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    crate::text::clean_json(text) + "\n"
}

/// <https://no-color.org>: present and not empty.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Fewer columns than tables of figures can do with.
const COLUMNS_MIN: usize = 60;
/// More columns than anybody reads a line of.
const COLUMNS_MAX: usize = 100;
/// More columns than any screen has: who asks for many gets them, up to here.
const COLUMNS_ASKED_MAX: usize = 500;

/// Columns to write for: what COLUMNS says, also into files and pipes; else those of the terminal as far as they are read with ease; 80 where
/// there is none.
pub(crate) fn columns() -> usize {
    asked_columns(std::env::var("COLUMNS").ok().as_deref())
        .unwrap_or_else(|| terminal_columns().map_or(80, |columns| columns.clamp(COLUMNS_MIN, COLUMNS_MAX)))
}

/// What COLUMNS asks for. Of what is no number or no width of a screen nothing is taken.
fn asked_columns(columns: Option<&str>) -> Option<usize> {
    let columns = columns?.trim().parse::<usize>().ok()?;
    (1..=COLUMNS_ASKED_MAX).contains(&columns).then(|| columns.max(COLUMNS_MIN))
}

/// Columns of the terminal, when there is one that says so.
pub(crate) fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// How to call this program again from the same folder: as it was called.
fn program() -> String {
    let called = std::env::args_os().next().and_then(|name| name.into_string().ok());
    match called {
        Some(name) if !name.is_empty() => crate::text::shell_word(&crate::text::clean(&name)),
        _ => "ecology".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::asked_columns;

    #[test]
    fn columns_are_taken_when_they_are_the_width_of_a_screen() {
        for (asked, taken) in [
            (None, None),
            (Some(""), None),
            (Some("wide"), None),
            (Some("-80"), None),
            (Some("0"), None),
            (Some("1000000"), None),
            (Some("20"), Some(60)),
            (Some("72"), Some(72)),
            (Some(" 132 "), Some(132)),
        ] {
            assert_eq!(asked_columns(asked), taken, "{asked:?}");
        }
    }
}
