//! Watching the own orders: which kinds of orders of an agent are open.

use ecology_types::OrderId;

use crate::Perception;

/// An own open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) order: OrderId,
}

/// The oldest own open order of this kind on this side, and how many there are.
pub(super) fn own_orders(view: &dyn Perception, kind: &str, asks: bool) -> (Option<Open>, usize) {
    let (mut oldest, mut count) = (None, 0);
    view.my_orders(&mut |order| {
        if order.is_ask == asks && order.kind == kind {
            oldest.get_or_insert(Open { order: order.id });
            count += 1;
        }
    });
    (oldest, count)
}

/// Whether the last action was carried out.
pub(super) fn last_done(view: &dyn Perception) -> bool {
    matches!(view.last_outcome(), Some(Ok(_)))
}

/// Whether the last action was refused.
pub(super) fn last_refused(view: &dyn Perception) -> bool {
    matches!(view.last_outcome(), Some(Err(_)))
}
