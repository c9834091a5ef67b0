//! Rows by the key of their principal.

/// Rows of one page.
const ROWS: usize = 16;

/// Sixteen rows side by side, the first at the beginning of a cache line.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
struct Page<R>([R; ROWS]);

/// Rows in pages, which are made with the first of their rows.
///
/// Keys number artifacts as well as principals. A row for each would be mostly rows of artifacts, and a pointer for each costs a cache line
/// more per row; the pointers of pages are few enough to stay in the cache. Who came together is side by side, as turns are taken.
#[derive(Debug, Clone)]
pub(crate) struct Pages<R>(Vec<Option<Box<Page<R>>>>);

impl<R> Default for Pages<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Default> Pages<R> {
    /// The row of this number, where there is one.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&R> {
        self.0.get(at / ROWS)?.as_ref().map(|page| &page.0[at % ROWS])
    }

    /// The same to change it.
    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut R> {
        self.0.get_mut(at / ROWS)?.as_mut().map(|page| &mut page.0[at % ROWS])
    }

    /// The row of this number, made now where there is none.
    #[inline]
    pub(crate) fn entry(&mut self, at: usize) -> &mut R {
        let page = at / ROWS;
        if page >= self.0.len() {
            self.0.resize_with(page + 1, || None);
        }
        &mut self.0[page].get_or_insert_with(Box::default).0[at % ROWS]
    }

    /// How many numbers from 0 on have a place.
    pub(crate) fn len(&self) -> usize {
        self.0.len() * ROWS
    }

    /// All rows with their numbers, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &R)> {
        let pages = (0_u32..).step_by(ROWS).zip(&self.0);
        pages
            .filter_map(|(first, page)| Some((first, page.as_deref()?)))
            .flat_map(|(first, page)| (first..).zip(&page.0))
    }

    /// All rows to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.0.iter_mut().flatten().flat_map(|page| page.0.iter_mut())
    }

    /// Looks at the page `hand` and drops it when `is_idle` says that nothing in it is needed; gives the page to look at next.
    pub(crate) fn look(&mut self, hand: usize, is_idle: impl FnOnce(&mut [R]) -> bool) -> usize {
        let Some(place) = self.0.get_mut(hand) else { return 0 };
        if let Some(page) = place
            && is_idle(&mut page.0)
        {
            *place = None;
        }
        hand + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_made_in_pages_and_go_with_them() {
        let mut pages = Pages::<u32>::default();
        for at in [40, 3, 47] {
            *pages.entry(at) = 1;
        }
        assert_eq!(
            (pages.get(3), pages.get(4), pages.get(20), pages.get(48)),
            (Some(&1), Some(&0), None, None)
        );
        let busy: Vec<u32> = pages.iter().filter(|(_, row)| **row == 1).map(|(at, _)| at).collect();
        assert_eq!(busy, [3, 40, 47]);
        pages.iter_mut().for_each(|row| *row += 1);
        assert_eq!(pages.get_mut(40), Some(&mut 2));
        let hands = [0, 1, 2, 3].map(|hand| pages.look(hand, |page| page[3] == 2));
        assert_eq!(hands, [1, 2, 3, 0]);
        assert_eq!((pages.get(3), pages.get(40)), (None, Some(&2)));
    }
}
