//! Laws that hold for every configuration and every view.

use ecology_minds::{MindConfig, build};
use ecology_types::{Action, Seed, Value};
use proptest::prelude::*;

use crate::village::Village;

/// One configuration of each mind, with what makes it do something.
const CONFIGS: &[&str] = &[
    "mind = 'idle'\ndelay_mean = 5",
    "mind = 'random_transfer'\ndelay_mean = 7",
    "mind = 'zero_intelligence'\nrole = 'buyer'\ngood = 'essay'\nvalues = [9, 8]\nprice_max = 20\nperiod_ticks = 9",
    "mind = 'zero_intelligence'\nrole = 'seller'\ngood = 'essay'\nvalues = [1, 2]\nprice_max = 20\nperiod_ticks = 9\nconsume = true",
    "mind = 'builder'",
    "mind = 'bidder'",
    "mind = 'vickrey_bidder'\nvalue_max = 5",
    "mind = 'borrower'\nterm = 9000000",
    "mind = 'lender'\nresell_permille = 300",
    "mind = 'rescuer'",
    "mind = 'scout'",
    "mind = 'sleeper'\nduration = 3\nsleeps_max = 50",
    "mind = 'spawner'\nchildren_max = 2",
    "mind = 'quota_trader'\nrole = 'buyer'\nkeep = 2000",
    "mind = 'quota_trader'\nkeep = 0",
    "mind = 'failing'\nfirst = 4\n[inner]\nmind = 'builder'",
    "mind = 'slow'\n[inner]\nmind = 'lender'",
    "mind = 'panicking'\nfirst = 100000\n[inner]\nmind = 'scout'",
    "mind = 'resting'\nprompt = 'Be kind.'",
    "mind = 'errands'\nrounds = 0\n[[errands]]\naction = 'write'\nartifact = 'note'\ncontent = 'hello'\n[[errands]]\naction = 'read'\nartifact = 'note'",
    "mind = 'worker'\nemployer = 'agent_0'",
    "mind = 'firm'",
    "mind = 'agenda'\nlists = [[{ action = 'read', artifact = 'note' }], [{}, {}, {}]]",
    "mind = 'tool_maker'\ntools_max = 3",
    "mind = 'tool_user'",
];

fn town(seed: u64) -> Village {
    let mut village = Village::new(seed);
    village.mint_every = 6;
    for config in CONFIGS {
        village.add(config, 40);
    }
    village
}

#[test]
fn every_mind_has_a_configuration_here() {
    let mut named: Vec<_> = CONFIGS.iter().map(|text| MindConfig::parse(text).unwrap().name()).collect();
    named.dedup();
    assert_eq!(named, MindConfig::NAMES);
}

#[test]
fn a_mixed_town_uses_the_services() {
    let mut village = town(1);
    village.run_ticks(300);
    for call in [
        "genesis_ledger.transfer",
        "genesis_ledger.spawn_principal",
        "genesis_escrow.deposit",
        "genesis_escrow.offer",
        "genesis_escrow.purchase",
        "genesis_escrow.cancel",
        "genesis_escrow.accept",
        "genesis_mint.bid",
    ] {
        assert!(village.calls.get(call).is_some_and(|count| *count > 0), "{call} {:?}", village.calls);
    }
}

/// What the mind decides, in words, so that states that differ inside show.
fn decisions(village: &mut Village, ticks: u64) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..ticks {
        village.run_ticks(1);
        for agent in &village.agents {
            all.push(format!("{} {} {:?}", agent.id, agent.scrip, agent.outcome));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn saving_and_restoring_changes_nothing(seed in any::<u64>(), before in 0_u64..60) {
        let (mut kept, mut restarted) = (town(seed), town(seed));
        kept.run_ticks(before);
        restarted.run_ticks(before);
        for (index, config) in CONFIGS.iter().enumerate() {
            let mut fresh = build(config, Seed(seed).derive("mind", index as u64)).unwrap();
            let state = restarted.agents[index].mind.save();
            prop_assert!(state.len() <= ecology_minds::STATE_BYTES_MAX);
            fresh.restore(&state).unwrap();
            prop_assert_eq!(fresh.save(), state);
            restarted.agents[index].mind = fresh;
        }
        prop_assert_eq!(decisions(&mut kept, 40), decisions(&mut restarted, 40));
    }

    #[test]
    fn any_bytes_are_a_state_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80), seed in any::<u64>()) {
        let mut village = town(seed);
        for agent in &mut village.agents {
            let before = agent.mind.save();
            if agent.mind.restore(&bytes).is_err() {
                prop_assert_eq!(agent.mind.save(), before);
            }
        }
        village.agents.pop(); // it may have been told to panic at once
        village.run_ticks(10);
    }

    #[test]
    fn prices_keep_within_their_limits(
        seed in any::<u64>(),
        is_buyer in any::<bool>(),
        constrained in any::<bool>(),
        values in proptest::collection::vec(1_u64..=200, 1..5),
        scrip in 0_u64..500,
    ) {
        let mut village = Village::new(seed);
        let role = if is_buyer { "buyer" } else { "seller" };
        village.add(&format!("mind = 'zero_intelligence'\nrole = '{role}'\nconstrained = {constrained}\ngood = 'apple'\nvalues = {values:?}\nprice_max = 200"), scrip);
        // Somebody of the other side, so that units are used up.
        let other = if is_buyer { "seller" } else { "buyer" };
        village.add(&format!("mind = 'zero_intelligence'\nrole = '{other}'\nconstrained = false\ngood = 'apple'\nvalues = [1, 1, 1, 1, 1]\nprice_max = 200"), 10_000);
        for _ in 0..60 {
            village.tick += 1;
            for agent in 0..2 {
                if village.agents[agent].status != ecology_minds::AgentStatus::Running {
                    continue;
                }
                let traded = village.trades.len();
                let decision = village.think(agent).unwrap();
                if let (0, Action::Invoke { method, args, .. }) = (agent, &decision.action)
                    && let Some(price) = args.get("price").and_then(Value::as_count)
                {
                    prop_assert!((1..=200).contains(&price));
                    prop_assert_eq!(method.as_str(), if is_buyer { "offer" } else { "deposit" });
                    let value = values[traded];
                    if constrained && is_buyer { prop_assert!(price <= value) }
                    if constrained && !is_buyer { prop_assert!(price >= value) }
                }
                village.apply(agent, decision);
            }
        }
        prop_assert!(village.trades.len() <= values.len());
        prop_assert!(village.refusals.iter().all(|(agent, _, _)| *agent == 1), "{:?}", village.refusals);
    }

    #[test]
    fn any_text_is_a_configuration_or_an_error(text in "\\PC{0,200}") {
        let _ = MindConfig::parse(&text);
    }

    #[test]
    fn configurations_survive_their_text(index in 0..CONFIGS.len()) {
        let config = MindConfig::parse(CONFIGS[index]).unwrap();
        prop_assert_eq!(MindConfig::parse(&config.to_text()).unwrap(), config);
    }
}
