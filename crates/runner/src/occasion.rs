//! What is being decided when a shadow is asked.

use ecology_shadow::Context;
use ecology_types::{Command, Verb};

/// The kinds of command, in the order of their numbers. 0 stands for everything that is asked while no command is decided: agents look around,
/// and a loop asks for capacity before it begins to think.
pub const OCCASIONS: &[&str] = &[
    "outside",
    "create",
    "set_rules",
    "start_run",
    "end_run",
    "tick",
    "add_principal",
    "reserve",
    "release",
    "void",
    "settle",
    "lifecycle",
    "resolve_mint",
    "divergence",
    "act noop",
    "act read",
    "act write",
    "act edit",
    "act delete",
    "act invoke",
];

/// While no command is decided.
pub const OUTSIDE: usize = 0;

/// The number of the first action.
const FIRST_ACTION: usize = 14;

/// A context that knows these occasions.
#[must_use]
pub const fn context() -> Context {
    Context::new(OCCASIONS)
}

/// The number of the occasion on which this command is decided.
#[must_use]
pub const fn of(command: &Command) -> usize {
    match command {
        Command::Create(_) => 1,
        Command::SetRules(_) => 2,
        Command::StartRun { .. } => 3,
        Command::EndRun { .. } => 4,
        Command::Tick => 5,
        Command::AddPrincipal(_) | Command::AddPrincipals(_) => 6,
        Command::Reserve { .. } => 7,
        Command::Release { .. } => 8,
        Command::Void { .. } => 9,
        Command::Settle { .. } => 10,
        Command::Lifecycle { .. } => 11,
        Command::ResolveMint { .. } => 12,
        Command::Divergence { .. } => 13,
        Command::Act(act) => FIRST_ACTION + act.action.verb() as usize,
    }
}

const _: () =
    assert!(OCCASIONS.len() == FIRST_ACTION + Verb::Invoke as usize + 1, "one name for each number");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_belong_together() {
        assert_eq!(OCCASIONS[of(&Command::Tick)], "tick");
        assert_eq!(OCCASIONS[of(&Command::ResolveMint { scores: Vec::new() })], "resolve_mint");
        for (at, verb) in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Transfer).enumerate() {
            assert_eq!(OCCASIONS[FIRST_ACTION + at], format!("act {}", verb.name()));
        }
    }
}
