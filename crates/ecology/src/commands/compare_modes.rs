//! `ecology compare-modes`.

use ecology_features::load;
use ecology_runner::compare_modes::{ModesCompared, Sort, compare_modes};

use crate::cli::CompareModesArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, millionths, number};

pub(crate) fn execute(args: &CompareModesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = args.config.sources()?;
    sources = sources.set("--scenario", format!("run.scenario={:?}", args.scenario));
    if let Some(agents) = args.agents {
        sources = sources.set("--agents", format!("run.agents={agents}"));
    }
    let config = load(sources)?.config;
    let seeds: Vec<u64> = (1..=args.seeds).collect();
    let mut told = |seed: u64| {
        if terminal.verbose {
            terminal.say(&format!("seed {seed} of {}", args.seeds));
        }
    };
    let found = compare_modes(&config, args.ticks, &seeds, &mut told)?;
    if args.json {
        let mut value = serde_json::to_value(&found).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("agrees".to_owned(), found.agrees().into());
        }
        terminal.print_json(&value)?;
    } else {
        terminal.print(&render(&found, terminal.out))?;
    }
    Ok(if found.agrees() { Exit::Ok } else { Exit::Failed })
}

fn render(found: &ModesCompared, style: Style) -> String {
    let mut text = format!(
        "{} in ticks and continuously: {}, {} each\n\n",
        style.heading(&found.scenario),
        count(found.seeds.len() as u64, "seed"),
        count(found.ticks, "tick")
    );
    let mut table = Table::new([
        ("equivalence", Align::Left),
        ("sort", Align::Left),
        ("compared", Align::Right),
        ("held", Align::Right),
        ("in ticks", Align::Right),
        ("continuously", Align::Right),
    ])
    .indented(2);
    for one in &found.equivalences {
        let sort = match one.sort {
            Sort::Law => "law",
            Sort::Equal => "equal",
            Sort::Distribution => "interval",
        };
        let mean = |at: usize| one.means_millionths.map_or(String::new(), |means| millionths(means[at], 4));
        table.row([
            one.name.clone(),
            sort.to_owned(),
            number(one.compared),
            number(one.held),
            mean(0),
            mean(1),
        ]);
    }
    text += &table.render(style);
    for one in &found.equivalences {
        if let Some(broken) = &one.first_broken {
            text +=
                &format!("\n  {} {}\n    {}\n", style.bad("does not hold:"), clean(&one.name), clean(broken));
        }
    }
    let verdict = if found.agrees() {
        style.good("every declared equivalence holds")
    } else {
        style.bad("the modes part where they should not")
    };
    text += &format!("\n  {verdict}\n");
    text
}
