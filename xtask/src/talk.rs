//! How the commands talk: `say!` writes data to stdout, `tell!` writes progress and hints to stderr.
//!
//! Both ignore a closed pipe, so that `cargo xtask phases | head` ends quietly.

macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}

pub(crate) use {say, tell};
