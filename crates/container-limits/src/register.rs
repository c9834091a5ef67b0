//! Which plan each principal has: most hold equal shares, so equal plans are kept once.

use std::collections::BTreeMap;

use ecology_types::Key;

use crate::Plan;

/// Plans by principal: four bytes for each key, and each distinct plan once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Register {
    /// By key: one more than the number of its plan, 0 for none.
    number_of: Vec<u32>,
    /// Plans with how many principals have them; those that nobody has are free.
    plans: Vec<(Plan, u32)>,
    numbers: BTreeMap<Plan, u32>,
    free: Vec<u32>,
}

impl Register {
    pub(crate) const fn new() -> Self {
        Self { number_of: Vec::new(), plans: Vec::new(), numbers: BTreeMap::new(), free: Vec::new() }
    }

    /// The plan of a principal.
    pub(crate) fn get(&self, principal: Key) -> Option<&Plan> {
        let number = self.number_of.get(principal.index())?.checked_sub(1)?;
        self.plans.get(number as usize).map(|(plan, _)| plan)
    }

    /// Gives a principal a plan in place of the one it has.
    pub(crate) fn insert(&mut self, principal: Key, plan: &Plan) {
        if self.get(principal) == Some(plan) {
            return;
        }
        self.remove(principal);
        let number = self.number(plan);
        self.plans[number as usize].1 += 1;
        if self.number_of.len() <= principal.index() {
            self.number_of.resize(principal.index() + 1, 0);
        }
        self.number_of[principal.index()] = number + 1;
    }

    /// The number of a plan, a new one when nobody has it yet.
    fn number(&mut self, plan: &Plan) -> u32 {
        if let Some(number) = self.numbers.get(plan) {
            return *number;
        }
        let number = if let Some(number) = self.free.pop() {
            self.plans[number as usize] = (*plan, 0);
            number
        } else {
            self.plans.push((*plan, 0));
            // There are at most as many plans as keys, which are 32 bits.
            u32::try_from(self.plans.len() - 1).unwrap_or(u32::MAX - 1)
        };
        self.numbers.insert(*plan, number);
        number
    }

    /// Takes the plan of a principal away.
    pub(crate) fn remove(&mut self, principal: Key) -> Option<Plan> {
        let number = std::mem::take(self.number_of.get_mut(principal.index())?).checked_sub(1)?;
        let (plan, holders) = self.plans.get_mut(number as usize)?;
        *holders -= 1;
        let plan = *plan;
        if *holders == 0 {
            self.numbers.remove(&plan);
            self.free.push(number);
        }
        Some(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(memory_bytes: u64) -> Plan {
        Plan { memory_bytes, ..Plan::default() }
    }

    #[test]
    fn equal_plans_are_kept_once_and_forgotten_with_their_last_holder() {
        let mut register = Register::new();
        for key in 0..1_000 {
            register.insert(Key(key), &plan(u64::from(key % 3)));
        }
        assert_eq!(register.plans.len(), 3);
        register.insert(Key(4), &plan(7));
        assert_eq!((register.get(Key(4)), register.get(Key(7))), (Some(&plan(7)), Some(&plan(1))));
        for key in 0..1_000 {
            assert!(register.remove(Key(key)).is_some());
            assert_eq!(register.remove(Key(key)), None);
        }
        assert!(register.numbers.is_empty());
        register.insert(Key(2_000), &plan(9));
        assert_eq!((register.get(Key(2_000)), register.plans.len()), (Some(&plan(9)), 4));
    }
}
