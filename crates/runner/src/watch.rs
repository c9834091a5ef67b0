//! Those who watch a run for its report.

use ecology_world::{Event, World};
use serde::{Deserialize, Serialize};

use crate::host::Observer;
use crate::scenario::Scenario;
use crate::tally::Tally;

/// The scenario and the tally watch the same events.
pub(crate) struct Watch<'a> {
    pub(crate) scenario: &'a mut dyn Scenario,
    pub(crate) tally: &'a mut Tally,
    /// What has to be the same for one to go on with what another has gathered: the version of the program and the settings that the
    /// world was made with.
    pub(crate) made_by: &'a str,
}

/// What both have gathered.
#[derive(Serialize, Deserialize)]
struct Saved {
    made_by: String,
    tally: Vec<u8>,
    scenario: Vec<u8>,
}

impl Observer for Watch<'_> {
    fn observe(&mut self, world: &World, event: &Event) {
        self.scenario.observe(world, event);
        self.tally.observe(world, event);
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let saved = Saved {
            made_by: self.made_by.to_owned(),
            tally: self.tally.memory()?,
            scenario: self.scenario.memory()?,
        };
        postcard::to_stdvec(&saved).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        let Ok((saved, [])) = postcard::take_from_bytes::<Saved>(memory) else { return false };
        let mut tally = Tally::default();
        // The scenario comes last: whoever cannot go on has changed nothing.
        let goes_on = saved.made_by == self.made_by
            && tally.recall(&saved.tally)
            && self.scenario.recall(&saved.scenario);
        if goes_on {
            *self.tally = tally;
        }
        goes_on
    }
}
