//! Options that make up a configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ecology_features::file::find_file;
use ecology_features::{Loaded, Sources, load};

use crate::failure::Failure;

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; without it config/ecology.toml if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one value, for example features.rate_limiting=rolling; may be repeated, the last one wins
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Compare an implementation beside the one that serves, for example access_control=contract
    #[arg(long, value_name = "AXIS=IMPL")]
    pub(crate) shadow: Vec<String>,
}

impl ConfigArgs {
    /// The sources that these options name: the file, the environment, assignments.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        let mut sources = Sources::new().environment(environment());
        if let Some((name, text)) = find_file(self.config.as_deref())? {
            sources = sources.file(name, text);
        }
        for assignment in &self.set {
            sources = sources.set("--set", assignment);
        }
        for assignment in &self.shadow {
            sources = sources.set("--shadow", format!("shadow.{assignment}"));
        }
        Ok(sources)
    }

    /// The configuration that they come to.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        Ok(load(self.sources()?)?)
    }
}

/// The environment as text. What is no text is kept as far as it can be shown, so that it is refused by name.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

/// Show, check and describe the configuration
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and where it comes from; the output is a valid configuration
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// One JSON array instead of text
        #[arg(long)]
        json: bool,
    },
    /// Check a configuration and report everything that is wrong at once
    Check {
        /// The file; without it config/ecology.toml if it is there
        file: Option<PathBuf>,
        /// The same under the name that it has everywhere else
        #[arg(long, value_name = "FILE", hide = true, conflicts_with = "file")]
        config: Option<PathBuf>,
        /// Set one value, for example features.rate_limiting=rolling; may be repeated
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of a configuration file
    Schema,
    /// Print every setting with its meaning and default, ready to be edited
    Reference,
}
