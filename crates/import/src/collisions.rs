//! One id, one thing: what shares an id in the older files, and what the others are called.
//!
//! The older program kept balances, artifacts and agents in tables of their own, so one name could mean two things. Here it cannot. Of those
//! that share an id a principal keeps it, then the artifact that comes first, then the directory that comes first. Each of the others gets
//! the id with `-2`, or the next number that nobody has. What refers to principals (owners, lists) goes on meaning the principal; what
//! refers to artifacts (memories, contracts in lists) follows the artifact, the first one where there are several; an agent's directory goes
//! with its agent.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::Id;

use crate::agent::OldAgent;
use crate::checkpoint::Checkpoint;
use crate::map::is_service;
use crate::names::is_reserved;
use crate::problem::{Place, ProblemKind};
use crate::topic::Topic;
use crate::tree::{quoted, raw_text};
use crate::work::Work;

const HELP: &str = "add --rename-colliding to give the second one another id, or leave one of them";

const STANDING: &str = "an artifact with standing";

/// Names that nobody has.
struct Free {
    taken: BTreeSet<String>,
    /// The next number to try for an id that was taken.
    next: BTreeMap<String, u64>,
}

impl Free {
    /// Everything that is or could be meant, so that no new name is somebody's.
    fn besides(checkpoint: &Checkpoint, agents: &[OldAgent]) -> Self {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        taken.extend(checkpoint.balances.iter().map(|balance| balance.id.clone()));
        taken.extend(checkpoint.agent_ids.iter().map(|(id, _)| id.clone()));
        taken.extend(agents.iter().map(|agent| agent.id.clone()));
        for artifact in &checkpoint.artifacts {
            taken.insert(artifact.id.clone());
            taken.extend(artifact.owner.iter().chain(&artifact.memory).cloned());
            if let Some(policy) = &artifact.policy {
                let entries = policy.read.iter().chain(&policy.write).chain(&policy.invoke);
                taken.extend(entries.map(|entry| entry.trim_start_matches('@').to_owned()));
            }
        }
        Self { taken, next: BTreeMap::new() }
    }

    fn name(&mut self, id: &str) -> String {
        let number = self.next.entry(id.to_owned()).or_insert(2);
        loop {
            let suffix = format!("-{number}");
            *number += 1;
            let stem = if Id::new(id).is_ok() {
                &id[..id.len().min(Id::BYTES_MAX - suffix.len())]
            } else {
                // What cannot be an id gets a name that can be one later, as a whole.
                id
            };
            let name = format!("{stem}{suffix}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// Where something has an id, and what it is.
#[derive(Clone)]
struct Holder {
    what: &'static str,
    place: Place,
}

impl Work<'_> {
    /// Finds every id that means two things. Renames all but one of each when that was asked for; otherwise each is a problem.
    pub(crate) fn collisions(&mut self, checkpoint: &mut Checkpoint, agents: &mut [OldAgent]) {
        let mut free = Free::besides(checkpoint, agents);
        let file = checkpoint.file.clone();
        let acting: BTreeSet<String> = checkpoint.agent_ids.iter().map(|(id, _)| id.clone()).collect();
        let mut principals: BTreeMap<String, Holder> = BTreeMap::new();
        for balance in &mut checkpoint.balances {
            let holder = Holder { what: "a balance", place: balance.at.place(&file) };
            match principals.get(&balance.id) {
                Some(first) => {
                    let first = first.clone();
                    self.collide(&mut balance.id, &holder, &first, &mut free);
                    principals.entry(balance.id.clone()).or_insert(holder);
                }
                None => drop(principals.insert(balance.id.clone(), holder)),
            }
        }
        for (id, at) in &checkpoint.agent_ids {
            let holder = || Holder { what: "an agent", place: at.place(&file) };
            principals.entry(id.clone()).or_insert_with(holder);
        }
        for artifact in checkpoint.artifacts.iter().filter(|one| one.has_standing && !is_service(one)) {
            let holder = || Holder { what: STANDING, place: artifact.at.place(&file) };
            principals.entry(artifact.id.clone()).or_insert_with(holder);
        }
        // Services of the older program are not here under their names, unless they act.
        principals.retain(|id, _| !is_reserved(id) || acting.contains(id));
        let bodies = bodies(checkpoint, &principals);
        for (at, artifact) in checkpoint.artifacts.iter().enumerate() {
            let Some(owner) = artifact.owner.as_deref().filter(|owner| !is_reserved(owner)) else { continue };
            if !is_service(artifact) && !bodies.contains(&at) && !principals.contains_key(owner) {
                let holder = Holder { what: "an owner", place: artifact.at.place(&file) };
                principals.insert(owner.to_owned(), holder);
            }
        }
        let mut first_of: BTreeMap<String, Holder> = BTreeMap::new();
        let mut renamed: BTreeMap<String, String> = BTreeMap::new();
        let bodied: BTreeSet<String> = bodies.iter().map(|at| checkpoint.artifacts[*at].id.clone()).collect();
        for (at, artifact) in checkpoint.artifacts.iter_mut().enumerate() {
            if is_service(artifact) || bodies.contains(&at) {
                continue;
            }
            let holder = Holder { what: "an artifact", place: artifact.at.place(&file) };
            let known = principals.get(&artifact.id).or_else(|| first_of.get(&artifact.id)).cloned();
            let Some(first) = known else {
                first_of.insert(artifact.id.clone(), holder);
                continue;
            };
            let old = artifact.id.clone();
            self.collide(&mut artifact.id, &holder, &first, &mut free);
            // What refers to an artifact of this id means the first one.
            if first.what != "an artifact" && !bodied.contains(&old) {
                renamed.entry(old).or_insert_with(|| artifact.id.clone());
            }
        }
        follow(checkpoint, &renamed);
        let mut directories: BTreeMap<String, Holder> = BTreeMap::new();
        for agent in agents {
            let holder = Holder { what: "an agent's directory", place: agent.at.place(&agent.file) };
            match directories.get(&agent.id) {
                Some(first) => {
                    let first = first.clone();
                    self.collide(&mut agent.id, &holder, &first, &mut free);
                }
                None => drop(directories.insert(agent.id.clone(), holder)),
            }
        }
    }

    fn collide(&mut self, id: &mut String, this: &Holder, first: &Holder, free: &mut Free) {
        let shown: String = id.chars().take(80).collect();
        let shown = quoted(&shown);
        if !self.options.rename_colliding {
            let message = format!(
                "{shown} is {} here and {} in {}; an id means one thing",
                this.what, first.what, first.place
            );
            self.problems.tell(ProblemKind::Duplicate, Some(this.place.clone()), message, HELP);
            return;
        }
        let name = free.name(id);
        let detail =
            format!("was {shown}, {} of the same id as {} in {}", this.what, first.what, first.place);
        let raw = raw_text(id);
        self.items.add(Topic::Separated, name.as_str(), detail).at(this.place.clone()).was(raw);
        *id = name;
    }
}

/// The artifacts that are principals: for each principal the first one that stands for it.
fn bodies(checkpoint: &Checkpoint, principals: &BTreeMap<String, Holder>) -> BTreeSet<usize> {
    let mut known = BTreeSet::new();
    let stands = |artifact: &crate::artifact::OldArtifact| {
        let Some(holder) = principals.get(&artifact.id).filter(|_| !is_service(artifact)) else {
            return false;
        };
        // Where nothing else makes it a principal, an artifact with standing does.
        let is_agent = artifact.kind.as_deref() == Some("agent") && holder.what != STANDING;
        artifact.has_standing || is_agent
    };
    let standing = checkpoint.artifacts.iter().enumerate().filter(|(_, artifact)| stands(artifact));
    standing.filter(|(_, artifact)| known.insert(artifact.id.as_str())).map(|(at, _)| at).collect()
}

/// Lets everything that means an artifact mean it by its new name.
fn follow(checkpoint: &mut Checkpoint, renamed: &BTreeMap<String, String>) {
    for artifact in &mut checkpoint.artifacts {
        if let Some(memory) = &mut artifact.memory
            && let Some(new) = renamed.get(memory)
        {
            memory.clone_from(new);
        }
        if let Some(policy) = &mut artifact.policy {
            for entry in policy.read.iter_mut().chain(&mut policy.write).chain(&mut policy.invoke) {
                if let Some(new) = entry.strip_prefix('@').and_then(|contract| renamed.get(contract)) {
                    *entry = format!("@{new}");
                }
            }
        }
    }
}
