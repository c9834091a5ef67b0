//! Group commit: batching, order, backpressure, failure, shutdown.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use ecology_journal::{
    Committer, CommitterOptions, Fault, FaultyJournal, HookedJournal, Journal, JournalError, MemoryJournal,
    Progress, TrySubmitError,
};

/// Over a journal that says how many frames each append has, and goes on when told to.
fn gated(options: CommitterOptions) -> (Committer, Receiver<usize>, Sender<()>) {
    let (batches, sizes) = channel();
    let (open, go) = channel::<()>();
    let gate = HookedJournal::new(MemoryJournal::new(), move |inner, frames| {
        batches.send(frames.len()).unwrap();
        go.recv().unwrap();
        inner.append(frames)
    });
    (Committer::start(Box::new(gate), options).unwrap(), sizes, open)
}

fn faulty(fault: Fault) -> Committer {
    let journal = FaultyJournal::new(MemoryJournal::new(), Some(fault));
    Committer::start(Box::new(journal), CommitterOptions::default()).unwrap()
}

#[test]
fn a_batch_is_what_arrived_during_the_last_sync() {
    let (committer, sizes, open) = gated(CommitterOptions::default());
    let first = committer.submit(vec![0]).unwrap();
    assert_eq!(sizes.recv().unwrap(), 1, "nobody waits for company");
    let tickets: Vec<_> = (0..500).map(|_| committer.submit(vec![1]).unwrap()).collect();
    assert_eq!(first.poll(), None, "nothing is acknowledged before its sync");
    assert_eq!(committer.committed(), 0);
    open.send(()).unwrap();
    assert_eq!(sizes.recv().unwrap(), 500);
    assert_eq!(first.wait(), Ok(1));
    assert_eq!((committer.committed(), tickets[0].poll()), (1, None));
    open.send(()).unwrap();
    assert_eq!(tickets[499].wait(), Ok(501));
}

#[test]
fn limits_on_a_batch_are_kept_and_groups_are_not_split() {
    let options =
        CommitterOptions { batch_frames_max: 10, batch_bytes_max: 100, ..CommitterOptions::default() };
    let (committer, sizes, open) = gated(options);
    committer.submit(vec![0]).unwrap();
    sizes.recv().unwrap();
    for _ in 0..12 {
        committer.submit(vec![0; 4]).unwrap();
    }
    committer.submit_group(None, vec![vec![0; 50]; 15]).unwrap();
    committer.submit(vec![0; 60]).unwrap();
    let last = committer.submit(vec![0; 60]).unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        open.send(()).unwrap();
        seen.push(sizes.recv().unwrap());
    }
    open.send(()).unwrap();
    assert_eq!(seen, [10, 2, 15, 1, 1]);
    last.wait().unwrap();
}

#[test]
fn a_full_queue_pushes_back() {
    let options = CommitterOptions { queue_frames_max: 3, ..CommitterOptions::default() };
    let (committer, sizes, open) = gated(options);
    committer.submit(vec![0]).unwrap();
    sizes.recv().unwrap();
    for _ in 0..3 {
        committer.try_submit(vec![1]).unwrap();
    }
    assert_eq!(committer.try_submit(vec![2]).unwrap_err(), TrySubmitError::Full(vec![2]));
    let handle = committer.handle();
    let blocked = thread::spawn(move || handle.submit(vec![3]).unwrap().wait());
    open.send(()).unwrap();
    assert_eq!(sizes.recv().unwrap(), 3);
    open.send(()).unwrap();
    assert_eq!(sizes.recv().unwrap(), 1);
    open.send(()).unwrap();
    assert_eq!(blocked.join().unwrap(), Ok(5));
}

#[test]
fn many_submitters_share_one_order() {
    let journal = MemoryJournal::new();
    let disk = journal.disk();
    let committer = Committer::start(Box::new(journal), CommitterOptions::default()).unwrap();
    thread::scope(|scope| {
        for submitter in 0..16u64 {
            let handle = committer.handle();
            scope.spawn(move || {
                for index in 0..200u64 {
                    let bytes = [submitter.to_le_bytes(), index.to_le_bytes()].concat();
                    let ticket = handle.submit(bytes).unwrap();
                    assert_eq!(ticket.wait(), Ok(ticket.number()));
                    assert!(handle.committed() >= ticket.number());
                }
            });
        }
    });
    drop(committer);
    let frames = MemoryJournal::open(&disk).unwrap().read(1, usize::MAX, usize::MAX).unwrap();
    assert_eq!(frames.len(), 3200);
    let mut next = [0u64; 16];
    for frame in frames {
        let submitter = usize::from(frame.bytes[0]);
        assert_eq!(
            frame.bytes[8..],
            next[submitter].to_le_bytes(),
            "each submitter's frames keep their order"
        );
        next[submitter] += 1;
    }
}

#[test]
fn a_writer_that_numbers_its_frames_is_checked() {
    let committer = Committer::start(Box::new(MemoryJournal::new()), CommitterOptions::default()).unwrap();
    assert_eq!(committer.submit_numbered(1, vec![]).unwrap().wait(), Ok(1));
    assert_eq!(
        committer.submit_numbered(1, vec![]).unwrap_err(),
        JournalError::OutOfOrder { expected: 2, found: 1 }
    );
    assert_eq!(committer.submit_numbered(2, vec![]).unwrap().wait(), Ok(2));
}

#[test]
fn one_failed_sync_is_the_answer_to_everybody() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let journal = FaultyJournal::new(MemoryJournal::new(), Some(Fault::Before { append: 2 }));
    let committer = Committer::start_with(
        Box::new(journal),
        CommitterOptions::default(),
        Box::new(move |progress| hear.lock().unwrap().push(progress.clone())),
    )
    .unwrap();
    committer.submit(vec![1]).unwrap().wait().unwrap();
    let waiting: Vec<_> = (0..8)
        .filter_map(|_| committer.submit(vec![2]).ok())
        .map(|ticket| thread::spawn(move || ticket.wait()))
        .collect();
    assert!(!waiting.is_empty());
    for waiter in waiting {
        let error = waiter.join().unwrap().unwrap_err();
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
    }
    assert!(matches!(committer.submit(vec![3]), Err(JournalError::Poisoned { .. })));
    assert!(matches!(committer.run(|journal| journal.last()), Err(JournalError::Poisoned { .. })));
    assert_eq!(committer.committed(), 1);
    assert!(matches!(committer.shutdown(), Err(JournalError::Io { .. })));
    let told = told.lock().unwrap();
    assert!(
        matches!(told[..], [Progress::Committed(1), Progress::Failed(JournalError::Io { .. })]),
        "{told:?}"
    );
}

#[test]
fn shutdown_commits_what_waits_and_takes_nothing_more() {
    let committer = Committer::start(Box::new(MemoryJournal::new()), CommitterOptions::default()).unwrap();
    let handle = committer.handle();
    let tickets: Vec<_> = (0..1000).map(|_| handle.submit(vec![9; 100]).unwrap()).collect();
    let journal = committer.shutdown().unwrap();
    assert_eq!(journal.last(), 1000);
    assert_eq!(tickets[999].poll(), Some(Ok(1000)));
    assert_eq!(handle.submit(vec![]).unwrap_err(), JournalError::Closed);
    assert_eq!(handle.wait_for(1001), Err(JournalError::Closed));
    assert_eq!(handle.run(|_| ()), Err(JournalError::Closed));
}

#[test]
fn a_panic_on_the_committers_thread_leaves_nobody_waiting() {
    let committer = Committer::start(Box::new(MemoryJournal::new()), CommitterOptions::default()).unwrap();
    let answer = committer.run(|_| panic!("on purpose"));
    assert!(answer.is_err(), "{answer:?}");
    assert!(committer.submit(vec![]).and_then(|ticket| ticket.wait()).is_err());
    assert!(matches!(committer.shutdown(), Err(JournalError::CommitterDied)));
}

#[test]
fn work_on_the_journal_comes_after_what_was_submitted_before() {
    let committer = Committer::start(Box::new(MemoryJournal::new()), CommitterOptions::default()).unwrap();
    for _ in 0..50 {
        committer.submit(vec![1]).unwrap();
    }
    assert_eq!(committer.run(|journal| journal.last()), Ok(50));
    committer.submit(vec![1]).unwrap();
    committer.handle().save_snapshot(51, b"tag".to_vec(), b"state".to_vec()).unwrap();
    assert_eq!(committer.flush(), Ok(()));
}

#[test]
fn a_snapshot_that_nobody_waits_for_is_kept_in_its_place() {
    let options = CommitterOptions { queue_bytes_max: 10, ..CommitterOptions::default() };
    let committer = Committer::start(Box::new(MemoryJournal::new()), options).unwrap();
    for number in 1..=50_u64 {
        committer.submit(vec![1]).unwrap();
        // Larger than the room as well: one is always taken.
        let state = vec![0; usize::try_from(number).unwrap()];
        committer.save_snapshot_later(number, b"tag".to_vec(), state).unwrap();
        if number % 10 == 0 {
            let found = committer.run(move |journal| journal.newest_snapshot(b"tag", u64::MAX)).unwrap();
            assert_eq!(found.unwrap().unwrap().0, number, "what was given before is done before");
        }
    }
    let mut journal = committer.shutdown().unwrap();
    assert_eq!(journal.newest_snapshot(b"tag", u64::MAX).unwrap().unwrap().1.len(), 50);
}

#[test]
fn a_snapshot_that_cannot_be_kept_stops_the_journal() {
    let committer = Committer::start(Box::new(MemoryJournal::new()), CommitterOptions::default()).unwrap();
    committer.submit(vec![1]).unwrap();
    committer.save_snapshot_later(2, b"tag".to_vec(), Vec::new()).unwrap();
    // Whoever comes next hears of it, at the latest when all is over.
    let later = committer.run(|journal| journal.last());
    assert!(later.is_err(), "{later:?}");
    assert!(committer.submit(vec![1]).is_err());
    assert!(committer.shutdown().is_err());
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_ticket_can_be_awaited() {
    let (committer, sizes, open) = gated(CommitterOptions::default());
    let ticket = committer.submit(vec![1]).unwrap();
    sizes.recv().unwrap();
    let mut early = pin!(ticket.clone().into_future());
    assert!(early.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let waiter = thread::spawn(move || block_on(ticket.into_future()));
    open.send(()).unwrap();
    assert_eq!(waiter.join().unwrap(), Ok(1));
    assert_eq!(block_on(early), Ok(1));

    let committer = faulty(Fault::Before { append: 1 });
    let ticket = committer.submit(vec![1]).unwrap();
    assert!(matches!(block_on(ticket.into_future()), Err(JournalError::Io { .. })));
}
