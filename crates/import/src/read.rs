//! The whole way from texts to what a world is made from.

use crate::agent::{AgentFiles, OldAgent};
use crate::checkpoint::{Balance, Checkpoint};
use crate::event_log::EventLog;
use crate::imported::Imported;
use crate::options::Options;
use crate::problem::{Problem, ProblemKind, Refused};
use crate::report::{FileRead, REPORT_VERSION, Report};
use crate::text::Text;
use crate::topic::Topic;
use crate::work::Work;

/// The files of an older program, read already.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// What was read, as it was named.
    pub source: String,
    /// `checkpoint.json`. Without one the world begins with the agents of the folder and their starting credits.
    pub checkpoint: Option<Text>,
    /// `config.yaml`.
    pub config: Option<Text>,
    /// One entry for each folder of `agents/`.
    pub agents: Vec<AgentFiles>,
    /// Event logs, counted already.
    pub logs: Vec<EventLog>,
    /// What was found and not read, with the reason.
    pub unread: Vec<(String, String)>,
}

/// Maps the files of an older program to what a world is made from.
///
/// # Errors
/// [`Refused`] names everything that is wrong, each with its place and what to do.
pub fn read_texts(texts: Texts, options: &Options) -> Result<Imported, Refused> {
    let mut work = Work::new(options);
    if texts.checkpoint.is_none() && texts.agents.is_empty() {
        return Err(Refused::from(Problem {
            kind: ProblemKind::NotFound,
            place: None,
            message: format!("{} has neither a checkpoint.json nor agents/*/agent.yaml", texts.source),
            help: "name the folder of a run of the older program, or its checkpoint".to_owned(),
        }));
    }
    if options.limits.content_bytes_max > crate::Limits::CONTENT_BYTES_MOST {
        return Err(Refused::from(Problem {
            kind: ProblemKind::TooLarge,
            place: None,
            message: format!(
                "a content has at most {} bytes in any world",
                crate::Limits::CONTENT_BYTES_MOST
            ),
            help: "lower --content-bytes-max".to_owned(),
        }));
    }
    let has_checkpoint = texts.checkpoint.is_some();
    let old_config = texts.config.as_ref().map(|text| work.config(text, has_checkpoint)).unwrap_or_default();
    let mut agents = work.agents(&texts.agents, has_checkpoint);
    if !has_checkpoint {
        work.collisions(&mut crate::checkpoint::Checkpoint::default(), &mut agents);
    }
    let mut checkpoint = match &texts.checkpoint {
        Some(text) => work.checkpoint(text),
        None => work.beginning(&agents, old_config.starting_scrip),
    };
    if has_checkpoint {
        work.collisions(&mut checkpoint, &mut agents);
    }
    // What cannot be read cannot be mapped, and what would follow from it is no news.
    work.problems.check()?;
    work.event_logs(&texts.logs);
    if has_checkpoint {
        work.closing_words(&checkpoint, &texts.logs);
    }
    for (name, why) in &texts.unread {
        work.items.add(Topic::Unread, name.as_str(), why.as_str());
    }
    let spent = checkpoint.spent_micro_dollars;
    let mapped = work.map(checkpoint, agents, &old_config, has_checkpoint);
    work.problems.check()?;
    let settings = work.settings(&mapped, spent, old_config);
    if let Some(wrong) = work.totals.disagreement() {
        return Err(Refused::from(Problem {
            kind: ProblemKind::Shape,
            place: None,
            message: format!("the import does not add up: {wrong}"),
            help: "this is a mistake of the program; please report it with the files".to_owned(),
        }));
    }
    let mut items = work.items.0;
    items.sort_by_key(|item| item.topic);
    let report = Report {
        report_version: REPORT_VERSION,
        source: texts.source.clone(),
        files: files(&texts),
        totals: work.totals,
        event_logs: texts.logs,
        items,
    };
    Ok(Imported { principals: mapped.principals, artifacts: mapped.artifacts, settings, report })
}

fn files(texts: &Texts) -> Vec<FileRead> {
    let agents = texts.agents.iter().flat_map(|agent| [&agent.settings, &agent.prompt]).flatten();
    let all = texts.checkpoint.iter().chain(&texts.config).chain(agents);
    let read = all.map(|text| FileRead {
        name: text.name.clone(),
        bytes: text.text.len() as u64,
        blake3: blake3::hash(text.text.as_bytes()).to_hex().to_string(),
    });
    let logs = texts.logs.iter().map(|log| FileRead {
        name: log.file.clone(),
        bytes: log.bytes,
        blake3: log.blake3.clone(),
    });
    read.chain(logs).collect()
}

impl Work<'_> {
    /// A world that has not begun: the agents of the folder with what they start with.
    fn beginning(&mut self, agents: &[OldAgent], starting_scrip: Option<u64>) -> Checkpoint {
        let detail = "no checkpoint: the world begins with the enabled agents of the folder and their starting credits";
        self.items.add(Topic::Hints, "checkpoint.json", detail);
        let mut checkpoint = Checkpoint { file: "agents".to_owned(), ..Checkpoint::default() };
        for agent in agents.iter().filter(|agent| agent.is_enabled) {
            let scrip = agent.scrip.unwrap_or_else(|| {
                let scrip = starting_scrip.unwrap_or(0);
                self.totals.scrip_found = self.totals.scrip_found.saturating_add(scrip);
                scrip
            });
            checkpoint.balances.push(Balance { id: agent.id.clone(), at: agent.at, scrip });
            checkpoint.agent_ids.push((agent.id.clone(), agent.at));
        }
        if self.totals.scrip_found > ecology_types::Scrip::TOTAL_MAX.0 {
            self.problems.tell(
                ProblemKind::Number,
                None,
                format!("the agents start with more than {} scrip", ecology_types::Scrip::TOTAL_MAX),
                "lower their starting_credits",
            );
        }
        checkpoint
    }
}
