//! Zero-intelligence traders reach the published efficiencies.

use ecology_minds::{MarketDesign, MarketSchedule, efficiency_millionths};
use ecology_types::{Span, Time};

use crate::village::Village;

pub(crate) const PERIOD_TICKS: u64 = 100;

fn populate(village: &mut Village, market: &MarketSchedule, constrained: bool) {
    let traders = market.buyers.iter().map(|values| ("buyer", values));
    for (role, values) in traders.chain(market.sellers.iter().map(|costs| ("seller", costs))) {
        let config = format!(
            "mind = 'zero_intelligence'\nrole = '{role}'\nconstrained = {constrained}\ngood = 'apple'\nvalues = {values:?}\n\
             price_max = {}\nperiod_ticks = {PERIOD_TICKS}\nperiod = 100000000\ndelay_mean = 1000000\nconsume = true",
            market.price_max
        );
        village.add(&config, 1_000_000);
    }
}

/// Mean efficiency over `periods`, in millionths. A unit bought or sold counts in the period of the trade.
fn efficiency(
    village: &Village,
    market: &MarketSchedule,
    periods: u64,
    period_of: impl Fn(u64, Time) -> u64,
) -> i64 {
    let found = market.equilibrium().unwrap();
    let mut sum = 0;
    for period in 0..periods {
        let mut bought = vec![0; market.buyers.len()];
        let mut sold = vec![0; market.sellers.len()];
        for trade in village.trades.iter().filter(|trade| period_of(trade.tick, trade.time) == period) {
            bought[trade.buyer] += 1;
            sold[trade.seller - market.buyers.len()] += 1;
        }
        assert!(bought.iter().zip(&market.buyers).all(|(count, values)| *count <= values.len()));
        assert!(sold.iter().zip(&market.sellers).all(|(count, costs)| *count <= costs.len()));
        let surplus = market.surplus(&bought, &sold);
        sum += efficiency_millionths(surplus, found.surplus_max);
    }
    sum / i64::try_from(periods).unwrap()
}

fn in_ticks(design: MarketDesign, constrained: bool) -> i64 {
    let market = design.schedule(12, 3);
    let mut village = Village::new(7);
    populate(&mut village, &market, constrained);
    village.run_ticks(10 * PERIOD_TICKS);
    efficiency(&village, &market, 10, |tick, _| (tick - 1) / PERIOD_TICKS)
}

fn in_time(design: MarketDesign, constrained: bool) -> i64 {
    let market = design.schedule(12, 3);
    let mut village = Village::new(8);
    populate(&mut village, &market, constrained);
    village.run_continuous(Time::ZERO.after(Span::from_secs(1_000)));
    efficiency(&village, &market, 10, |_, time| time.0 / 100_000_000)
}

#[test]
fn figures() {
    for design in MarketDesign::ALL {
        println!(
            "{} ticks {} {} continuous {} {}",
            design.name(),
            in_ticks(design, true),
            in_ticks(design, false),
            in_time(design, true),
            in_time(design, false)
        );
    }
}
