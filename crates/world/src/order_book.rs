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
    /// Looked up, never iterated. A kind without orders is dropped, so that inventing kinds takes no room for good.
    kinds: FxHashMap<SmolStr, Kind>,
    /// Looked up, never iterated.
    of_owner: FxHashMap<Key, BTreeSet<OrderId>>,
    /// Which order lists an artifact or agent. Looked up, never iterated.
    of_good: FxHashMap<Key, OrderId>,
    /// Which order lists the revenue of an artifact. Looked up, never iterated.
    of_revenue: FxHashMap<Key, OrderId>,
    /// Orders for one principal that are closed while the log may still show how they were opened: who may know of each.
    closed_private: BTreeMap<OrderId, ClosedPrivate>,
}

/// What remains of an order that was meant for one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ClosedPrivate {
    owner: Key,
    only_for: Key,
    /// The number of the event that closed it.
    closed_by: u64,
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
    closed_private: BTreeMap<OrderId, ClosedPrivate>,
}

impl From<OrderBook> for Saved {
    fn from(book: OrderBook) -> Self {
        Self {
            last: book.last,
            orders: book.orders.into_values().collect(),
            closed_private: book.closed_private,
        }
    }
}

impl From<Saved> for OrderBook {
    fn from(saved: Saved) -> Self {
        let mut book = Self::default();
        for order in saved.orders {
            book.insert(order);
        }
        book.last = saved.last;
        book.closed_private = saved.closed_private;
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
        self.kinds.get(kind)
    }

    pub(crate) fn insert(&mut self, order: Order) {
        self.last = self.last.max(order.id);
        self.of_owner.entry(order.owner).or_default().insert(order.id);
        for part in order.good.iter().flat_map(Good::parts) {
            match part {
                Good::Artifact(key) | Good::Agent(key) => self.of_good.insert(*key, order.id),
                Good::Revenue(key) => self.of_revenue.insert(*key, order.id),
                Good::Right { .. } | Good::Scrip(_) | Good::Bundle(_) => None,
            };
        }
        if order.only_for.is_none() {
            let kind = match self.kinds.get_mut(&order.kind) {
                Some(kind) => kind,
                None => self.kinds.entry(order.kind.clone()).or_default(),
            };
            if order.good.is_some() {
                kind.asks.insert((order.price, order.id));
            } else {
                kind.offers.insert((Reverse(order.price), order.id));
            }
        }
        self.orders.insert(order.id, order);
    }

    pub(crate) fn remove(&mut self, order: OrderId) -> Option<Order> {
        let order = self.orders.remove(&order)?;
        if let Some(orders) = self.of_owner.get_mut(&order.owner) {
            orders.remove(&order.id);
            if orders.is_empty() {
                self.of_owner.remove(&order.owner);
            }
        }
        for part in order.good.iter().flat_map(Good::parts) {
            let (index, key) = match part {
                Good::Artifact(key) | Good::Agent(key) => (&mut self.of_good, key),
                Good::Revenue(key) => (&mut self.of_revenue, key),
                Good::Right { .. } | Good::Scrip(_) | Good::Bundle(_) => continue,
            };
            if index.get(key) == Some(&order.id) {
                index.remove(key);
            }
        }
        if order.only_for.is_none()
            && let Some(kind) = self.kinds.get_mut(&order.kind)
        {
            if order.good.is_some() {
                kind.asks.remove(&(order.price, order.id));
            } else {
                kind.offers.remove(&(Reverse(order.price), order.id));
            }
            if kind.asks.is_empty() && kind.offers.is_empty() {
                self.kinds.remove(&order.kind);
            }
        }
        Some(order)
    }

    /// Closes an order with the event of this number. What is needed to keep a private one private stays while the log can show it.
    pub(crate) fn close(&mut self, order: OrderId, closed_by: u64, first_kept: u64) {
        let Some(order) = self.remove(order) else { return };
        if let Some(only_for) = order.only_for {
            self.closed_private.insert(order.id, ClosedPrivate { owner: order.owner, only_for, closed_by });
        }
        // Every closing drops up to two that the log has forgotten, oldest number first, so that they never pile up.
        for _ in 0..2 {
            match self.closed_private.first_entry() {
                Some(oldest) if oldest.get().closed_by < first_kept => drop(oldest.remove()),
                _ => break,
            }
        }
    }

    /// The two who may know of an order that is or was meant for one principal; `None` when everybody may.
    #[must_use]
    pub fn private_to(&self, order: OrderId) -> Option<[Key; 2]> {
        match self.orders.get(&order) {
            Some(open) => open.only_for.map(|only_for| [open.owner, only_for]),
            None => self.closed_private.get(&order).map(|closed| [closed.owner, closed.only_for]),
        }
    }

    /// The open order that lists this artifact or agent.
    #[must_use]
    pub fn listing(&self, good: Key) -> Option<&Order> {
        self.orders.get(self.of_good.get(&good)?)
    }

    /// The open order that lists the revenue of this artifact by itself or in a bundle.
    #[must_use]
    pub fn revenue_listing(&self, artifact: Key) -> Option<&Order> {
        self.orders.get(self.of_revenue.get(&artifact)?)
    }

    /// How many kinds of goods have an open order that is meant for everybody.
    #[must_use]
    pub fn kinds_len(&self) -> usize {
        self.kinds.len()
    }

    /// For state hashes.
    pub(crate) fn canonical(&self) -> (OrderId, &BTreeMap<OrderId, Order>) {
        (self.last, &self.orders)
    }
}

#[cfg(test)]
mod tests {
    use ecology_types::{Good, Time};

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

    #[test]
    fn a_kind_without_orders_takes_no_room() {
        let mut book = OrderBook::default();
        for id in 1..1_000 {
            let kind = SmolStr::from(format!("kind_{id}"));
            book.insert(Order { kind, ..order(id, id % 2 == 0, 5, None) });
            book.remove(id);
        }
        assert_eq!(book.kinds_len(), 0);
        assert!(book.of_owner.is_empty() && book.of_good.is_empty() && book.of_revenue.is_empty());
    }

    #[test]
    fn a_closed_private_order_is_remembered_as_long_as_the_log_shows_it() {
        let mut book = OrderBook::default();
        for id in 1..1_000 {
            book.insert(order(id, false, 5, Some(Key(21))));
            assert_eq!(book.private_to(id), Some([Key(20), Key(21)]));
            book.close(id, id * 10, (id * 10).saturating_sub(100));
            assert_eq!(book.private_to(id), Some([Key(20), Key(21)]));
        }
        assert!(book.closed_private.len() <= 11, "{}", book.closed_private.len());
        let saved: OrderBook = postcard::from_bytes(&postcard::to_stdvec(&book).unwrap()).unwrap();
        assert_eq!(saved.private_to(999), book.private_to(999));
    }
}
