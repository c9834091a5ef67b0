//! Zero-intelligence traders in a continuous double auction made of escrow's asks and offers.

use std::collections::BTreeMap;
use std::ops::Range;

use ecology_features::Config;
use ecology_features::config::Traders;
use ecology_minds::MindConfig;
use ecology_minds::scripted::{Role, ZeroIntelligenceConfig};
use ecology_minds::{MarketDesign, MarketSchedule};
use ecology_types::{Effect, Founder, Genesis, Id, Resource, Rules, SmolStr, Span};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, OrderFree, Scenario, founder, rhythm};
use crate::host::Observer;
use crate::report::Finding;

const SOURCE: &str = "Gode & Sunder 1993, Journal of Political Economy 101(1)";
/// Units that each trader may trade in one period.
const UNITS: usize = 3;

/// For each period: how many units each buyer bought and each seller sold.
type Traded = BTreeMap<u64, (Vec<usize>, Vec<usize>)>;

/// One market: a good, its traders, and what they are endowed with in each round.
struct Market {
    good: SmolStr,
    constrained: bool,
    rounds: Vec<MarketSchedule>,
    buyers: BTreeMap<Id, usize>,
    sellers: BTreeMap<Id, usize>,
    /// For each period: how many units each buyer bought and each seller sold.
    traded: Traded,
    prices: u128,
    trades: u64,
}

/// See the module.
pub(super) struct MarketScenario {
    config: Config,
    markets: Vec<Market>,
}

impl MarketScenario {
    pub(super) fn new(config: &Config) -> Self {
        let populations: &[(&str, bool)] = match config.scenario.market.constrained {
            Traders::Constrained => &[("wheat", true)],
            Traders::Unconstrained => &[("barley", false)],
            Traders::Both => &[("wheat", true), ("barley", false)],
        };
        let agents = config.agents() as usize;
        let share = agents / populations.len();
        let markets = populations
            .iter()
            .enumerate()
            .map(|(at, (good, constrained))| {
                // What does not divide goes to the first market.
                let traders = if at == 0 { agents - share * (populations.len() - 1) } else { share };
                Market::new(config, good, *constrained, traders.max(2))
            })
            .collect();
        Self { config: config.clone(), markets }
    }

    fn period(&self) -> Span {
        Span(rhythm(&self.config).0.saturating_mul(u64::from(self.config.scenario.market.ticks_per_period)))
    }

    fn periods(&self) -> u64 {
        u64::from(self.config.scenario.market.rounds) * u64::from(self.config.scenario.market.periods)
    }
}

impl Market {
    fn new(config: &Config, good: &str, constrained: bool, traders: usize) -> Self {
        // Designs with as many buyers as sellers, so that everybody keeps its role from round to round.
        let designs = [
            MarketDesign::Symmetric,
            MarketDesign::SteepDemand,
            MarketDesign::SteepSupply,
            MarketDesign::ThinMargins,
        ];
        let highest = config.scenario.market.price_max;
        let rounds: Vec<MarketSchedule> = (0..config.scenario.market.rounds as usize)
            .map(|round| scaled(designs[round % designs.len()].schedule(traders, UNITS), highest))
            .collect();
        let names = |role: &str, count: usize| -> BTreeMap<Id, usize> {
            (0..count).filter_map(|n| Some((Id::new(format!("{good}_{role}_{n}")).ok()?, n))).collect()
        };
        let (buyers, sellers) =
            rounds.first().map_or((0, 0), |first| (first.buyers.len(), first.sellers.len()));
        Self {
            good: SmolStr::new(good),
            constrained,
            rounds,
            buyers: names("buyer", buyers),
            sellers: names("seller", sellers),
            traded: BTreeMap::new(),
            prices: 0,
            trades: 0,
        }
    }

    fn founders(&self, scenario: &MarketScenario) -> Vec<Founder> {
        let market = &scenario.config.scenario.market;
        let highest = market.price_max;
        let mut founders = Vec::new();
        for (role, names) in [(Role::Buyer, &self.buyers), (Role::Seller, &self.sellers)] {
            for (id, n) in names {
                let mut rounds = self.rounds.iter().map(|round| match role {
                    Role::Buyer => round.buyers[*n].clone(),
                    Role::Seller => round.sellers[*n].clone(),
                });
                let mind = MindConfig::ZeroIntelligence(ZeroIntelligenceConfig {
                    role,
                    constrained: self.constrained,
                    good: self.good.clone(),
                    values: rounds.next().unwrap_or_default(),
                    later_rounds: rounds.collect(),
                    periods_per_round: u64::from(market.periods),
                    price_max: highest,
                    period_ticks: Some(u64::from(market.ticks_per_period)),
                    period: Some(scenario.period()),
                    consume: false,
                    delay_mean: rhythm(&scenario.config),
                });
                // Enough to buy every unit of every period at the highest price: budgets come from values, not from poverty.
                let scrip = match role {
                    Role::Buyer => highest.saturating_mul(UNITS as u64).saturating_mul(scenario.periods()),
                    Role::Seller => 0,
                };
                founders.push(founder(&scenario.config, id.as_str(), &mind, scrip));
            }
        }
        founders
    }

    /// Surplus that was reached and that could have been, over the whole periods that saw a trade.
    fn efficiency(&self, periods_per_round: u64, whole: &Range<u64>) -> Option<(f64, u64)> {
        let (mut reached, mut possible) = (0_i128, 0_i128);
        for (period, (bought, sold)) in self.traded.iter().filter(|(period, _)| whole.contains(period)) {
            let round = usize::try_from(period / periods_per_round.max(1)).ok()? % self.rounds.len().max(1);
            let schedule = self.rounds.get(round)?;
            reached += schedule.surplus(bought, sold);
            possible += i128::from(schedule.equilibrium()?.surplus_max);
        }
        let millionths = ecology_minds::efficiency_millionths(
            reached,
            u64::try_from(possible).ok().filter(|sum| *sum > 0)?,
        );
        #[expect(clippy::cast_precision_loss, reason = "a figure of a report")]
        Some((millionths as f64 / 1e4, self.traded.range(whole.clone()).count() as u64))
    }
}

/// The schedule with its prices stretched to another highest price.
fn scaled(mut schedule: MarketSchedule, highest: u64) -> MarketSchedule {
    let from = schedule.price_max.max(1);
    if highest != from {
        for number in schedule.buyers.iter_mut().chain(&mut schedule.sellers).flatten() {
            let stretched = u128::from(*number) * u128::from(highest) / u128::from(from);
            *number = u64::try_from(stretched).unwrap_or(highest).clamp(1, highest);
        }
        schedule.price_max = highest;
    }
    schedule
}

impl Observer for MarketScenario {
    fn observe(&mut self, world: &World, event: &Event) {
        let Effect::EscrowSold { kind, seller, buyer, price, .. } = &event.effect else { return };
        let period = match world.tick() {
            0 => event.time.0 / self.period().0.max(1),
            tick => (tick - 1) / u64::from(self.config.scenario.market.ticks_per_period),
        };
        let Some(market) = self.markets.iter_mut().find(|market| market.good == *kind) else { return };
        let (Some(buyer), Some(seller)) =
            (market.buyers.get(world.id(*buyer)), market.sellers.get(world.id(*seller)))
        else {
            return;
        };
        let empty = || (vec![0; market.buyers.len()], vec![0; market.sellers.len()]);
        let (bought, sold) = market.traded.entry(period).or_insert_with(empty);
        bought[*buyer] += 1;
        sold[*seller] += 1;
        market.prices += u128::from(price.0);
        market.trades += 1;
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let memory: Vec<_> = self
            .markets
            .iter()
            .map(
                |Market {
                     good,
                     traded,
                     prices,
                     trades,
                     constrained: _,
                     rounds: _,
                     buyers: _,
                     sellers: _,
                 }| { (good, traded, prices, trades) },
            )
            .collect();
        postcard::to_stdvec(&memory).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        type Memory = Vec<(SmolStr, Traded, u128, u64)>;
        let Ok((memory, [])) = postcard::take_from_bytes::<Memory>(memory) else { return false };
        let fits = memory.len() == self.markets.len()
            && memory.iter().zip(&self.markets).all(|((good, traded, ..), market)| {
                let everybody = (market.buyers.len(), market.sellers.len());
                *good == market.good
                    && traded.values().all(|(bought, sold)| (bought.len(), sold.len()) == everybody)
            });
        if fits {
            for (market, (_, traded, prices, trades)) in self.markets.iter_mut().zip(memory) {
                (market.traded, market.prices, market.trades) = (traded, prices, trades);
            }
        }
        fits
    }
}

impl Scenario for MarketScenario {
    fn adapt(&self, rules: &mut Rules) {
        // Money only changes hands here.
        rules.mint.interval = Span::ZERO;
    }

    fn genesis(&self, rules: Rules) -> Genesis {
        let founders = self.markets.iter().flat_map(|market| market.founders(self)).collect();
        Genesis { rules, founders, artifacts: Vec::new() }
    }

    fn order_free(&self) -> OrderFree {
        // Whom one meets decides the price; and a sale moves the room for what is sold.
        OrderFree { scrip: false, shares: &Resource::RENEWABLE }
    }

    fn length(&self) -> Length {
        let ticks = self.periods() * u64::from(self.config.scenario.market.ticks_per_period);
        Length { ticks, duration: Span(self.period().0.saturating_mul(self.periods())) }
    }

    fn findings(&self, world: &World) -> Vec<Finding> {
        // A period that has not ended says nothing yet, and beyond the planned ones the endowments are spent.
        let ended = match world.tick() {
            0 => world.time().0 / self.period().0.max(1),
            tick => tick / u64::from(self.config.scenario.market.ticks_per_period),
        };
        let whole = 0..ended.min(self.periods());
        let per_round = u64::from(self.config.scenario.market.periods);
        self.markets
            .iter()
            .filter_map(|market| {
                let (efficiency, periods) = market.efficiency(per_round, &whole)?;
                let (who, published, least, greatest) = if market.constrained {
                    ("with", "97 to 99.9 %", Some(97.0), Some(100.0))
                } else {
                    ("without", "49 to 90 %, give or take 2 for schedules of our own", Some(47.0), Some(92.0))
                };
                Some(
                    Figure {
                        name: format!(
                            "efficiency {who} budget constraint, {periods} {}",
                            if periods == 1 { "period" } else { "periods" }
                        ),
                        measured: efficiency,
                        unit: "%",
                        published: published.to_owned(),
                        least,
                        greatest,
                        source: SOURCE,
                    }
                    .finding(),
                )
            })
            .collect()
    }
}
