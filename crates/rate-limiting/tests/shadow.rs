//! What a pair finds, and what it survives.

use ecology_rate_limiting::divergence::{RateDivergence, Side, classify};
use ecology_rate_limiting::{
    Ask, Decision, RateEvent, RateLimiter, RollingLimiter, ShadowLimiter, TickLimiter, Witness,
};
use ecology_shadow::{Report, Verdict};
use ecology_types::{Charges, Key, Resource, Span, Time};

use crate::pairs::{rolling, rolling_shadowed, tick, tick_shadowed};

const ALICE: Key = Key(0);
const BOB: Key = Key(1);
const TOKENS: Resource = Resource::LlmTokens;
const WINDOW: Span = Span(1280);

fn tokens(amount: u64) -> Charges {
    Charges::of(TOKENS, amount)
}

fn codes(report: &Report) -> Vec<&str> {
    assert_eq!(report.first_unexplained, []);
    report.expected.iter().map(|(code, _)| code.as_str()).collect()
}

/// Runs one history on the pair in both directions; both must find the same.
fn both_ways(history: impl Fn(&mut dyn RateLimiter)) -> Report {
    let reports = [tick_shadowed, rolling_shadowed].map(|make| {
        let mut pair = make(WINDOW);
        for principal in [ALICE, BOB] {
            pair.apply(&RateEvent::ShareSet { principal, resource: TOKENS, amount: 10 }, Time(0));
        }
        history(pair.as_mut());
        pair.shadow_report().expect("a pair reports")
    });
    assert_eq!(codes(&reports[0]), codes(&reports[1]));
    reports[0].clone()
}

fn use_tokens(pair: &mut dyn RateLimiter, amount: u64, now: u64) {
    pair.apply(&RateEvent::Used { principal: ALICE, charges: &tokens(amount) }, Time(now));
}

fn may_use(pair: &dyn RateLimiter, amount: u64, now: u64) {
    pair.decide(&Ask::Use { principal: ALICE, charges: &tokens(amount) }, Time(now));
}

fn may_give(pair: &dyn RateLimiter, amount: u64, now: u64) {
    pair.decide(&Ask::Move { resource: TOKENS, from: ALICE, to: BOB, amount }, Time(now));
}

#[test]
fn every_registered_divergence_is_found() {
    let report = both_ways(|pair| {
        use_tokens(pair, 10, 900);
        pair.apply(&RateEvent::TickStarted, Time(1000));
        may_use(pair, 5, 1001);
    });
    assert_eq!(codes(&report), ["RL-1"]);
    let report = both_ways(|pair| {
        use_tokens(pair, 10, 900);
        may_use(pair, 5, 900 + 1280);
    });
    assert_eq!(codes(&report), ["RL-2"]);
    let report = both_ways(|pair| {
        use_tokens(pair, 10, 900);
        may_use(pair, 5, 901);
    });
    assert_eq!(codes(&report), ["RL-3"]);
    let report = both_ways(|pair| {
        use_tokens(pair, 10, 900);
        pair.apply(&RateEvent::TickStarted, Time(1000));
        may_give(pair, 5, 1001);
        use_tokens(pair, 10, 2400);
        may_give(pair, 5, 2401);
        may_give(pair, 5, 2400 + 1280);
    });
    assert_eq!(codes(&report), ["RL-4"]);
    assert_eq!(report.kinds, [("move".to_owned(), 3)]);
    let report = both_ways(|pair| {
        use_tokens(pair, 10, 0);
        pair.apply(&RateEvent::Used { principal: BOB, charges: &tokens(1) }, Time(1280));
        pair.set_window(Span(12_800));
        may_use(pair, 5, 1281);
    });
    assert_eq!(codes(&report), ["RL-5"]);
}

#[test]
fn agreement_is_counted_as_agreement() {
    let report = both_ways(|pair| {
        may_use(pair, 5, 1);
        may_use(pair, 11, 1);
        pair.apply(&RateEvent::Reserved { reservation: 1, principal: ALICE, charges: &tokens(8) }, Time(2));
        may_use(pair, 5, 3);
        may_give(pair, 5, 3);
    });
    assert_eq!((report.compared, report.same), (4, 4));
}

/// Verdicts are tight: the same pair of answers without the evidence is a bug.
#[test]
fn nothing_is_explained_without_evidence() {
    let (admit, wait) = (Decision::Admit, |until| Decision::Wait { until: Time(until), resource: TOKENS });
    let mut old = TickLimiter::new(WINDOW);
    let mut new = RollingLimiter::new(WINDOW);
    let mut witness = Witness::default();
    let charges = tokens(5);
    let mut hear = |event: &RateEvent<'_>, now| {
        witness.hear(event, now, &old);
        old.apply(event, now);
        new.apply(event, now);
    };
    hear(&RateEvent::ShareSet { principal: ALICE, resource: TOKENS, amount: 10 }, Time(0));
    hear(&RateEvent::Used { principal: ALICE, charges: &tokens(10) }, Time(900));
    hear(&RateEvent::TickStarted, Time(1000));
    let judge = |decisions: (Decision, Decision), now| {
        let ask = Ask::Use { principal: ALICE, charges: &charges };
        let old = Side { limiter: &old, decision: decisions.0 };
        classify(&ask, Time(now), old, Side { limiter: &new, decision: decisions.1 }, &witness)
    };
    let expected = Verdict::Expected { code: RateDivergence::BurstAcrossTicks.code() };
    assert_eq!(judge((admit, wait(2180)), 1001), expected);
    let mismatch = |verdict: Verdict| matches!(verdict, Verdict::Mismatch { .. });
    assert!(mismatch(judge((admit, wait(2200)), 1001)), "longer than what was used before the tick can last");
    assert!(mismatch(judge((admit, wait(2180)), 2180)), "nothing used before the tick counts any more");
    assert!(mismatch(judge((wait(u64::MAX), admit), 1001)), "tick has nothing to wait for");
    assert!(mismatch(judge((wait(5000), wait(2180)), 1001)), "tick never names a time");
    let above = ecology_rate_limiting::NeverReason::AboveShare { share: 10, needed: 5 };
    let never = Decision::Never { why: above, resource: TOKENS };
    assert!(mismatch(judge((never, admit), 1001)), "both know the share");
}

/// A limiter with a planted bug.
struct Faulty {
    inner: Box<dyn RateLimiter>,
    fault: fn(&Ask<'_>, Decision) -> Decision,
}

impl RateLimiter for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        (self.fault)(ask, self.inner.decide(ask, now))
    }
    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.inner.apply(event, now);
    }
    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.share(principal, resource)
    }
    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.inner.used(principal, resource, now)
    }
    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.overrun(principal, resource)
    }
    fn set_window(&mut self, window: Span) {
        self.inner.set_window(window);
    }
    fn window(&self) -> Span {
        self.inner.window()
    }
    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        self.inner.digest(resource, into);
    }
    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.inner.restore(saved)
    }
}

#[test]
fn planted_bugs_are_not_explained_away() {
    let faults: [fn(&Ask<'_>, Decision) -> Decision; 3] = [
        |_, _| Decision::Admit,
        |_, _| Decision::Wait { until: Time::NEVER, resource: TOKENS },
        |_, decision| match decision {
            Decision::Wait { until, resource } => Decision::Wait { until: Time(until.0 + 1280), resource },
            other => other,
        },
    ];
    for fault in faults {
        let candidate = Box::new(Faulty { inner: rolling(WINDOW), fault });
        let mut pair = ShadowLimiter::new(tick(WINDOW), candidate);
        pair.apply(&RateEvent::ShareSet { principal: ALICE, resource: TOKENS, amount: 10 }, Time(0));
        may_use(&pair, 10, 0);
        use_tokens(&mut pair, 10, 1);
        may_use(&pair, 5, 2);
        may_use(&pair, 11, 2);
        let report = pair.shadow_report().unwrap();
        assert!(report.mismatched > 0, "{report:?}");
    }
}

#[test]
fn a_candidate_that_panics_is_switched_off_and_the_pair_goes_on() {
    let fault: fn(&Ask<'_>, Decision) -> Decision = |ask, decision| match ask {
        Ask::Move { .. } => panic!("planted"),
        Ask::Use { .. } => decision,
    };
    for (serving, candidate) in [(tick(WINDOW), rolling(WINDOW)), (rolling(WINDOW), tick(WINDOW))] {
        let mut pair = ShadowLimiter::new(serving, Box::new(Faulty { inner: candidate, fault }));
        pair.apply(&RateEvent::ShareSet { principal: ALICE, resource: TOKENS, amount: 10 }, Time(0));
        may_use(&pair, 5, 1);
        may_give(&pair, 5, 1);
        assert!(pair.candidate_is_off());
        may_give(&pair, 5, 1);
        use_tokens(&mut pair, 10, 2);
        assert_eq!(pair.used(ALICE, TOKENS, Time(2)), 10);
        let report = pair.shadow_report().unwrap();
        assert_eq!((report.compared, report.candidate_failures), (2, 1));
        assert!(report.first_unexplained[0].detail.contains("planted"));
        let saved = pair.save();
        let mut back = ShadowLimiter::new(tick(WINDOW), rolling(WINDOW));
        let restored = back.restore(&saved);
        assert_eq!(restored.is_ok(), pair.name() == "tick");
        if restored.is_ok() {
            assert!(back.candidate_is_off(), "what the candidate remembered is lost for good");
        }
    }
}
