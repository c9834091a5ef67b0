//! Second-price auctions at the mint: bidders with private values tell the truth.

use ecology_features::Config;
use ecology_features::config::ExecutionMode;
use ecology_minds::MindConfig;
use ecology_minds::scripted::VickreyBidderConfig;
use ecology_minds::statistics::vickrey_mean_revenue;
use ecology_types::{Effect, Founder, Genesis, Rules, Scrip, Span, Time};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, OrderFree, Scenario, founder};
use crate::host::Observer;
use crate::report::Finding;

const SOURCE: &str = "Vickrey 1961, Journal of Finance 16(1)";
/// Private values are uniform from 1 to this, in scrip.
const VALUE_MAX: u64 = 1_000_000;
/// What each bidder begins with: more than it can lose by bad luck in any run.
const ENDOWMENT: u64 = 1_000_000_000_000;
/// An auction takes this many ticks: one to write the entry, one to bid, and two to spare.
const TICKS_PER_AUCTION: u64 = 4;

/// See the module.
pub(super) struct VickreyScenario {
    config: Config,
    /// Numbers of bidders, ascending: each experiment adds those who are missing.
    sizes: Vec<u32>,
    /// For each experiment: auctions in which everybody bid, and the sum of their prices.
    sums: Vec<(u64, u128)>,
}

impl VickreyScenario {
    pub(super) fn new(config: &Config) -> Self {
        let mut sizes = config.scenario.vickrey.bidders.clone();
        sizes.sort_unstable();
        sizes.dedup();
        let sums = vec![(0, 0); sizes.len()];
        Self { config: config.clone(), sizes, sums }
    }

    fn bidder(&self, n: u32) -> Founder {
        let rhythm = match self.config.features.execution_mode {
            // Several turns in each auction, so that nearly everybody has bid before it resolves.
            ExecutionMode::Continuous => Span(self.interval().0 / 16),
            ExecutionMode::Tick => Span::ZERO,
        };
        let mind = MindConfig::VickreyBidder(VickreyBidderConfig {
            value_max: VALUE_MAX,
            delay_mean: rhythm,
            ..VickreyBidderConfig::default()
        });
        founder(&self.config, &format!("bidder_{n}"), &mind, ENDOWMENT)
    }

    fn interval(&self) -> Span {
        Span(Span::from_millis(self.config.time.tick_ms).0.saturating_mul(TICKS_PER_AUCTION))
    }

    /// World time that one experiment takes.
    fn experiment(&self) -> Span {
        Span(self.interval().0.saturating_mul(self.config.scenario.vickrey.auctions))
    }
}

impl Observer for VickreyScenario {
    fn observe(&mut self, _: &World, event: &Event) {
        if let Effect::MintResolved { price, winners, losers, .. } = &event.effect {
            let bids = winners.len() + losers.len();
            // An auction in which somebody was late belongs to no experiment.
            if let Some(at) = self.sizes.iter().position(|size| *size as usize == bids)
                && event.time <= Time::ZERO.after(Span(self.experiment().0.saturating_mul(at as u64 + 1)))
            {
                let (auctions, sum) = &mut self.sums[at];
                *auctions += 1;
                *sum += u128::from(price.0);
            }
        }
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let Self { config: _, sizes, sums } = self;
        postcard::to_stdvec(&(sizes, sums)).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        type Memory = (Vec<u32>, Vec<(u64, u128)>);
        let Ok(((sizes, sums), [])) = postcard::take_from_bytes::<Memory>(memory) else { return false };
        let fits = sizes == self.sizes && sums.len() == self.sums.len();
        if fits {
            self.sums = sums;
        }
        fits
    }
}

impl Scenario for VickreyScenario {
    fn adapt(&self, rules: &mut Rules) {
        rules.mint.interval = self.interval();
        rules.mint.winners = 1;
        rules.mint.bid_min = Scrip(1);
    }

    fn genesis(&self, rules: Rules) -> Genesis {
        let first = self.sizes.first().copied().unwrap_or(0);
        Genesis { rules, founders: (0..first).map(|n| self.bidder(n)).collect(), artifacts: Vec::new() }
    }

    fn order_free(&self) -> OrderFree {
        // Values are drawn between other numbers in each mode, so prices differ; nobody trades rights.
        OrderFree { scrip: false, shares: OrderFree::QUOTAS }
    }

    fn length(&self) -> Length {
        let experiments = self.sizes.len() as u64;
        let auctions = self.config.scenario.vickrey.auctions.saturating_mul(experiments);
        Length {
            ticks: auctions.saturating_mul(TICKS_PER_AUCTION),
            duration: Span(self.interval().0.saturating_mul(auctions)),
        }
    }

    fn arrivals(&self) -> Vec<(Time, Founder)> {
        (1_u64..)
            .zip(self.sizes.windows(2))
            .flat_map(|(experiment, sizes)| {
                let when = Time::ZERO.after(Span(self.experiment().0.saturating_mul(experiment)));
                (sizes[0]..sizes[1]).map(move |n| (when, n))
            })
            .map(|(when, n)| (when, self.bidder(n)))
            .collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "figures of a report")]
    fn findings(&self, _: &World) -> Vec<Finding> {
        self.sizes
            .iter()
            .zip(&self.sums)
            .filter(|(_, (auctions, _))| *auctions > 0)
            .map(|(size, (auctions, sum))| {
                let n = f64::from(*size);
                let law = vickrey_mean_revenue(*size);
                // The second highest of n uniform values has this variance (order statistics); four standard errors.
                let variance = 2.0 * (n - 1.0) / ((n + 1.0) * (n + 1.0) * (n + 2.0));
                let margin = 4.0 * (variance / *auctions as f64).sqrt();
                Figure {
                    name: format!("mean revenue of {auctions} auctions, {size} bidders"),
                    measured: *sum as f64 / *auctions as f64 / VALUE_MAX as f64,
                    unit: "",
                    published: format!("{law:.4}, law (n-1)/(n+1)"),
                    least: Some(law - margin),
                    greatest: Some(law + margin),
                    source: SOURCE,
                }
                .finding()
            })
            .collect()
    }
}
