//! The options of `run`.

use std::path::PathBuf;

use clap::Args;
use ecology_features::{DeprecationCode, Sources};

use super::{ConfigArgs, whole_number};
use crate::failure::Failure;

/// Run a scenario, in a fresh world or going on with one
///
/// Without options: the market scenario with 100 agents, in a fresh world under worlds/. Every option stands for a setting of the
/// configuration; `ecology config show` lists them all. With --world and a world that exists, the run goes on where it stopped,
/// with the scenario, the agents, the shares and the scenario's settings that the world was made with. Everything else is that of this
/// command: a world that ran continuously goes on by ticks unless the command says otherwise. The seed is that of the run before
/// unless the command gives another; either way each run of a world draws anew.
///
/// Ctrl-C ends a run in an orderly way: it stops thinking, settles, records and reports (exit code 0). A second Ctrl-C quits at once
/// (exit code 130) and loses nothing that was acknowledged.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// The scenario; `ecology scenarios` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<String>,
    /// The file of the world: made if it is not there, gone on with if it is
    #[arg(long, value_name = "PATH")]
    pub(crate) world: Option<PathBuf>,
    /// Stop after this many ticks
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) ticks: Option<u64>,
    /// Stop after this much time of the run's clock: 500ms, 30s, 5m, 2h
    #[arg(long, value_name = "TIME", value_parser = duration_ms, conflicts_with = "ticks")]
    pub(crate) duration: Option<u64>,
    /// How many agents take part
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) agents: Option<u64>,
    /// The seed of every random choice
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Refuse everything that is on its way out, whatever [deprecations] says
    #[arg(long)]
    pub(crate) deny_deprecations: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the JSON Schema of that object, and run nothing
    #[arg(long)]
    pub(crate) json_schema: bool,
    /// No progress on stderr
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl RunArgs {
    /// The sources of the run's configuration, options last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        let mut sources = self.config.sources()?;
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        if let Some(name) = &self.scenario {
            sources = sources.set("--scenario", format!("run.scenario={}", text(name)));
        }
        if let Some(path) = self.world.as_ref().and_then(|path| path.to_str()) {
            sources = sources.set("--world", format!("run.world={}", text(path)));
        }
        for (option, key, value) in [
            ("--ticks", "run.ticks", self.ticks),
            ("--duration", "run.duration_ms", self.duration),
            ("--agents", "run.agents", self.agents),
            ("--seed", "run.seed", self.seed),
        ] {
            if let Some(value) = value {
                sources = sources.set(option, format!("{key}={value}"));
            }
        }
        if self.deny_deprecations {
            for code in DeprecationCode::ALL {
                sources = sources.set("--deny-deprecations", format!("deprecations.{code}=\"deny\""));
            }
        }
        Ok(sources)
    }
}

/// A length of time as people write it, in milliseconds.
fn duration_ms(text: &str) -> Result<u64, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err("write a whole number with ms, s, m or h, for example 30s".to_owned()),
    };
    let amount: u64 =
        digits.parse().map_err(|_| "write a whole number with its unit, for example 30s".to_owned())?;
    match amount.checked_mul(factor) {
        Some(0) => Err("a run takes at least 1ms".to_owned()),
        Some(ms) => Ok(ms),
        None => Err("that is longer than a run can last".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        assert_eq!(duration_ms("30s"), Ok(30_000));
        assert_eq!(duration_ms("500ms"), Ok(500));
        assert_eq!(duration_ms("2h"), Ok(7_200_000));
        for wrong in
            ["", "30", "s", "-1s", "1.5s", "0s", "1d", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn options_become_settings_that_name_their_option() {
        let args = RunArgs {
            scenario: Some("boltzmann".to_owned()),
            world: Some("a \"b\".world".into()),
            agents: Some(7),
            duration: Some(30_000),
            ..RunArgs::default()
        };
        let loaded = ecology_features::load(args.sources().unwrap()).unwrap();
        assert_eq!(loaded.config.run.scenario.name(), "boltzmann");
        assert_eq!(loaded.config.run.world.as_deref(), Some("a \"b\".world".as_ref()));
        assert_eq!((loaded.config.run.agents, loaded.config.run.duration_ms), (Some(7), Some(30_000)));
        assert_eq!(loaded.origins["run.agents"].to_string(), "--agents");
    }
}
