//! Random transfers reach the published inequality, and the mode shows in it.

use ecology_minds::statistics::gini;
use ecology_types::{Scrip, Span, Time};

use crate::village::Village;

fn measured(village: &Village) -> f64 {
    let balances: Vec<_> = village.agents.iter().map(|agent| Scrip(agent.scrip)).collect();
    assert_eq!(balances.iter().map(|balance| balance.0).sum::<u64>(), balances.len() as u64, "conserved");
    gini(&balances)
}

#[test]
fn ticks() {
    let mut village = Village::new(1);
    for _ in 0..500 {
        village.add("mind = 'random_transfer'", 1);
    }
    village.run_ticks(200);
    let mut sum = 0.0;
    for _ in 0..20 {
        village.run_ticks(20);
        sum += measured(&village);
    }
    let mean = sum / 20.0;
    assert!((0.610..0.646).contains(&mean), "{mean}");
}

#[test]
fn continuous() {
    let mut village = Village::new(2);
    for _ in 0..500 {
        village.add("mind = 'random_transfer'\ndelay_mean = 1000000", 1);
    }
    village.run_continuous(Time::ZERO.after(Span::from_secs(200)));
    let mut sum = 0.0;
    for _ in 0..20 {
        village.run_continuous(village.now.after(Span::from_secs(20)));
        sum += measured(&village);
    }
    let mean = sum / 20.0;
    assert!((0.650..0.682).contains(&mean), "{mean}");
}
