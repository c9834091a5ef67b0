//! The part of a shadow pair that is the same on every axis.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::counter::{Counter, Owner};
use crate::tally::Place;
use crate::timing::Timing;
use crate::{Budget, Context, Divergence, Failure, Report, Tally, Verdict};

/// Gives a time in nanoseconds from some moment on; never goes back.
pub type Stopwatch = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How much rarer questions are timed that are asked much more often than all others, or were asked very often.
const OFTEN_TIMED_LESS: u64 = 16;
/// Questions of a kind and an occasion after which they were asked very often. Taking a time costs more than most answers, and the slowest
/// hundredth of two thousand is known well enough.
const OFTEN_FROM: u64 = 1 << 15;
/// The largest question that is kept to be asked again, in bytes.
const QUESTION_BYTES_MAX: usize = 256 * 1_024;

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The kinds of question; a question is asked by its place in this list.
    pub kinds: &'static [&'static str],
    /// The kind that is asked so often that it is timed sixteen times less than the others.
    pub often: Option<usize>,
    /// The divergence register.
    pub register: &'static [Divergence],
}

/// How it is compared.
#[derive(Clone)]
pub struct Options {
    /// Of how many questions of a kind one is compared: 1 compares all of them. The last of each `one_in` is chosen, by counting.
    pub one_in: u64,
    /// Of how many compared questions one is timed; rounded up to a power of two, 0 counts as 1. Times are a sample even where everything is
    /// compared: after 32,768 questions of a kind on an occasion it is taken sixteen times less.
    pub timed_one_in: u64,
    /// What times are taken with; without one nothing is timed.
    pub stopwatch: Option<Stopwatch>,
    /// What the candidate may cost.
    pub budget: Budget,
    /// Unexplained differences and failures that are kept in full.
    pub unexplained_max: usize,
    /// What is going on when questions are asked.
    pub context: Arc<Context>,
}

impl Default for Options {
    /// Everything is compared, nothing is timed.
    fn default() -> Self {
        Self {
            one_in: 1,
            timed_one_in: 16,
            stopwatch: None,
            budget: Budget::default(),
            unexplained_max: Tally::UNEXPLAINED_KEPT_MAX,
            context: Arc::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("one_in", &self.one_in)
            .field("timed_one_in", &self.timed_one_in)
            .field("is_timed", &self.stopwatch.is_some())
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// What a shadow pair is made of besides its two implementations.
///
/// A question that both sides answer alike costs no atomic operation that others could wait for, on the thread that made the comparison, and one
/// on others; locks are taken only for what is timed, for differences that
/// nothing explains and for failures. A candidate that panics, is too slow or exceeds its budget is counted and, beyond
/// [`Budget::failures_max`], never asked again; whoever asks gets the answer of the serving side whatever happens.
pub struct Comparison {
    subject: &'static Subject,
    candidate: &'static str,
    options: Options,
    /// One less than the power of two of which one is timed.
    timed_mask: u64,
    often_timed_mask: u64,
    is_off: AtomicBool,
    /// How many occasions there are; at least one.
    occasions: usize,
    /// The thread that made it, which mostly is the one that asks.
    owner: Owner,
    /// Compared questions by kind, and within it by occasion.
    compared: Box<[Counter]>,
    /// Questions by kind, where not all are compared.
    asked: Box<[AtomicU64]>,
    /// Registered differences, in the order of the register.
    expected: Box<[AtomicU64]>,
    /// Events that the candidate was told of.
    told: Counter,
    /// Everything rare.
    tally: Tally,
    timing: Mutex<Timing>,
    switched_off: Mutex<Option<String>>,
}

impl Comparison {
    /// A comparison of the implementations of these names.
    #[must_use]
    pub fn new(
        subject: &'static Subject,
        serving: &'static str,
        candidate: &'static str,
        options: Options,
    ) -> Self {
        let zeros = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
        let occasions = options.context.occasions().len().max(1);
        let mask = |one_in: u64| one_in.max(1).checked_next_power_of_two().unwrap_or(1 << 63) - 1;
        Self {
            subject,
            candidate,
            timed_mask: mask(options.timed_one_in),
            often_timed_mask: mask(options.timed_one_in.max(1).saturating_mul(OFTEN_TIMED_LESS)),
            is_off: AtomicBool::new(false),
            occasions,
            owner: Owner::present(),
            compared: (0..subject.kinds.len() * occasions).map(|_| Counter::default()).collect(),
            asked: zeros(subject.kinds.len()),
            expected: zeros(subject.register.len()),
            told: Counter::default(),
            tally: Tally::keeping(serving, candidate, options.unexplained_max),
            timing: Mutex::default(),
            switched_off: Mutex::default(),
            options,
        }
    }

    /// Whether the candidate was switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// What is going on when questions are asked.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.options.context
    }

    /// Puts a question to the serving side and, where it is compared, to the candidate. Gives the answer of the serving side.
    ///
    /// `kind` is a place in [`Subject::kinds`]. `judge` compares the two answers, and `question` puts the question into a form that can be
    /// asked again; it is called only for a difference that is kept in full.
    pub fn ask<S, C>(
        &self,
        kind: usize,
        serve: impl FnOnce() -> S,
        candidate: impl FnOnce() -> C,
        judge: impl FnOnce(&S, &C) -> Verdict,
        question: impl FnOnce() -> String,
    ) -> S {
        if self.is_off() || !self.is_in_sample(kind) {
            return serve();
        }
        self.compare(kind, serve, candidate, judge, question).0
    }

    /// The same for a question that both sides remember: it is compared whatever the sample, and a candidate that panics at it is switched off
    /// whatever its budget says, because it holds another history from then on.
    pub fn ask_and_tell<S, C>(
        &self,
        kind: usize,
        serve: impl FnOnce() -> S,
        candidate: impl FnOnce() -> C,
        judge: impl FnOnce(&S, &C) -> Verdict,
        question: impl FnOnce() -> String,
    ) -> S {
        if self.is_off() {
            return serve();
        }
        let (served, has_answered) = self.compare(kind, serve, candidate, judge, question);
        if !has_answered {
            self.switch_off("it panicked over something that it has to remember");
        }
        served
    }

    /// Compares one question: the answer of the serving side, and whether the candidate answered at all.
    fn compare<S, C>(
        &self,
        kind: usize,
        serve: impl FnOnce() -> S,
        candidate: impl FnOnce() -> C,
        judge: impl FnOnce(&S, &C) -> Verdict,
        question: impl FnOnce() -> String,
    ) -> (S, bool) {
        let occasion = self.options.context.occasion();
        let before = self.compared[self.cell(kind, occasion)].count(self.owner);
        let is_often = before >= OFTEN_FROM || self.subject.often == Some(kind);
        let mask = if is_often { self.often_timed_mask } else { self.timed_mask };
        let stopwatch = self.options.stopwatch.as_ref().filter(|_| before & mask == mask);
        let begun = stopwatch.map(|now| now());
        let served = serve();
        let between = stopwatch.map(|now| now());
        let mut took_ns = None;
        // A candidate that stops halfway leaves nothing half done: deciding changes nothing.
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let answer = candidate();
            if let (Some(now), Some(begun), Some(between)) = (stopwatch, begun, between) {
                took_ns = Some((between.saturating_sub(begun), now().saturating_sub(between)));
            }
            judge(&served, &answer)
        }));
        let has_answered = judged.is_ok();
        match judged {
            Ok(Verdict::Same) => {}
            Ok(verdict) => self.note(kind, &verdict, question),
            Err(panic) => self.fail(self.name(kind), Failure::Panicked, message(panic.as_ref())),
        }
        if let Some((serving_ns, candidate_ns)) = took_ns {
            self.time(kind, serving_ns, candidate_ns);
        }
        (served, has_answered)
    }

    /// Lets the candidate take note of what the serving side has been told, unless it is off. `what` names it for the report. A candidate that fails
    /// here holds another history than the serving side and is switched off whatever its budget says.
    pub fn tell(&self, what: &'static str, act: impl FnOnce()) {
        self.tell_or(what, || {
            act();
            Ok(())
        });
    }

    /// The same for what can fail in plain words, such as reading a snapshot.
    pub fn tell_or(&self, what: &'static str, act: impl FnOnce() -> Result<(), String>) {
        if self.is_off() {
            return;
        }
        let told = self.told.count(self.owner);
        self.tell_timed(what, told, act);
    }

    /// Tells the candidate something after it was told `told` things.
    fn tell_timed(&self, what: &'static str, told: u64, act: impl FnOnce() -> Result<(), String>) {
        let stopwatch = self.options.stopwatch.as_ref();
        let stopwatch = stopwatch.filter(|_| told & self.often_timed_mask == self.often_timed_mask);
        let begun = stopwatch.map(|now| now());
        let (failure, why) = match catch_unwind(AssertUnwindSafe(act)) {
            Ok(Ok(())) => {
                if let (Some(now), Some(begun)) = (stopwatch, begun) {
                    self.hold_to_bound(what, now().saturating_sub(begun));
                }
                return;
            }
            Ok(Err(why)) => (Failure::CannotFollow, why),
            Err(panic) => (Failure::Panicked, message(panic.as_ref())),
        };
        self.tally.count(what, self.options.context.name(), 1);
        self.fail(what, failure, why.clone());
        self.switch_off(&why);
    }

    /// Switches the candidate off without counting a failure, for instance because it holds another history.
    pub fn switch_off(&self, why: &str) {
        if !self.is_off.swap(true, Ordering::Relaxed) {
            let mut reason = self.switched_off.lock().unwrap_or_else(PoisonError::into_inner);
            *reason = Some(why.to_owned());
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.tally.report();
        report.one_in = self.options.one_in.max(1);
        // Questions that failed or differ without reason were counted before their answers were judged.
        let mut judged = 0;
        let occasions = self.options.context.occasions();
        for (kind, name) in self.subject.kinds.iter().enumerate() {
            let cells = self.cell(kind, 0)..self.cell(kind, 0) + occasions.len().max(1);
            for (occasion, cell) in self.compared[cells].iter().enumerate() {
                let count = cell.total();
                judged += count;
                add(&mut report.kinds, name, count);
                add(&mut report.occasions, occasions.get(occasion).copied().unwrap_or_default(), count);
            }
        }
        for (entry, count) in self.subject.register.iter().zip(&self.expected) {
            add(&mut report.expected, entry.code, count.load(Ordering::Relaxed));
        }
        let told_failures = report.compared;
        report.compared += judged;
        let expected: u64 = report.expected.iter().map(|(_, n)| n).sum();
        let unanswered = self.unanswered(&report).saturating_sub(told_failures);
        report.same = judged.saturating_sub(expected + report.mismatched + unanswered);
        report.switched_off = self.switched_off.lock().unwrap_or_else(PoisonError::into_inner).clone();
        report.kinds_never = missing(self.subject.kinds, &report.kinds);
        report.occasions_never = missing(occasions, &report.occasions);
        report.latency = self.timing.lock().unwrap_or_else(PoisonError::into_inner).latency();
        report
    }

    /// Failures in place of an answer. One that is only about time came with an answer.
    fn unanswered(&self, report: &Report) -> u64 {
        let sorts = [Failure::Panicked, Failure::CannotFollow].map(Failure::name);
        report.failures.iter().filter(|(sort, _)| sorts.contains(&sort.as_str())).map(|(_, n)| n).sum()
    }

    fn cell(&self, kind: usize, occasion: usize) -> usize {
        kind * self.occasions + occasion
    }

    fn name(&self, kind: usize) -> &'static str {
        self.subject.kinds[kind]
    }

    fn place(&self) -> Place {
        Place { occasion: self.options.context.name(), record: self.options.context.record() }
    }

    fn is_in_sample(&self, kind: usize) -> bool {
        let one_in = self.options.one_in;
        one_in <= 1 || self.asked[kind].fetch_add(1, Ordering::Relaxed) % one_in == one_in - 1
    }

    fn note(&self, kind: usize, verdict: &Verdict, question: impl FnOnce() -> String) {
        if let Verdict::Expected { code } = verdict
            && let Some(at) = self.subject.register.iter().position(|entry| entry.code == *code)
        {
            self.expected[at].fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.tally.note(self.name(kind), verdict, self.place(), || {
            Some(question()).filter(|question| question.len() <= QUESTION_BYTES_MAX)
        });
    }

    fn time(&self, kind: usize, serving_ns: u64, candidate_ns: u64) {
        let budget = &self.options.budget;
        let exceeded = {
            let mut timing = self.timing.lock().unwrap_or_else(PoisonError::into_inner);
            timing.enter(serving_ns, candidate_ns, budget)
        };
        self.hold_to_bound(self.name(kind), candidate_ns);
        if let Some((serving, candidate)) = exceeded {
            let why = format!(
                "took {candidate} ns over a window in which the serving side took {serving} ns; {} times as long is allowed",
                budget.latency_ratio_max
            );
            self.fail(self.name(kind), Failure::OverBudget, why);
        }
    }

    fn hold_to_bound(&self, what: &'static str, took_ns: u64) {
        let bound = self.options.budget.answer_ns_max;
        if bound > 0 && took_ns > bound {
            self.fail(
                what,
                Failure::TooSlow,
                format!("took {took_ns} ns for one answer; {bound} ns are allowed"),
            );
        }
    }

    fn fail(&self, kind: &'static str, failure: Failure, why: String) {
        let detail = match failure {
            Failure::Panicked => format!("{} panicked: {why}", self.candidate),
            _ => format!("{} {why}", self.candidate),
        };
        let verdict = Verdict::CandidateFailed { failure, detail: detail.clone() };
        self.tally.note(kind, &verdict, self.place(), || None);
        if self.tally.failures() > self.options.budget.failures_max {
            self.switch_off(&detail);
        }
    }
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison").field("options", &self.options).field("report", &self.report()).finish()
    }
}

/// Adds to the count of a name in a list that is in ascending order of the names; nothing where there is nothing to add or no name.
fn add(counts: &mut Vec<(String, u64)>, name: &str, count: u64) {
    if count == 0 || name.is_empty() {
        return;
    }
    match counts.binary_search_by(|(other, _)| other.as_str().cmp(name)) {
        Ok(at) => counts[at].1 += count,
        Err(at) => counts.insert(at, (name.to_owned(), count)),
    }
}

/// The names without a count, in ascending order.
fn missing(names: &[&str], counts: &[(String, u64)]) -> Vec<String> {
    let is_missing = |name: &&&str| !counts.iter().any(|(other, _)| other == **name);
    let mut missing: Vec<String> = names.iter().filter(is_missing).map(|name| (*name).to_owned()).collect();
    missing.sort_unstable();
    missing
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("for no reason it could say").to_owned()
}
