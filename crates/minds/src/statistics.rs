//! Figures for reports. Floating point lives here alone: nothing in this module is ever used by anything that decides.

use ecology_types::Scrip;

/// The Gini coefficient of these balances: 0 when all are alike, towards 1 when one has everything. 0 for nobody or nothing.
///
/// `G = (2 * sum(i * x_i) - (n + 1) * sum(x)) / (n * sum(x))` over ascending balances, i from 1; sums in 128-bit integers, one division.
#[must_use]
pub fn gini(balances: &[Scrip]) -> f64 {
    let mut sorted: Vec<u64> = balances.iter().map(|balance| balance.0).collect();
    sorted.sort_unstable();
    let count = sorted.len() as i128;
    let (mut sum, mut weighted) = (0_i128, 0_i128);
    for (place, balance) in (1_i128..).zip(&sorted) {
        sum += i128::from(*balance);
        weighted += place * i128::from(*balance);
    }
    if sum == 0 {
        return 0.0;
    }
    (2 * weighted - (count + 1) * sum) as f64 / (count * sum) as f64
}

/// The Gini coefficient of the geometric law that random transfers of one scrip lead to, with a mean of `mean` scrip: `(1 + m) / (1 + 2m)`.
///
/// Dragulescu & Yakovenko 2000, "Statistical mechanics of money", with scrip that cannot be divided.
#[must_use]
pub fn boltzmann_gini(mean: f64) -> f64 {
    (1.0 + mean) / (1.0 + 2.0 * mean)
}

/// The share of agents without scrip under the same law: `1 / (1 + m)`.
#[must_use]
pub fn boltzmann_share_of_poor(mean: f64) -> f64 {
    1.0 / (1.0 + mean)
}

/// The mean revenue of a sealed-bid second-price auction among `bidders` with values uniform on [0, 1]: `(n - 1) / (n + 1)`.
///
/// Vickrey 1961, "Counterspeculation, auctions, and competitive sealed tenders": the mean of the second highest of n uniform numbers.
#[must_use]
pub fn vickrey_mean_revenue(bidders: u32) -> f64 {
    if bidders == 0 { 0.0 } else { f64::from(bidders - 1) / (f64::from(bidders) + 1.0) }
}

/// Allocative efficiency: the part of the greatest possible gain that was realised. 0 when nothing could be gained.
///
/// The integer form is [`crate::efficiency_millionths`].
#[must_use]
pub fn efficiency(surplus: i128, surplus_max: u64) -> f64 {
    if surplus_max == 0 { 0.0 } else { surplus as f64 / surplus_max as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn gini_of_known_distributions() {
        assert!(close(gini(&[]), 0.0));
        assert!(close(gini(&[Scrip(0), Scrip(0)]), 0.0));
        assert!(close(gini(&[Scrip(5); 10]), 0.0));
        assert!(close(gini(&[Scrip(0), Scrip(0), Scrip(0), Scrip(8)]), 0.75));
        assert!(close(gini(&[Scrip(3), Scrip(1)]), 0.25));
        assert!(gini(&[Scrip(u64::MAX >> 1); 1000]) < 1e-9);
    }

    #[test]
    fn published_figures() {
        assert!(close(boltzmann_gini(1.0), 2.0 / 3.0));
        assert!(close(boltzmann_share_of_poor(1.0), 0.5));
        assert!(close(vickrey_mean_revenue(2), 1.0 / 3.0));
        assert!(close(vickrey_mean_revenue(5), 2.0 / 3.0));
        assert!(close(vickrey_mean_revenue(10), 9.0 / 11.0));
        assert!(close(efficiency(13, 14), 13.0 / 14.0));
    }
}
