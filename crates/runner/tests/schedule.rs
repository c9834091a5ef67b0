//! Interleavings: many seeds, every allowed combination of axes, every law after every few events, and a replay of each.

use ecology_features::config::{Config, ScenarioName};
use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_runner::Observers;
use ecology_runner::scenario;
use ecology_runner::store::{self, Recover};
use ecology_types::{Axis, AxisVector, Seed, Side};

use crate::support::*;

/// All combinations that configuration allows.
fn combinations() -> Vec<AxisVector> {
    let mut all = Vec::new();
    for bits in 0..16_u8 {
        let side = |bit: u8| if bits & bit == 0 { Side::Old } else { Side::New };
        let vector = AxisVector::default()
            .with(Axis::RateLimiting, side(1))
            .with(Axis::ExecutionMode, side(2))
            .with(Axis::ArtifactOntology, side(4))
            .with(Axis::AccessControl, side(8));
        let continuous_needs_rolling = side(2) == Side::Old || side(1) == Side::New;
        let contract_needs_unified = side(8) == Side::Old || side(4) == Side::New;
        if continuous_needs_rolling && contract_needs_unified {
            all.push(vector);
        }
    }
    all
}

/// A small commune: every trade once or twice, and trouble of every kind.
fn commune(axes: AxisVector, seed: u64) -> Town {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = ScenarioName::Commune;
    config.run.agents = Some(16);
    let scenario = scenario::build(&config);
    let mut rules = config.rules().unwrap();
    scenario.adapt(&mut rules);
    let mut town = Town::new(axes);
    town.rules = rules.clone();
    town.seed = Seed(seed);
    town.check_every = 41;
    town.founders = scenario.genesis(rules).founders;
    let slow = "{\"mind\":\"slow\",\"thinking\":700000,\"inner\":{\"mind\":\"builder\",\"good\":\"opera\",\"delay_mean\":500000}}";
    let bomb =
        "{\"mind\":\"panicking\",\"first\":4,\"inner\":{\"mind\":\"random_transfer\",\"delay_mean\":500000}}";
    let shares = town.founders[0].quotas;
    for (id, config) in [("slow_0", slow), ("bomb_0", bomb), ("fool_0", "mind = 'nobody'")] {
        town.founders.push(founder(id, config, shares));
    }
    town
}

#[test]
fn schedule_tick_and_continuous_laws_hold_under_many_seeds_and_all_combinations() {
    let combinations = combinations();
    assert_eq!(combinations.len(), 9);
    for seed in 0..200_u64 {
        let axes = combinations[usize::try_from(seed).unwrap() % combinations.len()];
        let ran = commune(axes, seed).run(4);
        assert!(ran.events.len() > 100, "seed {seed} under {axes}: hardly anything happened");
        ran.nothing_is_open();
    }
}

#[test]
fn schedule_tick_and_continuous_replay_gives_the_same_world_under_all_combinations() {
    for (seed, axes) in (0..).zip(combinations()) {
        let town = commune(axes, seed);
        let disk = MemoryDisk::new();
        let ran = town.run_host(town.host(&disk), 8, None, None);
        let live = ran.world().hash();
        ran.outcome.host.close().unwrap();
        let mut journal: Box<dyn Journal> = Box::new(MemoryJournal::open(&disk).unwrap());
        let replayed =
            store::recover(&mut *journal, axes, Recover::FROM_THE_START, &mut Observers::default()).unwrap();
        assert_eq!(replayed.hash(), live, "under {axes}");
        let again = commune(axes, seed).run(8);
        assert_eq!(again.world().hash(), live, "the same seed gave another run under {axes}");
    }
}

#[test]
fn schedule_tick_and_continuous_every_shadow_runs_and_changes_nothing() {
    for axis in [Axis::RateLimiting, Axis::ArtifactOntology, Axis::AccessControl] {
        for base in [Side::Old, Side::New] {
            let mut axes = axes(base);
            if axis == Axis::AccessControl || base == Side::New {
                axes = axes.with(Axis::ArtifactOntology, Side::New);
            }
            if base == Side::New {
                axes = axes.with(Axis::AccessControl, Side::New);
            }
            let alone = commune(axes, 4).run(5);
            let shadowed = commune(axes.with_shadow(axis), 4).run(5);
            assert_eq!(alone.events.len(), shadowed.events.len(), "{axes} shadowing {axis}");
            assert_eq!(alone.world().hash().decided, shadowed.world().hash().decided);
        }
    }
}
