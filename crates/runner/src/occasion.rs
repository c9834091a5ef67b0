//! What is being decided when a shadow is asked.

use ecology_shadow::Context;
use ecology_types::{Command, CommandKind};

/// The kinds of command by their names, in the order of their numbers. 0 stands for everything that is asked while no command is decided: agents
/// look around, and a loop asks for capacity before it begins to think.
pub const OCCASIONS: &[&str] = &{
    let mut names = ["outside"; CommandKind::ALL.len() + 1];
    let mut at = 0;
    while at < CommandKind::ALL.len() {
        names[at + 1] = CommandKind::ALL[at].name();
        at += 1;
    }
    names
};

/// While no command is decided.
pub const OUTSIDE: usize = 0;

/// A context that knows these occasions.
#[must_use]
pub const fn context() -> Context {
    Context::new(OCCASIONS)
}

/// The number of the occasion on which this command is decided.
#[must_use]
pub fn of(command: &Command) -> usize {
    let kind = CommandKind::of(command);
    CommandKind::ALL.iter().position(|other| *other == kind).map_or(OUTSIDE, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_belong_together() {
        assert_eq!(OCCASIONS[OUTSIDE], "outside");
        assert_eq!(OCCASIONS[of(&Command::Tick)], "tick");
        assert_eq!(OCCASIONS[of(&Command::ResolveMint { scores: Vec::new() })], "resolve_mint");
        assert_eq!(OCCASIONS.len(), CommandKind::ALL.len() + 1);
    }
}
