//! The state of a world and how effects change it.

use std::sync::Arc;

use ecology_contracts::AccessView;
use ecology_ontology::{Change, Resolution, Symbols};
use ecology_rate_limiting::RateEvent;
use ecology_types::{
    ArtifactRecord, Axis, AxisVector, Charges, CodeRules, Command, Effect, EventCount, GenesisArtifact, Id,
    Key, Record, Resource, ResourceKind, Rules, Scrip, Seed, Side, SmolStr, Time, Value,
};
use rustc_hash::FxHashMap;

use crate::accounts::Accounts;
use crate::agents::{Agents, LoopState};
use crate::code::Code;
use crate::disk::Exempt;
use crate::event_log::{Event, EventLog};
use crate::graves::Graves;
use crate::inbox::Inboxes;
use crate::migrations::Migrations;
use crate::mint::Mint;
use crate::order_book::OrderBook;
use crate::parts::Parts;
use crate::refilled::Refilled;
use crate::reservations::Reservations;
use crate::revenue::Revenue;
use crate::subscriptions::Subscriptions;
use crate::totals::Totals;
use crate::usage::{Measured, Usage};

/// A world: everything that exists, in memory, with the implementations that decide about it.
///
/// It changes in two ways only: [`World::step`] decides a command and applies what comes of it, [`World::fold`] applies what came of one
/// earlier. Neither reads a clock, draws a random number or does IO.
pub struct World {
    pub(crate) parts: Parts,
    pub(crate) rules: Arc<Rules>,
    pub(crate) symbols: Symbols,
    pub(crate) accounts: Accounts,
    pub(crate) book: OrderBook,
    pub(crate) mint: Mint,
    pub(crate) agents: Agents,
    pub(crate) reservations: Reservations,
    pub(crate) subscriptions: Subscriptions,
    /// Who deleted what, so that deleting twice is no error for the deleter. Looked up, never iterated.
    pub(crate) deleters: FxHashMap<Key, Key>,
    pub(crate) graves: Graves,
    pub(crate) migrations: Migrations,
    pub(crate) revenue: Revenue,
    pub(crate) exempt: Exempt,
    pub(crate) code: Code,
    pub(crate) usage: Totals<Usage>,
    pub(crate) measured: Totals<Measured>,
    pub(crate) log: EventLog,
    pub(crate) inboxes: Inboxes,
    pub(crate) clock: Clock,
    pub(crate) refilled: Refilled,
    /// The events of the last record. Their room is that of the next one, so that a step need not ask for it.
    pub(crate) recent: Vec<Event>,
    /// Where the effects of the last record end in its encoding, kept for its room.
    pub(crate) ends: Vec<usize>,
}

/// Where a world is in its history.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Clock {
    pub(crate) time: Time,
    pub(crate) tick: u64,
    pub(crate) record: u64,
    pub(crate) event: u64,
    pub(crate) run: u64,
    pub(crate) running: bool,
    pub(crate) scenario: SmolStr,
    pub(crate) seed: Seed,
    /// Codes of deprecations that this run has told of.
    pub(crate) deprecations_told: std::collections::BTreeSet<SmolStr>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("parts", &self.parts)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world before its first command.
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let rules = Rules::default();
        parts.limiter.set_window(rules.window);
        Self {
            parts,
            rules: Arc::new(rules),
            symbols: Symbols::default(),
            accounts: Accounts::default(),
            book: OrderBook::default(),
            mint: Mint::default(),
            agents: Agents::default(),
            reservations: Reservations::default(),
            subscriptions: Subscriptions::default(),
            deleters: FxHashMap::default(),
            graves: Graves::default(),
            migrations: Migrations::default(),
            revenue: Revenue::default(),
            exempt: Exempt::default(),
            code: Code::default(),
            usage: Totals::default(),
            measured: Totals::default(),
            log: EventLog::default(),
            inboxes: Inboxes::default(),
            clock: Clock::default(),
            refilled: Refilled::default(),
            recent: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The implementations that this world runs on.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The positions that this world is decided under.
    #[must_use]
    pub const fn axes(&self) -> AxisVector {
        self.parts.axes
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The physics of code that agents write.
    #[must_use]
    pub const fn code_rules(&self) -> &CodeRules {
        &self.code.rules
    }

    /// What an executable keeps, with its version; version 0 and null for one that keeps nothing.
    #[must_use]
    pub fn kept_state(&self, key: Key) -> (u64, &Value) {
        self.code.state(key)
    }

    /// World time of the last record.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.clock.time
    }

    /// The present tick; 0 before the first and in continuous mode.
    #[must_use]
    pub const fn tick(&self) -> u64 {
        match self.parts.axes.side(Axis::ExecutionMode) {
            Side::Old => self.clock.tick,
            // A world that ran by ticks once keeps count of them, but none is present.
            Side::New => 0,
        }
    }

    /// The number of the last record.
    #[must_use]
    pub const fn last_record(&self) -> u64 {
        self.clock.record
    }

    /// The number of the last event.
    #[must_use]
    pub const fn last_event(&self) -> u64 {
        self.clock.event
    }

    /// How many runs this world has seen, whether one is open, and the scenario and seed of the last one.
    #[must_use]
    pub fn run(&self) -> (u64, bool, &str, Seed) {
        (self.clock.run, self.clock.running, &self.clock.scenario, self.clock.seed)
    }

    /// Balances, quotas and what is in use of them.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What migrations have done so far.
    #[must_use]
    pub const fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    /// Escrow's open orders.
    #[must_use]
    pub const fn orders(&self) -> &OrderBook {
        &self.book
    }

    /// The mint.
    #[must_use]
    pub const fn mint(&self) -> &Mint {
        &self.mint
    }

    /// The agents' loops.
    #[must_use]
    pub const fn agents(&self) -> &Agents {
        &self.agents
    }

    /// Open reservations.
    #[must_use]
    pub const fn reservations(&self) -> &Reservations {
        &self.reservations
    }

    /// The events of the last record.
    #[must_use]
    pub fn last_events(&self) -> &[Event] {
        &self.recent
    }

    /// The most recent events.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }

    /// Who wants to hear of which events.
    #[must_use]
    pub const fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// What happened to each principal lately.
    #[must_use]
    pub const fn inboxes(&self) -> &Inboxes {
        &self.inboxes
    }

    /// Ids and their keys.
    #[must_use]
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// What was used, by the rules.
    #[must_use]
    pub const fn usage(&self) -> &Totals<Usage> {
        &self.usage
    }

    /// What was measured.
    #[must_use]
    pub const fn measured(&self) -> &Totals<Measured> {
        &self.measured
    }

    /// The id of a key.
    #[must_use]
    pub fn id(&self, key: Key) -> &Id {
        self.symbols.id(key)
    }

    /// The live artifact or, where the schema keeps them apart and no artifact has this key, the live principal.
    #[must_use]
    pub fn live(&self, key: Key) -> Option<&ArtifactRecord> {
        match self.parts.ontology.artifact(key) {
            Resolution::Live(record) => Some(record),
            _ => None,
        }
    }

    /// The live principal with this key.
    #[must_use]
    pub fn principal(&self, key: Key) -> Option<&ArtifactRecord> {
        match self.parts.ontology.principal(key) {
            Resolution::Live(record) => Some(record),
            _ => None,
        }
    }

    /// The keys of all living agents, ascending.
    #[must_use]
    pub fn living_agents(&self) -> &[Key] {
        self.parts.ontology.agents()
    }

    /// The live artifact with this id.
    #[must_use]
    pub fn live_named(&self, id: &Id) -> Option<&ArtifactRecord> {
        self.symbols.key(id.as_str()).and_then(|key| self.live(key))
    }

    /// The live principal with this id.
    #[must_use]
    pub fn principal_named(&self, id: &str) -> Option<Key> {
        self.symbols.key(id).filter(|key| self.principal(*key).is_some())
    }

    /// What a principal has used or reserved of a resource, as of `now`.
    #[must_use]
    pub fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        match resource {
            Resource::Disk => self.accounts.get(principal).map_or(0, |account| account.disk_used_bytes),
            Resource::LlmBudget => self.accounts.get(principal).map_or(0, |account| account.budget_reserved),
            Resource::Memory => self.measured.get(principal).memory_peak_bytes,
            _ => self.parts.limiter.used(principal, resource, now),
        }
    }

    /// Applies what came of a command earlier. Decides nothing, so it does not depend on the version of the code that decided.
    ///
    /// # Errors
    /// [`FoldError`] when the record does not follow the last one.
    pub fn fold(&mut self, record: Record) -> Result<(), FoldError> {
        if record.number != self.clock.record + 1 || record.first_event != self.clock.event + 1 {
            return Err(FoldError {
                expected_record: self.clock.record + 1,
                found_record: record.number,
                expected_event: self.clock.event + 1,
                found_event: record.first_event,
            });
        }
        self.begin_record(record.time);
        let (time, cause, actor) = (self.clock.time, record.number, record.actor);
        let events = record.effects.into_iter().map(|effect| Event { seq: 0, time, actor, cause, effect });
        self.recent.clear();
        self.recent.extend(events);
        self.commit(None);
        Ok(())
    }

    pub(crate) fn begin_record(&mut self, time: Time) {
        self.clock.record += 1;
        self.clock.time = self.clock.time.max(time);
    }

    /// Numbers the recent events, applies them and enters them into the log. `encoded`: see [`EventLog::push_record`].
    pub(crate) fn commit(&mut self, encoded: Option<(&[u8], &[usize])>) {
        let mut events = std::mem::take(&mut self.recent);
        for event in &mut events {
            self.apply(event.actor, &event.effect);
            self.clock.event += 1;
            event.seq = self.clock.event;
            self.inboxes.take_note(event);
        }
        self.log.push_record(&events, encoded);
        self.recent = events;
    }

    fn apply(&mut self, actor: Option<Key>, effect: &Effect) {
        let now = self.clock.time;
        match effect {
            Effect::Interned { key, id } => self.symbols.insert(*key, id.clone()),
            Effect::RulesSet(rules) => self.set_rules(rules),
            Effect::RunStarted { run, scenario, seed, axes, .. } => {
                self.refilled.run_started(*axes, now);
                self.clock.run = *run;
                self.clock.running = true;
                self.clock.deprecations_told.clear();
                self.clock.scenario = scenario.clone();
                self.clock.seed = *seed;
            }
            Effect::RunEnded { .. } => self.clock.running = false,
            Effect::TickStarted { tick } => {
                self.clock.tick = *tick;
                self.parts.limiter.apply(&RateEvent::TickStarted, now);
            }
            Effect::ActionDone { charges, .. } => {
                if let Some(actor) = actor {
                    self.charge(actor, charges, now);
                    self.usage.add(actor, Usage::ACTIONS_DONE, 1);
                }
            }
            Effect::ActionRefused { .. } => {
                if let Some(actor) = actor {
                    self.usage.add(actor, Usage::ACTIONS_REFUSED, 1);
                }
            }
            Effect::ArtifactCreated(record) => {
                if record.has_standing || GenesisArtifact::from_key(record.key).is_some_and(holds_for_others)
                {
                    self.accounts.open(record.key);
                }
                self.exempt_from_disk(record);
                self.parts.ontology.apply(&Change::Created(record));
            }
            Effect::ArtifactChanged {
                key,
                version,
                content,
                kind,
                can_execute,
                access_contract,
                policy,
                interface,
                memory,
            } => self.parts.ontology.apply(&Change::Changed {
                key: *key,
                version: *version,
                at: now,
                content: content.as_ref(),
                kind: kind.as_ref(),
                can_execute: *can_execute,
                access_contract: *access_contract,
                policy: policy.as_ref(),
                interface: interface.as_ref(),
                memory: *memory,
            }),
            Effect::ArtifactDeleted { key } => {
                if let Some(actor) = actor {
                    self.deleters.insert(*key, actor);
                }
                if let Resolution::Live(record) = self.parts.ontology.artifact(*key) {
                    self.graves.bury(record, self.clock.event + 1, self.log.first_kept());
                }
                self.parts.ontology.apply(&Change::Deleted { key: *key, at: now });
                self.revenue.end(*key);
                self.code.forget(*key);
            }
            Effect::OwnershipTransferred { key, to, .. } => {
                self.parts.ontology.apply(&Change::OwnerChanged { key: *key, to: *to, at: now });
                self.revenue.owner_changed(*key, *to);
            }
            Effect::RevenueTransferred { key, to, .. } => {
                let owner = self.live(*key).map(|record| record.owner);
                self.revenue.transfer(*key, *to, owner);
            }
            Effect::ScripTransferred { from, to, amount, .. } => self.accounts.transfer(*from, *to, *amount),
            Effect::Minted { to, amount, .. } => self.accounts.mint(*to, *amount),
            Effect::QuotaSet { principal, resource, amount } => {
                self.accounts.set_quota(*principal, *resource, *amount);
                if resource.kind() == ResourceKind::Renewable {
                    let event =
                        RateEvent::ShareSet { principal: *principal, resource: *resource, amount: *amount };
                    self.parts.limiter.apply(&event, now);
                }
            }
            Effect::QuotaTransferred { from, to, resource, amount } => {
                self.move_quota(*from, *to, *resource, *amount, now);
            }
            // Even charges of nothing pay off what is owed from overruns.
            Effect::Charged { principal, charges } => {
                if charges.is_none() {
                    self.parts.limiter.apply(&RateEvent::Used { principal: *principal, charges }, now);
                }
                self.charge(*principal, charges, now);
            }
            Effect::DiskUsed { principal, bytes } => {
                if let Some(account) = self.accounts.get_mut(*principal) {
                    account.disk_used_bytes = *bytes;
                }
            }
            Effect::ReservationMade { reservation, principal, charges } => {
                if let Some(account) = self.accounts.get_mut(*principal) {
                    account.budget_reserved =
                        account.budget_reserved.saturating_add(charges[Resource::LlmBudget]);
                }
                let event = RateEvent::Reserved { reservation: *reservation, principal: *principal, charges };
                self.parts.limiter.apply(&event, now);
                self.reservations.insert(*reservation, *principal, *charges);
            }
            Effect::ReservationSettled { reservation, used, .. } => {
                self.settle(*reservation, Some(used), now)
            }
            Effect::ReservationReleased { reservation, .. } => self.settle(*reservation, None, now),
            Effect::Measured { principal, cpu_ns, memory_peak_bytes, written_bytes, bandwidth_bytes } => {
                self.measured.add_all(*principal, |row| {
                    row[Measured::ROWS] = 1;
                    row[Measured::CPU_NS] = *cpu_ns;
                    row[Measured::WRITTEN_BYTES] = *written_bytes;
                    row[Measured::BANDWIDTH_BYTES] = *bandwidth_bytes;
                });
                self.measured.raise(*principal, Measured::MEMORY_PEAK_BYTES, *memory_peak_bytes);
            }
            Effect::EscrowOpened(order) => self.book.insert((**order).clone()),
            Effect::EscrowSold { ask, offer, .. } => {
                for order in ask.iter().chain(offer) {
                    self.book.close(*order, self.clock.event + 1, self.log.first_kept());
                }
            }
            Effect::EscrowCancelled { order, .. } => {
                self.book.close(*order, self.clock.event + 1, self.log.first_kept());
            }
            Effect::BidPlaced(bid) => self.mint.insert((**bid).clone()),
            Effect::MintResolved { round, winners, losers, next, .. } => {
                self.mint.round = *round;
                self.mint.next = *next;
                for bid in winners.iter().map(|(bid, _)| bid).chain(losers) {
                    self.mint.remove(*bid);
                }
            }
            Effect::BasicIncomePaid { each, remainder, .. } => {
                self.mint.pool = *remainder;
                if *each > Scrip::ZERO {
                    let agents = self.living_agents().to_vec();
                    for agent in agents {
                        self.accounts.transfer(GenesisArtifact::Mint.key(), agent, *each);
                    }
                }
            }
            Effect::Subscribed { subscription, principal, kinds } => {
                self.subscriptions.insert(*subscription, *principal, kinds.clone());
            }
            Effect::Unsubscribed { subscription, .. } => self.subscriptions.remove(*subscription),
            Effect::AgentStarted { agent }
            | Effect::AgentWoke { agent, .. }
            | Effect::AgentUnblocked { agent } => {
                self.agents.entry(*agent).state = LoopState::Running;
            }
            Effect::AgentSlept { agent, until, on } => {
                self.agents.sleep(*agent, *until, on);
            }
            Effect::AgentBlocked { agent, resource, until } => {
                self.agents.entry(*agent).state = LoopState::Blocked { resource: *resource, until: *until };
            }
            Effect::AgentFailed { agent, errors_in_row, until, .. } => {
                let row = self.agents.entry(*agent);
                row.errors_in_row = *errors_in_row;
                row.state = LoopState::BackingOff { until: *until };
            }
            Effect::AgentPaused { agent, errors_in_row, .. } => {
                let row = self.agents.entry(*agent);
                row.errors_in_row = *errors_in_row;
                row.state = LoopState::Paused;
            }
            Effect::AgentStopped { agent, .. } => self.agents.entry(*agent).state = LoopState::Stopped,
            Effect::AgentVoided { .. }
            | Effect::PermissionDivergence { .. }
            | Effect::Container { .. }
            | Effect::LimitExceeded { .. } => {}
            Effect::CodeRulesSet(rules) => self.code.rules = (**rules).clone(),
            Effect::StateSet { key, version, state } => self.code.set_state(*key, *version, state.clone()),
            Effect::MigrationBegun { axis, to, .. } => self.migrations.begin(*axis, *to, self.clock.record),
            Effect::MigrationBatch { axis, from, until, digest, converted, .. } => {
                self.apply_batch(*axis, (*from, *until, *digest), converted);
            }
            Effect::MigrationFinished { axis, to } => self.migrations.finish(*axis, *to),
            Effect::DeprecationUsed { code } => {
                self.clock.deprecations_told.insert(code.clone());
            }
            Effect::Thought { agent, usage, reservation, .. } => {
                if reservation.is_none() {
                    self.charge(*agent, usage, now);
                } else {
                    self.usage.count(*agent, usage);
                }
                self.usage.add(*agent, Usage::THOUGHTS, 1);
                if let Some(row) = self.agents.get(*agent)
                    && row.errors_in_row > 0
                {
                    self.agents.entry(*agent).errors_in_row = 0;
                }
            }
        }
    }

    fn set_rules(&mut self, rules: &Rules) {
        self.parts.limiter.set_window(rules.window);
        self.log.set_kept_max(rules.limits.log_events_max as usize);
        if self.mint.round == 0 && self.clock.run == 0 {
            self.mint.next = self.clock.time.after(rules.mint.interval);
        }
        self.rules = Arc::new(rules.clone());
    }

    /// Books what was used without a reservation: rates into the window, money out of the stock.
    fn charge(&mut self, principal: Key, charges: &Charges, now: Time) {
        if charges.is_none() {
            return;
        }
        self.parts.limiter.apply(&RateEvent::Used { principal, charges }, now);
        let dollars = charges[Resource::LlmBudget];
        if dollars > 0
            && let Some(account) = self.accounts.get_mut(principal)
        {
            let rest = account.quotas[Resource::LlmBudget].saturating_sub(dollars);
            account.quotas.set(Resource::LlmBudget, rest);
        }
        self.usage.count(principal, charges);
    }

    fn settle(&mut self, reservation: u64, used: Option<&Charges>, now: Time) {
        let Some(open) = self.reservations.remove(reservation) else { return };
        if let Some(account) = self.accounts.get_mut(open.principal) {
            account.budget_reserved =
                account.budget_reserved.saturating_sub(open.charges[Resource::LlmBudget]);
            if let Some(used) = used {
                let rest = account.quotas[Resource::LlmBudget].saturating_sub(used[Resource::LlmBudget]);
                account.quotas.set(Resource::LlmBudget, rest);
            }
        }
        let event = match used {
            Some(used) => RateEvent::Settled { reservation, used },
            None => RateEvent::Released { reservation },
        };
        self.parts.limiter.apply(&event, now);
    }

    fn move_quota(&mut self, from: Key, to: Key, resource: Resource, amount: u64, now: Time) {
        if self.accounts.get(to).is_none() {
            return;
        }
        if let Some(giver) = self.accounts.get(from) {
            let rest = giver.quotas[resource].saturating_sub(amount);
            self.accounts.set_quota(from, resource, rest);
        }
        if let Some(taker) = self.accounts.get(to) {
            let sum = taker.quotas[resource].saturating_add(amount);
            self.accounts.set_quota(to, resource, sum);
        }
        if resource.kind() == ResourceKind::Renewable {
            self.parts.limiter.apply(&RateEvent::ShareMoved { resource, from, to, amount }, now);
        }
    }
}

/// The services that hold scrip and rights for others: they have an account without being principals, so they cannot act.
const fn holds_for_others(artifact: GenesisArtifact) -> bool {
    matches!(artifact, GenesisArtifact::Escrow | GenesisArtifact::Mint)
}

impl AccessView for World {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.live(key)
    }

    fn balance(&self, key: Key) -> Scrip {
        self.accounts.scrip(key)
    }

    fn contract_depth_max(&self) -> u32 {
        self.rules.limits.contract_depth_max
    }

    fn state_version(&self, key: Key) -> u64 {
        self.code.state(key).0
    }

    fn events(&self, viewer: Key, which: &EventCount) -> u64 {
        self.count_events(viewer, which)
    }

    fn now(&self) -> Time {
        self.clock.time
    }

    fn answer_age_max(&self) -> ecology_types::Span {
        self.code.rules.answer_age_max
    }
}

/// A record that does not follow the last one: the journal has a hole or belongs to another world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "record {found_record} with event {found_event} does not follow: record {expected_record} with event {expected_event} was expected"
)]
pub struct FoldError {
    /// The number that was expected.
    pub expected_record: u64,
    /// The number that was found.
    pub found_record: u64,
    /// The event number that was expected.
    pub expected_event: u64,
    /// The event number that was found.
    pub found_event: u64,
}

/// Whether a command may be given when the world has not been created yet.
pub(crate) const fn creates(command: &Command) -> bool {
    matches!(command, Command::Create(_))
}
