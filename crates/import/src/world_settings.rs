//! The configuration of the new world: shares, capacities, limits.

use ecology_types::{Limits, counted};

use crate::checkpoint::Checkpoint;
use crate::map::Mapped;
use crate::settings::{OldConfig, Setting};
use crate::topic::Topic;
use crate::work::Work;

/// What an agent holds of the disk when the older configuration does not say: the default of this program.
const DISK_SHARE_BYTES: u64 = 1_000_000;

/// The position of each axis after an import: all old.
const POSITIONS: [(&str, &str); 5] = [
    ("features.rate_limiting", "\"tick\""),
    ("features.execution_mode", "\"tick\""),
    ("features.artifact_ontology", "\"legacy\""),
    ("features.access_control", "\"policy\""),
    ("features.resource_limits", "\"config\""),
];

struct Settings(Vec<Setting>);

impl Settings {
    fn set(&mut self, key: &str, value: impl ToString, from: &str) {
        self.0.push(Setting { key: key.to_owned(), value: value.to_string(), from: from.to_owned() });
    }
}

impl Work<'_> {
    pub(crate) fn settings(
        &mut self,
        mapped: &Mapped,
        spent_micro_dollars: u64,
        config: OldConfig,
    ) -> Vec<Setting> {
        let agents = self.totals.agents;
        let mut settings = Settings(Vec::new());
        for (axis, position) in POSITIONS {
            settings.set(axis, position, "");
        }
        settings.set("run.scenario", "\"imported\"", "");
        if agents > 0 {
            settings.set("run.agents", agents, "");
        }
        self.totals.spent_micro_dollars = spent_micro_dollars;
        self.budget(&config, spent_micro_dollars, agents, &mut settings);
        self.disk(mapped, &config, agents, &mut settings);
        self.tokens(&config, agents, &mut settings);
        self.limits(mapped, &mut settings);
        settings.0.extend(config.settings);
        settings.0
    }

    /// Money: what is left of the budget, in equal shares.
    fn budget(&mut self, config: &OldConfig, spent: u64, agents: u64, settings: &mut Settings) {
        let name = "resources.stock.llm_budget";
        let Some(total) = config.llm_budget else {
            settings.set("shares.llm_budget", 0, "no budget was named: nobody may spend anything");
            let detail = "none was named: nobody holds any, so nobody can spend what nobody allowed";
            self.items.add(Topic::Converted, name, detail);
            return;
        };
        let left = total.saturating_sub(spent);
        let each = left.checked_div(agents).unwrap_or(0);
        settings.set("capacity.llm_budget", left, "what is left of the budget, in micro-dollars");
        settings.set("shares.llm_budget", each, "an equal share of it, rounded down");
        let rest = left - each * agents;
        let mut detail = format!(
            "of {total} micro-dollars {spent} are spent; {left} are left, {each} for each of {}, {rest} for nobody yet",
            counted(agents, "agent", "agents")
        );
        if spent > total {
            detail += "; more was spent than the budget allowed";
        }
        self.items.add(Topic::Converted, name, detail);
    }

    /// Room: equal shares, and for everybody at least what it owns already.
    fn disk(&mut self, mapped: &Mapped, config: &OldConfig, agents: u64, settings: &mut Settings) {
        let share = match config.disk {
            Some(total) => total.checked_div(agents).unwrap_or(0),
            None => DISK_SHARE_BYTES,
        };
        let from =
            if config.disk.is_some() { "an equal share of resources.stock.disk" } else { "the default" };
        settings.set("shares.disk", share, from);
        let mut needed = 0_u64;
        for principal in &mapped.principals {
            let own_share = if principal.is_agent { share } else { 0 };
            needed = needed.saturating_add(own_share.max(principal.owned_bytes));
            if principal.owned_bytes > own_share {
                let owned = counted(principal.owned_bytes, "byte", "bytes");
                let detail = format!("{owned} instead of {own_share}");
                self.items.add(Topic::Quotas, principal.id.as_str(), detail);
            }
        }
        if let Some(total) = config.disk {
            let capacity = total.max(needed);
            settings.set("capacity.disk", capacity, "resources.stock.disk, at least what is there already");
            let (each, agents) = (counted(share, "byte", "bytes"), counted(agents, "agent", "agents"));
            let detail = format!("capacity.disk = {capacity}, {each} for each of {agents}");
            let topic = if capacity == total { Topic::Settings } else { Topic::Converted };
            self.items.add(topic, "resources.stock.disk", detail);
        }
    }

    /// Compute units, which are prices of tokens, as tokens.
    fn tokens(&mut self, config: &OldConfig, agents: u64, settings: &mut Settings) {
        let Some(units) = config.compute_per_tick else { return };
        let each_units = units.checked_div(agents).unwrap_or(0);
        let (each, how) = match config.dearest_1k_tokens {
            Some(price) if price > 0 => (
                u64::try_from(u128::from(each_units) * 1_000 / u128::from(price)).unwrap_or(u64::MAX),
                format!("a thousand tokens cost up to {price} of them"),
            ),
            _ => (each_units, "one of them as one token".to_owned()),
        };
        let each = each.min(i64::MAX as u64 / agents.max(1));
        settings.set(
            "shares.llm_tokens",
            each,
            "an equal share of resources.flow.compute.per_tick, in tokens per tick",
        );
        settings.set("capacity.llm_tokens", each.saturating_mul(agents), "all shares together");
        let detail = format!(
            "{} per tick: {each_units} for each of {}; {how}: {} per tick each",
            counted(units, "unit", "units"),
            counted(agents, "agent", "agents"),
            counted(each, "token", "tokens")
        );
        self.items.add(Topic::Converted, "resources.flow.compute.per_tick", detail);
    }

    /// Limits that something which exists is above of.
    fn limits(&mut self, mapped: &Mapped, settings: &mut Settings) {
        let ours = Limits::default();
        let ids = mapped.principals.iter().map(|principal| principal.id.as_str().len());
        let ids = ids.chain(mapped.artifacts.iter().map(|(_, draft)| draft.artifact.as_str().len()));
        let contents = mapped.artifacts.iter().map(|(_, draft)| draft.content.len());
        let policies = || mapped.artifacts.iter().filter_map(|(_, draft)| draft.policy.as_ref());
        let lists = policies().flat_map(|policy| [&policy.read, &policy.write, &policy.invoke]).map(Vec::len);
        // The services of time zero have ids as well, and there shall be room for more.
        let all = (mapped.principals.len() + mapped.artifacts.len()).saturating_mul(2);
        let largest = |sizes: &mut dyn Iterator<Item = usize>| sizes.max().unwrap_or(0) as u64;
        for (name, default, needed, what) in [
            (
                "limits.id_bytes_max",
                ours.id_bytes_max.into(),
                largest(&mut { ids }),
                "the longest id has so many bytes",
            ),
            (
                "limits.content_bytes_max",
                ours.content_bytes_max,
                largest(&mut { contents }),
                "the largest content has so many bytes",
            ),
            (
                "limits.allow_list_max",
                ours.allow_list_max.into(),
                largest(&mut { lists }),
                "the longest list of a policy has so many entries",
            ),
            ("limits.artifacts_max", ours.artifacts_max.into(), all as u64, "twice what is there already"),
        ] {
            if needed > default {
                settings.set(name, needed, what);
                self.items.add(Topic::Limits, name, format!("{needed} instead of {default}: {what}"));
            }
        }
    }

    /// What the older program never wrote down, and what the counters mean.
    pub(crate) fn closing_words(&mut self, checkpoint: &Checkpoint, logs: &[crate::EventLog]) {
        for (name, detail) in [
            (
                "escrow",
                "listings, their prices and buyers: who sold what is in the hands of genesis_escrow, nobody knows for how much",
            ),
            ("mint", "open bids and the scrip that they held"),
            ("quotas", "transfers of quotas: everybody gets an equal share"),
            ("code", "the code of executables and contracts"),
            ("memories", "what agents remembered outside of artifacts"),
        ] {
            self.items.add(Topic::Missing, name, detail);
        }
        for log in logs {
            let newer = log.last_tick.zip(checkpoint.tick).is_some_and(|(last, tick)| last > tick);
            if newer {
                let detail = format!(
                    "it goes on to tick {}, the checkpoint is of tick {}: what happened between is not in the world",
                    log.last_tick.unwrap_or_default(),
                    checkpoint.tick.unwrap_or_default()
                );
                self.items.add(Topic::Hints, log.file.as_str(), detail);
            }
        }
    }

    pub(crate) fn event_logs(&mut self, logs: &[crate::EventLog]) {
        for log in logs {
            let many = |n: u64, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
            let mut detail =
                format!("{} of {}", many(log.events, "event"), many(log.types.len() as u64, "type"));
            if let (Some(first), Some(last)) = (&log.first, &log.last) {
                detail += &format!(", {first} to {last}");
            }
            self.items.add(Topic::Events, log.file.as_str(), detail);
            for line in &log.broken {
                let place = crate::Place {
                    file: log.file.clone(),
                    line: u32::try_from(line.line).unwrap_or(u32::MAX),
                    column: u32::try_from(line.column).unwrap_or(u32::MAX),
                };
                let detail = format!("this line is no event: {}", line.problem);
                self.items.add(Topic::Events, log.file.as_str(), detail).at(place);
            }
            if let Some(torn) = &log.torn {
                let place = crate::Place {
                    file: log.file.clone(),
                    line: u32::try_from(torn.line).unwrap_or(u32::MAX),
                    column: 1,
                };
                let bytes = counted(torn.bytes, "byte", "bytes");
                let detail = format!("the last line was not written to its end: {bytes}");
                self.items
                    .add(Topic::Events, log.file.as_str(), detail)
                    .at(place)
                    .was(crate::tree::raw_text(&torn.text));
            }
        }
    }
}
