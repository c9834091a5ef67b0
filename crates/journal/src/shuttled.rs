//! The committer's own sources over a scheduler that tries interleavings: submit, gather, sync, acknowledge, fail, shut down. A lost wake-up
//! shows as a deadlock, an early acknowledgement as a failed assertion; both print the schedule that leads there.

use std::ops::ControlFlow;
use std::sync::Mutex as Outside;

use crate::{HookedJournal, Journal, JournalError, MemoryJournal};

#[path = "committer/mod.rs"]
#[allow(dead_code, unused_imports, unreachable_pub, reason = "the tests below use a part of it")]
mod committer;

/// What `crate::sync` is elsewhere.
mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use shuttle::sync::mpsc::sync_channel;
    pub(crate) use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub(crate) use shuttle::thread::{Builder, JoinHandle, yield_now};
}

use committer::{CommitHandle, Committer, CommitterOptions};
use sync::Arc;

/// Interleavings of each test: drawn at random, and drawn with few, well-placed switches (PCT), which finds what needs only a few.
const RANDOM: usize = 400;
const PLACED: usize = 400;

/// A committer over a journal that takes its time: anything may happen while it syncs. Beside it what is durable, as somebody outside sees it.
/// The journal fails at the append `fails_at`, counted from 1.
fn start(options: CommitterOptions, fails_at: Option<u64>) -> (Committer, Arc<Outside<u64>>) {
    let durable = Arc::new(Outside::new(0));
    let (seen, mut appends) = (Arc::clone(&durable), 0);
    let slow = HookedJournal::new(MemoryJournal::new(), move |inner, frames| {
        appends += 1;
        shuttle::thread::yield_now();
        if fails_at == Some(appends) {
            return Err(JournalError::Io { doing: "syncing".to_owned(), detail: "on purpose".to_owned() });
        }
        inner.append(frames)?;
        shuttle::thread::yield_now();
        *seen.lock().unwrap() = inner.last();
        Ok(())
    });
    (Committer::start(Box::new(slow), options).unwrap(), durable)
}

fn try_interleavings(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), RANDOM);
    shuttle::check_pct(test, PLACED, 3);
}

fn small() -> CommitterOptions {
    CommitterOptions { queue_frames_max: 2, ..CommitterOptions::default() }
}

/// Submits so many frames and waits for each; answers how many were acknowledged, each after it was durable.
fn submitter(handle: &CommitHandle, durable: &Outside<u64>, who: u8, frames: u8) -> u64 {
    let mut acknowledged = 0;
    for index in 0..frames {
        let Ok(ticket) = handle.submit(vec![who, index]) else { break };
        let Ok(number) = ticket.wait() else { break };
        assert!(*durable.lock().unwrap() >= number, "{number} was acknowledged before it was durable");
        acknowledged += 1;
    }
    acknowledged
}

/// Every frame once, those of one submitter in their order.
fn each_once(journal: &mut dyn Journal, submitters: u8) -> u64 {
    let mut next = vec![0u8; usize::from(submitters)];
    journal
        .for_each(1, u64::MAX, &mut |_, bytes| {
            let expected = &mut next[usize::from(bytes[0])];
            assert_eq!(bytes[1], *expected);
            *expected += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    next.into_iter().map(u64::from).sum()
}

fn submitters(committer: &Committer, durable: &Arc<Outside<u64>>, count: u8) -> Vec<sync::JoinHandle<u64>> {
    (0..count)
        .map(|who| {
            let (handle, durable) = (committer.handle(), Arc::clone(durable));
            shuttle::thread::spawn(move || submitter(&handle, &durable, who, 2))
        })
        .collect()
}

#[test]
fn what_is_acknowledged_is_durable_and_there_once() {
    try_interleavings(|| {
        let (committer, durable) = start(small(), None);
        let threads = submitters(&committer, &durable, 3);
        let acknowledged: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(acknowledged, 6);
        let mut journal = committer.shutdown().unwrap();
        assert_eq!(each_once(&mut *journal, 3), 6);
    });
}

#[test]
fn a_failed_sync_leaves_nobody_waiting_and_acknowledges_nothing_more() {
    for fails_at in 1..=3 {
        try_interleavings(move || {
            let (committer, durable) = start(small(), Some(fails_at));
            let threads = submitters(&committer, &durable, 3);
            let acknowledged: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(acknowledged, *durable.lock().unwrap());
            assert_eq!(committer.committed(), acknowledged);
            // With few and large batches the journal may never come to the append that fails.
            assert!(acknowledged == 6 || committer.failure().is_some());
        });
    }
}

#[test]
fn a_shutdown_among_submitters_commits_or_refuses() {
    try_interleavings(|| {
        let (committer, durable) = start(small(), None);
        let threads = submitters(&committer, &durable, 2);
        let mut journal = committer.shutdown().unwrap();
        let kept = each_once(&mut *journal, 2);
        let acknowledged: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(acknowledged, kept, "what was taken is committed, and its submitter hears of it");
    });
}

#[test]
fn work_waits_for_what_came_before_and_futures_are_woken() {
    try_interleavings(|| {
        let (committer, durable) = start(small(), None);
        let handle = committer.handle();
        let other = shuttle::thread::spawn(move || {
            let ticket = handle.submit(vec![0, 0]).unwrap();
            let number = shuttle::future::block_on(std::future::IntoFuture::into_future(ticket)).unwrap();
            assert!(*durable.lock().unwrap() >= number);
        });
        let ticket = committer.submit(vec![1, 0]).unwrap();
        let seen = committer.run(|journal| journal.last()).unwrap();
        assert!(seen >= ticket.number());
        other.join().unwrap();
        assert_eq!(committer.shutdown().unwrap().last(), 2);
    });
}

#[test]
fn snapshots_that_nobody_waits_for_stay_within_the_room() {
    const BYTES: usize = 6;
    try_interleavings(|| {
        // Room for one and not for two.
        let options = CommitterOptions { queue_bytes_max: 2 * BYTES - 1, ..CommitterOptions::default() };
        let (committer, _) = start(options, None);
        let mut outside = committer.run(|journal| journal.reader()).unwrap().unwrap();
        for number in 1..=4 {
            committer.submit(vec![0]).unwrap();
            committer.save_snapshot_later(number, b"tag".to_vec(), vec![0; BYTES]).unwrap();
            let kept = outside.newest_snapshot(b"tag", u64::MAX).unwrap().map_or(0, |(at, _)| at);
            assert!(kept + 1 >= number, "{number} was taken while only {kept} were kept");
        }
        let mut journal = committer.shutdown().unwrap();
        assert_eq!(journal.newest_snapshot(b"tag", u64::MAX).unwrap().unwrap().0, 4);
    });
}

#[test]
fn whoever_waits_for_room_hears_that_the_journal_has_failed() {
    try_interleavings(|| {
        let options = CommitterOptions { queue_bytes_max: 1, ..CommitterOptions::default() };
        let (committer, _) = start(options, Some(2));
        let kept = (1..=4).take_while(|number| {
            committer.submit(vec![0]).is_ok()
                && committer.save_snapshot_later(*number, b"tag".to_vec(), vec![0; 6]).is_ok()
        });
        // The second append fails: the third snapshot at the latest would wait for ever.
        assert!(kept.count() < 4);
        assert!(committer.shutdown().is_err());
    });
}

/// The bug that all of this is there to find.
#[cfg(feature = "planted-bugs")]
#[test]
#[should_panic(expected = "was acknowledged before it was durable")]
fn an_early_acknowledgement_is_found() {
    try_interleavings(|| {
        let planted = Some(crate::PlantedBug::AcknowledgeBeforeSync);
        let (committer, durable) = start(CommitterOptions { planted, ..small() }, None);
        for thread in submitters(&committer, &durable, 2) {
            thread.join().unwrap();
        }
    });
}
