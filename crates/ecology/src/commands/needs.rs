//! Positions without which a scenario makes no sense.

use ecology_features::{Loaded, Origin};
use ecology_runner::scenario::needs;

use crate::terminal::Terminal;

/// Takes the positions that the scenario needs, where nobody has asked for others.
pub(crate) fn take(loaded: &mut Loaded, terminal: &Terminal) {
    for (axis, side) in needs(loaded.config.run.scenario) {
        let key = format!("features.{axis}");
        let was_asked_for = loaded.origins.get(&key).is_some_and(|origin| *origin != Origin::Default);
        if was_asked_for || loaded.axis_vector().side(*axis) == *side {
            continue;
        }
        loaded.config.features.set(*axis, *side);
        terminal.say(&format!(
            "{} the scenario {} runs with {axis} = {:?}",
            terminal.talk.warning("note:"),
            loaded.config.run.scenario.name(),
            axis.implementation(*side)
        ));
    }
}
