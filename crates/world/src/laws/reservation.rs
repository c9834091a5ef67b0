//! Every reservation is settled or released, once, by whom it was made for; and none is open when a run begins, whatever ended the one
//! before.

use std::collections::BTreeMap;

use ecology_types::{Effect, Key, Record, ReservationId};

use super::{Broken, HistoryLaw};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Reservations {
    open: BTreeMap<ReservationId, Key>,
    last: ReservationId,
}

impl Reservations {
    /// How many are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }
}

impl HistoryLaw for Reservations {
    fn hear(&mut self, record: &Record) -> Result<(), Broken> {
        let broken = |detail| Err(Broken { law: "every reservation is settled or released", detail });
        let number = record.number;
        for effect in &record.effects {
            match effect {
                Effect::ReservationMade { reservation, principal, .. } => {
                    if *reservation <= self.last {
                        return broken(format!(
                            "record {number} makes reservation {reservation} a second time"
                        ));
                    }
                    self.last = *reservation;
                    self.open.insert(*reservation, *principal);
                }
                Effect::ReservationSettled { reservation, principal, .. }
                | Effect::ReservationReleased { reservation, principal } => {
                    let made_for = self.open.remove(reservation);
                    if made_for != Some(*principal) {
                        let detail =
                            format!("record {number} ends reservation {reservation}, which is not open");
                        return broken(detail);
                    }
                }
                Effect::RunStarted { run, .. } => {
                    if let Some(reservation) = self.open.keys().next() {
                        return broken(format!(
                            "run {run} begins and reservation {reservation} is open still"
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
