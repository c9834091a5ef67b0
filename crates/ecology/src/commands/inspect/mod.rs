//! `ecology inspect`.

mod agents;
mod artifacts;
mod balances;
mod contract;
mod escrow;
mod events;
mod listing;
mod mint;
mod names;
mod summary;

use ecology_journal::Journal;
use ecology_world::World;

use crate::cli::{InspectArgs, View};
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::{clean, cut, nearest};
use ecology_runner::{import, session};

use listing::Listing;

/// A world that is looked at, and how the answer should look.
struct Look<'t> {
    world: World,
    journal: Box<dyn Journal>,
    name: String,
    json: bool,
    terminal: &'t Terminal,
}

pub(crate) fn execute(args: &InspectArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(View::Unknown(words)) = &args.view {
        return Err(no_such_view(&words.first().map(|word| word.to_string_lossy()).unwrap_or_default()));
    }
    let (world, journal, _) = session::open_for_reading(&args.world)?;
    let mut look = Look { world, journal, name: shown(&args.world), json: args.json, terminal };
    match args.view.as_ref().unwrap_or(&View::Summary) {
        View::Summary => summary::show(&look)?,
        View::Balances(filter) => look.list(&balances::list(&look.world, filter)?)?,
        View::Artifacts(filter) => look.list(&artifacts::list(&look.world, filter)?)?,
        View::Artifact(choice) => artifacts::show(&look, &choice.id)?,
        View::Contract(choice) => contract::show(&mut look, &choice.id)?,
        View::Agents(filter) => look.list(&agents::list(&look.world, filter)?)?,
        View::Events(filter) => events::show(&mut look, filter)?,
        View::Escrow(filter) => look.list(&escrow::list(&look.world, filter)?)?,
        View::Mint(page) => mint::show(&look, *page)?,
        // Refused above, before the world is opened.
        View::Unknown(_) => return Ok(Exit::Usage),
        View::Import => match import::report(&mut *look.journal)? {
            Some(report) => look.terminal.print(&(crate::text::clean_json(report) + "\n"))?,
            None => return Err(Failure::not_imported(&look.name)),
        },
    }
    Ok(Exit::Ok)
}

/// Names the nearest view, and all of them: whoever guesses wants to see what there is.
fn no_such_view(name: &str) -> Failure {
    let names = View::names();
    let near = nearest(name, names.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    Failure::new(
        Exit::Usage,
        "usage::unknown_view",
        format!("there is no view {:?}", cut(&clean(name), 64)),
        format!("{near}the views are {}", names.join(", ")),
    )
}

impl Look<'_> {
    fn list(&self, listing: &Listing) -> Result<(), Failure> {
        if self.json {
            self.terminal.print_json(&listing.json(&self.name))
        } else {
            self.terminal.print(&listing.render(self.terminal.out))
        }
    }
}
