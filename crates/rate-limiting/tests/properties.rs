//! Laws over histories that proptest shortens when they fail.

use ecology_rate_limiting::conformance::{Judge, Refill, Runner, Step};
use ecology_types::Span;
use proptest::prelude::*;

use crate::pairs::{rolling, rolling_shadowed, tick, tick_shadowed};

fn step(grain: u64) -> impl Strategy<Value = Step> {
    any::<u64>().prop_map(move |bits| Step::draw(bits, grain))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_satisfies_the_judge(
        steps in prop::collection::vec(step(1), 1..300),
        stretch in 1_u64..200,
        window in prop_oneof![Just(1_u64), 2_u64..300, Just(12_800), 100_000_u64..200_000],
    ) {
        let makers = [(Refill::AtTick, tick as fn(Span) -> _), (Refill::AtTick, tick_shadowed),
            (Refill::Rolling, rolling), (Refill::Rolling, rolling_shadowed)];
        for (refill, make) in makers {
            let window = Span(window);
            let mut runner = Runner::new(make(window), Judge::new(refill, window));
            for step in &steps {
                let step = match step {
                    Step::Pass(span) => Step::Pass(span * stretch),
                    other => other.clone(),
                };
                runner.step(&step, &|| make(window));
            }
            runner.finish();
        }
    }
}
