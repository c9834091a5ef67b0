//! Who holds what: scrip, quotas, and what is in use of them.

use ecology_types::{Charges, Key, Resource, Scrip};
use serde::{Deserialize, Serialize};

const NO_SLOT: u32 = u32::MAX;

/// What one principal holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its scrip.
    pub scrip: Scrip,
    /// Its shares and stocks, one for each resource.
    pub quotas: Charges,
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
pub struct Accounts {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    accounts: Vec<Account>,
    supply: Scrip,
}

impl Accounts {
    /// Opens an account with nothing in it; keeps one that exists.
    pub(crate) fn open(&mut self, key: Key) {
        if self.slot(key).is_some() {
            return;
        }
        if self.slot_of.len() <= key.index() {
            self.slot_of.resize(key.index() + 1, NO_SLOT);
        }
        self.slot_of[key.index()] = u32::try_from(self.accounts.len()).unwrap_or(NO_SLOT);
        self.keys.push(key);
        self.accounts.push(Account::default());
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
