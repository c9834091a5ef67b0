//! Counting events for code.

use ecology_types::{Effect, EventCount, Good, Key};

use crate::world::World;

/// The latest events that are looked at for one count, so that counting is bounded however long the log is.
const LOOKED_AT_MAX: u64 = 10_000;

impl World {
    /// How many of the latest 10,000 events are of this sort and may be seen by `viewer`.
    pub(crate) fn count_events(&self, viewer: Key, which: &EventCount) -> u64 {
        let first = self.clock.event.saturating_sub(LOOKED_AT_MAX);
        let of_kind = self.log.entries_after(first).filter(|entry| entry.kind() == Some(which.kind));
        let events = of_kind.filter_map(|entry| entry.event()).filter(|event| {
            which.actor.is_none_or(|actor| event.actor == Some(actor))
                && which.about.is_none_or(|about| concerns(&event.effect, about))
                && self.may_see_event(event, viewer)
        });
        events.count() as u64
    }
}

/// Whether an event is about an artifact or principal.
fn concerns(effect: &Effect, about: Key) -> bool {
    let good = |good: &Good| matches!(good, Good::Artifact(key) | Good::Agent(key) if *key == about);
    match effect {
        Effect::ActionDone { target, .. } => *target == Some(about),
        Effect::Interned { key, .. }
        | Effect::ArtifactChanged { key, .. }
        | Effect::ArtifactDeleted { key }
        | Effect::StateSet { key, .. } => *key == about,
        Effect::ArtifactCreated(record) => record.key == about,
        Effect::OwnershipTransferred { key, from, to } => [*key, *from, *to].contains(&about),
        Effect::ScripTransferred { from, to, .. } | Effect::QuotaTransferred { from, to, .. } => {
            [*from, *to].contains(&about)
        }
        Effect::Minted { to, .. } => *to == about,
        Effect::QuotaSet { principal, .. } => *principal == about,
        Effect::EscrowOpened(order) => order.owner == about || order.good.as_ref().is_some_and(good),
        Effect::EscrowSold { good: sold, seller, buyer, .. } => {
            [*seller, *buyer].contains(&about) || good(sold)
        }
        Effect::EscrowCancelled { owner, .. } => *owner == about,
        Effect::AgentStarted { agent }
        | Effect::AgentSlept { agent, .. }
        | Effect::AgentWoke { agent, .. }
        | Effect::AgentBlocked { agent, .. }
        | Effect::AgentUnblocked { agent }
        | Effect::AgentPaused { agent, .. }
        | Effect::AgentFailed { agent, .. }
        | Effect::AgentStopped { agent, .. }
        | Effect::LimitExceeded { agent, .. }
        | Effect::Container { agent, .. } => *agent == about,
        _ => false,
    }
}
