//! `ecology migrate`.

mod configuration;

use std::path::Path;

use ecology_runner::migrate::{MigrateError, Migrated, MigrationSpec, migrate, positions};
use ecology_runner::redecide::RedecideError;
use ecology_runner::session;
use ecology_types::{Axis, AxisVector, Side};
use serde_json::json;

use crate::cli::MigrateArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::positions as asked;
use crate::render::{Align, Table, catalogue};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, counted, number, paragraph, shell_word};

pub(crate) fn execute(args: &MigrateArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    asked::check(std::slice::from_ref(&args.to))?;
    let (world, _, last) = session::open_for_reading(&args.world)?;
    let from = positions(last, world.migrations());
    let is_finished = |axis: Axis, to: Side| {
        world.migrations().open().is_none() && world.migrations().side(axis).is_some_and(|side| side == to)
    };
    let (axis, to) = target(args)?;
    let name = axis.implementation(to);
    if is_finished(axis, to) || (from.side(axis) == to && world.migrations().open().is_none()) {
        let text = format!("{}: {axis} = {name} already; nothing to do\n", shown(&args.world));
        if args.json {
            terminal.print_json(
                &json!({ "axis": axis.name(), "to": name, "done": null, "nothing_to_do": true }),
            )?;
        } else {
            terminal.print(&text)?;
        }
        return Ok(Exit::Ok);
    }
    drop(world);
    comes_first(from, axis, to, &args.world, terminal)?;
    let spec = MigrationSpec {
        axis,
        to,
        from,
        positions: asked::over(from, &[format!("features.{axis}={name}")])?,
        dry_run: args.dry_run,
        force: args.force.clone(),
        decisions_min: args.decisions_min,
        batch_keys_max: args.batch_keys.max(1),
    };
    let (migrated, failure) = match migrate(&args.world, &spec) {
        Ok(migrated) => (migrated, None),
        Err(MigrateError::Gates { missed, asked, found }) => {
            let failure = Failure::new(
                Exit::Failed,
                "migrate::gates",
                format!("{missed} of {asked} gates are not met; the world is as it was"),
                "mend what they name, or go ahead with --force REASON",
            );
            (*found, Some(failure))
        }
        Err(error) => return Err(error.into()),
    };
    let edited = match migrated.done {
        Some(_) => configuration::edit(args.config.as_deref(), axis, to)?,
        None => configuration::Edited::default(),
    };
    if args.json {
        let mut value = serde_json::to_value(&migrated).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("configuration".to_owned(), edited.as_json());
        }
        terminal.print_json(&value)?;
    } else {
        let mut text = render(&migrated, &shown(&args.world), args.dry_run, terminal.out, terminal.width);
        text += &edited.as_text(terminal.out);
        text += &next(&migrated, args, terminal);
        terminal.print(&text)?;
    }
    failure.map_or(Ok(Exit::Ok), Err)
}

/// One axis at a time: what the move needs on another axis has to be there, and what needs the half that is left has to be gone.
fn comes_first(
    from: AxisVector,
    axis: Axis,
    to: Side,
    world: &Path,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let after = from.with(axis, to);
    for other in Axis::ALL {
        let half = ecology_features::info(other).implementation(after.side(other));
        let Some(need) = half.needs.iter().find(|need| after.side(need.axis) != need.side) else { continue };
        let needed = need.axis.implementation(need.side);
        // Either what is needed moves first, or, where that is just what would be given up, what needs it.
        let (first, name) = if other == axis {
            (need.axis, needed)
        } else {
            (other, other.implementation(after.side(other).other()))
        };
        let word = shell_word(&clean(&world.display().to_string()));
        return Err(Failure::new(
            Exit::Config,
            "config::needs",
            format!("{other} = {} needs {} = {needed}", half.name, need.axis),
            format!(
                "one axis at a time: first {}",
                terminal.command(&format!("migrate {word} --to features.{first}={name}"))
            ),
        ));
    }
    Ok(())
}

/// The axis that `--to` names, and the half to move to.
fn target(args: &MigrateArgs) -> Result<(Axis, Side), Failure> {
    // Each half is tried by itself: what it needs on other axes is judged against the world later.
    let loaded = ecology_features::load(ecology_features::Sources::new().set("--to", &args.to));
    let name =
        args.to.trim_start().trim_start_matches("features.").split('=').next().unwrap_or_default().trim();
    let axis = Axis::ALL.into_iter().find(|axis| axis.name() == name);
    let needs_more =
        |errors: &[ecology_features::ConfigError]| errors.iter().all(|error| error.code() == "config::needs");
    match (loaded, axis) {
        (Err(errors), _) if !needs_more(&errors) => Err(errors.into()),
        (_, Some(axis)) => {
            let value = args.to.split_once('=').map_or("", |(_, value)| value).trim().trim_matches('"');
            let named = if axis.implementation(Side::New) == value { Side::New } else { Side::Old };
            let to = if args.back { named.other() } else { named };
            Ok((axis, to))
        }
        (_, None) => Err(Failure::new(
            Exit::Usage,
            "usage::not_a_position",
            format!("{:?} names no axis", clean(&args.to)),
            "write features.AXIS=IMPLEMENTATION, for example features.access_control=contract",
        )),
    }
}

fn render(found: &Migrated, world: &str, dry_run: bool, style: Style, width: usize) -> String {
    let mut text = format!("{}: {} from {} to {}\n", style.heading(world), found.axis, found.from, found.to);
    let plan = &found.plan;
    text += &format!("\n{}\n", style.heading("Plan"));
    let mut step = |words: String| text += &paragraph("  ", 4, &words, width);
    step(format!(
        "{}: {}, {}",
        counted(plan.artifacts, "artifact or principal", "artifacts and principals"),
        counted(plan.converts, "changes", "change"),
        counted(plan.stays, "stays as it is", "stay as they are")
    ));
    let (governed, first) = &plan.governed_by_made;
    if *governed > 0 {
        let more = if *governed > first.len() as u64 { ", ..." } else { "" };
        let ids: Vec<_> = first.iter().map(|id| clean(id).into_owned()).collect();
        step(format!(
            "{} that no contract of time zero says: {} made of them, equal policies share one: {}{more}",
            counted(*governed, "has a policy", "have policies"),
            match plan.contracts_made {
                0 => "the contracts are there,".to_owned(),
                made => format!("{} will be", count(made, "contract")),
            },
            ids.join(", ")
        ));
    }
    if plan.contracts_idle > 0 {
        step(format!(
            "{} made of policies: {} nothing more, and {} the next move forward",
            count(plan.contracts_idle, "contract"),
            if plan.contracts_idle == 1 { "it stays, governs" } else { "they stay, govern" },
            if plan.contracts_idle == 1 { "serves" } else { "serve" },
        ));
    }
    for (code, (n, first)) in &plan.without_place {
        let title = catalogue::title_of(code).unwrap_or_default();
        let ids: Vec<_> = first.iter().map(|id| clean(id).into_owned()).collect();
        let more = if *n > ids.len() as u64 { ", ..." } else { "" };
        step(format!("{} without an exact place ({code}, {title}): {}{more}", number(*n), ids.join(", ")));
    }
    for (field, n) in &plan.kept_aside {
        step(format!(
            "{} with {field}, which {} does not look at: it stays in the record for the way back",
            number(*n),
            found.to
        ));
    }
    text += &format!("\n{}\n", style.heading("Gates"));
    let mut table =
        Table::new([("gate", Align::Left), ("met", Align::Left), ("found", Align::Left)]).indented(2);
    for gate in &found.gates {
        let met = if gate.passed { "yes" } else { "NO" };
        table.row([gate.name.to_owned(), met.to_owned(), gate.found.clone()]);
    }
    text += &table.render_within(style, width);
    for (code, explained) in &found.evidence.expected {
        let title = catalogue::title_of(code).unwrap_or_default();
        let words = format!("{code} {title}: {}", count(explained.decisions, "decision"));
        text += &paragraph("  ", 4, &words, width);
    }
    match &found.done {
        None if dry_run => text += "\nNothing was changed.\n",
        None => {}
        Some(done) => {
            let words = format!(
                "{}{}: {} converted in {}{}{}",
                style.good("Moved"),
                if done.resumed { ", going on where it had stopped" } else { "" },
                count(done.converted, "artifact"),
                counted(done.batches, "batch", "batches"),
                match done.contracts_made {
                    0 => String::new(),
                    made => format!("; {} made of policies", count(made, "contract")),
                },
                match (done.ranges_same, done.ranges_changed) {
                    (0, 0) => String::new(),
                    (1, 0) => "; the one range is as it was at the last move".to_owned(),
                    (same, 0) => format!("; all {} ranges are as they were at the last move", number(same)),
                    (same, changed) => format!(
                        "; {} as at the last move, {} changed since",
                        counted(same, "range is", "ranges are"),
                        counted(changed, "has", "have")
                    ),
                }
            );
            text += &format!("\n{}", paragraph("", 2, &words, width));
        }
    }
    text
}

fn next(found: &Migrated, args: &MigrateArgs, terminal: &Terminal) -> String {
    let world = shell_word(&clean(&args.world.display().to_string()));
    let mut commands = Vec::new();
    if found.done.is_some() {
        commands.push(format!("run --world {world}"));
        commands.push(format!("replay {world}"));
        commands.push(format!("migrate {world} --to features.{}={}", found.axis, found.from));
    } else {
        if let Some(code) = found.evidence.expected.keys().next() {
            commands.push(format!("explain {code}"));
        }
        commands.push(format!("replay {world} --redecide --set features.{}={}", found.axis, found.to));
        if found.gates.iter().all(|gate| gate.passed) {
            commands.push(format!("migrate {world} --to features.{}={}", found.axis, found.to));
        }
    }
    let mut text = format!("\n{}\n", terminal.out.heading("Next"));
    for command in commands {
        text += &format!("  {}\n", terminal.command(&command));
    }
    text
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        let text = error.to_string();
        let (message, help) = text.rsplit_once("; ").unwrap_or((&text, "run the same command again"));
        match error {
            MigrateError::Open(error) => error.into(),
            MigrateError::Redecide(RedecideError::Open(error)) => error.into(),
            MigrateError::Redecide(RedecideError::Positions { .. }) => {
                Self::new(Exit::Config, "config::positions", message, help)
            }
            MigrateError::Host(error) => error.into(),
            MigrateError::Journal(error) => error.into(),
            MigrateError::Unfinished { .. } => Self::new(Exit::Failed, "migrate::unfinished", message, help),
            MigrateError::Gates { .. } => Self::new(Exit::Failed, "migrate::gates", message, help),
        }
    }
}
