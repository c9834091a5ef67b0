//! How many decisions it takes to break a law: none may.

use std::collections::VecDeque;

use ecology_rate_limiting::{Ask, Decision, Horizon, RateEvent, RateLimiter, RollingLimiter, RollingWindow};
use ecology_types::{Charges, Key, Resource, Span, Time};

use crate::Row;

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// An exact log of one window.
#[derive(Default)]
struct Log {
    uses: VecDeque<(u64, u64)>,
    sum: u64,
}

impl Log {
    fn prune(&mut self, now: u64, window: u64) {
        while let Some(&(then, amount)) = self.uses.front() {
            if now - then < window {
                break;
            }
            self.sum -= amount;
            self.uses.pop_front();
        }
    }

    fn push(&mut self, now: u64, amount: u64) {
        match self.uses.back_mut() {
            Some(last) if last.0 == now => last.1 += amount,
            _ => self.uses.push_back((now, amount)),
        }
        self.sum += amount;
    }
}

fn count_row(name: &'static str, violations: u64, of: u64) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "zero, or it does not matter")]
    let value = violations as f64;
    Row { name, ours: format!("{violations}"), peer: format!("{of}decisions"), value, target: Some(0.0) }
}

/// Random weights at random times, in loads from idle to far too much: no trailing window may exceed the share.
pub fn violations(long: bool) -> Vec<Row> {
    let total: u64 = if long { 1_000_000_000 } else { 10_000_000 };
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let mut violations = 0;
    let parts = 100;
    for part in 0..parts {
        let window = [1_000, 999, 128, 37, 100_000, 1 << 20][part % 6];
        let share = [100, 1_000, 7, 100_000][part % 4];
        let pause = 1 + window / [10, 100, 1_000][part % 3];
        let (mut ours, mut log, horizon) = (RollingWindow::new(), Log::default(), Horizon::new(Span(window)));
        let mut now = 0;
        for _ in 0..total / parts as u64 {
            let bits = random(&mut seed);
            now += (bits & 0xffff) * pause / 0x8000;
            let weight = (bits >> 16) % (share / 4 + 1) + u64::from(bits >> 60 == 0) * (share / 2);
            if ours.try_use(weight, share, Time(now), horizon).is_admit() {
                log.prune(now, window);
                log.push(now, weight);
                violations += u64::from(log.sum > share);
            }
        }
    }
    vec![count_row("violations", violations, total)]
}

/// What one principal did and may do.
#[derive(Default)]
struct Party {
    log: Log,
    held: u64,
}

const PARTIES: usize = 8;
const SHARE: u64 = 1_000;

/// Uses, reservations, settlements, cancellations and transfers between eight principals, on the limiter that the world uses. Counts windows that
/// exceed a share, moments at which the provider's own window is exceeded, and sums that differ from an exact log where times are whole steps.
#[allow(clippy::collapsible_match, reason = "asking in a match guard would hide that it is the point")]
fn mixed(total: u64, grain: u64) -> (u64, u64) {
    const TOKENS: Resource = Resource::LlmTokens;
    let window = 12_800;
    let mut limiter = RollingLimiter::new(Span(window));
    let mut parties: [Party; PARTIES] = Default::default();
    let mut open: Vec<(u64, usize, u64)> = Vec::new();
    let key = |party: usize| Key(u32::try_from(party * 3).unwrap());
    for party in 0..PARTIES {
        let event = RateEvent::ShareSet { principal: key(party), resource: TOKENS, amount: SHARE };
        limiter.apply(&event, Time(0));
    }
    let (mut seed, mut now, mut next) = (42, 0, 0);
    let (mut violations, mut differences) = (0, 0);
    for step in 0..total {
        let bits = random(&mut seed);
        now += (bits & 15) * u64::from(bits & 0x30 == 0) * grain;
        let time = Time(now);
        let who = (bits >> 8) as usize % PARTIES;
        let amount = (bits >> 16) % 60;
        let charges = &Charges::of(TOKENS, amount);
        match (bits >> 32) % 16 {
            0..6 => {
                if limiter.decide(&Ask::Use { principal: key(who), charges }, time) == Decision::Admit {
                    limiter.apply(&RateEvent::Used { principal: key(who), charges }, time);
                    parties[who].log.push(now, amount);
                }
            }
            6..10 if open.len() < 24 => {
                if limiter.decide(&Ask::Use { principal: key(who), charges }, time) == Decision::Admit {
                    limiter.apply(
                        &RateEvent::Reserved { reservation: next, principal: key(who), charges },
                        time,
                    );
                    parties[who].held += amount;
                    open.push((next, who, amount));
                    next += 1;
                }
            }
            10..13 if !open.is_empty() => {
                let (reservation, who, held) = open.swap_remove((bits >> 40) as usize % open.len());
                let used = (bits >> 48) % (held + 1);
                limiter.apply(&RateEvent::Settled { reservation, used: &Charges::of(TOKENS, used) }, time);
                parties[who].held -= held;
                parties[who].log.push(now, used);
            }
            13 if !open.is_empty() => {
                let (reservation, who, held) = open.swap_remove((bits >> 40) as usize % open.len());
                limiter.apply(&RateEvent::Released { reservation }, time);
                parties[who].held -= held;
            }
            14 => {
                let (from, to, amount) = (key(who), key((bits >> 40) as usize % PARTIES), amount * 5);
                let ask = Ask::Move { resource: TOKENS, from, to, amount };
                if limiter.decide(&ask, time) == Decision::Admit {
                    limiter.apply(&RateEvent::ShareMoved { resource: TOKENS, from, to, amount }, time);
                }
            }
            _ => {}
        }
        let party = &mut parties[who];
        party.log.prune(now, window);
        let (exact, share) = (party.log.sum + party.held, limiter.share(key(who), TOKENS));
        violations += u64::from(exact > share);
        if grain == Horizon::new(Span(window)).step().0 {
            differences += u64::from(limiter.used(key(who), TOKENS, time) != exact);
        }
        if step % 64 == 0 {
            let provider: u64 = (0..PARTIES)
                .map(|party| {
                    parties[party].log.prune(now, window);
                    limiter.share(key(party), TOKENS).max(parties[party].log.sum + parties[party].held)
                })
                .sum();
            violations += u64::from(provider > SHARE * PARTIES as u64);
        }
    }
    (violations, differences)
}

pub fn violations_mixed(long: bool) -> Vec<Row> {
    let total = if long { 100_000_000 } else { 10_000_000 };
    vec![count_row("violations_mixed", mixed(total, 17).0, total)]
}

/// Where times are whole steps nothing is released late, and what counts is the sum of the log, after every one of the operations.
pub fn used_exact(_long: bool) -> Vec<Row> {
    let total = 10_000_000;
    let (violations, differences) = mixed(total, 52);
    vec![count_row("used_differs_from_judge", violations + differences, total)]
}

/// What is granted under steady overload, against an exact log that meets the same questions.
#[expect(clippy::cast_precision_loss, reason = "a share of what was granted")]
pub fn granted(long: bool) -> Vec<Row> {
    let total = if long { 100_000_000 } else { 10_000_000 };
    let mut rows = Vec::new();
    let cases = [
        ("granted_unit_weights", 1, 300, 16),
        ("granted_mixed_weights", 20, 1_000, 16),
        ("granted_light_overload", 20, 1_000, 200),
        ("granted_bursts", 50, 5_000, 1_000),
    ];
    for (name, weight_max, share, pause) in cases {
        let window = 12_800;
        let (mut ours, mut log, horizon) = (RollingWindow::new(), Log::default(), Horizon::new(Span(window)));
        let (mut seed, mut now) = (7, 0);
        let (mut by_us, mut exactly) = (0_u64, 0_u64);
        for _ in 0..total / 4 {
            let bits = random(&mut seed);
            now += (bits & 0xffff) * pause / 0x8000;
            let weight = 1 + (bits >> 16) % weight_max;
            by_us += weight * u64::from(ours.try_use(weight, share, Time(now), horizon).is_admit());
            log.prune(now, window);
            if log.sum + weight <= share {
                log.push(now, weight);
                exactly += weight;
            }
        }
        let value = by_us as f64 / exactly as f64;
        let (ours, peer) = (format!("{by_us}"), format!("{exactly}:exact-log"));
        rows.push(Row { name, ours, peer, value, target: Some(-0.995) });
    }
    rows
}
