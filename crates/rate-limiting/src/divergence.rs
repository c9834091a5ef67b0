//! Every legitimate difference between `tick` and `rolling`. What is not here is a bug.

use ecology_shadow::{Divergence, Verdict};
use ecology_types::{Key, Resource, Time};

use crate::{Ask, Decision, RateLimiter, Witness};

/// A way in which `tick` and `rolling` may answer differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateDivergence {
    /// `tick` admits because a tick began; `rolling` waits because what was used before still lies in the window.
    BurstAcrossTicks,
    /// `rolling` admits because what was used has left the window; `tick` waits for the next tick.
    FreedWithinTick,
    /// Both wait, for different lengths of time or for different resources.
    OtherWait,
    /// One lets a share be transferred now, the other later.
    OtherTransfer,
    /// The window became longer: `rolling` had already forgotten what `tick` still counts.
    LongerWindow,
}

/// The register, in the order of the codes.
pub const REGISTER: &[Divergence] = &[
    Divergence {
        code: "RL-1",
        title: "no burst across a tick boundary",
        old: "admits: the start of a tick refills the share, so up to twice the share fits into a window across the boundary",
        new: "waits until what was used before the tick has left the trailing window",
        affected: "agents that use their whole share at the end of a tick and again at the start of the next",
        instead: "spread the use over the window, or wait until the moment that the answer names",
    },
    Divergence {
        code: "RL-2",
        title: "capacity returns without a tick",
        old: "waits: only the next tick refills the share",
        new: "admits as soon as earlier use has left the trailing window",
        affected: "agents that used their share early in a tick that lasts longer than the window",
        instead: "nothing: what was refused before is allowed",
    },
    Divergence {
        code: "RL-3",
        title: "waits end at a known time",
        old: "names no time, because only the next tick frees capacity; of several short resources it names the first",
        new: "names the exact time; of several short resources it names the one that is free last",
        affected: "loops that sleep until capacity returns",
        instead: "sleep until the named time instead of waiting for the next tick",
    },
    Divergence {
        code: "RL-4",
        title: "transfers of shares look at the trailing window",
        old: "lets a share go when what was used in this tick fits into the rest",
        new: "lets a share go when what was used in the trailing window fits into the rest",
        affected: "holders who sell or lend a share shortly after using it",
        instead: "transfer before using, or wait until the moment that the answer names",
    },
    Divergence {
        code: "RL-5",
        title: "a longer window starts from what the shorter one remembered",
        old: "still counts everything since the tick began",
        new: "admits: what had left the shorter window before the change stays forgotten",
        affected: "everybody, for one window after the operator made it longer",
        instead: "change the length of the window while little is used",
    },
];

impl RateDivergence {
    /// Every divergence, in the order of the register.
    pub const ALL: [Self; 5] = [
        Self::BurstAcrossTicks,
        Self::FreedWithinTick,
        Self::OtherWait,
        Self::OtherTransfer,
        Self::LongerWindow,
    ];

    /// Its entry in the register.
    #[must_use]
    pub const fn entry(self) -> &'static Divergence {
        &REGISTER[self as usize]
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }
}

/// One of a pair, with its answer.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The implementation.
    pub limiter: &'a dyn RateLimiter,
    /// Its answer.
    pub decision: Decision,
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.limiter.name(), self.decision)
    }
}

/// Says how the answers of `tick` (`old`) and `rolling` (`new`) to one question compare.
///
/// A divergence counts only with evidence: what each side counts as used must lead to its answer, and the witness, who keeps times
/// apart from both, must have seen the use that makes the difference.
#[must_use]
pub fn classify(ask: &Ask<'_>, now: Time, old: Side<'_>, new: Side<'_>, witness: &Witness) -> Verdict {
    if old.decision == new.decision {
        return Verdict::Same;
    }
    let case = Case { ask, now, old, new, witness };
    match case.explain() {
        Some(divergence) => Verdict::Expected { code: divergence.code() },
        None => Verdict::Mismatch { detail: case.detail() },
    }
}

struct Case<'a> {
    ask: &'a Ask<'a>,
    now: Time,
    old: Side<'a>,
    new: Side<'a>,
    witness: &'a Witness,
}

impl Case<'_> {
    fn explain(&self) -> Option<RateDivergence> {
        let plain = match (self.old.decision, self.new.decision) {
            (Decision::Admit, Decision::Wait { until, resource }) => {
                self.still_in_window(resource, until).then_some(RateDivergence::BurstAcrossTicks)
            }
            (Decision::Wait { until: Time::NEVER, resource }, Decision::Admit) => self.left_window(resource),
            (
                Decision::Wait { until: Time::NEVER, resource: old },
                Decision::Wait { until, resource: new },
            ) => {
                let new_short = self.is_short(self.new, new)
                    && (self.is_short(self.old, new) || self.still_in_window(new, until));
                let old_short = self.is_short(self.old, old)
                    && (self.is_short(self.new, old) || self.left_window(old).is_some());
                (new_short && old_short && self.ends_in_time(until)).then_some(RateDivergence::OtherWait)
            }
            _ => None,
        }?;
        match self.ask {
            Ask::Use { .. } => Some(plain),
            Ask::Move { .. } => Some(RateDivergence::OtherTransfer),
        }
    }

    fn principal(&self) -> Key {
        match *self.ask {
            Ask::Use { principal, .. } => principal,
            Ask::Move { from, .. } => from,
        }
    }

    /// How much may be in use for the answer to be yes.
    fn room(&self, side: Side<'_>, resource: Resource) -> u64 {
        let share = side.limiter.share(self.principal(), resource);
        let needed = match *self.ask {
            Ask::Use { principal, charges } => {
                charges[resource].saturating_add(side.limiter.overrun(principal, resource)).min(share)
            }
            Ask::Move { amount, .. } => amount,
        };
        share.saturating_sub(needed)
    }

    fn used(&self, side: Side<'_>, resource: Resource) -> u64 {
        side.limiter.used(self.principal(), resource, self.now)
    }

    /// Whether by its own count this side has to wait for `resource`.
    fn is_short(&self, side: Side<'_>, resource: Resource) -> bool {
        self.used(side, resource) > self.room(side, resource)
    }

    /// RL-1: `rolling` is short and `tick` is not, something was used before the tick began, and the wait ends when that has left.
    fn still_in_window(&self, resource: Resource, until: Time) -> bool {
        let window = self.new.limiter.window();
        let trace = self.witness.trace(self.principal(), resource);
        self.is_short(self.new, resource)
            && !self.is_short(self.old, resource)
            && trace.last_before_tick.is_some_and(|then| {
                let leaves = self.witness.leaves(then, window);
                self.now < leaves && until <= leaves
            })
    }

    /// RL-2 and RL-5: `tick` is short and `rolling` is not, and something used in this tick has left the window.
    fn left_window(&self, resource: Resource) -> Option<RateDivergence> {
        if !self.is_short(self.old, resource) || self.is_short(self.new, resource) {
            return None;
        }
        let first = self.witness.trace(self.principal(), resource).first_in_tick?;
        if first.after(self.new.limiter.window()) <= self.now {
            return Some(RateDivergence::FreedWithinTick);
        }
        let forgotten = self.witness.forgotten_until().is_some_and(|until| first <= until);
        forgotten.then_some(RateDivergence::LongerWindow)
    }

    /// A wait of `rolling` ends within one window and one step, or only with an event.
    fn ends_in_time(&self, until: Time) -> bool {
        let window = self.new.limiter.window();
        until == Time::NEVER || (until > self.now && until <= self.witness.leaves(self.now, window))
    }

    fn detail(&self) -> String {
        let mut detail = format!("at {}: {:?}; {:?}; {:?}", self.now, self.ask, self.old, self.new);
        for resource in Resource::RENEWABLE {
            let (old, new) = (self.used(self.old, resource), self.used(self.new, resource));
            let share = self.old.limiter.share(self.principal(), resource);
            if old != new || share != self.new.limiter.share(self.principal(), resource) {
                let trace = self.witness.trace(self.principal(), resource);
                detail += &format!("; {resource}: share {share}, used {old} and {new}, {trace:?}");
            }
        }
        detail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order() {
        for (at, divergence) in RateDivergence::ALL.into_iter().enumerate() {
            assert_eq!(divergence.code(), format!("RL-{}", at + 1));
        }
        assert_eq!(REGISTER.len(), RateDivergence::ALL.len());
    }
}
