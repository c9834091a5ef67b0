//! `ecology contracts`.

use ecology_contracts::{LIBRARY, Template, TemplateError};
use ecology_types::Value;
use serde_json::json;

use crate::cli::ContractsArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{Style, Terminal};
use crate::text::{clean, cut, nearest, wrap};

const INDENT: usize = 14;

pub(crate) fn execute(args: &ContractsArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(name) = &args.name else {
        if args.json {
            terminal.print_json(&LIBRARY.iter().map(row).collect::<Vec<_>>())?;
        } else {
            terminal.print(&render(LIBRARY, terminal.out, terminal.width, &terminal.program))?;
        }
        return Ok(Exit::Ok);
    };
    let template = find(name)?;
    let values = args.set.iter().map(|text| setting(template, text)).collect::<Result<Vec<_>, _>>()?;
    let values: Vec<(&str, Value)> =
        values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let source = template.fill(&values).map_err(|error| misfit(&error))?;
    if args.json {
        let mut row = row(template);
        row["source"] = source.into();
        terminal.print_json(&row)?;
    } else {
        terminal.print(&source)?;
    }
    Ok(Exit::Ok)
}

fn find(name: &str) -> Result<&'static Template, Failure> {
    LIBRARY.iter().find(|template| template.name == name).ok_or_else(|| {
        let near = nearest(name, LIBRARY.iter().map(|template| template.name));
        let help = near.map_or_else(
            || "`ecology contracts` lists them".to_owned(),
            |near| format!("did you mean {near}? `ecology contracts` lists all of them"),
        );
        let what = format!("no contract of the library is called {:?}", cut(&clean(name), 64));
        Failure::new(Exit::Usage, "usage::unknown_contract", what, help)
    })
}

/// `name=value` with a value that is written like the default: a number bare, a text with or without quotation marks, a list as JSON.
fn setting(template: &Template, text: &str) -> Result<(String, Value), Failure> {
    let Some((name, written)) = text.split_once('=') else {
        let what = format!("{:?} sets nothing", cut(&clean(text), 64));
        return Err(Failure::new(
            Exit::Usage,
            "usage::parameter",
            what,
            "write NAME=VALUE, for example price=5",
        ));
    };
    let is_text =
        template.parameters().any(|parameter| parameter.name == name && parameter.default.starts_with('"'));
    let parsed = serde_json::from_str(written).ok().and_then(|json| Value::from_json(&json).ok());
    let value = match parsed {
        Some(value) if !is_text || value.as_text().is_some() => value,
        _ => Value::text(written),
    };
    Ok((name.to_owned(), value))
}

fn misfit(error: &TemplateError) -> Failure {
    let help = match error {
        TemplateError::Unknown { template, .. } => {
            format!("`ecology contracts {template}` shows its parameters")
        }
        TemplateError::Range { .. } => "prices, counts and times cannot be negative".to_owned(),
        TemplateError::Shape { .. } => {
            "write numbers bare, for example 5, and lists as JSON, for example [\"alice\", \"bob\"]"
                .to_owned()
        }
    };
    Failure::new(Exit::Usage, "usage::parameter", clean(&error.to_string()).into_owned(), help)
}

fn row(template: &Template) -> serde_json::Value {
    let parameters: Vec<_> = template
        .parameters()
        .map(|one| json!({"name": one.name, "default": one.default, "meaning": one.meaning}))
        .collect();
    json!({
        "name": template.name,
        "title": template.title(),
        "needs_standing": template.needs_standing,
        "methods": template.methods,
        "parameters": parameters,
    })
}

fn render(library: &[Template], style: Style, width: usize, program: &str) -> String {
    let mut text = String::new();
    for template in library {
        let title = template.title().split_once(": ").map_or("", |(_, title)| title);
        let name = format!("{:<INDENT$}", template.name);
        for (at, line) in wrap(title, width - INDENT).iter().enumerate() {
            let name = if at == 0 { style.heading(&name) } else { " ".repeat(INDENT) };
            text += &format!("{name}{line}\n");
        }
        for parameter in template.parameters() {
            let line = format!("{} = {}: {}", parameter.name, parameter.default, parameter.meaning);
            for line in wrap(&line, width - INDENT - 2) {
                text += &format!("{:INDENT$}  {}\n", "", style.faint(&line));
            }
        }
    }
    text += &format!("\nShow one: {program} contracts NAME [--set PARAMETER=VALUE]\n");
    for line in wrap(
        "Each is the content of an executable artifact that an agent writes; other artifacts name it as their access contract.",
        width,
    ) {
        text += &format!("{line}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library() {
        insta::assert_snapshot!(render(LIBRARY, Style::PLAIN, 80, "ecology"));
    }

    #[test]
    fn values_are_read_by_the_shape_of_the_default() {
        let set = |name: &str, text: &str| setting(find(name).unwrap(), text).unwrap().1;
        assert_eq!(set("paywall", "read_price=7"), Value::Int(7));
        assert_eq!(set("auction", "artifact=12"), Value::text("12"));
        assert_eq!(set("auction", "artifact=\"a b\""), Value::text("a b"));
        assert_eq!(set("approval", "approvers=[\"a\"]"), Value::List(vec![Value::text("a")]));
        assert_eq!(set("paywall", "read_price=cheap"), Value::text("cheap"));
        assert!(setting(find("paywall").unwrap(), "read_price").is_err());
    }

    #[test]
    fn the_nearest_name_is_offered() {
        let help = find("paywal").unwrap_err().problems[0].help.clone().unwrap();
        assert!(help.contains("paywall"), "{help}");
    }
}
