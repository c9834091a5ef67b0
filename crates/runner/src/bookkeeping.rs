//! Measuring every turn and booking what was measured in batches.
//!
//! The CPU clock of a thread costs 200 to 500 ns a reading, as much as a quick action. A meter that knows a cheaper way
//! ([`Source::Apportioned`]) is asked once per batch: each turn is timed by the monotonic clock, which costs a tenth of that, and the CPU time
//! of the batch is shared out among its turns in proportion to those times, in integers, by largest remainder. What was charged to agents and
//! what belongs to nobody then add up to the CPU clock to the nanosecond. A turn that the system interrupts seems longer than it was; what it
//! gets too much, the other turns of the same batch get too little.

use std::time::Instant;

use ecology_metering::{MemoryLap, Meter, Reading, thread_cpu_ns};
use ecology_types::{Command, Key, Measurement, ReservationId};
use ecology_world::Step;

use crate::host::HostError;

/// Rows that one record books. Few enough that what is settled is still in the cache from the turn, and enough that one reading of the CPU
/// clock for all of them costs each only a few nanoseconds.
const ROWS_MAX: usize = 128;

/// Where readings come from.
pub enum Source {
    /// Every turn is read from a meter.
    Exact(Box<dyn Meter>),
    /// The CPU clock is read once per batch and shared out.
    Apportioned,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(meter) => f.debug_tuple("Exact").field(&meter.name()).finish(),
            Self::Apportioned => f.write_str("Apportioned"),
        }
    }
}

impl From<Box<dyn Meter>> for Source {
    fn from(meter: Box<dyn Meter>) -> Self {
        Self::Exact(meter)
    }
}

/// What a part of a turn took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Took {
    /// CPU time that was read from a clock of its own, in nanoseconds.
    pub(crate) cpu_ns: u64,
    /// Time on the clock on the wall, in nanoseconds: its weight when the CPU time of the batch is shared out.
    pub(crate) lap_ns: u64,
    /// Peak memory, in bytes.
    pub(crate) memory_peak_bytes: u64,
}

impl From<Reading> for Took {
    fn from(reading: Reading) -> Self {
        Self { cpu_ns: reading.cpu_ns, lap_ns: 0, memory_peak_bytes: reading.memory_peak_bytes }
    }
}

/// The clocks of one batch.
struct Laps {
    /// The CPU clock when the batch began.
    batch_cpu_ns: u64,
    /// The end of the last lap.
    last: Instant,
    memory: MemoryLap,
    /// Time of this batch that belongs to nobody.
    nobody_ns: u64,
}

impl Laps {
    fn begin() -> Self {
        Self { batch_cpu_ns: thread_cpu_ns(), last: Instant::now(), memory: MemoryLap::begin(), nobody_ns: 0 }
    }

    /// Turns the weights of what this batch measured into shares of its CPU time, and begins the next batch. Gives nobody's share.
    fn share_out(&mut self, laps_ns: &mut Vec<u64>) -> u64 {
        let rest_ns = self.lap();
        laps_ns.push(self.nobody_ns.saturating_add(rest_ns));
        let now = thread_cpu_ns();
        apportion(now.saturating_sub(self.batch_cpu_ns), laps_ns);
        self.batch_cpu_ns = now;
        self.nobody_ns = 0;
        laps_ns.pop().unwrap_or(0)
    }

    fn lap(&mut self) -> u64 {
        let now = Instant::now();
        let elapsed = now.duration_since(self.last);
        self.last = now;
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }
}

enum Clocks {
    Exact(Box<dyn Meter>),
    Apportioned(Laps),
}

/// The meter of a run and the rows that are not booked yet.
pub(crate) struct Bookkeeping {
    clocks: Clocks,
    rows: Vec<Measurement>,
    /// The weight of each row in its batch.
    laps_ns: Vec<u64>,
    /// Rows of a record, kept for their room.
    record: Vec<Measurement>,
    /// CPU time of the runner's own work between turns, in nanoseconds: charged to nobody.
    nobody_cpu_ns: u64,
    /// The rows that were booked last.
    booked: Vec<Measurement>,
}

impl Bookkeeping {
    pub(crate) fn new(source: Source) -> Self {
        let clocks = match source {
            Source::Exact(mut meter) => {
                meter.start();
                Clocks::Exact(meter)
            }
            Source::Apportioned => Clocks::Apportioned(Laps::begin()),
        };
        Self {
            clocks,
            rows: Vec::new(),
            laps_ns: Vec::new(),
            record: Vec::new(),
            nobody_cpu_ns: 0,
            booked: Vec::new(),
        }
    }

    /// CPU time of the runner's own work between turns so far, in nanoseconds; 0 where every turn is read by itself.
    pub(crate) const fn nobody_cpu_ns(&self) -> u64 {
        self.nobody_cpu_ns
    }

    /// Begins to measure: what happened since the last lap belongs to nobody.
    pub(crate) fn start(&mut self) {
        match &mut self.clocks {
            Clocks::Exact(meter) => meter.start(),
            Clocks::Apportioned(laps) => {
                let nobody_ns = laps.lap();
                laps.nobody_ns = laps.nobody_ns.saturating_add(nobody_ns);
                laps.memory = MemoryLap::begin();
            }
        }
    }

    /// Begins a batch after a pause: the time of the pause is no weight.
    pub(crate) fn resume(&mut self) {
        if let Clocks::Apportioned(laps) = &mut self.clocks
            && self.rows.is_empty()
        {
            *laps = Laps::begin();
        }
    }

    pub(crate) fn lap(&mut self) -> Took {
        match &mut self.clocks {
            Clocks::Exact(meter) => meter.lap().into(),
            Clocks::Apportioned(laps) => {
                let lap_ns = laps.lap();
                let memory_peak_bytes = laps.memory.peak_bytes();
                laps.memory = MemoryLap::begin();
                Took { cpu_ns: 0, lap_ns, memory_peak_bytes }
            }
        }
    }

    /// What a thought took that was thought on another thread while this one waited: the time of waiting is nobody's.
    pub(crate) fn thought_elsewhere(&mut self, reading: Reading) -> Took {
        match &mut self.clocks {
            Clocks::Exact(meter) => {
                meter.start();
                meter.lap().into()
            }
            Clocks::Apportioned(laps) => {
                laps.lap();
                laps.memory = MemoryLap::begin();
                reading.into()
            }
        }
    }

    pub(crate) fn note_bytes(&mut self, bytes: u64) {
        if let Clocks::Exact(meter) = &mut self.clocks {
            meter.note_bytes(bytes);
        }
    }

    /// Enters one turn: what thinking took (if measured apart) and what its step took.
    pub(crate) fn enter(&mut self, agent: Key, thinking: Took, acting: Took, step: &Step) {
        self.push(agent, step.reservation, thinking, acting, step.written_bytes, step.bandwidth_bytes);
    }

    /// Enters a thought that led to no action.
    pub(crate) fn enter_thought(&mut self, agent: Key, thinking: Took) {
        self.push(agent, None, thinking, Took::default(), 0, 0);
    }

    fn push(
        &mut self,
        principal: Key,
        reservation: Option<ReservationId>,
        thinking: Took,
        acting: Took,
        written_bytes: u64,
        bandwidth_bytes: u64,
    ) {
        self.rows.push(Measurement {
            principal,
            reservation,
            cpu_ns: thinking.cpu_ns.saturating_add(acting.cpu_ns),
            memory_peak_bytes: thinking.memory_peak_bytes.max(acting.memory_peak_bytes),
            written_bytes,
            bandwidth_bytes,
        });
        self.laps_ns.push(thinking.lap_ns.saturating_add(acting.lap_ns));
    }

    /// Whether enough has been entered for one record.
    pub(crate) const fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX
    }

    /// The row that was entered last, as far as it has been read: CPU time that is shared out per batch is not part of it yet.
    pub(crate) fn last(&self) -> Option<&Measurement> {
        self.rows.last()
    }

    /// Books all that has been entered, by commands that go through `step`, and gives the rows that were booked.
    pub(crate) fn book(
        &mut self,
        mut step: impl FnMut(&Command) -> Result<(), HostError>,
    ) -> Result<&[Measurement], HostError> {
        self.booked.clear();
        if self.rows.is_empty() {
            return Ok(&self.booked);
        }
        self.share_out();
        let mut record = std::mem::take(&mut self.record);
        for rows in self.rows.chunks(ROWS_MAX) {
            record.clear();
            record.extend_from_slice(rows);
            let command = Command::Settle { rows: record };
            step(&command)?;
            record = match command {
                Command::Settle { rows } => rows,
                _ => Vec::new(),
            };
        }
        self.record = record;
        self.laps_ns.clear();
        std::mem::swap(&mut self.rows, &mut self.booked);
        Ok(&self.booked)
    }

    /// Shares the CPU time of the batch out among its rows and nobody, and begins the next batch.
    fn share_out(&mut self) {
        let Clocks::Apportioned(laps) = &mut self.clocks else { return };
        let nobody_ns = laps.share_out(&mut self.laps_ns);
        self.nobody_cpu_ns = self.nobody_cpu_ns.saturating_add(nobody_ns);
        for (row, share) in self.rows.iter_mut().zip(&self.laps_ns) {
            row.cpu_ns = row.cpu_ns.saturating_add(*share);
        }
    }

    /// Shares the CPU time of the batch out among thoughts whose rows are entered later, and begins the next batch. No row may have been
    /// entered since the batch began.
    pub(crate) fn share_out_thoughts<T>(&mut self, turns: &mut [T], took: fn(&mut T) -> &mut Took) {
        let Clocks::Apportioned(laps) = &mut self.clocks else { return };
        self.laps_ns.clear();
        self.laps_ns.extend(turns.iter_mut().map(|turn| std::mem::take(&mut took(turn).lap_ns)));
        let nobody_ns = laps.share_out(&mut self.laps_ns);
        self.nobody_cpu_ns = self.nobody_cpu_ns.saturating_add(nobody_ns);
        for (turn, share) in turns.iter_mut().zip(self.laps_ns.drain(..)) {
            took(turn).cpu_ns += share;
        }
    }
}

/// Turns weights into shares of `total` in proportion to them, by largest remainder: the shares add up to `total` exactly, and none is off
/// by one or more. Where all weights are zero, the last one takes everything.
pub(crate) fn apportion(total: u64, weights: &mut [u64]) {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let Some(last) = weights.last_mut() else { return };
    if sum == 0 {
        *last = total;
        return;
    }
    // The usual batch fits 64 bits, where dividing is many times faster.
    let narrow = u64::try_from(sum)
        .ok()
        .filter(|_| weights.iter().max().is_some_and(|most| most.checked_mul(total).is_some()));
    let divide = |weight: u64| match narrow {
        Some(sum) => (weight * total / sum, u128::from(weight * total % sum)),
        None => {
            let product = u128::from(weight) * u128::from(total);
            // The weight is at most the sum, so the share is at most the total.
            (u64::try_from(product / sum).unwrap_or(total), product % sum)
        }
    };
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    let mut rest = total;
    for (at, weight) in weights.iter_mut().enumerate() {
        let (share, remainder) = divide(*weight);
        *weight = share;
        rest -= share;
        remainders.push((remainder, at));
    }
    // Fewer than there are weights are left over: each of the largest remainders gets one, the earlier row first among equals.
    let extra = usize::try_from(rest).unwrap_or(usize::MAX).min(remainders.len());
    if extra > 0 {
        let by = |one: &(u128, usize), other: &(u128, usize)| other.0.cmp(&one.0).then(one.1.cmp(&other.1));
        if extra < remainders.len() {
            remainders.select_nth_unstable_by(extra - 1, by);
        }
        for (_, at) in &remainders[..extra] {
            weights[*at] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_add_up_exactly_and_are_off_by_less_than_one(
            total in prop_oneof![0_u64..1_000, any::<u64>()],
            weights in prop::collection::vec(prop_oneof![0_u64..50, any::<u64>()], 1..60),
        ) {
            let mut shares = weights.clone();
            apportion(total, &mut shares);
            prop_assert_eq!(shares.iter().map(|share| u128::from(*share)).sum::<u128>(), u128::from(total));
            let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (weight, share) in weights.iter().zip(&shares) {
                // The product of two numbers of 64 bits and a share below the total both fit. Without any weight the first takes all.
                let Some(exact) = (u128::from(*weight) * u128::from(total)).checked_div(sum) else { break };
                prop_assert!(u128::from(*share) == exact || u128::from(*share) == exact + 1);
            }
        }
    }

    #[test]
    fn equal_weights_give_the_rest_to_the_first() {
        let mut shares = [5, 5, 5];
        apportion(11, &mut shares);
        assert_eq!(shares, [4, 4, 3]);
        let mut nobody = [0, 0];
        apportion(7, &mut nobody);
        assert_eq!(nobody, [0, 7]);
    }

    #[test]
    fn rows_and_nobody_add_up_to_the_cpu_clock() {
        let mut books = Bookkeeping::new(Source::Apportioned);
        let Clocks::Apportioned(laps) = &books.clocks else { panic!("it was made so") };
        let begun = laps.batch_cpu_ns;
        for agent in 0..100_u64 {
            books.start();
            std::hint::black_box((0..2_000_u64).fold(agent, |sum, n| sum.wrapping_mul(31).wrapping_add(n)));
            let took = books.lap();
            books.enter_thought(Key(100), took);
        }
        books.share_out();
        let Clocks::Apportioned(laps) = &books.clocks else { panic!("it was made so") };
        let charged: u64 = books.rows.iter().map(|row| row.cpu_ns).sum();
        assert_eq!(charged + books.nobody_cpu_ns(), laps.batch_cpu_ns - begun);
        assert!(charged > 0);
    }
}
