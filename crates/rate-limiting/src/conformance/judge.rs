//! An exact log of everything that was used, as simple and slow as can be.

use std::collections::BTreeMap;

use ecology_types::{Charges, Key, ReservationId, Resource, Span, Time};

use super::Refill;
use crate::{Horizon, RateEvent, RateLimiter};

/// Remembers every use for ever and adds up what a limiter should count.
#[derive(Debug, Clone)]
pub struct Judge {
    refill: Refill,
    horizon: Horizon,
    /// Whether the limiter may count a use for up to one step longer than the window.
    exact: bool,
    tick_began_at: usize,
    log: Vec<(Time, Key, Charges)>,
    shares: BTreeMap<(Key, Resource), u64>,
    overruns: BTreeMap<(Key, Resource), u64>,
    /// Principal, what was asked for, what is held.
    open: BTreeMap<ReservationId, (Key, Charges, Charges)>,
}

impl Judge {
    /// A judge who has seen nothing.
    #[must_use]
    pub fn new(refill: Refill, window: Span) -> Self {
        Self {
            refill,
            horizon: Horizon::new(window),
            exact: false,
            tick_began_at: 0,
            log: Vec::new(),
            shares: BTreeMap::new(),
            overruns: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// Also demands that nothing is released late: for histories in which times are whole steps.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The length of the window and the step.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// The share of one principal.
    #[must_use]
    pub fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.shares.get(&(principal, resource)).copied().unwrap_or(0)
    }

    /// What one principal owes from overruns.
    #[must_use]
    pub fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.overruns.get(&(principal, resource)).copied().unwrap_or(0)
    }

    /// The sum of all shares.
    #[must_use]
    pub fn shares_total(&self, resource: Resource) -> u64 {
        self.shares.iter().filter(|((_, of), _)| *of == resource).map(|(_, share)| share).sum()
    }

    /// The open reservations.
    #[must_use]
    pub fn open(&self) -> Vec<ReservationId> {
        self.open.keys().copied().collect()
    }

    /// What was asked for under an open reservation.
    #[must_use]
    pub fn asked(&self, reservation: ReservationId) -> Charges {
        self.open.get(&reservation).map_or(Charges::NONE, |(_, asked, _)| *asked)
    }

    fn held(&self, principal: Key, resource: Resource) -> u64 {
        self.open.values().filter(|(of, ..)| *of == principal).map(|(.., held)| held[resource]).sum()
    }

    /// The least and the most that a limiter may count: what was used in the window, and that with what may be released late.
    #[must_use]
    pub fn used(&self, principal: Key, resource: Resource, now: Time) -> (u64, u64) {
        let held = self.held(principal, resource);
        let sum = |counts: &dyn Fn(usize, Time) -> bool| -> u64 {
            let of = self.log.iter().enumerate();
            let of = of.filter(|(at, (then, who, _))| *who == principal && counts(*at, *then));
            of.map(|(_, (.., charges))| charges[resource]).sum()
        };
        match self.refill {
            Refill::AtTick => {
                let used = sum(&|at, _| at >= self.tick_began_at) + held;
                (used, used)
            }
            Refill::Rolling => {
                let window = self.horizon.window().0;
                let late = if self.exact { 0 } else { self.horizon.step().0 - 1 };
                let least = sum(&|_, then| now.since(then).0 < window);
                let most = sum(&|_, then| now.since(then).0 < window.saturating_add(late));
                (least + held, most + held)
            }
        }
    }

    /// The charge and as much of the overrun as fits under the share.
    fn need(&self, principal: Key, charges: &Charges) -> Charges {
        let mut need = Charges::NONE;
        for resource in Resource::RENEWABLE {
            let wanted = charges[resource] + self.overrun(principal, resource);
            need[resource] = wanted.min(self.share(principal, resource)).max(charges[resource]);
        }
        need
    }

    fn pay_off(&mut self, principal: Key, charges: &Charges) -> Charges {
        let need = self.need(principal, charges);
        for resource in Resource::RENEWABLE {
            *self.overruns.entry((principal, resource)).or_default() -= need[resource] - charges[resource];
        }
        need
    }

    /// Takes note of an event.
    pub fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        match *event {
            RateEvent::ShareSet { principal, resource, amount } => {
                self.shares.insert((principal, resource), amount);
            }
            RateEvent::ShareMoved { resource, from, to, amount } => {
                *self.shares.entry((from, resource)).or_default() -= amount;
                *self.shares.entry((to, resource)).or_default() += amount;
            }
            RateEvent::Used { principal, charges } => {
                let need = self.pay_off(principal, charges);
                self.log.push((now, principal, need));
            }
            RateEvent::Reserved { reservation, principal, charges } => {
                let need = self.pay_off(principal, charges);
                self.open.insert(reservation, (principal, *charges, need));
            }
            RateEvent::Settled { reservation, used } => {
                let Some((principal, asked, held)) = self.open.remove(&reservation) else { return };
                let mut counted = Charges::NONE;
                for resource in Resource::RENEWABLE {
                    let paid_off = held[resource] - asked[resource];
                    counted[resource] = paid_off + used[resource].min(asked[resource]);
                    *self.overruns.entry((principal, resource)).or_default() +=
                        used[resource].saturating_sub(asked[resource]);
                }
                self.log.push((now, principal, counted));
            }
            RateEvent::Released { reservation } => {
                let Some((principal, asked, held)) = self.open.remove(&reservation) else { return };
                for resource in Resource::RENEWABLE {
                    *self.overruns.entry((principal, resource)).or_default() +=
                        held[resource] - asked[resource];
                }
            }
            RateEvent::TickStarted => self.tick_began_at = self.log.len(),
        }
    }

    /// Compares a limiter with the log.
    ///
    /// # Panics
    /// When the limiter counts less than was used, counts more than may be released late, lets use exceed a share, or has shares or
    /// overruns of its own.
    pub fn check(&self, limiter: &dyn RateLimiter, principals: &[Key], now: Time) {
        for resource in Resource::RENEWABLE {
            for &principal in principals {
                let place = (principal, resource, now);
                let share = limiter.share(principal, resource);
                assert_eq!(share, self.share(principal, resource), "share of {place:?}");
                assert_eq!(
                    limiter.overrun(principal, resource),
                    self.overrun(principal, resource),
                    "overrun of {place:?}"
                );
                let used = limiter.used(principal, resource, now);
                let (least, most) = self.used(principal, resource, now);
                assert!(least <= share, "{place:?}: used {least} of {share} in one window");
                assert!(
                    (least..=most).contains(&used),
                    "{place:?}: counts {used}, used were {least} to {most}"
                );
            }
        }
    }
}
