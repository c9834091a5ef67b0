//! When everybody used what, in little room.

use std::num::NonZeroU8;

use ecology_types::Time;
use serde::{Deserialize, Serialize};

use crate::accounts::RENEWABLE_COUNT;
use crate::pages::Pages;
use crate::witness::Trace;

/// Some of the resources, a bit for each. The highest bit is always set: where it is not, something else is kept in the place of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[bool; RENEWABLE_COUNT]", into = "[bool; RENEWABLE_COUNT]")]
pub(crate) struct Mask(NonZeroU8);

impl Mask {
    const NONE: Self = Self(NonZeroU8::MIN.saturating_add(0x7f));

    #[inline]
    pub(crate) fn of(has: impl Fn(usize) -> bool) -> Self {
        (0..RENEWABLE_COUNT).fold(Self::NONE, |mask, at| Self(mask.0 | u8::from(has(at)) << at))
    }

    #[inline]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    const fn has(self, at: usize) -> bool {
        self.0.get() >> at & 1 == 1
    }
}

impl From<[bool; RENEWABLE_COUNT]> for Mask {
    fn from(bools: [bool; RENEWABLE_COUNT]) -> Self {
        Self::of(|at| bools[at])
    }
}

impl From<Mask> for [bool; RENEWABLE_COUNT] {
    fn from(mask: Mask) -> Self {
        std::array::from_fn(|at| mask.has(at))
    }
}

/// A [`Trace`] in half the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Trace", into = "Trace")]
struct Packed {
    tick: u64,
    /// [`Time::NEVER`], at which nothing is used, stands for no time; likewise in the others.
    last_before_tick: Time,
    first_in_tick: Time,
    last_in_tick: Time,
}

impl Default for Packed {
    fn default() -> Self {
        Self { tick: 0, last_before_tick: Time::NEVER, first_in_tick: Time::NEVER, last_in_tick: Time::NEVER }
    }
}

impl Packed {
    #[inline]
    fn note(&mut self, tick: u64, now: Time) {
        if self.tick != tick {
            if self.last_in_tick != Time::NEVER {
                self.last_before_tick = self.last_in_tick;
            }
            (self.tick, self.first_in_tick) = (tick, Time::NEVER);
        }
        if self.first_in_tick == Time::NEVER {
            self.first_in_tick = now;
        }
        self.last_in_tick = now;
    }
}

impl From<Trace> for Packed {
    fn from(Trace { tick, last_before_tick, first_in_tick, last_in_tick }: Trace) -> Self {
        let time = |time: Option<Time>| time.unwrap_or(Time::NEVER);
        Self {
            tick,
            last_before_tick: time(last_before_tick),
            first_in_tick: time(first_in_tick),
            last_in_tick: time(last_in_tick),
        }
    }
}

impl From<Packed> for Trace {
    fn from(Packed { tick, last_before_tick, first_in_tick, last_in_tick }: Packed) -> Self {
        let time = |time: Time| (time != Time::NEVER).then_some(time);
        Self {
            tick,
            last_before_tick: time(last_before_tick),
            first_in_tick: time(first_in_tick),
            last_in_tick: time(last_in_tick),
        }
    }
}

/// The traces of one principal.
///
/// In a world that runs by ticks time stands still within one, and whatever is used in it is used at the same moment. As long as that
/// is so a cache line is enough.
#[derive(Debug, Clone)]
enum Row {
    One(One),
    /// As many as there are resources, from the first tick on in which there was a use at another moment.
    Many(Box<[Packed; RENEWABLE_COUNT]>),
}

#[derive(Debug, Clone, Copy)]
struct One {
    tick: u64,
    /// What was used in this tick.
    used: Mask,
    /// The moment at which it was.
    moment: Time,
    /// The last uses before this tick; [`Time::NEVER`] stands for none.
    before: [Time; RENEWABLE_COUNT],
}

impl Default for Row {
    fn default() -> Self {
        let before = [Time::NEVER; RENEWABLE_COUNT];
        Self::One(One { tick: 0, used: Mask::NONE, moment: Time::ZERO, before })
    }
}

impl One {
    /// Takes note of a use; false where it is at another moment of the same tick.
    #[inline]
    fn note(&mut self, used: Mask, tick: u64, now: Time) -> bool {
        if self.tick != tick {
            for (at, before) in self.before.iter_mut().enumerate() {
                *before = if self.used.has(at) { self.moment } else { *before };
            }
            (self.tick, self.used) = (tick, Mask::NONE);
        }
        if self.used == Mask::NONE {
            self.moment = now;
        }
        if self.moment == now {
            self.used = self.used.or(used);
        }
        self.moment == now
    }

    fn packed(&self, at: usize) -> Packed {
        let moment = if self.used.has(at) { self.moment } else { Time::NEVER };
        Packed {
            tick: self.tick,
            last_before_tick: self.before[at],
            first_in_tick: moment,
            last_in_tick: moment,
        }
    }

    /// What is kept of traces that are seen from one tick, when they have one moment in common there.
    fn of(traces: &[Packed; RENEWABLE_COUNT]) -> Option<Self> {
        let tick = traces[0].tick;
        let used = Mask::of(|at| traces[at].first_in_tick != Time::NEVER);
        let mut moments = traces.iter().flat_map(|trace| [trace.first_in_tick, trace.last_in_tick]);
        let moment = moments.clone().find(|moment| *moment != Time::NEVER).unwrap_or_default();
        let is_one = moments.all(|other| other == Time::NEVER || other == moment);
        let before = traces.map(|trace| trace.last_before_tick);
        is_one.then_some(Self { tick, used, moment, before })
    }
}

/// The traces as seen from the newest tick of any of them.
fn in_one_tick(traces: [Packed; RENEWABLE_COUNT]) -> [Packed; RENEWABLE_COUNT] {
    let tick = traces.iter().map(|trace| trace.tick).max().unwrap_or(0);
    traces.map(|trace| Packed::from(Trace::from(trace).in_tick(tick)))
}

impl Row {
    #[inline]
    fn note(&mut self, used: Mask, tick: u64, now: Time) {
        if let Self::One(one) = self
            && one.note(used, tick, now)
        {
            return;
        }
        self.note_apart(used, tick, now);
    }

    #[inline(never)]
    fn note_apart(&mut self, used: Mask, tick: u64, now: Time) {
        if let Self::One(_) = self {
            *self = Self::Many(Box::new(self.packed()));
        }
        if let Self::Many(traces) = self {
            let used = traces.iter_mut().enumerate().filter(|(at, _)| used.has(*at));
            used.for_each(|(_, trace)| trace.note(tick, now));
        }
    }

    /// One trace for each resource, in a form that does not depend on how they are kept.
    fn packed(&self) -> [Packed; RENEWABLE_COUNT] {
        match self {
            Self::One(one) => std::array::from_fn(|at| one.packed(at)),
            Self::Many(traces) => in_one_tick(**traces),
        }
    }
}

impl From<[Packed; RENEWABLE_COUNT]> for Row {
    fn from(traces: [Packed; RENEWABLE_COUNT]) -> Self {
        let traces = in_one_tick(traces);
        One::of(&traces).map_or_else(|| Self::Many(Box::new(traces)), Self::One)
    }
}

/// The traces of everybody, by key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<[Packed; RENEWABLE_COUNT]>", into = "Vec<[Packed; RENEWABLE_COUNT]>")]
pub(crate) struct Traces {
    rows: Pages<Row>,
    /// One more than the highest key that was heard of.
    len: usize,
}

impl Traces {
    #[inline]
    pub(crate) fn note(&mut self, key: usize, used: Mask, tick: u64, now: Time) {
        if used != Mask::NONE {
            self.len = self.len.max(key + 1);
            self.rows.entry(key).note(used, tick, now);
        }
    }

    /// How many keys from 0 on have a row.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, key: usize, at: usize) -> Trace {
        self.rows.get(key).map_or_else(Trace::default, |row| row.packed()[at].into())
    }

    #[inline]
    pub(crate) fn touch(&self, key: usize) -> u64 {
        self.rows.get(key).map_or(0, |row| match row {
            Row::One(one) => one.tick ^ one.before[RENEWABLE_COUNT - 1].0,
            Row::Many(traces) => traces.iter().step_by(2).fold(0, |seen, trace| seen ^ trace.tick),
        })
    }
}

impl From<Vec<[Packed; RENEWABLE_COUNT]>> for Traces {
    fn from(plain: Vec<[Packed; RENEWABLE_COUNT]>) -> Self {
        let mut traces = Self { len: plain.len(), ..Self::default() };
        let nothing = [Packed::default(); RENEWABLE_COUNT];
        for (key, row) in plain.into_iter().enumerate().filter(|(_, row)| *row != nothing) {
            *traces.rows.entry(key) = row.into();
        }
        traces
    }
}

impl From<Traces> for Vec<[Packed; RENEWABLE_COUNT]> {
    fn from(traces: Traces) -> Self {
        let row = |key| traces.rows.get(key).map_or_else(Default::default, Row::packed);
        (0..traces.len).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_trace_is_the_trace(steps in prop::collection::vec((0_u64..3, 0_u64..5), 0..20)) {
            let (mut packed, mut trace) = (Packed::default(), Trace::default());
            let (mut tick, mut now) = (0, Time::ZERO);
            for (ticks, moments) in steps {
                (tick, now) = (tick + ticks, Time(now.0 + moments));
                packed.note(tick, now);
                trace = trace.in_tick(tick);
                trace.first_in_tick = trace.first_in_tick.or(Some(now));
                trace.last_in_tick = Some(now);
                prop_assert_eq!(Trace::from(packed), trace);
                prop_assert_eq!(Packed::from(trace), packed);
                let saved = postcard::to_allocvec(&packed).unwrap();
                prop_assert_eq!(&saved, &postcard::to_allocvec(&trace).unwrap());
                prop_assert_eq!(postcard::from_bytes::<Packed>(&saved).unwrap(), packed);
            }
        }
    }

    #[test]
    fn it_takes_half_the_room() {
        assert_eq!((size_of::<Packed>(), size_of::<Trace>()), (32, 56));
        assert_eq!(size_of::<Row>(), 64, "one cache line");
    }

    proptest! {
        /// What is kept in little room says the same as one trace for each resource, also when it was read back.
        #[test]
        fn a_row_is_its_traces(
            steps in prop::collection::vec((0_u64..3, prop_oneof![3 => Just(0_u64), 1 => 0_u64..5], 0_usize..32, any::<bool>()), 0..40),
        ) {
            let (mut traces, mut model) = (Traces::default(), [Packed::default(); RENEWABLE_COUNT]);
            let (mut tick, mut now) = (0, Time::ZERO);
            for (ticks, moments, mask, is_saved) in steps {
                (tick, now) = (tick + ticks, Time(now.0 + ticks + moments));
                let mask = Mask::of(|at| mask >> at & 1 == 1);
                traces.note(20, mask, tick, now);
                for (at, trace) in model.iter_mut().enumerate() {
                    if mask.has(at) {
                        trace.note(tick, now);
                    }
                }
                if is_saved {
                    let saved = postcard::to_allocvec(&traces).unwrap();
                    traces = postcard::from_bytes(&saved).unwrap();
                    prop_assert_eq!(postcard::to_allocvec(&traces).unwrap(), saved);
                }
                for (at, trace) in model.iter().enumerate() {
                    let (kept, trace) = (traces.get(20, at), Trace::from(*trace));
                    prop_assert_eq!(kept.in_tick(tick), trace.in_tick(tick));
                    prop_assert_eq!(kept.in_tick(tick + 1), trace.in_tick(tick + 1));
                }
            }
        }
    }

    #[test]
    fn the_form_of_a_snapshot_is_plain() {
        let mut traces = Traces::default();
        traces.note(2, Mask::of(|at| at == 1), 7, Time(70));
        traces.note(0, Mask::of(|at| at == 0), 7, Time(70));
        let mut plain = vec![[Trace::default(); RENEWABLE_COUNT]; 3];
        for (at, place) in [(2, 1), (0, 0)] {
            plain[at] = plain[at].map(|trace| Trace { tick: 7, ..trace });
            plain[at][place].first_in_tick = Some(Time(70));
            plain[at][place].last_in_tick = Some(Time(70));
        }
        assert_eq!(postcard::to_allocvec(&traces).unwrap(), postcard::to_allocvec(&plain).unwrap());
    }
}
