//! A mixed economy that uses every service.

use std::collections::{BTreeMap, BTreeSet};

use ecology_contracts::LIBRARY;
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted as minds;
use ecology_types::{Axis, Effect, EventKind, Genesis, Resource, Rules, Side, SmolStr, Span};
use ecology_world::{Event, LoopState, World};

use super::figures::Figure;
use super::{Length, OrderFree, Scenario, founder, guild, rhythm};
use crate::host::Observer;
use crate::report::{ContractUse, Finding};

const SOURCE: &str = "laws of this world";
const SERVICES: [&str; 7] = [
    "genesis_ledger",
    "genesis_rights_registry",
    "genesis_store",
    "genesis_escrow",
    "genesis_mint",
    "genesis_event_log",
    "genesis_handbook",
];

/// See the module.
pub(super) struct CommuneScenario {
    config: Config,
    services_used: BTreeSet<&'static str>,
    rescues: u64,
    debts_sold: u64,
    library: guild::LibraryUse,
}

impl CommuneScenario {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            services_used: BTreeSet::new(),
            rescues: 0,
            debts_sold: 0,
            library: guild::LibraryUse::default(),
        }
    }

    /// The trades of the commune, dealt in turn. One agent fails on purpose: nobody else may notice.
    fn minds(&self) -> Vec<(&'static str, MindConfig)> {
        let delay_mean = rhythm(&self.config);
        let builder = |good: &'static str, read_price| {
            MindConfig::Builder(minds::BuilderConfig {
                good: SmolStr::new_static(good),
                read_price,
                delay_mean,
                ..minds::BuilderConfig::default()
            })
        };
        let trader = |role| {
            MindConfig::QuotaTrader(minds::QuotaTraderConfig {
                role,
                resource: Resource::Disk,
                amount: 1_000,
                delay_mean,
                ..minds::QuotaTraderConfig::default()
            })
        };
        vec![
            ("builder", builder("essay", 0)),
            ("author", builder("novel", 1)),
            (
                "bidder",
                MindConfig::Bidder(minds::BidderConfig { delay_mean, ..minds::BidderConfig::default() }),
            ),
            (
                "borrower",
                MindConfig::Borrower(minds::BorrowerConfig {
                    delay_mean,
                    ..minds::BorrowerConfig::default()
                }),
            ),
            (
                "lender",
                MindConfig::Lender(minds::LenderConfig { delay_mean, ..minds::LenderConfig::default() }),
            ),
            ("scout", MindConfig::Scout(minds::ScoutConfig { delay_mean, ..minds::ScoutConfig::default() })),
            (
                "rescuer",
                MindConfig::Rescuer(minds::RescuerConfig {
                    resource: Resource::LlmCalls,
                    amount: 10,
                    keep: 100,
                    delay_mean,
                }),
            ),
            ("landlord", trader(minds::Role::Seller)),
            ("tenant", trader(minds::Role::Buyer)),
            ("giver", MindConfig::RandomTransfer(minds::RandomTransferConfig { delay_mean })),
            (
                "spawner",
                MindConfig::Spawner(minds::SpawnerConfig { delay_mean, ..minds::SpawnerConfig::default() }),
            ),
            (
                "sleeper",
                MindConfig::from(minds::SleeperConfig {
                    duration: Some(Span(delay_mean.0.saturating_mul(20))),
                    events_about_me: vec![EventKind::ScripTransferred],
                    scrip_below: Some(50),
                    ..minds::SleeperConfig::default()
                }),
            ),
            (
                "failing",
                MindConfig::Failing(minds::FailingConfig {
                    // Between its failures it keeps the rhythm of everybody else.
                    inner: Some(Box::new(MindConfig::Idle(minds::IdleConfig { delay_mean }))),
                    ..minds::FailingConfig::default()
                }),
            ),
            // Sells itself, with half of its scrip, to the firm that comes after it, and works on.
            (
                "worker",
                MindConfig::Worker(minds::WorkerConfig {
                    price: 60,
                    dowry: 50,
                    delay_mean,
                    ..minds::WorkerConfig::default()
                }),
            ),
            (
                "firm",
                MindConfig::Firm(minds::FirmConfig {
                    kind: SmolStr::new_static("bundle:agent+scrip:50"),
                    price_max: 60,
                    delay_mean,
                    ..minds::FirmConfig::default()
                }),
            ),
            (
                "parent",
                MindConfig::Spawner(minds::SpawnerConfig {
                    gift: 5,
                    disk: 2_000,
                    child: Some(Box::new(builder("verse", 0))),
                    quotas: [
                        (Resource::LlmCalls, 100),
                        (Resource::Bandwidth, 20_000),
                        (Resource::DiskWrites, 2_000),
                        (Resource::Cpu, 1_000_000),
                        (Resource::Memory, 16 << 20),
                    ]
                    .into(),
                    delay_mean,
                    ..minds::SpawnerConfig::default()
                }),
            ),
            // A price in the policy, or in terms of its own where contracts decide.
            (
                "smith",
                MindConfig::ToolMaker(minds::ToolMakerConfig {
                    price: 2,
                    delay_mean,
                    ..minds::ToolMakerConfig::default()
                }),
            ),
            (
                "trader",
                MindConfig::ToolUser(minds::ToolUserConfig {
                    calls_max: 1_000,
                    delay_mean,
                    ..minds::ToolUserConfig::default()
                }),
            ),
        ]
    }
}

impl Observer for CommuneScenario {
    fn observe(&mut self, world: &World, event: &Event) {
        self.library.observe(world, event);
        match &event.effect {
            Effect::ActionDone { target: Some(target), method: Some(_), .. } => {
                let id = world.id(*target).as_str();
                if let Some(service) = SERVICES.into_iter().find(|service| *service == id) {
                    self.services_used.insert(service);
                }
            }
            // A gift that reaches somebody who waits for just that.
            Effect::QuotaTransferred { from, to, resource, .. } if from != to => {
                let state = world.agents().get(*to).map(|row| &row.state);
                let is_rescue = matches!(state, Some(LoopState::Blocked { resource: missing, .. }) if missing == resource);
                self.rescues += u64::from(is_rescue);
            }
            Effect::EscrowSold { kind, .. } if kind == "debt" => self.debts_sold += 1,
            _ => {}
        }
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let Self { config: _, services_used, rescues, debts_sold, library } = self;
        postcard::to_stdvec(&(services_used, rescues, debts_sold, library.memory())).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        type Memory = (BTreeSet<String>, u64, u64, guild::LibraryMemory);
        let Ok(((used, rescues, debts_sold, library), [])) = postcard::take_from_bytes::<Memory>(memory)
        else {
            return false;
        };
        let Some(library) = guild::LibraryUse::recalled(library) else { return false };
        let known: BTreeSet<_> = SERVICES.into_iter().filter(|service| used.contains(*service)).collect();
        let fits = known.len() == used.len();
        if fits {
            (self.services_used, self.rescues, self.debts_sold) = (known, rescues, debts_sold);
            self.library = library;
        }
        fits
    }
}

impl Scenario for CommuneScenario {
    fn adapt(&self, _: &mut Rules) {}

    fn genesis(&self, rules: Rules) -> Genesis {
        let minds = self.minds();
        let round_length = minds.len() + guild::SMALL_MEMBERS;
        let founders = (0..self.config.agents() as usize)
            .map(|n| {
                let (round, at) = (n / round_length, n % round_length);
                let Some((name, mind)) = minds.get(at) else {
                    let (id, mind) = guild::small_member(&self.config, round, at - minds.len());
                    return founder(&self.config, &id, &mind, 300);
                };
                let mut founder = founder(&self.config, &format!("{name}_{round}"), mind, 100);
                // Every third giver begins without a single thought to spare: frozen, until a rescuer comes by.
                if *name == "giver" && round.is_multiple_of(3) {
                    founder.quotas[Resource::LlmCalls] = 0;
                }
                founder
            })
            .collect();
        Genesis { rules, founders, artifacts: Vec::new() }
    }

    fn order_free(&self) -> OrderFree {
        // Rescuers give calls away, tenants and spawners move disk.
        OrderFree {
            scrip: false,
            shares: &[
                Resource::LlmTokens,
                Resource::Cpu,
                Resource::DiskWrites,
                Resource::Bandwidth,
                Resource::Memory,
            ],
        }
    }

    fn length(&self) -> Length {
        let commune = &self.config.scenario.commune;
        let ticks = u64::from(commune.days) * u64::from(commune.ticks_per_day);
        Length { ticks, duration: Span(rhythm(&self.config).0.saturating_mul(ticks)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures of a report")]
    fn findings(&self, world: &World) -> Vec<Finding> {
        let figure = |name: &str, measured: u64, published: String, least: Option<f64>| {
            Figure {
                name: name.to_owned(),
                measured: measured as f64,
                unit: "",
                published,
                least,
                greatest: None,
                source: SOURCE,
            }
            .finding()
        };
        let all = SERVICES.len() as u64;
        let mut findings = vec![
            figure("services used", self.services_used.len() as u64, format!("all {all}"), Some(all as f64)),
            figure("frozen agents rescued", self.rescues, "at least 1".to_owned(), Some(1.0)),
            figure("promises sold", self.debts_sold, "at least 1".to_owned(), Some(1.0)),
            figure(
                "laws that hold",
                u64::from(world.check_invariants().is_ok()),
                "1 (all of them)".to_owned(),
                Some(1.0),
            ),
        ];
        let has_guild = self.config.agents() as usize >= self.minds().len() + guild::SMALL_MEMBERS;
        if has_guild && world.axes().side(Axis::AccessControl) == Side::New {
            let all = LIBRARY.len() as u64;
            let least = self.library.is_due(&self.config, world.time()).then_some(all as f64);
            let published = format!("all {all} after {} ticks of contracts", guild::TICKS_NEEDED);
            let used = figure("library contracts in use", self.library.in_use(), published, least);
            findings.push(used);
        }
        findings
    }

    fn library(&self) -> BTreeMap<String, ContractUse> {
        self.library.report()
    }
}
