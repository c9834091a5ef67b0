//! Randomness of one mind: a stream of its own, whose whole state is one number, so that it survives a restart.

use ecology_types::{Seed, Span};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// The step of SplitMix64 (Steele, Lea & Flood 2014): after n numbers its state has moved by n steps.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Random numbers of one mind. Integers only; the same seed gives the same numbers on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Dice that start at `seed`.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { state: seed.derive("dice", 0).0 }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let bits = SplitMix64::seed_from_u64(self.state).next_u64();
        self.state = self.state.wrapping_add(STEP);
        bits
    }

    /// A number from 0 up to but not including `end`, all equally likely; 0 when `end` is 0.
    ///
    /// Lemire 2019, "Fast random integer generation in an interval": one multiplication, rejection only where it would be unfair.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 {
            return 0;
        }
        loop {
            let wide = u128::from(self.bits()) * u128::from(end);
            let (high, low) = split(wide);
            if low >= end || low >= end.wrapping_neg() % end {
                return high;
            }
        }
    }

    /// A number from `first` to `last`, both included, all equally likely; `first` when `last` is smaller.
    pub fn within(&mut self, first: u64, last: u64) -> u64 {
        match last.checked_sub(first) {
            None => first,
            Some(u64::MAX) => self.bits(),
            Some(width) => first + self.below(width + 1),
        }
    }

    /// A waiting time of a Poisson process: exponential with the given mean, in whole microseconds, at least one.
    ///
    /// By comparisons of uniform numbers alone (von Neumann 1951, "Various techniques used in connection with random digits"), so that no
    /// floating point enters a decision.
    pub fn exponential(&mut self, mean: Span) -> Span {
        let mut whole = 0_u64;
        loop {
            let first = self.bits();
            let (mut last, mut run) = (first, 1_u32);
            loop {
                let next = self.bits();
                if next >= last {
                    break;
                }
                last = next;
                run += 1;
            }
            if run % 2 == 1 {
                let (fraction, _) = split(u128::from(first) * u128::from(mean.0));
                return Span(mean.0.saturating_mul(whole).saturating_add(fraction).max(1));
            }
            whole += 1;
        }
    }
}

/// The high and the low half.
#[expect(clippy::cast_possible_truncation, reason = "taking the two halves is the point")]
const fn split(wide: u128) -> (u64, u64) {
    ((wide >> 64) as u64, wide as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_state_is_one_number() {
        let mut dice = Dice::new(Seed(1));
        dice.bits();
        let mut copy = dice;
        assert_eq!(dice.bits(), copy.bits());
        let mut stream = SplitMix64::seed_from_u64(Seed(9).derive("dice", 0).0);
        let mut dice = Dice::new(Seed(9));
        for _ in 0..100 {
            assert_eq!(dice.bits(), stream.next_u64());
        }
    }

    #[test]
    fn bounds_hold_and_every_number_comes() {
        let mut dice = Dice::new(Seed(2));
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            let number = usize::try_from(dice.within(3, 9)).unwrap() - 3;
            seen[number] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.within(5, 4), 5);
        dice.within(0, u64::MAX);
    }

    #[test]
    fn waiting_times_are_exponential() {
        let mut dice = Dice::new(Seed(3));
        let mean = Span::from_millis(1);
        let draws = 100_000_u64;
        let (mut sum, mut above) = (0_u64, 0_u64);
        for _ in 0..draws {
            let wait = dice.exponential(mean);
            sum += wait.0;
            above += u64::from(wait.0 > 2_000);
        }
        // Mean 1000 µs, standard error 3.2; P(more than twice the mean) = e^-2 = 0.1353, standard error 0.0011.
        assert!((985..1015).contains(&(sum / draws)), "mean {}", sum / draws);
        assert!((13_100..13_980).contains(&above), "above {above}");
    }
}
