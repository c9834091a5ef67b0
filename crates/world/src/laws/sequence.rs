//! A sequence without holes: records and events count from 1, and time does not go back.

use ecology_types::{Record, Time};

use super::{Broken, HistoryLaw};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    record: u64,
    event: u64,
    time: Time,
}

impl HistoryLaw for Sequence {
    fn hear(&mut self, record: &Record) -> Result<(), Broken> {
        let law = "the sequence has no holes";
        let expected = (self.record + 1, self.event + 1);
        if (record.number, record.first_event) != expected {
            let detail = format!(
                "record {} with event {} came where record {} with event {} belongs",
                record.number, record.first_event, expected.0, expected.1
            );
            return Err(Broken { law, detail });
        }
        if record.time < self.time {
            let detail = format!(
                "record {} is of {:?}, the one before of {:?}",
                record.number, record.time, self.time
            );
            return Err(Broken { law, detail });
        }
        *self = Self {
            record: record.number,
            event: record.first_event + record.effects.len() as u64 - 1,
            time: record.time,
        };
        Ok(())
    }
}
