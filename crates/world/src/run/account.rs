//! Who bears the instructions of a run.

use ecology_types::{Charges, Effect, GenesisArtifact, Key, Resource, ToolRun};

use crate::step::Plan;
use crate::world::World;

/// CPU time in microseconds, by whom it is borne.
pub(crate) type Bearers = Vec<(Key, u64)>;

impl World {
    /// The CPU time that instructions count for, in microseconds, rounded up.
    pub(crate) fn cpu_of(&self, instructions: u64) -> u64 {
        instructions.div_ceil(self.code.rules.instructions_per_cpu_us.max(1))
    }

    /// Who bears the instructions of a run and of those that it is made of: whoever acts, but of code that failed its owner.
    pub(crate) fn bearers(&self, agent: Key, run: &ToolRun) -> Bearers {
        let mut instructions = Vec::new();
        self.add_bearers(agent, run, &mut instructions);
        instructions.into_iter().map(|(who, instructions)| (who, self.cpu_of(instructions))).collect()
    }

    fn add_bearers(&self, agent: Key, run: &ToolRun, into: &mut Vec<(Key, u64)>) {
        let who = match &run.outcome {
            Err(denial) if denial.is_fault => self.answerable(run.tool).unwrap_or(agent),
            _ => agent,
        };
        match into.iter_mut().find(|(earlier, _)| *earlier == who) {
            Some((_, sum)) => *sum = sum.saturating_add(run.instructions),
            None if run.instructions > 0 => into.push((who, run.instructions)),
            None => {}
        }
        for operation in &run.operations {
            if let ecology_types::HostCall::Invoke { run: Some(nested), .. } = &operation.call {
                self.add_bearers(agent, nested, into);
            }
        }
    }

    /// The principal that answers for an executable: its owner, and of one in escrow its seller.
    fn answerable(&self, key: Key) -> Option<Key> {
        let record = self.live(key)?;
        let owner = match self.book.listing(key) {
            Some(order) if record.owner == GenesisArtifact::Escrow.key() => order.owner,
            _ => record.owner,
        };
        self.principal(owner).map(|principal| principal.key)
    }

    /// Books CPU time that was used already, whether there is room for it or not: what does not fit is owed as an overrun.
    pub(crate) fn plan_code_cpu(&self, who: Key, cpu_us: u64, plan: &mut Plan) {
        if cpu_us == 0 {
            return;
        }
        let made =
            plan.events.iter().filter(|event| matches!(event.effect, Effect::ReservationMade { .. })).count();
        let reservation = self.reservations.next() + made as u64;
        plan.push(Effect::ReservationMade { reservation, principal: who, charges: Charges::NONE });
        plan.push(Effect::ReservationSettled {
            reservation,
            principal: who,
            used: Charges::of(Resource::Cpu, cpu_us),
        });
    }
}
