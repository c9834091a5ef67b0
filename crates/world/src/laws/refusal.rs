//! A refused action changes nothing and costs nothing but the thinking that led to it and the processor time of refusing, for which
//! its estimate stays reserved until it is measured.

use ecology_types::{Charges, Effect, Record};

use super::{Broken, HistoryLaw};

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refusals;

impl HistoryLaw for Refusals {
    fn hear(&mut self, record: &Record) -> Result<(), Broken> {
        if !record.effects.iter().any(|effect| matches!(effect, Effect::ActionRefused { .. })) {
            return Ok(());
        }
        let other = record.effects.iter().find(|effect| {
            // An empty charge pays off what is owed from an earlier overrun, and nothing for this.
            let pays_off = matches!(effect, Effect::Charged { charges, .. } if *charges == Charges::NONE);
            !pays_off
                && !matches!(
                    effect,
                    Effect::ActionRefused { .. }
                        | Effect::Thought { .. }
                        | Effect::ReservationMade { .. }
                        | Effect::ReservationSettled { .. }
                )
        });
        let Some(other) = other else { return Ok(()) };
        let detail = format!("record {} refuses and does this all the same: {other:?}", record.number);
        Err(Broken { law: "a refused action changes nothing", detail })
    }
}
