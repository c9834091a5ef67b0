//! What a world was made with: the settings that shape its agents, kept in its journal so that every later run goes by them.

use std::collections::BTreeMap;

use ecology_features::Config;
use ecology_journal::{Journal, JournalError};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The entry of a journal that holds them, as a JSON object of settings by whole name.
const KEY: &str = "made_with";
/// Which scenario.
const SCENARIO: &str = "run.scenario";
/// How many agents there are.
const AGENTS: &str = "run.agents";
/// The rhythm of the agents is spelled in it.
const TICK_MS: &str = "time.tick_ms";
/// What each agent begins with.
const SHARES: &str = "shares.";

/// The settings that are fixed when a world is made: how many agents, their shares, the length of a tick, and the scenario's own section.
/// All others may change from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct MadeWith(BTreeMap<String, Value>);

/// A setting that was asked for and differs from what the world was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The whole name of the setting.
    pub key: String,
    /// What the world was made with.
    pub made_with: String,
    /// What was asked for.
    pub asked: String,
}

impl MadeWith {
    /// What a world that is made from this configuration is made with.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut settings = BTreeMap::new();
        settings.insert(SCENARIO.to_owned(), Value::from(config.run.scenario.name()));
        settings.insert(AGENTS.to_owned(), Value::from(config.agents()));
        settings.insert(TICK_MS.to_owned(), Value::from(config.time.tick_ms));
        let mut section = |prefix: &str, values: Option<Value>| {
            if let Some(Value::Object(values)) = values {
                settings.extend(values.into_iter().map(|(key, value)| (format!("{prefix}{key}"), value)));
            }
        };
        section(SHARES, serde_json::to_value(config.shares).ok());
        let name = config.run.scenario.name();
        let scenarios = serde_json::to_value(&config.scenario).ok();
        section(&scenario_prefix(config), scenarios.and_then(|mut all| all.get_mut(name).map(Value::take)));
        Self(settings)
    }

    /// What the world in this journal was made with; `None` when it was not kept.
    ///
    /// # Errors
    /// When the journal cannot be read, or the entry is not what this program writes.
    pub fn read(journal: &dyn Journal) -> Result<Option<Self>, JournalError> {
        let Some(text) = journal.meta(KEY)? else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(settings) => Ok(Some(Self(settings))),
            Err(error) => {
                Err(JournalError::Io { doing: format!("reading {KEY}"), detail: error.to_string() })
            }
        }
    }

    /// The scenario that the world was made for.
    #[must_use]
    pub fn scenario(&self) -> Option<&str> {
        self.0.get(SCENARIO).and_then(Value::as_str)
    }

    /// Keeps it in the journal of the world.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(crate) fn keep(&self, journal: &mut dyn Journal) -> Result<(), JournalError> {
        let settings: serde_json::Map<String, Value> = self.0.clone().into_iter().collect();
        journal.set_meta(KEY, &Value::Object(settings).to_string())
    }

    /// Puts the settings back into a configuration, over those that nobody asked for. Settings that this release does not know are left
    /// out; a configuration that asks for another scenario stays as it is.
    ///
    /// # Errors
    /// The first setting that somebody asked for and that differs; the configuration is then as it was.
    pub fn restore(
        &self,
        config: &mut Config,
        was_asked_for: &dyn Fn(&str) -> bool,
    ) -> Result<(), Contradiction> {
        if self.scenario() != Some(config.run.scenario.name()) {
            return Ok(());
        }
        let asked = Self::of(config);
        for (key, value) in &asked.0 {
            if let Some(made) = self.0.get(key)
                && made != value
                && was_asked_for(key)
            {
                let (made_with, asked) = (made.to_string(), value.to_string());
                return Err(Contradiction { key: key.clone(), made_with, asked });
            }
        }
        let number = |key: &str| self.0.get(key).and_then(Value::as_u64);
        if let Some(agents) = number(AGENTS).and_then(|agents| u32::try_from(agents).ok()) {
            config.run.agents = Some(agents);
        }
        if let Some(tick_ms) = number(TICK_MS) {
            config.time.tick_ms = tick_ms;
        }
        let settings_under = |section: &mut Value, prefix: &str| {
            for (key, value) in &self.0 {
                if let Some(place) = key.strip_prefix(prefix).and_then(|rest| section.get_mut(rest)) {
                    *place = value.clone();
                }
            }
        };
        put(&mut config.shares, |shares| settings_under(shares, SHARES));
        let (name, prefix) = (config.run.scenario.name(), scenario_prefix(config));
        put(&mut config.scenario, |all| {
            if let Some(section) = all.get_mut(name) {
                settings_under(section, &prefix);
            }
        });
        Ok(())
    }

    /// The same for a caller that does not know where its settings come from: whatever differs from the default was asked for.
    pub(crate) fn restore_defaults(&self, config: &mut Config) -> Result<(), Contradiction> {
        let mut default = Config::default();
        default.run.scenario = config.run.scenario;
        let (default, present) = (Self::of(&default).0, Self::of(config).0);
        let agents_are_set = config.run.agents.is_some();
        let differs =
            |key: &str| if key == AGENTS { agents_are_set } else { default.get(key) != present.get(key) };
        self.restore(config, &differs)
    }
}

fn scenario_prefix(config: &Config) -> String {
    format!("scenario.{}.", config.run.scenario.name())
}

/// Changes a section by way of its names; what would no longer be one is left as it was.
fn put<T: serde::Serialize + DeserializeOwned>(section: &mut T, change: impl FnOnce(&mut Value)) {
    if let Ok(mut value) = serde_json::to_value(&*section) {
        change(&mut value);
        if let Ok(changed) = serde_json::from_value(value) {
            *section = changed;
        }
    }
}

#[cfg(test)]
mod tests {
    use ecology_features::config::ScenarioName;
    use ecology_journal::MemoryJournal;

    use super::*;

    fn unusual() -> Config {
        let mut config = Config::default();
        config.run.agents = Some(8);
        config.time.tick_ms = 500;
        config.shares.llm_calls = 3;
        config.scenario.market.price_max = 50;
        config.scenario.boltzmann.scrip_each = 7;
        config
    }

    #[test]
    fn everything_comes_back_but_what_belongs_to_another_scenario() {
        let mut journal = MemoryJournal::new();
        assert_eq!(MadeWith::read(&journal), Ok(None));
        MadeWith::of(&unusual()).keep(&mut journal).unwrap();
        let made_with = MadeWith::read(&journal).unwrap().unwrap();
        let mut config = Config::default();
        made_with.restore_defaults(&mut config).unwrap();
        let mut expected = unusual();
        expected.scenario.boltzmann.scrip_each = 1;
        assert_eq!(config, expected);
    }

    #[test]
    fn the_number_of_agents_is_kept_even_if_the_scenario_chose_it() {
        let mut config = Config::default();
        config.run.scenario = ScenarioName::Commune;
        let made_with = MadeWith::of(&config);
        made_with.restore_defaults(&mut config).unwrap();
        assert_eq!(config.run.agents, Some(100));
    }

    #[test]
    fn what_was_asked_for_and_differs_is_a_contradiction_and_changes_nothing() {
        let made_with = MadeWith::of(&unusual());
        let mut config = Config::default();
        config.run.agents = Some(9);
        let before = config.clone();
        let found = made_with.restore_defaults(&mut config).unwrap_err();
        let expected = ("run.agents".to_owned(), "8".to_owned(), "9".to_owned());
        assert_eq!((found.key, found.made_with, found.asked), expected);
        assert_eq!(config, before);
        // A default that somebody wrote down counts as well, where it is known who wrote it.
        config.run.agents = None;
        let found = made_with.restore(&mut config, &|key| key == "scenario.market.price_max").unwrap_err();
        assert_eq!((found.made_with.as_str(), found.asked.as_str()), ("50", "200"));
        // The same again is none.
        made_with.restore(&mut unusual(), &|_| true).unwrap();
    }

    #[test]
    fn another_scenario_is_not_touched() {
        let mut config = Config::default();
        config.run.scenario = ScenarioName::Boltzmann;
        let before = config.clone();
        MadeWith::of(&unusual()).restore(&mut config, &|_| true).unwrap();
        assert_eq!(config, before);
    }

    #[test]
    fn what_this_release_does_not_know_is_left_out() {
        let settings = serde_json::json!({"run.scenario": "market", "run.agents": 8, "shares.gold": 1, "scenario.market.price_max": "high", "x": []});
        let Value::Object(settings) = settings else { unreachable!() };
        let mut config = Config::default();
        MadeWith(settings.into_iter().collect()).restore_defaults(&mut config).unwrap();
        let mut expected = Config::default();
        expected.run.agents = Some(8);
        assert_eq!(config, expected);
    }
}
