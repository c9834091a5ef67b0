//! The laws, one function each.

use ecology_types::{Charges, Key, Resource, Seed, Span, Time};

use super::script::{PRINCIPALS, RESOURCES};
use super::{Judge, Refill, Runner, Step, Suite};
use crate::{Ask, Decision, NeverReason, RateEvent, RateLimiter};

const ALICE: Key = Key(1);
const BOB: Key = Key(5);
const TOKENS: Resource = Resource::LlmTokens;
const CALLS: Resource = Resource::LlmCalls;

fn tokens(amount: u64) -> Charges {
    Charges::of(TOKENS, amount)
}

fn ask(limiter: &dyn RateLimiter, principal: Key, charges: &Charges, now: Time) -> Decision {
    limiter.decide(&Ask::Use { principal, charges }, now)
}

fn set_share(limiter: &mut dyn RateLimiter, principal: Key, resource: Resource, amount: u64) {
    limiter.apply(&RateEvent::ShareSet { principal, resource, amount }, Time::ZERO);
}

fn use_up(limiter: &mut dyn RateLimiter, principal: Key, charges: &Charges, now: Time) {
    limiter.apply(&RateEvent::Used { principal, charges }, now);
}

fn reserve(limiter: &mut dyn RateLimiter, reservation: u64, charges: &Charges, now: Time) {
    limiter.apply(&RateEvent::Reserved { reservation, principal: ALICE, charges }, now);
}

fn settle(limiter: &mut dyn RateLimiter, reservation: u64, used: &Charges, now: Time) {
    limiter.apply(&RateEvent::Settled { reservation, used }, now);
}

/// Each law panics when it is broken.
impl Suite {
    fn with_shares(&self, amount: u64) -> Box<dyn RateLimiter> {
        let mut limiter = self.limiter();
        for principal in [ALICE, BOB] {
            for resource in [TOKENS, CALLS] {
                set_share(limiter.as_mut(), principal, resource, amount);
            }
        }
        limiter
    }

    /// Lets all capacity return, whichever way it does.
    fn refill(&self, limiter: &mut dyn RateLimiter, now: Time) -> Time {
        let now = now.after(self.window);
        limiter.apply(&RateEvent::TickStarted, now);
        now
    }

    /// Who has no share may use nothing.
    pub fn a_stranger_may_use_nothing(&self) {
        let limiter = self.limiter();
        let why = NeverReason::AboveShare { share: 0, needed: 1 };
        let never = Decision::Never { why, resource: TOKENS };
        assert_eq!(ask(limiter.as_ref(), Key(u32::MAX), &tokens(1), Time(7)), never);
        assert_eq!(limiter.used(Key(u32::MAX), TOKENS, Time(7)), 0);
        assert_eq!(limiter.share(ALICE, Resource::Disk), 0);
        assert_eq!(limiter.window(), self.window);
    }

    /// A share can be used once per window or tick, and again when it returns, to the microsecond.
    pub fn a_share_can_be_used_once(&self) {
        let mut limiter = self.with_shares(10);
        let start = Time(1_000);
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(10), start), Decision::Admit);
        use_up(limiter.as_mut(), ALICE, &tokens(10), start);
        let end = start.after(self.window);
        let until = match self.refill {
            Refill::AtTick => Time::NEVER,
            Refill::Rolling => end,
        };
        let wait = Decision::Wait { until, resource: TOKENS };
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(1), start), wait);
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(1), Time(end.0 - 1)), wait, "still counted");
        assert_eq!(limiter.used(ALICE, TOKENS, Time(end.0 - 1)), 10);
        assert_eq!(ask(limiter.as_ref(), BOB, &tokens(10), start), Decision::Admit, "shares are apart");
        let end = self.refill(limiter.as_mut(), start);
        assert_eq!(limiter.used(ALICE, TOKENS, end), 0);
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(10), end), Decision::Admit);
    }

    /// One short resource blocks all, and nothing is booked by asking.
    pub fn a_use_is_all_or_nothing(&self) {
        let mut limiter = self.with_shares(10);
        use_up(limiter.as_mut(), ALICE, &Charges::of(CALLS, 10), Time(5));
        let both = tokens(1).with(CALLS, 1);
        assert!(matches!(
            ask(limiter.as_ref(), ALICE, &both, Time(6)),
            Decision::Wait { resource: CALLS, .. }
        ));
        assert_eq!(limiter.used(ALICE, TOKENS, Time(6)), 0);
        let above = tokens(11).with(CALLS, 1);
        assert!(
            matches!(ask(limiter.as_ref(), ALICE, &above, Time(6)), Decision::Never { resource: TOKENS, .. }),
            "waiting for one does not help when another is above the share"
        );
    }

    /// A use of nothing needs nothing, even where nothing is left.
    pub fn zero_weights_always_fit(&self) {
        let mut limiter = self.with_shares(10);
        use_up(limiter.as_mut(), ALICE, &tokens(10), Time(5));
        set_share(limiter.as_mut(), ALICE, TOKENS, 3);
        assert_eq!(ask(limiter.as_ref(), ALICE, &Charges::NONE, Time(5)), Decision::Admit);
        assert_eq!(ask(limiter.as_ref(), ALICE, &Charges::of(CALLS, 1), Time(5)), Decision::Admit);
        let nothing = Ask::Move { resource: TOKENS, from: ALICE, to: BOB, amount: 0 };
        assert_eq!(limiter.decide(&nothing, Time(5)), Decision::Admit);
    }

    /// Nothing overflows.
    pub fn amounts_at_the_end_of_the_number_range(&self) {
        let mut limiter = self.with_shares(u64::MAX);
        let all = tokens(u64::MAX);
        let (now, later) = (Time(u64::MAX - 3), Time(u64::MAX - 2));
        for time in [now, later] {
            use_up(limiter.as_mut(), ALICE, &all, time);
            reserve(limiter.as_mut(), 1, &all, time);
            settle(limiter.as_mut(), 1, &all, time);
        }
        reserve(limiter.as_mut(), 2, &tokens(1), later);
        settle(limiter.as_mut(), 2, &all, later);
        assert!(matches!(ask(limiter.as_ref(), ALICE, &all, later), Decision::Wait { .. }));
        assert_eq!(limiter.overrun(ALICE, TOKENS), u64::MAX - 1);
        let moved = RateEvent::ShareMoved { resource: TOKENS, from: ALICE, to: BOB, amount: u64::MAX };
        limiter.apply(&moved, later);
        assert_eq!(limiter.share(ALICE, TOKENS), u64::MAX, "a share that would not fit stays");
        limiter.apply(&RateEvent::Released { reservation: 2 }, Time::NEVER);
        assert!(limiter.restore(&limiter.save()).is_ok());
    }

    /// Depletable and allocatable resources are somebody else's business.
    pub fn other_resources_are_not_limited(&self) {
        let mut limiter = self.with_shares(10);
        let disk = Charges::of(Resource::Disk, 999);
        assert_eq!(ask(limiter.as_ref(), ALICE, &disk, Time(5)), Decision::Admit);
        use_up(limiter.as_mut(), ALICE, &disk, Time(5));
        set_share(limiter.as_mut(), ALICE, Resource::Disk, 9);
        assert_eq!(
            (limiter.share(ALICE, Resource::Disk), limiter.used(ALICE, Resource::Disk, Time(5))),
            (0, 0)
        );
        let mut digest = Vec::new();
        limiter.digest(Resource::Disk, &mut digest);
        limiter.digest(TOKENS, &mut digest);
        assert!(!digest.is_empty());
    }

    /// A reservation counts until it is settled or released, whatever time passes; then only what was used counts, from then on.
    pub fn reservations_leave_nothing_behind(&self) {
        let mut limiter = self.with_shares(10);
        let start = Time(1_000);
        reserve(limiter.as_mut(), 1, &tokens(6), start);
        let later = self.refill(limiter.as_mut(), start);
        let later = self.refill(limiter.as_mut(), later);
        assert_eq!(limiter.used(ALICE, TOKENS, later), 6, "it is held");
        let wait = Decision::Wait { until: Time::NEVER, resource: TOKENS };
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(5), later), wait, "only a settlement can free it");
        settle(limiter.as_mut(), 1, &tokens(4), later);
        assert_eq!(limiter.used(ALICE, TOKENS, later), 4, "the rest is free at once");
        reserve(limiter.as_mut(), 2, &tokens(6), later);
        limiter.apply(&RateEvent::Released { reservation: 2 }, later);
        assert_eq!(limiter.used(ALICE, TOKENS, later), 4);
        let just_before = Time(later.after(self.window).0 - 1);
        assert_eq!(limiter.used(ALICE, TOKENS, just_before), 4, "it counts from the settlement on");
        let end = self.refill(limiter.as_mut(), later);
        assert_eq!(limiter.used(ALICE, TOKENS, end), 0);
    }

    /// Numbers that are not open are passed over, twice settled counts once, and a number used twice replaces the first.
    pub fn unknown_reservations_are_ignored(&self) {
        let mut limiter = self.with_shares(10);
        settle(limiter.as_mut(), 7, &tokens(4), Time(5));
        limiter.apply(&RateEvent::Released { reservation: 7 }, Time(5));
        assert_eq!(limiter.used(ALICE, TOKENS, Time(5)), 0);
        reserve(limiter.as_mut(), 7, &tokens(5), Time(5));
        reserve(limiter.as_mut(), 7, &tokens(2), Time(5));
        assert_eq!(limiter.used(ALICE, TOKENS, Time(5)), 2);
        settle(limiter.as_mut(), 7, &tokens(2), Time(5));
        settle(limiter.as_mut(), 7, &tokens(2), Time(5));
        assert_eq!(limiter.used(ALICE, TOKENS, Time(5)), 2);
    }

    /// What exceeded a reservation is not booked into its window but needed by the next use.
    pub fn overruns_are_paid_by_the_next_use(&self) {
        let mut limiter = self.with_shares(10);
        reserve(limiter.as_mut(), 1, &tokens(2), Time(5));
        settle(limiter.as_mut(), 1, &tokens(5), Time(5));
        assert_eq!((limiter.used(ALICE, TOKENS, Time(5)), limiter.overrun(ALICE, TOKENS)), (2, 3));
        assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(5), Time(6)), Decision::Admit);
        assert!(matches!(ask(limiter.as_ref(), ALICE, &tokens(6), Time(6)), Decision::Wait { .. }));
        reserve(limiter.as_mut(), 2, &tokens(5), Time(6));
        assert_eq!((limiter.used(ALICE, TOKENS, Time(6)), limiter.overrun(ALICE, TOKENS)), (10, 0));
        limiter.apply(&RateEvent::Released { reservation: 2 }, Time(7));
        assert_eq!((limiter.used(ALICE, TOKENS, Time(7)), limiter.overrun(ALICE, TOKENS)), (2, 3));
    }

    /// An overrun larger than the share is paid off a share at a time.
    pub fn large_overruns_never_block_for_ever(&self) {
        let mut limiter = self.with_shares(10);
        reserve(limiter.as_mut(), 1, &tokens(1), Time(5));
        settle(limiter.as_mut(), 1, &tokens(26), Time(5));
        let mut now = Time(5);
        for owed in [25, 16, 7, 0] {
            assert_eq!(limiter.overrun(ALICE, TOKENS), owed);
            now = self.refill(limiter.as_mut(), now);
            assert_eq!(ask(limiter.as_ref(), ALICE, &tokens(1), now), Decision::Admit);
            use_up(limiter.as_mut(), ALICE, &tokens(1), now);
            assert!(limiter.used(ALICE, TOKENS, now) <= 10);
        }
    }

    /// The giver gives only what its own use leaves free.
    pub fn transfers_follow_the_safe_rule(&self) {
        let mut limiter = self.with_shares(10);
        use_up(limiter.as_mut(), ALICE, &tokens(6), Time(5));
        let give = |amount| Ask::Move { resource: TOKENS, from: ALICE, to: BOB, amount };
        assert_eq!(limiter.decide(&give(4), Time(5)), Decision::Admit);
        let until = match self.refill {
            Refill::AtTick => Time::NEVER,
            Refill::Rolling => Time(5).after(self.window),
        };
        assert_eq!(limiter.decide(&give(5), Time(5)), Decision::Wait { until, resource: TOKENS });
        let why = NeverReason::AboveShare { share: 10, needed: 11 };
        assert_eq!(limiter.decide(&give(11), Time(5)), Decision::Never { why, resource: TOKENS });
        limiter.apply(&RateEvent::ShareMoved { resource: TOKENS, from: ALICE, to: BOB, amount: 4 }, Time(5));
        assert_eq!((limiter.share(ALICE, TOKENS), limiter.share(BOB, TOKENS)), (6, 14));
        assert!(matches!(ask(limiter.as_ref(), ALICE, &tokens(1), Time(5)), Decision::Wait { .. }));
        assert_eq!(ask(limiter.as_ref(), BOB, &tokens(14), Time(5)), Decision::Admit);
        let to_self = Ask::Move { resource: TOKENS, from: BOB, to: BOB, amount: 14 };
        assert_eq!(limiter.decide(&to_self, Time(5)), Decision::Admit);
        limiter.apply(&RateEvent::ShareMoved { resource: TOKENS, from: BOB, to: BOB, amount: 14 }, Time(5));
        assert_eq!(limiter.share(BOB, TOKENS), 14);
    }

    /// Of several short resources the wait ends when the last is free, and names it.
    pub fn waiting_ends_exactly_when_promised(&self) {
        let mut limiter = self.with_shares(10);
        use_up(limiter.as_mut(), ALICE, &tokens(10), Time(500));
        use_up(limiter.as_mut(), ALICE, &Charges::of(CALLS, 10), Time(900));
        let both = tokens(1).with(CALLS, 1);
        let expected = match self.refill {
            Refill::AtTick => Decision::Wait { until: Time::NEVER, resource: TOKENS },
            Refill::Rolling => Decision::Wait { until: Time(900).after(self.window), resource: CALLS },
        };
        assert_eq!(ask(limiter.as_ref(), ALICE, &both, Time(901)), expected);
    }

    fn histories(&self, grain: Span, exact: bool) {
        for seed in 0..self.seeds {
            let judge = Judge::new(self.refill, self.window);
            let judge = if exact { judge.exact() } else { judge };
            let mut runner = Runner::new(self.limiter(), judge);
            for step in Step::random(Seed(seed), self.steps, grain) {
                runner.step(&step, &|| self.limiter());
            }
            assert!(self.steps < 100 || (runner.admitted > 10 && runner.refused > 0), "{runner:?}");
            runner.finish();
        }
    }

    /// In random histories no window is exceeded, no time is wrong and nothing is lost.
    pub fn random_histories_satisfy_the_judge(&self) {
        self.histories(Span((self.window.0 / 97).max(1)), false);
        self.histories(Span((self.window.0 / 700).max(1)), false);
    }

    /// Where times are whole steps, nothing is even released late: what counts is exactly what was used.
    pub fn histories_on_the_grid_are_exact(&self) {
        let step = crate::Horizon::new(self.window).step();
        self.histories(step, true);
    }

    /// A limiter that read a snapshot answers like the one that wrote it.
    pub fn snapshots_change_nothing(&self) {
        let mut one = self.runner();
        for step in Step::random(Seed(77), self.steps, Span((self.window.0 / 50).max(1))) {
            one.step(&step, &|| self.limiter());
        }
        let mut other = self.limiter();
        other.restore(&one.limiter().save()).expect("a limiter reads its own snapshot");
        assert_eq!(digest(one.limiter()), digest(other.as_ref()));
        for later in 0..200 {
            let now = one.now().after(Span(later * self.window.0 / 100));
            for principal in PRINCIPALS {
                for resource in RESOURCES {
                    let charges = &Charges::of(resource, later % 100);
                    let ask = Ask::Use { principal, charges };
                    assert_eq!(one.limiter().decide(&ask, now), other.decide(&ask, now));
                    assert_eq!(
                        one.limiter().used(principal, resource, now),
                        other.used(principal, resource, now)
                    );
                }
            }
        }
    }

    /// Whether a snapshot lies between or not, a changed window counts the same.
    pub fn a_changed_window_survives_snapshots(&self) {
        for factor in [2, 5] {
            let mut one = self.with_shares(10);
            use_up(one.as_mut(), ALICE, &tokens(4), Time(10));
            let now = Time(10).after(self.window).after(Span(5));
            use_up(one.as_mut(), BOB, &tokens(3), now);
            let mut other = self.limiter();
            other.restore(&one.save()).expect("a limiter reads its own snapshot");
            for limiter in [&mut one, &mut other] {
                limiter.set_window(Span(self.window.0 * factor));
                assert_eq!(limiter.window(), Span(self.window.0 * factor));
            }
            assert_eq!(one.used(ALICE, TOKENS, now), other.used(ALICE, TOKENS, now));
            assert_eq!(digest(one.as_ref()), digest(other.as_ref()));
            one.set_window(Span(1));
            assert_eq!(one.share(BOB, TOKENS), 10);
        }
    }

    /// Bytes that are not a snapshot are refused and change nothing.
    pub fn broken_snapshots_are_refused(&self) {
        let mut limiter = self.with_shares(10);
        use_up(limiter.as_mut(), ALICE, &tokens(4), Time(10));
        reserve(limiter.as_mut(), 3, &tokens(2), Time(10));
        let (saved, before) = (limiter.save(), digest(limiter.as_ref()));
        assert!(limiter.restore(&[]).is_err());
        assert!(limiter.restore(b"nonsense").is_err());
        for cut in 0..saved.len() {
            assert!(limiter.restore(&saved[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(digest(limiter.as_ref()), before);
        for at in 0..saved.len() {
            let mut broken = saved.clone();
            broken[at] ^= 0x15;
            let mut other = self.limiter();
            if other.restore(&broken).is_ok() {
                // Some changes make another valid snapshot; using it must not panic.
                let now = Time(1_000_000);
                settle(other.as_mut(), 3, &tokens(1), now);
                use_up(other.as_mut(), ALICE, &tokens(1), now);
                let _ = (ask(other.as_ref(), ALICE, &tokens(1), now), digest(other.as_ref()));
            }
        }
    }

    /// Digests depend on the history alone: not on questions, snapshots or when something idle was forgotten.
    pub fn equal_histories_give_equal_digests(&self) {
        let run = |questions: bool| {
            let mut runner = self.runner();
            for step in Step::random(Seed(5), self.steps, Span((self.window.0 / 30).max(1))) {
                if questions || step != Step::Reload {
                    runner.step(&step, &|| self.limiter());
                }
            }
            digest(runner.limiter())
        };
        assert_eq!(run(true), run(false));
        let mut limiter = self.with_shares(10);
        let empty = digest(limiter.as_ref());
        use_up(limiter.as_mut(), ALICE, &tokens(1), Time(0));
        assert_ne!(digest(limiter.as_ref()), empty, "a use shows in the digest");
    }
}

fn digest(limiter: &dyn RateLimiter) -> Vec<u8> {
    let mut digest = Vec::new();
    for resource in Resource::ALL {
        limiter.digest(resource, &mut digest);
    }
    digest
}
