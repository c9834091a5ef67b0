//! Who holds what: scrip, quotas, and what is in use of them.

use ecology_types::{Key, Resource, Scrip, Snug};
use serde::{Deserialize, Serialize};

use crate::quotas::Quotas;

const NO_SLOT: u32 = u32::MAX;

/// What one principal holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its scrip.
    pub scrip: Scrip,
    /// Its shares and stocks, one for each resource.
    pub quotas: Quotas,
    /// Bytes of its disk quota in use.
    pub disk_used_bytes: u64,
    /// Micro-dollars of its budget set aside for thoughts in progress.
    pub budget_reserved: u64,
}

impl Account {
    /// What is left of a stock or quota; for a renewable resource the whole share.
    #[must_use]
    pub fn free(&self, resource: Resource) -> u64 {
        let in_use = match resource {
            Resource::Disk => self.disk_used_bytes,
            Resource::LlmBudget => self.budget_reserved,
            _ => 0,
        };
        self.quotas[resource].saturating_sub(in_use)
    }
}

/// All accounts, in a slab: a balance is found with two array reads.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub struct Accounts {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    accounts: Vec<Account>,
    supply: Scrip,
    /// What a new account has: nothing, in one place for all of them.
    #[serde(skip)]
    nothing: Quotas,
}

/// What is kept of them. Equal quotas are brought together again when it is read back.
#[derive(Deserialize)]
struct Saved {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    accounts: Vec<Account>,
    supply: Scrip,
}

impl From<Saved> for Accounts {
    fn from(Saved { mut slot_of, mut keys, mut accounts, supply }: Saved) -> Self {
        slot_of.shrink_to_fit();
        keys.shrink_to_fit();
        accounts.shrink_to_fit();
        let mut loaded = Self { slot_of, keys, accounts, supply, nothing: Quotas::default() };
        for slot in 0..loaded.accounts.len() {
            loaded.share_quotas(slot);
        }
        loaded
    }
}

impl Accounts {
    /// Opens an account with nothing in it; keeps one that exists.
    pub(crate) fn open(&mut self, key: Key) {
        if self.slot(key).is_some() {
            return;
        }
        self.slot_of.reach(key.index() + 1, || NO_SLOT);
        self.slot_of[key.index()] = u32::try_from(self.accounts.len()).unwrap_or(NO_SLOT);
        self.keys.push_snug(key);
        self.accounts.push_snug(Account { quotas: self.nothing.clone(), ..Account::default() });
    }

    fn slot(&self, key: Key) -> Option<usize> {
        self.slot_of.get(key.index()).copied().filter(|slot| *slot != NO_SLOT).map(|slot| slot as usize)
    }

    /// The account of a principal.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Account> {
        self.slot(key).map(|slot| &self.accounts[slot])
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Account> {
        self.slot(key).map(|slot| &mut self.accounts[slot])
    }

    /// Sets one quota of a principal.
    pub(crate) fn set_quota(&mut self, key: Key, resource: Resource, amount: u64) {
        let Some(slot) = self.slot(key) else { return };
        self.accounts[slot].quotas.set(resource, amount);
        self.share_quotas(slot);
    }

    /// Principals that joined one after the other mostly have the same quotas: then they are kept once.
    fn share_quotas(&mut self, slot: usize) {
        if let Some([before, account]) = slot.checked_sub(1).and_then(|at| self.accounts.get_mut(at..=slot)) {
            account.quotas.share(&before.quotas);
        }
    }

    /// The balance of a principal; zero for anything else.
    #[must_use]
    pub fn scrip(&self, key: Key) -> Scrip {
        self.get(key).map_or(Scrip::ZERO, |account| account.scrip)
    }

    /// All scrip there is.
    #[must_use]
    pub const fn supply(&self) -> Scrip {
        self.supply
    }

    /// Every account with its key, in the order of opening.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Account)> {
        self.keys.iter().copied().zip(&self.accounts)
    }

    /// Moves scrip. Deciding has made sure that it is there; a record that says otherwise moves nothing.
    pub(crate) fn transfer(&mut self, from: Key, to: Key, amount: Scrip) {
        let Some(rest) = self.scrip(from).checked_sub(amount) else { return };
        if self.get(to).is_none() {
            return;
        }
        if let Some(giver) = self.get_mut(from) {
            giver.scrip = rest;
        }
        if let Some(taker) = self.get_mut(to) {
            taker.scrip = Scrip(taker.scrip.0.saturating_add(amount.0));
        }
    }

    /// Makes new scrip. Deciding has made sure that the total stays in range.
    pub(crate) fn mint(&mut self, to: Key, amount: Scrip) {
        if let Some(account) = self.get_mut(to) {
            account.scrip = Scrip(account.scrip.0.saturating_add(amount.0));
            self.supply = Scrip(self.supply.0.saturating_add(amount.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_quotas_are_kept_once_and_part_when_one_changes() {
        let mut accounts = Accounts::default();
        for key in (0..3).map(Key) {
            accounts.open(key);
            for (resource, amount) in [(Resource::Cpu, 7), (Resource::Disk, 9), (Resource::LlmBudget, 5)] {
                accounts.set_quota(key, resource, amount);
            }
        }
        let quotas = |accounts: &Accounts, key| accounts.get(Key(key)).unwrap().quotas.clone();
        assert!(quotas(&accounts, 0).is_shared_with(&quotas(&accounts, 2)));
        accounts.set_quota(Key(1), Resource::LlmBudget, 1);
        assert!(quotas(&accounts, 0).is_shared_with(&quotas(&accounts, 1)), "money is each one's own");
        accounts.set_quota(Key(1), Resource::Cpu, 8);
        assert_eq!(quotas(&accounts, 0)[Resource::Cpu], 7);
        assert_eq!(quotas(&accounts, 1)[Resource::Cpu], 8);
        let saved = postcard::to_stdvec(&accounts).unwrap();
        let back: Accounts = postcard::from_bytes(&saved).unwrap();
        assert!(back.iter().eq(accounts.iter()));
        accounts.set_quota(Key(1), Resource::Cpu, 7);
        let back: Accounts = postcard::from_bytes(&postcard::to_stdvec(&accounts).unwrap()).unwrap();
        assert!(quotas(&back, 0).is_shared_with(&quotas(&back, 2)), "also after a restart");
    }
}
