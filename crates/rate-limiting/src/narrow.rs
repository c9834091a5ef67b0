//! The windows of one principal in small numbers.

use ecology_types::Time;

use crate::Horizon;
use crate::accounts::RENEWABLE_COUNT;
use crate::log::{Log, Record};
use crate::meters::{Numbers, small};
use crate::window::WindowState;

/// The windows of one principal, one for each resource, as exact as so many [`crate::RollingWindow`]s, in two cache lines and one log.
///
/// The cells of the grid are the same for every resource, and a principal uses several at the same moment. So what was used in the newest cell is
/// kept here, and goes to the log as a whole with the first use in another cell: in a world that runs by ticks, one record of some ten bytes
/// for each turn, whatever was used in it.
///
/// **Invariant.** All that is open was used in the cell of `last`; everything in the log in cells before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Narrow {
    /// All that counts: held, open and in the log.
    sums: Numbers,
    held: Numbers,
    /// Used in the newest cell.
    open: Numbers,
    /// How long before `last` each of these was used last.
    ago: Numbers,
    /// When anything was used last.
    last: u64,
    log: Log,
}

/// The numbers are too large, or the records too many, for a narrow row.
#[derive(Debug)]
pub(crate) struct TooNarrow;

impl Narrow {
    /// Whether windows of this length can be narrow: what lies between two uses in one cell has to be a small number.
    #[inline]
    pub(crate) fn can_be(horizon: Horizon) -> bool {
        u32::try_from(horizon.step().0).is_ok()
    }

    /// The windows of these descriptions, of which each is in order and has no two entries in the cell of the newest of all.
    pub(crate) fn from_states(
        states: &[WindowState; RENEWABLE_COUNT],
        horizon: Horizon,
    ) -> Result<Self, TooNarrow> {
        if !Self::can_be(horizon) {
            return Err(TooNarrow);
        }
        let mut narrow = Self::default();
        let mut entries = Vec::new();
        for (at, state) in states.iter().enumerate() {
            narrow.held[at] = u32::try_from(state.held).map_err(|_| TooNarrow)?;
            narrow.sums[at] = narrow.held[at];
            for &(last, amount) in &state.entries {
                narrow.sums[at] = small(narrow.sums[at], amount).ok_or(TooNarrow)?;
                // Below the sum, which fits.
                entries.push((last, at, u32::try_from(amount).map_err(|_| TooNarrow)?));
            }
        }
        // Stable: entries of one resource at the same moment stay in their order.
        entries.sort_by_key(|(last, ..)| *last);
        narrow.last = entries.last().map_or(0, |(last, ..)| *last);
        let mut record = Record::default();
        for (last, at, amount) in entries {
            if horizon.is_one_cell(last, narrow.last) {
                narrow.open[at] = amount;
                narrow.ago[at] = u32::try_from(narrow.last - last).map_err(|_| TooNarrow)?;
                continue;
            }
            if (last != record.last || record.amounts[at] > 0) && !narrow.write(&mut record) {
                return Err(TooNarrow);
            }
            record.last = last;
            record.amounts[at] = amount;
        }
        if narrow.write(&mut record) { Ok(narrow) } else { Err(TooNarrow) }
    }

    /// Puts a record into the log, unless nothing is in it, and empties it.
    fn write(&mut self, record: &mut Record) -> bool {
        let written = is_nothing(&record.amounts) || self.log.push(record);
        record.amounts = Numbers::default();
        written
    }

    #[inline]
    fn has_open(&self) -> bool {
        !is_nothing(&self.open)
    }

    /// When what is open of one resource was used last.
    #[inline]
    fn open_last(&self, at: usize) -> u64 {
        self.last - u64::from(self.ago[at])
    }

    /// The entries of one resource, the oldest first.
    fn entries(&self, at: usize) -> impl Iterator<Item = (u64, u64)> + '_ {
        let logged = self.log.iter().map(move |record| (record.last, record.amounts[at]));
        let open = std::iter::once_with(move || (self.open_last(at), self.open[at]));
        logged.chain(open).filter(|(_, amount)| *amount > 0).map(|(last, amount)| (last, amount.into()))
    }

    /// What counts and what has left the window since it was last looked at.
    #[inline]
    pub(crate) const fn sum(&self, at: usize) -> u64 {
        self.sums[at] as u64
    }

    pub(crate) fn used(&self, at: usize, now: Time, horizon: Horizon) -> u64 {
        if self.log.first().is_some_and(|first| !horizon.is_past(first, now)) {
            return self.sum(at);
        }
        let past = self.entries(at).take_while(|(last, _)| horizon.is_past(*last, now));
        u64::from(self.sums[at]) - past.map(|(_, amount)| amount).sum::<u64>()
    }

    pub(crate) fn free_at(&self, at: usize, room: u64, now: Time, horizon: Horizon) -> Time {
        let Some(deficit) = u64::from(self.sums[at]).checked_sub(room).filter(|deficit| *deficit > 0) else {
            return now;
        };
        let mut freed = 0;
        for (last, amount) in self.entries(at) {
            freed += amount;
            if freed >= deficit {
                return horizon.leaves(last).max(now);
            }
        }
        Time::NEVER
    }

    #[inline]
    pub(crate) fn book(&mut self, at: usize, amount: u64, now: Time, h: Horizon) -> Result<(), TooNarrow> {
        self.prune(now, h);
        let sum = small(self.sums[at], amount).ok_or(TooNarrow)?;
        if amount == 0 {
            return Ok(());
        }
        if now.0 > self.last {
            self.go_on(now, h)?;
        }
        // What is open is part of the sum.
        self.open[at] += sum - self.sums[at];
        self.sums[at] = sum;
        self.ago[at] = 0;
        Ok(())
    }

    #[inline]
    pub(crate) fn hold(&mut self, at: usize, amount: u64, now: Time, h: Horizon) -> Result<(), TooNarrow> {
        let sum = match small(self.sums[at], amount) {
            Some(sum) => sum,
            None => {
                self.prune(now, h);
                small(self.sums[at], amount).ok_or(TooNarrow)?
            }
        };
        // What is held is part of the sum.
        self.held[at] += sum - self.sums[at];
        self.sums[at] = sum;
        Ok(())
    }

    /// Frees what is held of `amount`: what that is.
    #[inline]
    pub(crate) fn free(&mut self, at: usize, amount: u64) -> u64 {
        let part = u32::try_from(amount).unwrap_or(u32::MAX).min(self.held[at]);
        self.held[at] -= part;
        self.sums[at] -= part;
        part.into()
    }

    /// Time goes on: what was used in an earlier cell goes to the log.
    #[inline(never)]
    fn go_on(&mut self, now: Time, horizon: Horizon) -> Result<(), TooNarrow> {
        if self.has_open() {
            if horizon.is_one_cell(self.last, now.0) {
                let later = u32::try_from(now.0 - self.last).map_err(|_| TooNarrow)?;
                // Of what is not open nothing is read.
                self.ago.iter_mut().for_each(|ago| *ago = ago.wrapping_add(later));
            } else {
                self.close()?;
            }
        }
        self.last = now.0;
        Ok(())
    }

    /// Moves what is open to the log: mostly one record, else one for each moment, the oldest first.
    fn close(&mut self) -> Result<(), TooNarrow> {
        while self.has_open() {
            let open = (0..RENEWABLE_COUNT).filter(|at| self.open[*at] > 0);
            let ago = open.map(|at| self.ago[at]).max().unwrap_or(0);
            let mut record = Record { last: self.last - u64::from(ago), ..Record::default() };
            for at in 0..RENEWABLE_COUNT {
                if self.ago[at] == ago {
                    record.amounts[at] = self.open[at];
                }
            }
            if !self.log.push(&record) {
                return Err(TooNarrow);
            }
            for at in 0..RENEWABLE_COUNT {
                if record.amounts[at] > 0 {
                    self.open[at] = 0;
                }
            }
        }
        Ok(())
    }

    /// Forgets what has left the window that ends at `now`.
    #[inline]
    pub(crate) fn prune(&mut self, now: Time, horizon: Horizon) {
        // Nothing that is open is older than anything in the log.
        if self.log.first().is_none_or(|first| horizon.is_past(first, now)) {
            self.prune_past(now, horizon);
        }
    }

    #[inline(never)]
    fn prune_past(&mut self, now: Time, horizon: Horizon) {
        while let Some(first) = self.log.first() {
            if !horizon.is_past(first, now) {
                return;
            }
            let Some(record) = self.log.pop() else { return };
            for at in 0..RENEWABLE_COUNT {
                self.sums[at] -= record.amounts[at];
            }
        }
        for at in 0..RENEWABLE_COUNT {
            if self.open[at] > 0 && horizon.is_past(self.open_last(at), now) {
                self.sums[at] -= std::mem::take(&mut self.open[at]);
            }
        }
    }

    /// Whether nothing counts at `now`.
    pub(crate) fn is_idle(&self, now: Time, horizon: Horizon) -> bool {
        if is_nothing(&self.sums) {
            return true;
        }
        let newest = if self.has_open() { Some(self.last) } else { self.log.last() };
        is_nothing(&self.held) && newest.is_none_or(|newest| horizon.is_past(newest, now))
    }

    /// Whether it takes no room of its own.
    pub(crate) const fn is_bare(&self) -> bool {
        self.log.is_bare()
    }

    /// What [`Narrow::state`] says of every resource, with one look at the log instead of five.
    pub(crate) fn states(&self, now: Time, horizon: Horizon) -> [WindowState; RENEWABLE_COUNT] {
        let mut states = self.held.map(|held| WindowState { held: held.into(), entries: Vec::new() });
        for record in self.log.iter().filter(|record| !horizon.is_past(record.last, now)) {
            for (state, amount) in states.iter_mut().zip(record.amounts) {
                if amount > 0 {
                    if state.entries.is_empty() {
                        state.entries.reserve(self.log.records_about());
                    }
                    state.entries.push((record.last, amount.into()));
                }
            }
        }
        for (at, state) in states.iter_mut().enumerate() {
            if self.open[at] > 0 && !horizon.is_past(self.open_last(at), now) {
                state.entries.push((self.open_last(at), self.open[at].into()));
            }
        }
        states
    }

    /// A record of the log repeats its time for every resource when it is saved.
    pub(crate) fn saved_bytes_about(&self) -> usize {
        32 + self.log.records_about() * 5 * RENEWABLE_COUNT
    }

    pub(crate) fn state(&self, at: usize, now: Time, horizon: Horizon) -> WindowState {
        let entries = self.entries(at).filter(|(last, _)| !horizon.is_past(*last, now));
        WindowState { held: self.held[at].into(), entries: entries.collect() }
    }

    #[inline]
    pub(crate) fn touch(&self, now: Time, horizon: Horizon) -> u64 {
        // Two lines, and the one of what is about to be forgotten.
        let leaves = self.log.first().is_some_and(|first| horizon.is_past(first, now));
        let oldest = if leaves { self.log.touch() } else { 0 };
        u64::from(self.sums[0] ^ self.ago[RENEWABLE_COUNT - 1]) ^ self.last ^ oldest
    }
}

/// Whether there are only zeros. Comparing with an array of them would be a call for something that takes three instructions.
#[inline]
fn is_nothing(numbers: &Numbers) -> bool {
    numbers.iter().fold(0, |all, number| all | number) == 0
}
