//! Sorts of commands, for counting what was compared and what never was.

use crate::{Command, Verb};

/// The sort of a command. Actions are told apart by their verbs, because each asks other questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandKind {
    /// [`Command::Create`]
    Create,
    /// [`Command::SetRules`]
    SetRules,
    /// [`Command::StartRun`]
    StartRun,
    /// [`Command::EndRun`]
    EndRun,
    /// [`Command::Tick`]
    Tick,
    /// [`Command::AddPrincipal`] and [`Command::AddPrincipals`]
    AddPrincipal,
    /// [`Command::Reserve`]
    Reserve,
    /// [`Command::Release`]
    Release,
    /// [`Command::Act`] and [`Command::ActByTool`] with this verb
    Act(Verb),
    /// [`Command::Void`]
    Void,
    /// [`Command::Settle`]
    Settle,
    /// [`Command::Lifecycle`]
    Lifecycle,
    /// [`Command::ResolveMint`]
    ResolveMint,
    /// [`Command::Divergence`]
    Divergence,
    /// [`Command::Migrate`]
    Migrate,
    /// [`Command::AddArtifacts`]
    AddArtifacts,
    /// [`Command::SetCodeRules`]
    SetCodeRules,
}

impl CommandKind {
    /// Every kind, in ascending order.
    pub const ALL: [Self; 22] = [
        Self::Create,
        Self::SetRules,
        Self::StartRun,
        Self::EndRun,
        Self::Tick,
        Self::AddPrincipal,
        Self::Reserve,
        Self::Release,
        Self::Act(Verb::Noop),
        Self::Act(Verb::Read),
        Self::Act(Verb::Write),
        Self::Act(Verb::Edit),
        Self::Act(Verb::Delete),
        Self::Act(Verb::Invoke),
        Self::Void,
        Self::Settle,
        Self::Lifecycle,
        Self::ResolveMint,
        Self::Divergence,
        Self::Migrate,
        Self::AddArtifacts,
        Self::SetCodeRules,
    ];

    /// The kind of a command.
    #[must_use]
    pub const fn of(command: &Command) -> Self {
        match command {
            Command::Create(_) => Self::Create,
            Command::SetRules(_) => Self::SetRules,
            Command::StartRun { .. } => Self::StartRun,
            Command::EndRun { .. } => Self::EndRun,
            Command::Tick => Self::Tick,
            Command::AddPrincipal(_) | Command::AddPrincipals(_) => Self::AddPrincipal,
            Command::Reserve { .. } => Self::Reserve,
            Command::Release { .. } => Self::Release,
            Command::Act(act) => Self::Act(act.action.verb()),
            Command::Void { .. } => Self::Void,
            Command::Settle { .. } => Self::Settle,
            Command::Lifecycle { .. } => Self::Lifecycle,
            Command::ResolveMint { .. } => Self::ResolveMint,
            Command::Divergence { .. } => Self::Divergence,
            Command::Migrate(_) => Self::Migrate,
            Command::AddArtifacts(_) => Self::AddArtifacts,
            Command::SetCodeRules(_) => Self::SetCodeRules,
            Command::ActByTool(turn) => Self::Act(turn.act.action.verb()),
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::SetRules => "set_rules",
            Self::StartRun => "start_run",
            Self::EndRun => "end_run",
            Self::Tick => "tick",
            Self::AddPrincipal => "add_principal",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Act(Verb::Noop) => "act.noop",
            Self::Act(Verb::Read) => "act.read",
            Self::Act(Verb::Write) => "act.write",
            Self::Act(Verb::Edit) => "act.edit",
            Self::Act(Verb::Delete) => "act.delete",
            Self::Act(Verb::Invoke) => "act.invoke",
            // No action is one; transfers are invocations.
            Self::Act(Verb::Transfer) => "act.transfer",
            Self::Void => "void",
            Self::Settle => "settle",
            Self::Lifecycle => "lifecycle",
            Self::ResolveMint => "resolve_mint",
            Self::Divergence => "divergence",
            Self::Migrate => "migrate",
            Self::AddArtifacts => "add_artifacts",
            Self::SetCodeRules => "set_code_rules",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_ascend_and_have_a_name_each() {
        assert!(CommandKind::ALL.is_sorted());
        let mut names: Vec<_> = CommandKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CommandKind::ALL.len());
    }
}
