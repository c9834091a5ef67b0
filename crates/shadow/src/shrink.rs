//! Making a history that leads to a difference as short as it can be.

/// What is left of a history, and what it took to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk<T> {
    /// The items that are needed, in their order.
    pub items: Vec<T>,
    /// Histories that were tried.
    pub tries: usize,
    /// Whether each single item is needed: without any one of them the difference is gone. Not so when the tries ran out.
    pub is_minimal: bool,
}

/// Drops items from a history as long as `persists` says that the difference is still there, trying at most `tries_max` histories.
///
/// Delta debugging: first whole halves, then smaller and smaller pieces, in the end single items (the complement steps of `ddmin`, Zeller and Hildebrandt
/// 2002). `persists` is not asked about the whole history: that the difference is there is known.
pub fn shrink<T: Clone>(
    items: Vec<T>,
    tries_max: usize,
    mut persists: impl FnMut(&[T]) -> bool,
) -> Shrunk<T> {
    let mut items = items;
    let mut tries = 0;
    let mut piece = items.len().div_ceil(2).max(1);
    // What follows a dropped piece is tried next; a round without any success over single items ends it.
    while !items.is_empty() {
        let mut dropped = false;
        let mut from = 0;
        while from < items.len() {
            if tries == tries_max {
                return Shrunk { items, tries, is_minimal: false };
            }
            let to = from.saturating_add(piece).min(items.len());
            let rest: Vec<T> = items[..from].iter().chain(&items[to..]).cloned().collect();
            tries += 1;
            if persists(&rest) {
                items = rest;
                dropped = true;
            } else {
                from = to;
            }
        }
        if piece > 1 {
            piece = piece.div_ceil(2);
        } else if !dropped {
            break;
        }
    }
    Shrunk { items, tries, is_minimal: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_left() {
        let needed = [3, 500, 999];
        let shrunk = shrink((0..1_000).collect(), 10_000, |items: &[u32]| {
            needed.iter().all(|one| items.contains(one))
        });
        assert_eq!(shrunk.items, needed);
        assert!(shrunk.is_minimal && shrunk.tries < 200, "{shrunk:?}");
    }

    #[test]
    fn nothing_is_left_of_a_history_that_does_not_matter() {
        let shrunk = shrink(vec![1, 2, 3], 100, |_| true);
        assert_eq!((shrunk.items, shrunk.is_minimal), (vec![], true));
    }

    #[test]
    fn items_that_are_needed_only_together_go_together_or_stay() {
        // An even number of items shows it: single ones cannot go, pairs can.
        let shrunk =
            shrink((0..64).collect::<Vec<u32>>(), 1_000, |items| items.len() % 2 == 0 && items.contains(&9));
        assert!(shrunk.items.contains(&9) && shrunk.items.len() <= 4, "{shrunk:?}");
    }

    #[test]
    fn tries_are_bounded() {
        let shrunk = shrink((0..1_000).collect::<Vec<u32>>(), 10, |items| items.len() == 1_000);
        assert_eq!((shrunk.tries, shrunk.items.len(), shrunk.is_minimal), (10, 1_000, false));
    }
}
