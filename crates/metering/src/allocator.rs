//! Counting memory per thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread allocated and did not free. Below zero when it frees what others allocated.
    static CURRENT: Cell<i64> = const { Cell::new(0) };
    /// The highest value of `CURRENT` since the present lap began.
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

/// Wraps a global allocator and counts, per thread, the bytes in use and their peak. Costs about a nanosecond per call.
///
/// ```
/// use ecology_metering::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// assert!(CountingAllocator::<std::alloc::System>::is_installed());
/// ```
///
/// It counts what the program asks for, without the allocator's own overhead. Memory that one thread hands to another stays on the account of
/// the first until the second frees it, where it goes below zero; since a lap looks only at the rise above its own beginning, this can hide a
/// peak but never invents one.
#[derive(Debug, Default)]
pub struct CountingAllocator<A = System> {
    inner: A,
}

impl CountingAllocator {
    /// Counts what goes through the system's allocator.
    #[must_use]
    pub const fn system() -> Self {
        Self { inner: System }
    }
}

impl<A> CountingAllocator<A> {
    /// Counts what goes through `inner`.
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }

    /// Whether this program counts its memory, found out by allocating something.
    #[must_use]
    pub fn is_installed() -> bool {
        let before = current();
        let probe = std::hint::black_box(Box::new([0_u8; 64]));
        let is_counted = current() != before;
        drop(probe);
        is_counted
    }
}

/// The memory of one lap on the calling thread. Only the newest lap of a thread counts: a second one that begins takes the first one's peak.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryLap {
    base: i64,
}

impl MemoryLap {
    /// Begins a lap: the peak starts at what is in use now.
    #[must_use]
    pub fn begin() -> Self {
        let base = current();
        // A thread that is ending has no counters any more; then nothing is counted.
        let _ = PEAK.try_with(|peak| peak.set(base));
        Self { base }
    }

    /// The most that was in use on this thread since the lap began, above what was in use then, in bytes.
    #[must_use]
    pub fn peak_bytes(self) -> u64 {
        let peak = PEAK.try_with(Cell::get).unwrap_or(self.base);
        u64::try_from(peak.saturating_sub(self.base)).unwrap_or(0)
    }
}

fn current() -> i64 {
    CURRENT.try_with(Cell::get).unwrap_or(0)
}

/// Counters have no destructor and need no allocation, so that this is safe to call at any time of a thread's life.
fn count(bytes: i64) {
    let _ = CURRENT.try_with(|current| {
        let now = current.get().wrapping_add(bytes);
        current.set(now);
        if bytes > 0 {
            let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now)));
        }
    });
}

/// No layout is larger than `isize::MAX`, so the conversion always succeeds.
fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait; every call is passed on unchanged")]
// SAFETY: every method forwards its arguments unchanged to the inner allocator, which upholds the contract, and returns its result unchanged;
// counting touches thread-local integers only, does not allocate and does not unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc`, which is the one of the inner allocator.
        let pointer = unsafe { self.inner.alloc(layout) };
        if !pointer.is_null() {
            count(signed(layout.size()));
        }
        pointer
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        let pointer = unsafe { self.inner.alloc_zeroed(layout) };
        if !pointer.is_null() {
            count(signed(layout.size()));
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the inner allocator with this layout, because `alloc` only forwards.
        unsafe { self.inner.dealloc(pointer, layout) };
        count(-signed(layout.size()));
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `dealloc`; the caller vouches for the new size.
        let moved = unsafe { self.inner.realloc(pointer, layout, new_size) };
        if !moved.is_null() {
            count(signed(new_size) - signed(layout.size()));
        }
        moved
    }
}
