//! The options of `inspect`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::whole_number;

/// Look into a world without changing it, also while it runs
#[derive(Debug, Args)]
#[command(subcommand_value_name = "VIEW", subcommand_help_heading = "Views")]
pub(crate) struct InspectArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
    /// JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) view: Option<View>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum View {
    /// Where the world stands, in one screen (the default)
    Summary,
    /// Who holds how much, richest first
    Balances(AccountFilter),
    /// What exists, in the order in which it was made
    Artifacts(ArtifactFilter),
    /// One artifact with its content
    Artifact(ArtifactChoice),
    /// One contract: what it governs, what it answered so far and what that cost
    Contract(ArtifactChoice),
    /// The agents with what their loops are doing
    Agents(AgentFilter),
    /// What happened, from the journal: the newest events, or those from a number on
    ///
    /// Each event is one line, however long, so that it can be searched line by line; --json gives full records.
    Events(EventFilter),
    /// The open asks and offers
    Escrow(OrderFilter),
    /// The auction of new scrip with its open bids
    Mint(Page),
    /// What became of everything when the world was imported, as JSON
    Import,
    /// None of these: it is refused with the names of all.
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

impl View {
    /// The names of all views.
    pub(crate) fn names() -> Vec<String> {
        let views = Self::augment_subcommands(clap::Command::new("inspect"));
        views.get_subcommands().map(|view| view.get_name().to_owned()).collect()
    }
}

/// Which part of a list is shown.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Page {
    /// Rows to show; 0 for all
    #[arg(long, value_name = "N", default_value = "20", value_parser = whole_number::<usize>, allow_negative_numbers = true)]
    pub(crate) limit: usize,
    /// Rows to leave out first
    #[arg(long, value_name = "N", default_value = "0", value_parser = whole_number::<usize>, allow_negative_numbers = true)]
    pub(crate) offset: usize,
}

impl Page {
    /// The rows to show, at most.
    pub(crate) const fn rows_max(self) -> usize {
        if self.limit == 0 { usize::MAX } else { self.limit }
    }
}

#[derive(Debug, Args)]
pub(crate) struct AccountFilter {
    /// Only this principal
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,
    /// Only agents, accounts (principals without code), or services that hold something for others
    #[arg(long, value_name = "agent|account|service", value_parser = ["agent", "account", "service"], hide_possible_values = true)]
    pub(crate) kind: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct ArtifactFilter {
    /// Only what belongs to this principal
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,
    /// Only what this principal made
    #[arg(long, value_name = "ID")]
    pub(crate) creator: Option<String>,
    /// Only with this label: data, code, agent, memory, contract, or the name of a good
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only with this text in id, label or content
    #[arg(long)]
    pub(crate) text: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct ArtifactChoice {
    /// Its id
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct AgentFilter {
    /// Only agents that belong to this principal
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,
    /// Only loops in this state: new, running, sleeping, blocked, backing_off, paused, stopped
    #[arg(
        long,
        value_parser = ["new", "running", "sleeping", "blocked", "backing_off", "paused", "stopped"],
        hide_possible_values = true
    )]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct EventFilter {
    /// Only this kind, for example escrow_sold; may be repeated
    #[arg(long)]
    pub(crate) kind: Vec<String>,
    /// Only what this principal did
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,
    /// Only events from this number on, oldest first; without it the newest
    #[arg(long, value_name = "SEQ", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) since: Option<u64>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct OrderFilter {
    /// Only orders of this principal
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,
    /// Only this kind of good
    #[arg(long)]
    pub(crate) kind: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}
