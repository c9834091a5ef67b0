//! Measuring every turn and booking what was measured in batches.

use ecology_metering::{Meter, Reading};
use ecology_types::{Command, Key, Measurement, ReservationId, Time};
use ecology_world::Step;

use crate::host::{Host, HostError, Observer};

/// Rows kept back before they are booked together.
const ROWS_MAX: usize = 256;

/// The meter of a run and the rows that are not booked yet.
pub(crate) struct Bookkeeping {
    meter: Box<dyn Meter>,
    rows: Vec<Measurement>,
}

impl Bookkeeping {
    pub(crate) fn new(mut meter: Box<dyn Meter>) -> Self {
        meter.start();
        Self { meter, rows: Vec::with_capacity(ROWS_MAX) }
    }

    /// Begins to measure: what happened since the last lap belongs to nobody.
    pub(crate) fn start(&mut self) {
        self.meter.start();
    }

    pub(crate) fn lap(&mut self) -> Reading {
        self.meter.lap()
    }

    pub(crate) fn note_bytes(&mut self, bytes: u64) {
        self.meter.note_bytes(bytes);
    }

    /// Enters one turn: what thinking took (if measured apart) and what its step took.
    pub(crate) fn enter(&mut self, agent: Key, thinking: Reading, acting: Reading, step: &Step) {
        self.push(agent, step.reservation, thinking, acting, step.written_bytes, step.bandwidth_bytes);
    }

    /// Enters a thought that led to no action.
    pub(crate) fn enter_thought(&mut self, agent: Key, thinking: Reading) {
        self.push(agent, None, thinking, Reading::default(), 0, 0);
    }

    fn push(
        &mut self,
        principal: Key,
        reservation: Option<ReservationId>,
        thinking: Reading,
        acting: Reading,
        written_bytes: u64,
        bandwidth_bytes: u64,
    ) {
        self.rows.push(Measurement {
            principal,
            reservation,
            cpu_ns: thinking.cpu_ns + acting.cpu_ns,
            memory_peak_bytes: thinking.memory_peak_bytes.max(acting.memory_peak_bytes),
            written_bytes,
            bandwidth_bytes,
        });
    }

    /// Books what has been entered, when there is enough of it.
    pub(crate) fn book_if_full(
        &mut self,
        host: &mut Host,
        now: Time,
        observer: &mut dyn Observer,
    ) -> Result<(), HostError> {
        if self.rows.len() >= ROWS_MAX { self.book(host, now, observer) } else { Ok(()) }
    }

    /// Books all that has been entered.
    pub(crate) fn book(
        &mut self,
        host: &mut Host,
        now: Time,
        observer: &mut dyn Observer,
    ) -> Result<(), HostError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let command = Command::Settle { rows: std::mem::take(&mut self.rows) };
        host.step(&command, now, observer)?;
        self.rows = match command {
            Command::Settle { mut rows } => {
                rows.clear();
                rows
            }
            _ => Vec::new(),
        };
        Ok(())
    }
}
