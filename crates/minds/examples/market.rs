//! The five markets of Gode & Sunder 1993 in a small world, and what one thought costs.
//!
//! `cargo run --release -p ecology-minds --example market`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]
#![expect(clippy::disallowed_methods, reason = "it measures time; no mind does")]

#[path = "../tests/village/mod.rs"]
mod village;

use std::time::Instant;

use ecology_minds::statistics::efficiency;
use ecology_minds::{MarketDesign, Mind, MindConfig, build};
use ecology_types::Seed;
use village::Village;

const PERIODS: u64 = 20;
const PERIOD_TICKS: u64 = 100;

fn market(design: MarketDesign, traders: usize, constrained: bool) -> f64 {
    let market = design.schedule(traders, 3);
    let mut village = Village::new(1);
    let buyers = market.buyers.iter().map(|values| ("buyer", values));
    for (role, values) in buyers.chain(market.sellers.iter().map(|costs| ("seller", costs))) {
        village.add(
            &format!(
                "mind = 'zero_intelligence'\nrole = '{role}'\nconstrained = {constrained}\ngood = 'apple'\nvalues = {values:?}\n\
                 price_max = {}\nperiod_ticks = {PERIOD_TICKS}\nconsume = true",
                market.price_max
            ),
            1_000_000,
        );
    }
    village.run_ticks(PERIODS * PERIOD_TICKS);
    let mut surplus = 0;
    for period in 0..PERIODS {
        let (mut bought, mut sold) = (vec![0; market.buyers.len()], vec![0; market.sellers.len()]);
        for trade in village.trades.iter().filter(|trade| (trade.tick - 1) / PERIOD_TICKS == period) {
            bought[trade.buyer] += 1;
            sold[trade.seller - market.buyers.len()] += 1;
        }
        surplus += market.surplus(&bought, &sold);
    }
    efficiency(surplus, market.equilibrium().unwrap().surplus_max * PERIODS)
}

fn nanoseconds_per_thought(config: &str) -> u128 {
    const THOUGHTS: u32 = 1_000_000;
    let mut village = Village::new(1);
    for _ in 0..1_000 {
        village.add("mind = 'idle'", 100);
    }
    let mut mind: Box<dyn Mind> = build(config, Seed(1)).unwrap();
    let view = village.view(0);
    let start = Instant::now();
    for _ in 0..THOUGHTS {
        std::hint::black_box(mind.think(&view).unwrap());
    }
    start.elapsed().as_nanos() / u128::from(THOUGHTS)
}

fn main() {
    println!("efficiency, 12 and 100 traders, {PERIODS} periods of {PERIOD_TICKS} ticks");
    for design in MarketDesign::ALL {
        println!(
            "{:<14} constrained {:.1} % {:.1} %   unconstrained {:.1} % {:.1} %",
            design.name(),
            100.0 * market(design, 12, true),
            100.0 * market(design, 100, true),
            100.0 * market(design, 12, false),
            100.0 * market(design, 100, false),
        );
    }
    for (name, config) in [
        ("idle", "mind = 'idle'"),
        ("random_transfer", "mind = 'random_transfer'"),
        ("random_transfer, paced", "mind = 'random_transfer'\ndelay_mean = 1000"),
        (
            "zero_intelligence",
            "mind = 'zero_intelligence'\nrole = 'buyer'\ngood = 'a'\nvalues = [9]\nprice_max = 9",
        ),
    ] {
        println!("{name:<24} {} ns per thought", nanoseconds_per_thought(config));
    }
    let text = MindConfig::parse("mind = 'random_transfer'").unwrap().to_text();
    let start = Instant::now();
    for index in 0..100_000 {
        std::hint::black_box(build(&text, Seed(index)).unwrap());
    }
    println!("{:<24} {} ns", "building from text", start.elapsed().as_nanos() / 100_000);
}
