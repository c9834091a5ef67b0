//! What an import did with everything that it found.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::problem::Place;
use crate::topic::Topic;

/// Accounts for everything that was found: each thing is carried over, changed, or not carried over, by name and with the reason.
///
/// What has no place in this world stands in [`Item::value`] as it was written, so nothing is lost even when the files are.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of this layout.
    pub report_version: u32,
    /// What was read, as it was named.
    pub source: String,
    /// Every file that was read, with its digest.
    pub files: Vec<FileRead>,
    /// How much was found and what became of it. Each sum was checked.
    pub totals: Totals,
    /// Event logs: kept where they are, not replayed.
    pub event_logs: Vec<crate::EventLog>,
    /// Each thing with what became of it, in the order of topics and then of the files.
    pub items: Vec<Item>,
}

/// The present layout of [`Report`].
pub const REPORT_VERSION: u32 = 1;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRead {
    /// Its name.
    pub name: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// BLAKE3 of it, in hexadecimal.
    pub blake3: String,
}

/// Found and carried over, as numbers that have to agree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Ids that hold scrip or act: in the balances, in the list of agents, or artifacts with standing.
    pub principals_found: u64,
    /// Principals of the new world that act.
    pub agents: u64,
    /// Principals of the new world that hold or own only.
    pub accounts: u64,
    /// Of these accounts, those that nobody was before: made for owners that were not in the balances.
    pub accounts_made: u64,
    /// Genesis services that held nothing and owned nothing: this world has its own.
    pub principals_replaced: u64,
    /// Whole scrip in balances above zero.
    pub scrip_found: u64,
    /// Scrip of the new world.
    pub scrip_carried: u64,
    /// Balances with a fraction of a scrip, which is cut off.
    pub scrip_fractions: u64,
    /// Whole scrip below zero, which becomes a balance of zero: this world has no debt.
    pub scrip_debt: u64,
    /// Artifacts in the checkpoint.
    pub artifacts_found: u64,
    /// Artifacts of the new world.
    pub artifacts_carried: u64,
    /// Artifacts that were made from prompts and settings too long for a configuration.
    pub artifacts_made: u64,
    /// Artifacts that are principals here: their content is the configuration.
    pub artifacts_merged: u64,
    /// Genesis services, of which this world has its own.
    pub artifacts_replaced: u64,
    /// Bytes of content in the checkpoint, as text.
    pub content_bytes_found: u64,
    /// Bytes of content in the artifacts and configurations of the new world that came from content in the checkpoint.
    pub content_bytes_carried: u64,
    /// Bytes of content of replaced services, kept in this report.
    pub content_bytes_kept: u64,
    /// Policies in the checkpoint.
    pub policies_found: u64,
    /// Policies that say the same here.
    pub policies_carried: u64,
    /// Policies of which entries or prices had to change; none allows more than it did.
    pub policies_changed: u64,
    /// Policies of principals and replaced services, kept in this report.
    pub policies_kept: u64,
    /// Micro-dollars spent by the older program.
    pub spent_micro_dollars: u64,
}

impl Totals {
    /// The first sum that does not come out, in words; `None` when everything is accounted for.
    #[must_use]
    pub fn disagreement(&self) -> Option<String> {
        let sums = [
            (
                "principals",
                self.principals_found + self.accounts_made,
                self.agents + self.accounts + self.principals_replaced,
            ),
            ("scrip", self.scrip_found, self.scrip_carried),
            (
                "artifacts",
                self.artifacts_found + self.artifacts_made,
                self.artifacts_carried + self.artifacts_merged + self.artifacts_replaced,
            ),
            (
                "bytes of content",
                self.content_bytes_found,
                self.content_bytes_carried + self.content_bytes_kept,
            ),
            (
                "policies",
                self.policies_found,
                self.policies_carried + self.policies_changed + self.policies_kept,
            ),
        ];
        let wrong = sums.into_iter().find(|(_, found, accounted)| found != accounted);
        wrong.map(|(what, found, accounted)| {
            format!("{found} {what} were found and {accounted} are accounted for")
        })
    }
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is in the new world as it was.
    Carried,
    /// It is in the new world, not quite as it was.
    Changed,
    /// It is not in the new world.
    NotCarried,
    /// Something to know.
    Note,
}

/// One thing and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// What became of it.
    pub fate: Fate,
    /// What it is about.
    pub topic: Topic,
    /// Which one.
    pub name: String,
    /// Where it stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The particulars.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What stood there and has no place in the new world, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<RawValue>>,
}

impl Report {
    /// The whole report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text keys, integers and JSON that was read: it always encodes.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The items of one topic.
    pub fn of(&self, topic: Topic) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.topic == topic)
    }
}

/// Collects items.
#[derive(Debug, Default)]
pub(crate) struct Items(pub(crate) Vec<Item>);

impl Items {
    pub(crate) fn add(
        &mut self,
        topic: Topic,
        name: impl Into<String>,
        detail: impl Into<String>,
    ) -> &mut Item {
        self.0.push(Item {
            fate: topic.fate(),
            topic,
            name: name.into(),
            place: None,
            detail: detail.into(),
            value: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

impl Item {
    pub(crate) fn at(&mut self, place: Place) -> &mut Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn was(&mut self, value: Option<Box<RawValue>>) -> &mut Self {
        self.value = value;
        self
    }
}
