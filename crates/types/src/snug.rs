//! Vectors that hold little more than what is in them.

/// Growth by an eighth instead of by doubling.
///
/// A slab with a row per agent is the larger part of what an idle agent costs, and half of a doubled one may be empty. Growing by an eighth
/// moves every element nine times on average instead of twice, and leaves at most an eighth unused.
pub trait Snug<T> {
    /// Appends `value`.
    fn push_snug(&mut self, value: T);

    /// Makes it at least `len` long, with what `fill` gives in the new places.
    fn reach(&mut self, len: usize, fill: impl FnMut() -> T);
}

impl<T> Snug<T> for Vec<T> {
    #[inline]
    fn push_snug(&mut self, value: T) {
        if self.len() == self.capacity() {
            make_room(self, 1);
        }
        self.push(value);
    }

    #[inline]
    fn reach(&mut self, len: usize, fill: impl FnMut() -> T) {
        if len > self.len() {
            if len > self.capacity() {
                make_room(self, len - self.len());
            }
            self.resize_with(len, fill);
        }
    }
}

#[cold]
fn make_room<T>(vec: &mut Vec<T>, least: usize) {
    /// Rows that a small vector grows by.
    const FIRST: usize = 8;
    vec.reserve_exact(least.max(vec.len() / 8).max(FIRST));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_an_eighth_is_unused() {
        let mut vec = Vec::new();
        for n in 0..10_000_usize {
            vec.push_snug(n);
            assert!(
                vec.capacity() <= vec.len() + (vec.len() / 8).max(8),
                "{} for {}",
                vec.capacity(),
                vec.len()
            );
        }
        vec.reach(5, || 0);
        assert_eq!(vec.len(), 10_000, "it never shrinks");
        vec.reach(20_000, || 7);
        assert_eq!((vec.len(), vec[9_999], vec[19_999]), (20_000, 9_999, 7));
        assert!(vec.capacity() < 22_500);
    }
}
