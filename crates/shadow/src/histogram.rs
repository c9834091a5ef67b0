//! Latencies in bounded memory.

/// Steps within each power of two, as a power of two.
const STEP_BITS: u32 = 4;
const STEPS: usize = 1 << STEP_BITS;
/// Values up to `STEPS` have a bucket each; above, every power of two has `STEPS` buckets.
const BUCKETS: usize = (64 - STEP_BITS as usize + 1) * STEPS;

/// Counts values in 976 buckets of 8 bytes, whatever is entered.
///
/// A quantile is the upper end of its bucket: never below the true value, and at most one sixteenth above it. The maximum is exact.
/// The layout is that of HdrHistogram (Tene) with four significant bits.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Box<[u64]>,
    count: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS].into_boxed_slice(), count: 0, max: 0 }
    }
}

impl Histogram {
    /// Enters one value.
    pub fn enter(&mut self, value: u64) {
        self.buckets[bucket(value)] += 1;
        self.count += 1;
        self.max = self.max.max(value);
    }

    /// How many values were entered.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The largest value; 0 when there is none.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The value that `percent` of all values do not exceed; 0 when there is none. Nearest rank, rounded up.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = u128::from(self.count) * u128::from(percent.min(100));
        let rank = rank.div_ceil(100).max(1);
        let mut seen = 0_u128;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank && *count > 0 {
                return upper(at).min(self.max);
            }
        }
        0
    }
}

/// The bucket of a value.
fn bucket(value: u64) -> usize {
    let steps = STEPS as u64;
    if value < steps {
        return usize::try_from(value).unwrap_or(0);
    }
    let power = value.ilog2();
    let shift = power - STEP_BITS;
    // The leading bit and the four behind it: 16 to 31.
    let step = usize::try_from((value >> shift) - steps).unwrap_or(0);
    (shift as usize + 1) * STEPS + step
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let (shift, step) = (bucket / STEPS - 1, bucket % STEPS);
    let first = ((STEPS + step) as u128) << shift;
    u64::try_from(first + (1_u128 << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_the_error_is_bounded() {
        let mut values: Vec<u64> = (0..2_000).collect();
        values.extend((0..64).flat_map(|power| {
            let value = 1_u64 << power;
            [value - 1, value, value + 1, value | (value >> 1)]
        }));
        values.push(u64::MAX);
        for value in values {
            let at = bucket(value);
            assert!(at < BUCKETS, "{value}");
            let top = upper(at);
            assert!(top >= value && top - value <= value / 16, "{value} is told as {top}");
            assert_eq!(bucket(top), at);
        }
    }

    #[test]
    fn quantiles_of_known_values() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.percentile(99), histogram.max(), histogram.count()), (0, 0, 0));
        for value in 1..=100 {
            histogram.enter(value);
        }
        assert_eq!((histogram.percentile(50), histogram.percentile(100), histogram.max()), (51, 100, 100));
        let p99 = histogram.percentile(99);
        assert!((99..=105).contains(&p99), "{p99}");
        histogram.enter(u64::MAX);
        assert_eq!(histogram.percentile(100), u64::MAX);
    }
}
