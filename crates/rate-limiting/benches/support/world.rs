//! What the limiter costs a world that runs by ticks, alone and with a shadow.

use std::hint::black_box;

use ecology_rate_limiting::{Ask, RateEvent, RateLimiter, RollingLimiter, ShadowLimiter, TickLimiter};
use ecology_types::{Charges, Key, Resource, Span, Time};

use crate::Row;
use crate::timing::{Contender, compare};

const AGENTS: u32 = 5_000;
const TICK: Span = Span::from_secs(1);
const WINDOW: Span = Span::from_secs(60);
/// Turns that are touched before the first of them is taken.
const TOUCHED: usize = 16;
/// Turns that are settled together.
const SETTLED: usize = 128;

/// A limiter in a world in which everybody takes a turn in every tick: thinks, pays for a transfer and is measured.
struct World {
    limiter: Box<dyn RateLimiter>,
    order: Vec<Key>,
    now: Time,
    reservations: u64,
}

impl World {
    fn new(limiter: Box<dyn RateLimiter>) -> Self {
        let mut order: Vec<Key> = (0..AGENTS).map(Key).collect();
        let mut world = Self { limiter, order: order.clone(), now: Time::ZERO, reservations: 0 };
        for principal in &order {
            for resource in Resource::RENEWABLE {
                let event = RateEvent::ShareSet { principal: *principal, resource, amount: 10_000_000 };
                world.limiter.apply(&event, Time::ZERO);
            }
        }
        // Any order that is not that of the keys.
        order.sort_by_key(|key| key.0.wrapping_mul(2_654_435_761));
        world.order = order;
        // A window is full.
        world.turns(u64::from(AGENTS) * 62);
        world
    }

    /// So many turns, in whole ticks.
    fn turns(&mut self, turns: u64) -> u64 {
        (0..turns / u64::from(AGENTS)).fold(0, |seen, _| seen ^ self.tick())
    }

    fn tick(&mut self) -> u64 {
        let Self { limiter, order, now, reservations } = self;
        *now = now.after(TICK);
        let now = *now;
        limiter.apply(&RateEvent::TickStarted, now);
        let mut seen = 0;
        let call = Charges::of(Resource::LlmCalls, 1);
        let everybody: Vec<Key> = (0..AGENTS).map(Key).collect();
        for group in everybody.chunks(TOUCHED) {
            seen ^= group.iter().fold(0, |seen, key| seen ^ limiter.touch(*key));
            for principal in group {
                black_box(limiter.decide(&Ask::Use { principal: *principal, charges: &call }, now));
            }
        }
        for settled in order.chunks(SETTLED) {
            let first = *reservations;
            for group in settled.chunks(TOUCHED) {
                seen ^= group.iter().fold(0, |seen, key| seen ^ limiter.touch(*key));
                for key in group {
                    let principal = *key;
                    let bytes = 200 + u64::from(principal.0 & 63);
                    let all = call.with(Resource::Bandwidth, bytes).with(Resource::Cpu, 500);
                    black_box(limiter.decide(&Ask::Use { principal, charges: &all }, now));
                    limiter.apply(&RateEvent::Used { principal, charges: &call }, now);
                    let charges = &Charges::of(Resource::Bandwidth, bytes);
                    limiter.apply(&RateEvent::Used { principal, charges }, now);
                    let (reservation, charges) = (*reservations, &Charges::of(Resource::Cpu, 500));
                    limiter.apply(&RateEvent::Reserved { reservation, principal, charges }, now);
                    *reservations += 1;
                }
            }
            for reservation in first..*reservations {
                let used = &Charges::of(Resource::Cpu, reservation & 15);
                limiter.apply(&RateEvent::Settled { reservation, used }, now);
            }
        }
        seen
    }
}

/// Nanoseconds per turn of an agent: two questions and four events. Only told: what a turn costs is measured where there are turns.
pub fn world(_long: bool) -> Vec<Row> {
    let tick = || Box::new(TickLimiter::new(WINDOW));
    let rolling = || Box::new(RollingLimiter::new(WINDOW));
    let worlds: [(&'static str, Box<dyn RateLimiter>); 4] = [
        ("tick+rolling", Box::new(ShadowLimiter::new(tick(), rolling()))),
        ("tick", tick()),
        ("rolling", rolling()),
        ("rolling+tick", Box::new(ShadowLimiter::new(rolling(), tick()))),
    ];
    let contenders: Vec<Contender<'_>> = worlds
        .into_iter()
        .map(|(name, limiter)| {
            let mut world = World::new(limiter);
            (name, Box::new(move |turns| world.turns(turns)) as Box<dyn FnMut(u64) -> u64>)
        })
        .collect();
    let names = ["told:world_tick_shadowed", "told:world_rolling", "told:world_rolling_shadowed"];
    compare(&names, u64::from(AGENTS) * 10, None, contenders)
}
