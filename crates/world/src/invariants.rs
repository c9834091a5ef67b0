//! Laws that hold in every state, checked from outside the deciders.

use ecology_types::{ArtifactRecord, GenesisArtifact, Good, Key, Resource, ResourceKind, Scrip};

use crate::world::World;

/// A law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{law}: {detail}")]
pub struct Broken {
    /// The law.
    pub law: &'static str,
    /// How it is broken.
    pub detail: String,
}

impl World {
    /// Checks every law on the present state. Takes time in proportion to the size of the world.
    ///
    /// # Errors
    /// The first law that is [`Broken`].
    pub fn check_invariants(&self) -> Result<(), Broken> {
        self.scrip_is_conserved()?;
        self.shares_fit_capacity()?;
        self.windows_hold()?;
        self.escrow_holds_what_it_lists()?;
        self.mint_holds_what_is_bid()?;
        self.disk_adds_up()
    }

    fn scrip_is_conserved(&self) -> Result<(), Broken> {
        let sum = self.accounts.iter().map(|(_, account)| account.scrip.0).fold(0, u64::saturating_add);
        if sum == self.accounts.supply().0 {
            return Ok(());
        }
        let detail = format!("balances add up to {sum}, {} were minted", self.accounts.supply());
        Err(Broken { law: "scrip is conserved except by the mint", detail })
    }

    fn shares_fit_capacity(&self) -> Result<(), Broken> {
        for resource in Resource::ALL {
            let sum = self
                .accounts
                .iter()
                .map(|(_, account)| account.quotas[resource])
                .fold(0, u64::saturating_add);
            if sum > self.rules.capacity[resource] {
                let detail =
                    format!("{sum} of {resource} are shared out of {}", self.rules.capacity[resource]);
                return Err(Broken { law: "shares add up to at most the provider's capacity", detail });
            }
            if resource.kind() == ResourceKind::Renewable {
                for (key, account) in self.accounts.iter() {
                    let share = self.parts.limiter.share(key, resource);
                    if share != account.quotas[resource] {
                        let detail = format!(
                            "{} holds {} of {resource} and the limiter grants {share}",
                            self.id(key),
                            account.quotas[resource]
                        );
                        return Err(Broken { law: "the limiter grants what the ledger says", detail });
                    }
                }
            }
        }
        Ok(())
    }

    fn windows_hold(&self) -> Result<(), Broken> {
        for (key, account) in self.accounts.iter() {
            for resource in Resource::RENEWABLE {
                let used = self.parts.limiter.used(key, resource, self.clock.time);
                if used > account.quotas[resource] {
                    let detail = format!(
                        "{} has used {used} of {} {resource}",
                        self.id(key),
                        account.quotas[resource]
                    );
                    return Err(Broken { law: "no window is exceeded", detail });
                }
            }
            if account.disk_used_bytes > account.quotas[Resource::Disk] && account.disk_used_bytes > 0 {
                let detail = format!(
                    "{} uses {} of {} bytes of disk",
                    self.id(key),
                    account.disk_used_bytes,
                    account.quotas[Resource::Disk]
                );
                return Err(Broken { law: "no quota is exceeded", detail });
            }
        }
        Ok(())
    }

    fn escrow_holds_what_it_lists(&self) -> Result<(), Broken> {
        let law = "an escrowed thing is in exactly one place";
        let escrow = GenesisArtifact::Escrow.key();
        let mut scrip = Scrip::ZERO;
        let mut listed: Vec<Key> = Vec::new();
        for order in self.book.iter() {
            match order.good {
                None => scrip = Scrip(scrip.0 + order.price.0),
                Some(Good::Artifact(key) | Good::Agent(key)) => {
                    if self.live(key).is_none_or(|record| record.owner != escrow) {
                        let detail =
                            format!("order {} lists {}, which escrow does not hold", order.id, self.id(key));
                        return Err(Broken { law, detail });
                    }
                    listed.push(key);
                }
                Some(Good::Right { .. }) => {}
            }
        }
        let count = listed.len();
        listed.sort_unstable();
        listed.dedup();
        if listed.len() != count {
            return Err(Broken { law, detail: "one good is listed twice".to_owned() });
        }
        let held = self.accounts.scrip(escrow);
        if held != scrip {
            return Err(Broken { law, detail: format!("escrow holds {held} scrip for offers of {scrip}") });
        }
        Ok(())
    }

    fn mint_holds_what_is_bid(&self) -> Result<(), Broken> {
        let bids = self.mint.bids().map(|bid| bid.amount.0).fold(0, u64::saturating_add);
        let held = self.accounts.scrip(GenesisArtifact::Mint.key());
        if held.0 == bids + self.mint.pool.0 {
            return Ok(());
        }
        let detail =
            format!("the mint holds {held} scrip for bids of {bids} and a pool of {}", self.mint.pool);
        Err(Broken { law: "the mint holds what is bid and what is left over", detail })
    }

    fn disk_adds_up(&self) -> Result<(), Broken> {
        let escrow = GenesisArtifact::Escrow.key();
        let mut used: std::collections::BTreeMap<Key, u64> = std::collections::BTreeMap::new();
        let sellers: std::collections::BTreeMap<Key, Key> = self
            .book
            .iter()
            .filter_map(|order| match order.good {
                Some(Good::Artifact(key) | Good::Agent(key)) => Some((key, order.owner)),
                _ => None,
            })
            .collect();
        let mut add = |record: &ArtifactRecord| {
            let bearer = if record.owner == escrow {
                sellers.get(&record.key).copied().unwrap_or(escrow)
            } else {
                record.owner
            };
            *used.entry(bearer).or_default() += self.disk_bytes(record);
        };
        for at in 0..self.symbols.len() {
            let Ok(at) = u32::try_from(at) else { break };
            let key = Key(at);
            if let Some(record) = self.live(key) {
                add(record);
            }
            if let Some(record) = self.principal(key)
                && self.live(key).is_none_or(|live| !std::ptr::eq(live, record))
            {
                add(record);
            }
        }
        for (key, account) in self.accounts.iter() {
            let expected = used.get(&key).copied().unwrap_or(0);
            if expected != account.disk_used_bytes {
                let detail = format!(
                    "{} owns {expected} bytes and is charged for {}",
                    self.id(key),
                    account.disk_used_bytes
                );
                return Err(Broken { law: "every byte of content is charged to somebody", detail });
            }
        }
        Ok(())
    }
}
