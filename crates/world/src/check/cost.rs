//! Who bears what asking a contract takes: instructions, and the room of its state.

use ecology_types::{
    Charges, Effect, GenesisArtifact, Key, Payer, PermissionAnswer, Refusal, RefusalCode, Resource, Time,
    Value,
};

use crate::step::Plan;
use crate::world::World;

impl World {
    /// The principal that answers for an executable: its owner, or the seller of one in escrow.
    pub(crate) fn responsible(&self, key: Key) -> Option<Key> {
        let record = self.live(key)?;
        Some(match self.book.listing(key) {
            Some(order) if record.owner == GenesisArtifact::Escrow.key() => order.owner,
            _ => record.owner,
        })
    }

    /// Takes note of the instructions of an answer, by who bears them: whoever pays the price; whoever asked, of a no; the contract's owner,
    /// of a fault and of terms that cannot be carried out. For a tool without standing whoever acts bears them, as all that the tool does.
    pub(crate) fn note_instructions(&self, answer: &PermissionAnswer, is_allowed: bool, plan: &mut Plan) {
        if answer.is_cached || answer.instructions == 0 {
            return;
        }
        let cpu_us = answer.instructions.div_ceil(self.code.rules.instructions_per_cpu_us.max(1));
        let caller = plan.purse.map_or(answer.caller, |(granter, _)| granter);
        let of_contract = || self.responsible(answer.contract).unwrap_or(caller);
        let bearer = match &answer.verdict {
            Ok(terms) if is_allowed => match terms.payer {
                Payer::Invoker => caller,
                Payer::Owner => self.responsible(answer.artifact).unwrap_or(caller),
                Payer::Artifact => answer.artifact,
                Payer::Split(hundredths) => {
                    let part = (u128::from(cpu_us) * u128::from(hundredths.min(100))).div_ceil(100);
                    let part = u64::try_from(part).unwrap_or(cpu_us).min(cpu_us);
                    let owner = self.responsible(answer.artifact).unwrap_or(caller);
                    plan.code_cpu.push((caller, part));
                    plan.code_cpu.push((owner, cpu_us - part));
                    return;
                }
            },
            Err(denial) if !denial.is_fault => caller,
            _ => of_contract(),
        };
        plan.code_cpu.push((bearer, cpu_us));
    }

    /// What code used of the CPU time of `principal` in this plan.
    pub(crate) fn code_charges(principal: Key, plan: &Plan) -> Charges {
        let cpu_us = plan.code_cpu.iter().filter(|(who, _)| *who == principal).map(|(_, cpu_us)| *cpu_us);
        Charges::of(Resource::Cpu, cpu_us.fold(0, u64::saturating_add))
    }

    /// Books what code used of the CPU time of others than the one who acts, who consented to bear it.
    pub(crate) fn plan_others_cpu(&self, agent: Key, now: Time, plan: &mut Plan) -> Result<(), Refusal> {
        let mut others: Vec<Key> =
            plan.code_cpu.iter().map(|(who, _)| *who).filter(|who| *who != agent).collect();
        others.sort_unstable();
        others.dedup();
        for principal in others {
            let charges = Self::code_charges(principal, plan);
            if !charges.is_none() {
                self.admit(principal, &charges, now)?;
                plan.push(Effect::Charged { principal, charges });
            }
        }
        Ok(())
    }

    /// Books what code used before an action was refused: it is owed, and paid with the next use.
    pub(crate) fn plan_owed_cpu(&self, plan: &mut Plan) {
        let mut bearers: Vec<Key> = plan.code_cpu.iter().map(|(who, _)| *who).collect();
        bearers.sort_unstable();
        bearers.dedup();
        for principal in bearers {
            let used = Self::code_charges(principal, plan);
            if used.is_none() || self.accounts.get(principal).is_none() {
                continue;
            }
            let made = plan.effects().filter(|effect| matches!(effect, Effect::ReservationMade { .. }));
            let reservation = self.reservations.next() + made.count() as u64;
            plan.push(Effect::ReservationMade { reservation, principal, charges: Charges::NONE });
            plan.push(Effect::ReservationSettled { reservation, principal, used });
        }
    }

    /// Sets the states that contracts gave themselves with their permission, now that the action is certain, and takes the room from those
    /// who answer for them. Comes after everything else that the action plans.
    pub(crate) fn plan_states(&self, plan: &mut Plan) -> Result<(), Refusal> {
        for (contract, state) in std::mem::take(&mut plan.states) {
            self.plan_state(contract, state, plan)?;
        }
        Ok(())
    }

    fn plan_state(&self, contract: Key, state: Value, plan: &mut Plan) -> Result<(), Refusal> {
        let is_gone = |effect: &Effect| matches!(effect, Effect::ArtifactDeleted { key } if *key == contract);
        if plan.effects().any(is_gone) {
            return Ok(());
        }
        let (version, before) = self.code.state(contract);
        let is_set = |effect: &Effect| matches!(effect, Effect::StateSet { key, .. } if *key == contract);
        if plan.effects().any(is_set) {
            let detail = format!("{} would change its state twice in one action", self.id(contract));
            return Err(Refusal::new(RefusalCode::AnswerStale, detail));
        }
        let limits = &self.rules.limits;
        let bytes = state.bytes() as u64;
        let depth_max = limits.args_depth_max as usize;
        if bytes > self.code.rules.state_bytes_max || state.depth(depth_max) > depth_max {
            let detail = format!(
                "the state of {} would take {bytes} bytes; a state has at most {} and nests at most {depth_max} levels",
                self.id(contract),
                self.code.rules.state_bytes_max
            );
            return Err(Refusal::new(RefusalCode::LimitReached, detail));
        }
        if state == *before {
            return Ok(());
        }
        let held = if version == 0 { 0 } else { before.bytes() as u64 };
        self.plan_state_room(contract, held, bytes, plan)?;
        plan.push(Effect::StateSet { key: contract, version: version + 1, state });
        Ok(())
    }

    /// Takes the room that a state of `bytes` needs beyond the `held` ones of the state before from whoever answers for the executable, or
    /// gives it back.
    pub(crate) fn plan_state_room(
        &self,
        contract: Key,
        held: u64,
        bytes: u64,
        plan: &mut Plan,
    ) -> Result<(), Refusal> {
        if bytes == held {
            return Ok(());
        }
        let bearer = self.bearer_after(contract, plan);
        let Some(account) = bearer.and_then(|bearer| self.accounts.get(bearer)) else {
            let detail = format!("the owner of {} has no account for its state", self.id(contract));
            return Err(Refusal::new(RefusalCode::NoStanding, detail));
        };
        let principal = bearer.unwrap_or(contract);
        let planned = plan.effects().rev().find_map(|effect| match effect {
            Effect::DiskUsed { principal: who, bytes } if *who == principal => Some(*bytes),
            _ => None,
        });
        let used = planned.unwrap_or(account.disk_used_bytes);
        let after = used.saturating_sub(held).saturating_add(bytes);
        let given = plan.effects().fold(0_u64, |sum, effect| match effect {
            Effect::QuotaTransferred { from, resource: Resource::Disk, amount, .. } if *from == principal => {
                sum.saturating_add(*amount)
            }
            _ => sum,
        });
        let quota = account.quotas[Resource::Disk].saturating_sub(given);
        if bytes > held && after > quota {
            let detail = format!(
                "{} answers for {}, whose state needs {} bytes more than its disk has",
                self.id(principal),
                self.id(contract),
                after - quota
            );
            return Err(Refusal::new(RefusalCode::InsufficientQuota, detail));
        }
        plan.push(Effect::DiskUsed { principal, bytes: after });
        Ok(())
    }

    /// Who bears the room of an executable after what is planned.
    fn bearer_after(&self, key: Key, plan: &Plan) -> Option<Key> {
        let moved = plan.effects().rev().find_map(|effect| match effect {
            Effect::OwnershipTransferred { key: moved, from, to } if *moved == key => {
                Some(if *to == GenesisArtifact::Escrow.key() { *from } else { *to })
            }
            _ => None,
        });
        moved.or_else(|| self.responsible(key))
    }
}
