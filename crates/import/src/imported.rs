//! What an import gives: everything that a world is made from, and the report.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_types::{Charges, Draft, Founder, Id, Resource, Scrip};

use crate::report::Report;
use crate::settings::Setting;

/// Everything that a world is made from, in the terms of this world.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Everybody who acts, holds or owns; ids differ.
    pub principals: Vec<Principal>,
    /// Every artifact with the principal that it belongs to; ids differ.
    pub artifacts: Vec<(Id, Draft)>,
    /// The configuration, by whole names: positions of the axes (all old), shares, capacities, limits.
    pub settings: Vec<Setting>,
    /// What became of everything.
    pub report: Report,
}

/// Somebody who acts, holds or owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its id.
    pub id: Id,
    /// Whether it acts.
    pub is_agent: bool,
    /// Its configuration.
    pub config: Arc<str>,
    /// Its scrip.
    pub scrip: Scrip,
    /// Bytes of what it owns; its disk quota is at least that.
    pub owned_bytes: u64,
}

impl Imported {
    /// The principals as founders. Agents get `shares`, accounts only the room for what they own.
    #[must_use]
    pub fn founders(&self, shares: &Charges) -> Vec<Founder> {
        let founder = |principal: &Principal| {
            let mut quotas = if principal.is_agent { *shares } else { Charges::NONE };
            quotas[Resource::Disk] = quotas[Resource::Disk].max(principal.owned_bytes);
            Founder {
                id: principal.id.clone(),
                is_agent: principal.is_agent,
                config: Arc::clone(&principal.config),
                scrip: principal.scrip,
                quotas,
            }
        };
        self.principals.iter().map(founder).collect()
    }

    /// The settings as a configuration file.
    #[must_use]
    pub fn config_toml(&self) -> String {
        let mut sections: BTreeMap<&str, Vec<(&str, &Setting)>> = BTreeMap::new();
        for setting in &self.settings {
            let (section, key) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
            sections.entry(section).or_default().push((key, setting));
        }
        let mut text = format!(
            "# Written by `ecology import` from {}.\n# Give it to later runs with --config.\n",
            crate::tree::quoted(&self.report.source)
        );
        for (section, settings) in sections {
            text += &format!("\n[{section}]\n");
            for (key, setting) in settings {
                text += &format!("{key} = {}", setting.value);
                text += &if setting.from.is_empty() {
                    "\n".to_owned()
                } else {
                    format!("  # {}\n", comment(&setting.from))
                };
            }
        }
        text
    }
}

/// Text that stays on its line.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
