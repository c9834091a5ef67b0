//! One file: what programs see, what is durable, and the writes between them.

use ecology_types::SeededRng;
use rand::RngExt as _;

use crate::SECTOR_BYTES;

/// A change that is not durable.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize { to: usize },
}

#[derive(Debug, Clone)]
struct Pending {
    change: Change,
    /// A sync that should have made it durable failed, and the system considers it done: no sync will try again.
    is_doomed: bool,
}

impl Pending {
    /// What is left of it outside of a range.
    fn without(self, from: usize, to: usize) -> Vec<Self> {
        let Change::Write { at, bytes } = self.change else { return vec![self] };
        let end = at + bytes.len();
        let piece = |from: usize, to: usize| {
            let bytes = bytes[from - at..to - at].to_vec();
            Self { change: Change::Write { at: from, bytes }, is_doomed: self.is_doomed }
        };
        let mut left = Vec::new();
        if at < from.min(end) {
            left.push(piece(at, from.min(end)));
        }
        if to.max(at) < end {
            left.push(piece(to.max(at), end));
        }
        left
    }
}

/// The content of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

impl File {
    pub(crate) fn of(content: Vec<u8>) -> Self {
        Self { live: content.clone(), durable: content, pending: Vec::new() }
    }

    /// What programs see.
    pub(crate) fn content(&self) -> &[u8] {
        &self.live
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.live, at, bytes);
        self.note(Change::Write { at, bytes: bytes.to_vec() });
    }

    pub(crate) fn resize(&mut self, to: usize) {
        self.live.resize(to, 0);
        self.note(Change::Resize { to });
    }

    fn note(&mut self, change: Change) {
        self.pending.push(Pending { change, is_doomed: false });
    }

    /// Makes durable what can be.
    pub(crate) fn sync(&mut self) {
        if self.pending.iter().all(|pending| !pending.is_doomed) {
            self.durable.clone_from(&self.live);
            self.pending.clear();
            return;
        }
        let mut doomed: Vec<Pending> = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            if pending.is_doomed {
                doomed.push(pending);
                continue;
            }
            // What is written now takes the place of what was doomed there.
            match &pending.change {
                Change::Write { at, bytes } => {
                    put(&mut self.durable, *at, bytes);
                    doomed = doomed.into_iter().flat_map(|old| old.without(*at, at + bytes.len())).collect();
                }
                Change::Resize { to } => {
                    self.durable.resize(*to, 0);
                    doomed = doomed.into_iter().flat_map(|old| old.without(*to, usize::MAX)).collect();
                }
            }
        }
        self.pending = doomed;
    }

    /// A sync that failed.
    pub(crate) fn doom(&mut self) {
        for pending in &mut self.pending {
            pending.is_doomed = true;
        }
    }

    /// What is there after the power went: the durable content and a subset of the sectors that were under way. `luck` in 0..=100 is
    /// the chance of each.
    pub(crate) fn survivor(&self, rng: &mut SeededRng, luck: u32) -> Vec<u8> {
        let mut found = self.durable.clone();
        let torn = self.pending.iter().rposition(|pending| matches!(pending.change, Change::Write { .. }));
        for (index, Pending { change, .. }) in self.pending.iter().enumerate() {
            match change {
                Change::Resize { to } => {
                    if rng.random_range(0..100) < luck {
                        found.resize(*to, 0);
                    }
                }
                Change::Write { at, bytes } => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let to = bytes.len().min(from + SECTOR_BYTES - (at + from) % SECTOR_BYTES);
                        let is_last = Some(index) == torn && to == bytes.len();
                        let kept = if rng.random_range(0..100) < luck { to } else { from };
                        // The sector on which the power went: a beginning of the new bytes, the rest as it was.
                        let kept =
                            if is_last && rng.random_bool(0.5) { rng.random_range(from..=to) } else { kept };
                        if kept > from {
                            put_over_rubbish(&mut found, at + from, &bytes[from..kept], rng);
                        }
                        from = to;
                    }
                }
            }
        }
        found
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

/// As [`put`]; what lies between the end of the file and the new bytes is zeros or rubbish.
fn put_over_rubbish(content: &mut Vec<u8>, at: usize, bytes: &[u8], rng: &mut SeededRng) {
    if content.len() < at {
        let rubbish = rng.random_bool(0.5);
        let hole = at - content.len();
        if rubbish {
            content.extend(std::iter::repeat_with(|| rng.random::<u8>()).take(hole));
        } else {
            content.resize(at, 0);
        }
    }
    put(content, at, bytes);
}

#[cfg(test)]
mod tests {
    use ecology_types::Seed;

    use super::*;

    #[test]
    fn what_was_synced_survives_and_the_rest_may_not() {
        let mut file = File::default();
        file.write(0, &[1; 2000]);
        file.sync();
        file.write(1000, &[2; 3000]);
        assert_eq!(file.content().len(), 4000);
        let mut seen = [false; 2];
        for seed in 0..50 {
            let found = file.survivor(&mut Seed(seed).rng(), 5);
            assert_eq!(found[..1000], [1; 1000]);
            assert!(found[1000..2000].iter().all(|byte| [1, 2].contains(byte)));
            seen[usize::from(found.len() > 2000)] = true;
        }
        assert_eq!(seen, [true; 2], "sometimes it grew");
        assert_eq!(file.survivor(&mut Seed(1).rng(), 0)[..1500], [1; 1500]);
    }

    #[test]
    fn the_same_seed_gives_the_same_survivor() {
        let mut file = File::default();
        file.write(300, &[7; 20_000]);
        let one = file.survivor(&mut Seed(9).rng(), 50);
        assert_eq!(one, file.survivor(&mut Seed(9).rng(), 50));
        assert_ne!(one, file.survivor(&mut Seed(10).rng(), 50));
    }

    #[test]
    fn what_a_failed_sync_left_is_never_written_again() {
        let mut file = File::default();
        file.write(0, &[1; 512]);
        file.sync();
        file.write(512, &[2; 512]);
        file.doom();
        file.write(1024, &[3; 512]);
        file.sync();
        assert_eq!(file.content()[512..1024], [2; 512], "programs see it");
        let found = file.survivor(&mut Seed(0).rng(), 0);
        assert_eq!((found.len(), found[1024]), (1536, 3));
        assert_ne!(found[512..1024], [2; 512], "after a crash it is not there");
    }

    #[test]
    fn what_is_written_and_synced_anew_is_durable_after_all() {
        let mut file = File::default();
        file.write(0, &[1; 4096]);
        file.doom();
        file.write(1024, &[2; 1024]);
        file.sync();
        for seed in 0..20 {
            let found = file.survivor(&mut Seed(seed).rng(), 50);
            assert_eq!(found[1024..2048], [2; 1024]);
        }
    }

    #[test]
    fn a_write_of_many_sectors_tears_inside_one() {
        let mut file = File::default();
        file.write(0, &[9; 700]);
        let torn = (0..40).any(|seed| {
            let found = file.survivor(&mut Seed(seed).rng(), 100);
            found.len() > 512 && found.len() < 700
        });
        assert!(torn);
    }
}
