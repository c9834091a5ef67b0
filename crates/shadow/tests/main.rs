//! What a comparison does with candidates that lie, panic or are slow, and that none of it reaches whoever asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_shadow::{
    Budget, Comparison, Context, Divergence, Failure, Options, Stopwatch, Subject, Verdict,
};

const REGISTER: &[Divergence] =
    &[Divergence { code: "SH-1", title: "odd", old: "", new: "", affected: "", instead: "" }];
static SUBJECT: Subject = Subject { kinds: &["small", "large", "often"], often: Some(2), register: REGISTER };

/// A stopwatch that answers push on.
fn stopwatch() -> (Arc<AtomicU64>, Stopwatch) {
    let time = Arc::new(AtomicU64::new(0));
    let reading = Arc::clone(&time);
    (time, Arc::new(move || reading.load(Ordering::Relaxed)))
}

fn judge(served: &u64, other: &u64) -> Verdict {
    match (served, other) {
        _ if served == other => Verdict::Same,
        (_, 1) => Verdict::Expected { code: "SH-1" },
        _ => Verdict::Mismatch { detail: format!("{served} and {other}") },
    }
}

fn ask(comparison: &Comparison, kind: usize, answer: impl FnOnce() -> u64) {
    assert_eq!(comparison.ask(kind, || 5, answer, judge, || "five?".to_owned()), 5);
}

#[test]
fn verdicts_are_counted_by_kind_and_by_occasion() {
    let context = Arc::new(Context::new(&["outside", "act", "tick"]));
    let options = Options { context: Arc::clone(&context), ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    ask(&comparison, 0, || 5);
    context.enter(1, 7);
    ask(&comparison, 0, || 1);
    ask(&comparison, 1, || 6);
    context.enter(2, 8);
    ask(&comparison, 2, || 5);
    context.enter(99, 9);
    ask(&comparison, 2, || 5);
    let report = comparison.report();
    assert_eq!((report.compared, report.same, report.mismatched, report.one_in), (5, 3, 1, 1));
    assert_eq!(report.expected, [("SH-1".to_owned(), 1)]);
    let named =
        |counts: &[(&str, u64)]| counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(report.kinds, named(&[("large", 1), ("often", 2), ("small", 2)]));
    assert_eq!(report.occasions, named(&[("act", 2), ("outside", 2), ("tick", 1)]));
    let first = &report.first_unexplained[0];
    assert_eq!((first.kind.as_str(), first.occasion.as_str(), first.record), ("large", "act", 7));
    assert_eq!(first.question.as_deref(), Some("five?"));
    assert_eq!(report.latency, None, "without a stopwatch nothing is timed");
}

#[test]
fn a_sample_is_chosen_by_counting_each_kind() {
    let options = Options { one_in: 10, ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    let asked = AtomicU64::new(0);
    for _ in 0..95 {
        for kind in [0, 1] {
            ask(&comparison, kind, || {
                asked.fetch_add(1, Ordering::Relaxed);
                5
            });
        }
    }
    let report = comparison.report();
    assert_eq!((report.compared, report.same, report.one_in), (18, 18, 10));
    assert_eq!(asked.into_inner(), 18, "the candidate is asked nothing else");
}

#[test]
fn a_candidate_that_panics_is_counted_and_switched_off() {
    for failures_max in [0, 2] {
        let budget = Budget { failures_max, ..Budget::default() };
        let comparison = Comparison::new(&SUBJECT, "old", "new", Options { budget, ..Options::default() });
        for _ in 0..5 {
            ask(&comparison, 1, || panic!("planted"));
        }
        let report = comparison.report();
        let failures = failures_max + 1;
        assert_eq!((report.compared, report.same, report.candidate_failures), (failures, 0, failures));
        assert_eq!(report.failures, [(Failure::Panicked.name().to_owned(), failures)]);
        assert_eq!(report.switched_off.as_deref(), Some("new panicked: planted"));
        assert_eq!(report.first_unexplained[0].question, None);
        assert!(comparison.is_off());
    }
}

#[test]
fn a_candidate_that_fails_to_follow_is_switched_off_whatever_its_budget() {
    let budget = Budget { failures_max: 9, ..Budget::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", Options { budget, ..Options::default() });
    ask(&comparison, 0, || 5);
    comparison.tell("apply", || {});
    comparison.tell_or("restore", || Err("cannot read it".to_owned()));
    comparison.tell("apply", || panic!("nobody tells it any more"));
    ask(&comparison, 0, || panic!("nobody asks it any more"));
    let report = comparison.report();
    assert_eq!((report.compared, report.same, report.candidate_failures), (2, 1, 1));
    assert_eq!(report.failures, [("cannot_follow".to_owned(), 1)]);
    assert_eq!(report.switched_off.as_deref(), Some("cannot read it"));
}

#[test]
fn one_answer_beyond_its_bound_is_too_slow() {
    let (time, stopwatch) = stopwatch();
    let budget = Budget { answer_ns_max: 1_000, failures_max: 1, ..Budget::default() };
    let options = Options { stopwatch: Some(stopwatch), timed_one_in: 1, budget, ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    let slow = |ns: u64| {
        ask(&comparison, 0, || {
            time.fetch_add(ns, Ordering::Relaxed);
            5
        });
    };
    slow(1_000);
    slow(1_001);
    assert!(!comparison.is_off());
    slow(2_000);
    assert!(comparison.is_off());
    slow(3_000);
    let report = comparison.report();
    assert_eq!(
        (report.compared, report.same, report.candidate_failures),
        (3, 3, 2),
        "a late answer is an answer"
    );
    assert_eq!(report.failures, [("too_slow".to_owned(), 2)]);
    let latency = report.latency.expect("it was timed");
    assert_eq!((latency.timed, latency.candidate.max_ns, latency.serving.max_ns), (3, 2_000, 0));
}

#[test]
fn a_window_beyond_the_ratio_is_over_budget() {
    let (time, stopwatch) = stopwatch();
    let budget = Budget { latency_ratio_max: 3, ..Budget::default() };
    let options = Options { stopwatch: Some(stopwatch), timed_one_in: 1, budget, ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    let turn = |candidate_ns: u64| {
        let five_after = |ns: u64| {
            time.fetch_add(ns, Ordering::Relaxed);
            5
        };
        assert_eq!(comparison.ask(1, || five_after(100), || five_after(candidate_ns), judge, String::new), 5);
    };
    (0..Budget::WINDOW_ANSWERS).for_each(|_| turn(300));
    assert!(!comparison.is_off(), "exactly three times as long is allowed");
    (0..Budget::WINDOW_ANSWERS).for_each(|_| turn(301));
    assert!(comparison.is_off());
    let report = comparison.report();
    assert_eq!(report.failures, [("over_budget".to_owned(), 1)]);
    assert!(report.switched_off.expect("it is off").contains("3 times as long is allowed"));
}

#[test]
fn what_is_asked_often_is_timed_less() {
    let (_, stopwatch) = stopwatch();
    let options = Options { stopwatch: Some(stopwatch), timed_one_in: 4, ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    (0..128).for_each(|_| ask(&comparison, 2, || 5));
    assert_eq!(comparison.report().latency.map(|latency| latency.timed), Some(2));
    (0..128).for_each(|_| ask(&comparison, 0, || 5));
    assert_eq!(comparison.report().latency.map(|latency| latency.timed), Some(2 + 32));
}

#[test]
fn what_was_asked_very_often_is_compared_as_before_and_timed_less() {
    let (_, stopwatch) = stopwatch();
    let options = Options { stopwatch: Some(stopwatch), timed_one_in: 4, ..Options::default() };
    let comparison = Comparison::new(&SUBJECT, "old", "new", options);
    let often = 1 << 15;
    (0..often + 128).for_each(|_| ask(&comparison, 0, || 5));
    let report = comparison.report();
    assert_eq!((report.compared, report.same), (often + 128, often + 128));
    assert_eq!(report.latency.map(|latency| latency.timed), Some(often / 4 + 2));
}

#[test]
fn a_pair_may_be_asked_by_several_threads() {
    let comparison = Comparison::new(&SUBJECT, "old", "new", Options::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|n| ask(&comparison, 0, || if n % 10 == 0 { 1 } else { 5 })));
        }
    });
    let report = comparison.report();
    assert_eq!(
        (report.compared, report.same, report.expected),
        (4_000, 3_600, vec![("SH-1".to_owned(), 400)])
    );
}
