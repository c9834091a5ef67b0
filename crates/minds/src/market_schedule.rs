//! Supply and demand of induced-value markets, and what a market could reach at best. Integers only.

use serde::{Deserialize, Serialize};

/// The private values of everybody in a market: what each unit is worth to each buyer and costs each seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketSchedule {
    /// Name of the design.
    pub name: &'static str,
    /// For each buyer the redemption values of its units, in the order in which they are bought.
    pub buyers: Vec<Vec<u64>>,
    /// For each seller the costs of its units, in the order in which they are sold.
    pub sellers: Vec<Vec<u64>>,
    /// The highest price that anybody may name.
    pub price_max: u64,
}

/// Where supply meets demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equilibrium {
    /// The lowest price at which the market clears.
    pub price_low: u64,
    /// The highest price at which the market clears.
    pub price_high: u64,
    /// Units traded in equilibrium, without those that gain nothing.
    pub units: u64,
    /// The most that buyers and sellers can gain together in one period.
    pub surplus_max: u64,
}

/// The designs, in the manner of the five markets of Gode & Sunder 1993: six buyers and six sellers, prices up to 200.
///
/// The paper draws its schedules without a table. These are straight lines with gaps of `a` between the best and `-b` between the worst pair
/// of units, so that trading everything reaches `1 - (b / a)^2` of the greatest gain: about the efficiencies that the paper found for
/// unconstrained traders (90.0, 90.0, 76.7, 48.8 %; in the last design it is 92 % against their 86.0 %). They can be scaled to any number
/// of traders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketDesign {
    /// Demand and supply cross in the middle with like slopes.
    Symmetric,
    /// Steep demand meets flat supply: buyers gain most.
    SteepDemand,
    /// Flat demand meets steep supply: sellers gain most.
    SteepSupply,
    /// Few units gain anything; most values lie outside the equilibrium.
    ThinMargins,
    /// All units are alike to the buyers and there are more sellers than can sell: prices fall towards the cost.
    ExcessSupply,
}

impl MarketDesign {
    /// All designs.
    pub const ALL: [Self; 5] =
        [Self::Symmetric, Self::SteepDemand, Self::SteepSupply, Self::ThinMargins, Self::ExcessSupply];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::SteepDemand => "steep_demand",
            Self::SteepSupply => "steep_supply",
            Self::ThinMargins => "thin_margins",
            Self::ExcessSupply => "excess_supply",
        }
    }

    /// Highest and lowest redemption value, lowest and highest cost.
    const fn corners(self) -> [u64; 4] {
        match self {
            Self::Symmetric => [160, 81, 40, 119],
            Self::SteepDemand => [190, 72, 70, 110],
            Self::SteepSupply => [130, 100, 10, 158],
            Self::ThinMargins => [121, 70, 79, 100],
            Self::ExcessSupply => [150, 150, 60, 170],
        }
    }

    /// The schedule for this many traders, half of them buyers (one more seller when the number is odd), each with `units` units.
    ///
    /// Values fall and costs rise in equal steps over all units of a side. They are dealt to the traders in turn, so that every trader has good
    /// and bad units and trades the good ones first.
    #[must_use]
    pub fn schedule(self, traders: usize, units: usize) -> MarketSchedule {
        let traders = traders.max(2);
        let units = units.max(1);
        let [value_high, value_low, cost_low, cost_high] = self.corners();
        let buyers = traders / 2;
        let mut sellers = traders - buyers;
        if self == Self::ExcessSupply {
            // Twice as many sellers as buyers.
            sellers += buyers / 3;
        }
        let buyers = traders - sellers;
        MarketSchedule {
            name: self.name(),
            buyers: deal(buyers.max(1), units, value_high, value_low),
            sellers: deal(sellers, units, cost_low, cost_high),
            price_max: 200,
        }
    }
}

/// Numbers from `first` to `last` in equal steps, dealt in turn.
fn deal(traders: usize, units: usize, first: u64, last: u64) -> Vec<Vec<u64>> {
    let steps = (traders * units).saturating_sub(1).max(1) as u128;
    let number = |step: usize| {
        let step = step as u128;
        // Rounded to the nearest, in integers.
        let sum = u128::from(first) * (steps - step.min(steps)) + u128::from(last) * step.min(steps);
        u64::try_from((sum + steps / 2) / steps).unwrap_or(u64::MAX)
    };
    (0..traders).map(|trader| (0..units).map(|unit| number(unit * traders + trader)).collect()).collect()
}

impl MarketSchedule {
    /// Where supply meets demand. `None` when no unit can be traded at a gain.
    ///
    /// Units are ordered by value (falling) and cost (rising); the first `units` pairs gain. The market clears at every price between the
    /// highest of {last cost traded, first value not traded} and the lowest of {last value traded, first cost not traded}.
    #[must_use]
    pub fn equilibrium(&self) -> Option<Equilibrium> {
        let mut values: Vec<u64> = self.buyers.iter().flatten().copied().collect();
        let mut costs: Vec<u64> = self.sellers.iter().flatten().copied().collect();
        values.sort_unstable_by(|a, b| b.cmp(a));
        costs.sort_unstable();
        let units = values.iter().zip(&costs).take_while(|(value, cost)| value > cost).count();
        let (last_value, last_cost) = (*values.get(units.checked_sub(1)?)?, *costs.get(units - 1)?);
        let price_low = last_cost.max(values.get(units).copied().unwrap_or(0));
        let price_high = last_value.min(costs.get(units).copied().unwrap_or(self.price_max));
        let surplus_max = values.iter().zip(&costs).take(units).map(|(value, cost)| value - cost).sum();
        Some(Equilibrium { price_low, price_high, units: units as u64, surplus_max })
    }

    /// What was gained in one period in which each buyer bought and each seller sold this many units; negative when values were destroyed.
    ///
    /// Traders trade their units in order, so the numbers say which ones. Missing numbers stand for 0.
    #[must_use]
    pub fn surplus(&self, bought: &[usize], sold: &[usize]) -> i128 {
        let side = |schedule: &[Vec<u64>], traded: &[usize]| -> i128 {
            schedule
                .iter()
                .zip(traded)
                .flat_map(|(numbers, count)| numbers.iter().take(*count))
                .map(|number| i128::from(*number))
                .sum()
        };
        side(&self.buyers, bought) - side(&self.sellers, sold)
    }
}

/// Allocative efficiency in millionths of what could have been gained; 0 when nothing could. Negative when values were destroyed.
#[must_use]
pub fn efficiency_millionths(surplus: i128, surplus_max: u64) -> i64 {
    if surplus_max == 0 {
        return 0;
    }
    let millionths = surplus.saturating_mul(1_000_000) / i128::from(surplus_max);
    i64::try_from(millionths).unwrap_or(if millionths < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_by_hand() {
        let market = MarketSchedule {
            name: "hand",
            buyers: vec![vec![10, 6], vec![8, 2]],
            sellers: vec![vec![1, 7], vec![3, 9]],
            price_max: 20,
        };
        // Values 10 8 6 2, costs 1 3 7 9: two units trade; clears from max(3, 6) to min(8, 7).
        let expected = Equilibrium { price_low: 6, price_high: 7, units: 2, surplus_max: 14 };
        assert_eq!(market.equilibrium(), Some(expected));
        assert_eq!(market.surplus(&[1, 1], &[1, 1]), 14);
        assert_eq!(market.surplus(&[2, 1], &[2, 1]), 13);
        assert_eq!(market.surplus(&[0, 2], &[0, 2]), -2);
        assert_eq!(efficiency_millionths(13, 14), 928_571);
        assert_eq!(efficiency_millionths(1, 0), 0);
    }

    #[test]
    fn no_gain_no_equilibrium() {
        let market =
            MarketSchedule { name: "none", buyers: vec![vec![5]], sellers: vec![vec![5]], price_max: 9 };
        assert_eq!(market.equilibrium(), None);
    }

    #[test]
    fn designs_clear_at_every_size() {
        for design in MarketDesign::ALL {
            for traders in [2, 3, 12, 100, 1_001] {
                let market = design.schedule(traders, 3);
                assert_eq!(market.buyers.len() + market.sellers.len(), traders.max(2));
                let found = market.equilibrium().expect("every design gains");
                assert!(found.price_low <= found.price_high, "{design:?} {traders} {found:?}");
                assert!(found.price_high <= market.price_max);
                for buyer in &market.buyers {
                    assert!(buyer.is_sorted_by(|a, b| a >= b), "buyers trade the best units first");
                }
                for seller in &market.sellers {
                    assert!(seller.is_sorted(), "sellers trade the cheapest units first");
                }
            }
        }
    }
}
