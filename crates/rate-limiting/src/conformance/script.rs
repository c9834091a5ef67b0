//! Histories: random or written, carried out under the eyes of a judge.

use ecology_types::{Charges, Key, Resource, Seed, Span, Time};

use super::Judge;
use crate::{Ask, Decision, RateEvent, RateLimiter};

/// One step of a history. Numbers are taken modulo what there is, so that every step makes sense and a failing
/// history can be shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Time passes.
    Pass(u64),
    /// A principal asks and, when admitted, uses.
    Use(u8, [u8; 2]),
    /// A principal asks and, when admitted, reserves.
    Reserve(u8, [u8; 2]),
    /// A reservation is settled with the given percentage of what was asked for; more than 100 overruns it.
    Settle(u8, u8),
    /// A reservation is given back.
    Release(u8),
    /// A share is moved, when admitted.
    Move(u8, u8, u8),
    /// A tick begins.
    Tick,
    /// The limiter is replaced by one that read its snapshot.
    Reload,
}

/// Who takes part in histories.
pub(super) const PRINCIPALS: [Key; 4] = [Key(1), Key(2), Key(5), Key(9)];
/// The two resources that histories use.
pub(super) const RESOURCES: [Resource; 2] = [Resource::LlmTokens, Resource::Cpu];

impl Step {
    /// A random history; times are multiples of `grain`.
    #[must_use]
    pub fn random(seed: Seed, steps: u64, grain: Span) -> Vec<Self> {
        (0..steps).map(|at| Self::draw(seed.derive("step", at).0, grain.0)).collect()
    }

    /// A step made of 64 random bits. Times are multiples of `grain`.
    #[must_use]
    pub fn draw(bits: u64, grain: u64) -> Self {
        let [kind, a, b, c, d, e, ..] = bits.to_le_bytes();
        match kind % 16 {
            0..4 => Self::Pass(grain * if d < 250 { u64::from(a % 16) } else { u64::from(b) }),
            4..8 => Self::Use(a, [b % 40, c % 40]),
            8..10 => Self::Reserve(a, [b % 40, c % 40]),
            10..12 => Self::Settle(a, b % 130),
            12 => Self::Release(a),
            13 => Self::Move(a, b, c % 60),
            14 => Self::Tick,
            _ if e < 40 => Self::Reload,
            _ => Self::Pass(grain),
        }
    }
}

/// A limiter, its judge and the time.
pub struct Runner {
    limiter: Box<dyn RateLimiter>,
    judge: Judge,
    now: Time,
    next_reservation: u64,
    /// Questions that were answered with yes.
    pub admitted: u64,
    /// Questions that were not.
    pub refused: u64,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("now", &self.now).field("judge", &self.judge).finish_non_exhaustive()
    }
}

impl Runner {
    /// The share of everyone in the beginning.
    pub const SHARE: u64 = 100;

    /// Gives everyone the same shares.
    #[must_use]
    pub fn new(limiter: Box<dyn RateLimiter>, judge: Judge) -> Self {
        let mut runner =
            Self { limiter, judge, now: Time::ZERO, next_reservation: 0, admitted: 0, refused: 0 };
        for principal in PRINCIPALS {
            for resource in RESOURCES {
                runner.tell(&RateEvent::ShareSet { principal, resource, amount: Self::SHARE });
            }
        }
        runner
    }

    /// The limiter.
    #[must_use]
    pub fn limiter(&self) -> &dyn RateLimiter {
        self.limiter.as_ref()
    }

    /// Replaces the limiter.
    pub fn replace(&mut self, limiter: Box<dyn RateLimiter>) {
        self.limiter = limiter;
    }

    /// The judge.
    #[must_use]
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    fn tell(&mut self, event: &RateEvent<'_>) {
        self.limiter.apply(event, self.now);
        self.judge.apply(event, self.now);
    }

    /// Asks, and checks what the answer promises: yes exactly from `until` on, and never only above the share.
    fn ask(&mut self, ask: &Ask<'_>) -> bool {
        let answer = self.limiter.decide(ask, self.now);
        assert_eq!(self.limiter.decide(ask, self.now), answer, "a question changes nothing");
        match answer {
            Decision::Admit => {}
            Decision::Wait { until, .. } => {
                assert!(until > self.now, "{ask:?}: waiting until {until} at {}", self.now);
                if until < Time::NEVER {
                    let before = self.limiter.decide(ask, Time(until.0 - 1));
                    assert_ne!(before, Decision::Admit, "{ask:?}: yes before {until}");
                    assert_eq!(self.limiter.decide(ask, until), Decision::Admit, "{ask:?}: not at {until}");
                } else {
                    let late = Time(self.now.0 + 10 * self.judge.horizon().window().0);
                    assert_ne!(
                        self.limiter.decide(ask, late),
                        Decision::Admit,
                        "{ask:?}: only an event helps"
                    );
                }
            }
            Decision::Never { .. } => {
                let above = match *ask {
                    Ask::Use { principal, charges } => {
                        charges.iter().any(|(of, amount)| amount > self.judge.share(principal, of))
                    }
                    Ask::Move { resource, from, amount, .. } => amount > self.judge.share(from, resource),
                };
                assert!(above, "{ask:?}: never, although it is within the share");
            }
        }
        let yes = answer == Decision::Admit;
        *(if yes { &mut self.admitted } else { &mut self.refused }) += 1;
        yes
    }

    /// Carries out one step and lets the judge look.
    ///
    /// # Panics
    /// When the judge objects.
    pub fn step(&mut self, step: &Step, fresh: &dyn Fn() -> Box<dyn RateLimiter>) {
        let charges = |amounts: [u8; 2]| {
            Charges::of(RESOURCES[0], amounts[0].into()).with(RESOURCES[1], amounts[1].into())
        };
        let who = |n: u8| PRINCIPALS[usize::from(n) % PRINCIPALS.len()];
        let open = |judge: &Judge, n: u8| {
            let open = judge.open();
            (!open.is_empty()).then(|| open[usize::from(n) % open.len()])
        };
        match *step {
            Step::Pass(span) => self.now = self.now.after(Span(span)),
            Step::Use(n, amounts) => {
                let (principal, charges) = (who(n), &charges(amounts));
                if self.ask(&Ask::Use { principal, charges }) {
                    self.tell(&RateEvent::Used { principal, charges });
                }
            }
            Step::Reserve(n, amounts) => {
                let (principal, charges) = (who(n), &charges(amounts));
                if self.ask(&Ask::Use { principal, charges }) {
                    let reservation = self.next_reservation;
                    self.next_reservation += 1;
                    self.tell(&RateEvent::Reserved { reservation, principal, charges });
                }
            }
            Step::Settle(n, percent) => {
                if let Some(reservation) = open(&self.judge, n) {
                    let mut used = self.judge.asked(reservation);
                    for resource in RESOURCES {
                        used[resource] = (used[resource] * u64::from(percent)).div_ceil(100);
                    }
                    self.tell(&RateEvent::Settled { reservation, used: &used });
                }
            }
            Step::Release(n) => {
                if let Some(reservation) = open(&self.judge, n) {
                    self.tell(&RateEvent::Released { reservation });
                }
            }
            Step::Move(from, to, amount) => {
                let (from, to, resource, amount) = (who(from), who(to), RESOURCES[0], u64::from(amount));
                if self.ask(&Ask::Move { resource, from, to, amount }) {
                    self.tell(&RateEvent::ShareMoved { resource, from, to, amount });
                }
            }
            Step::Tick => self.tell(&RateEvent::TickStarted),
            Step::Reload => {
                let mut other = fresh();
                other.restore(&self.limiter.save()).expect("a limiter reads its own snapshot");
                assert_eq!(other.save(), self.limiter.save(), "a restored limiter saves the same bytes");
                self.check_report();
                self.limiter = other;
            }
        }
        self.look();
    }

    /// Lets the judge look.
    ///
    /// # Panics
    /// When the judge objects.
    pub fn look(&self) {
        self.judge.check(self.limiter.as_ref(), &PRINCIPALS, self.now);
        for resource in RESOURCES {
            let everyone = PRINCIPALS.len() as u64 * Self::SHARE;
            assert_eq!(self.judge.shares_total(resource), everyone, "transfers make nothing");
            let bound: u64 = PRINCIPALS
                .map(|key| self.limiter.share(key, resource).max(self.judge.used(key, resource, self.now).0))
                .iter()
                .sum();
            assert_eq!(bound, everyone, "the provider's own window holds through transfers");
        }
    }

    /// Ends everything that is open and lets all of it leave the window: then nothing counts any more.
    ///
    /// # Panics
    /// When something is left behind.
    pub fn finish(&mut self) {
        for reservation in self.judge.open() {
            self.tell(&RateEvent::Released { reservation });
        }
        self.look();
        self.now = self.now.after(self.judge.horizon().window()).after(self.judge.horizon().step());
        self.tell(&RateEvent::TickStarted);
        for principal in PRINCIPALS {
            for resource in Resource::RENEWABLE {
                assert_eq!(self.limiter.used(principal, resource, self.now), 0, "something was left behind");
            }
        }
        self.check_report();
    }

    /// What a pair found so far: nothing that the register does not explain.
    fn check_report(&self) {
        if let Some(report) = self.limiter.shadow_report() {
            assert_eq!(report.first_unexplained, [], "a difference that nothing explains");
            assert_eq!((report.mismatched, report.candidate_failures), (0, 0));
        }
    }
}
