//! Escrow's open asks and offers, sorted for trade.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{Good, Key, Order, OrderId, Scrip};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Open asks and offers: by number, by owner, and by kind in the order in which they trade.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct OrderBook {
    last: OrderId,
    orders: BTreeMap<OrderId, Order>,
    /// Looked up, never iterated.
    kind_of: FxHashMap<SmolStr, usize>,
    kinds: Vec<Kind>,
    /// Looked up, never iterated.
    of_owner: FxHashMap<Key, BTreeSet<OrderId>>,
    /// The ask that lists an artifact or agent. Looked up, never iterated.
    of_good: FxHashMap<Key, OrderId>,
}

/// The two sides of one kind of good. Orders meant for one principal are not in here: they are taken by number.
#[derive(Debug, Clone, Default)]
struct Kind {
    asks: BTreeSet<(Scrip, OrderId)>,
    offers: BTreeSet<(Reverse<Scrip>, OrderId)>,
}

/// What has to be kept; the rest is an index.
#[derive(Serialize, Deserialize)]
struct Saved {
    last: OrderId,
    orders: Vec<Order>,
}

impl From<OrderBook> for Saved {
    fn from(book: OrderBook) -> Self {
        Self { last: book.last, orders: book.orders.into_values().collect() }
    }
}

impl From<Saved> for OrderBook {
    fn from(saved: Saved) -> Self {
        let mut book = Self::default();
        for order in saved.orders {
            book.insert(order);
        }
        book.last = saved.last;
        book
    }
}

impl OrderBook {
    /// The number of the next order.
    #[must_use]
    pub const fn next(&self) -> OrderId {
        self.last + 1
    }

    /// An open order.
    #[must_use]
    pub fn get(&self, order: OrderId) -> Option<&Order> {
        self.orders.get(&order)
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// All open orders, in ascending numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// The open orders of one principal, in ascending numbers.
    pub fn of(&self, owner: Key) -> impl Iterator<Item = &Order> {
        self.of_owner.get(&owner).into_iter().flatten().filter_map(|order| self.orders.get(order))
    }

    /// Who listed the artifact or agent that escrow holds.
    #[must_use]
    pub fn lister(&self, artifact: Key) -> Option<Key> {
        self.of_good.get(&artifact).and_then(|order| self.orders.get(order)).map(|order| order.owner)
    }

    /// How many orders one principal has open.
    #[must_use]
    pub fn count(&self, owner: Key) -> usize {
        self.of_owner.get(&owner).map_or(0, BTreeSet::len)
    }

    /// Open asks of a kind, cheapest first, earlier first at one price.
    pub fn asks(&self, kind: &str) -> impl Iterator<Item = &Order> {
        self.kind(kind)
            .into_iter()
            .flat_map(|kind| kind.asks.iter())
            .filter_map(|(_, order)| self.orders.get(order))
    }

    /// Open offers for a kind, highest first, earlier first at one price.
    pub fn offers(&self, kind: &str) -> impl Iterator<Item = &Order> {
        self.kind(kind)
            .into_iter()
            .flat_map(|kind| kind.offers.iter())
            .filter_map(|(_, order)| self.orders.get(order))
    }

    fn kind(&self, kind: &str) -> Option<&Kind> {
        self.kind_of.get(kind).map(|at| &self.kinds[*at])
    }

    pub(crate) fn insert(&mut self, order: Order) {
        self.last = self.last.max(order.id);
        self.of_owner.entry(order.owner).or_default().insert(order.id);
        if let Some(Good::Artifact(key) | Good::Agent(key)) = order.good {
            self.of_good.insert(key, order.id);
        }
        if order.only_for.is_none() {
            let at = *self.kind_of.entry(order.kind.clone()).or_insert_with(|| {
                self.kinds.push(Kind::default());
                self.kinds.len() - 1
            });
            if order.good.is_some() {
                self.kinds[at].asks.insert((order.price, order.id));
            } else {
                self.kinds[at].offers.insert((Reverse(order.price), order.id));
            }
        }
        self.orders.insert(order.id, order);
    }

    pub(crate) fn remove(&mut self, order: OrderId) -> Option<Order> {
        let order = self.orders.remove(&order)?;
        // A good that was listed again under a new number belongs to that one.
        if let Some(Good::Artifact(key) | Good::Agent(key)) = order.good
            && self.of_good.get(&key) == Some(&order.id)
        {
            self.of_good.remove(&key);
        }
        if let Some(orders) = self.of_owner.get_mut(&order.owner) {
            orders.remove(&order.id);
            if orders.is_empty() {
                self.of_owner.remove(&order.owner);
            }
        }
        if let Some(at) = self.kind_of.get(&order.kind) {
            self.kinds[*at].asks.remove(&(order.price, order.id));
            self.kinds[*at].offers.remove(&(Reverse(order.price), order.id));
        }
        Some(order)
    }

    /// For state hashes.
    pub(crate) fn canonical(&self) -> (OrderId, &BTreeMap<OrderId, Order>) {
        (self.last, &self.orders)
    }
}

#[cfg(test)]
mod tests {
    use ecology_types::Time;

    use super::*;

    fn order(id: OrderId, ask: bool, price: u64, only_for: Option<Key>) -> Order {
        Order {
            id,
            owner: Key(20),
            good: ask.then_some(Good::Artifact(Key(30))),
            kind: SmolStr::new("wheat"),
            price: Scrip(price),
            only_for,
            opened_at: Time(0),
        }
    }

    #[test]
    fn best_first_then_earlier_first() {
        let mut book = OrderBook::default();
        for (id, price) in [(1, 9), (2, 7), (3, 7), (4, 8)] {
            book.insert(order(id, true, price, None));
        }
        for (id, price) in [(5, 3), (6, 4), (7, 4)] {
            book.insert(order(id, false, price, None));
        }
        book.insert(order(8, true, 1, Some(Key(21))));
        let ids = |orders: Vec<&Order>| orders.iter().map(|order| order.id).collect::<Vec<_>>();
        assert_eq!(ids(book.asks("wheat").collect()), [2, 3, 4, 1]);
        assert_eq!(ids(book.offers("wheat").collect()), [6, 7, 5]);
        book.remove(2);
        assert_eq!(ids(book.asks("wheat").collect()), [3, 4, 1]);
        assert_eq!(book.count(Key(20)), 7);
        let saved: OrderBook = postcard::from_bytes(&postcard::to_stdvec(&book).unwrap()).unwrap();
        assert_eq!(ids(saved.asks("wheat").collect()), [3, 4, 1]);
        assert_eq!(saved.next(), 9);
    }
}
