//! Setting aside and booking.

use ecology_types::{
    Charges, Effect, Key, Measurement, Outcome, Refusal, RefusalCode, Resource, Time, Value,
};

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::step::Plan;
use crate::world::World;

impl World {
    pub(crate) fn decide_reserve(
        &self,
        agent: Key,
        charges: &Charges,
        now: Time,
        plan: &mut Plan,
    ) -> Outcome {
        if self.principal(agent).is_none() {
            let detail = format!("{} is no living principal", self.id(agent));
            return Err(refused(plan, Refusal::new(RefusalCode::NoStanding, detail)));
        }
        let open_max = self.rules.limits.reservations_per_principal_max;
        if self.reservations.count(agent) >= open_max {
            let detail = format!("{} has {open_max} reservations open already", self.id(agent));
            return Err(refused(plan, Refusal::new(RefusalCode::LimitReached, detail)));
        }
        self.admit(agent, charges, now).map_err(|refusal| refused(plan, refusal))?;
        let reservation = self.reservations.next();
        plan.reservation = Some(reservation);
        plan.push(Effect::ReservationMade { reservation, principal: agent, charges: *charges });
        Ok(Value::count(reservation))
    }

    /// Books measured rows. Nanoseconds are kept exactly; whole microseconds are charged as they fill up, so rounding loses nothing.
    pub(crate) fn decide_settle(&self, rows: &[Measurement], plan: &mut Plan) {
        // Several rows of one principal in one batch build on each other.
        let mut cpu_ns: FxHashMap<Key, u64> = FxHashMap::with_capacity_and_hasher(rows.len(), FxBuildHasher);
        // Totals are kept by key; a key that nobody has would take room for all below it.
        for row in rows.iter().filter(|row| row.principal.index() < self.symbols.len()) {
            let before =
                cpu_ns.entry(row.principal).or_insert_with(|| self.measured.get(row.principal).cpu_ns);
            let after = before.saturating_add(row.cpu_ns);
            let micros = after / 1_000 - *before / 1_000;
            *before = after;
            if let Some(reservation) = row.reservation
                && self.reservations.get(reservation).is_some_and(|open| open.principal == row.principal)
            {
                let used = Charges::of(Resource::Cpu, micros);
                plan.push(Effect::ReservationSettled { reservation, principal: row.principal, used });
            }
            plan.push(Effect::Measured {
                principal: row.principal,
                cpu_ns: row.cpu_ns,
                memory_peak_bytes: row.memory_peak_bytes,
                written_bytes: row.written_bytes,
                bandwidth_bytes: row.bandwidth_bytes,
            });
        }
    }
}

fn refused(plan: &mut Plan, refusal: Refusal) -> Refusal {
    plan.push(Effect::ActionRefused {
        verb: ecology_types::Verb::Noop,
        target: None,
        method: Some(ecology_types::SmolStr::new_static("reserve")),
        code: refusal.code,
        detail: refusal.detail.clone(),
    });
    refusal
}
