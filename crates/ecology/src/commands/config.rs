//! `ecology config`.

use std::path::Path;

use ecology_features::{ConfigError, Loaded, load, reference, schema_text};
use serde_json::json;

use crate::cli::{ConfigArgs, ConfigCommand};
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::{clean, clean_lines};

pub(crate) fn execute(command: &ConfigCommand, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Show { config, json } => show(&config.load()?, *json, terminal),
        ConfigCommand::Check { file, config, set, json } => {
            let args = ConfigArgs {
                config: file.clone().or_else(|| config.clone()),
                set: set.clone(),
                shadow: Vec::new(),
            };
            check(&args, *json, terminal)
        }
        ConfigCommand::Schema => terminal.print(&schema_text()).map(|()| Exit::Ok),
        ConfigCommand::Reference => terminal.print(&reference()).map(|()| Exit::Ok),
    }
}

fn show(loaded: &Loaded, json: bool, terminal: &Terminal) -> Result<Exit, Failure> {
    if json {
        let rows: Vec<_> = loaded
            .settings()
            .into_iter()
            .map(|row| {
                let origin = row.origin.to_string();
                json!({ "key": row.key, "value": row.value, "origin": origin, "meaning": row.meaning })
            })
            .collect();
        terminal.print_json(&rows)?;
    } else {
        terminal.print(&(clean_lines(&loaded.show()) + "\n"))?;
    }
    Ok(Exit::Ok)
}

fn check(args: &ConfigArgs, json: bool, terminal: &Terminal) -> Result<Exit, Failure> {
    let checked = match args.sources() {
        Ok(sources) => load(sources),
        Err(failure) if !json => return Err(failure),
        Err(failure) => return refused_unread(&failure, terminal),
    };
    match checked {
        Ok(loaded) if json => {
            terminal.print_json(
                &json!({ "ok": true, "positions": loaded.axis_vector().to_string(), "errors": [] }),
            )?;
            Ok(Exit::Ok)
        }
        Ok(loaded) => {
            let name = args.config.as_deref().map_or_else(default_name, shown);
            terminal.print(&format!("{name}: in order\n{}\n", loaded.axis_vector()))?;
            Ok(Exit::Ok)
        }
        Err(errors) if json => {
            let errors: Vec<_> = errors.iter().map(described).collect();
            terminal.print_json(&json!({ "ok": false, "positions": null, "errors": errors }))?;
            Ok(Exit::Config)
        }
        Err(errors) => Err(errors.into()),
    }
}

fn default_name() -> String {
    let path = Path::new(ecology_features::file::DEFAULT_PATH);
    if path.exists() { shown(path) } else { "defaults and environment".to_owned() }
}

fn refused_unread(failure: &Failure, terminal: &Terminal) -> Result<Exit, Failure> {
    let errors: Vec<_> = failure
        .problems
        .iter()
        .map(|one| json!({ "code": one.code, "message": one.message, "help": one.help, "places": [] }))
        .collect();
    terminal.print_json(&json!({ "ok": false, "positions": null, "errors": errors }))?;
    Ok(failure.exit)
}

fn described(error: &ConfigError) -> serde_json::Value {
    let places: Vec<_> = error
        .places()
        .iter()
        .map(|place| {
            json!({
                "source": place.source_name(),
                "line": place.line(),
                "column": place.column(),
                "label": clean(place.label()),
            })
        })
        .collect();
    json!({ "code": error.code(), "message": error.to_string(), "help": error.help(), "places": places })
}
