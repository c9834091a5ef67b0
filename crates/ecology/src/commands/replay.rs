//! `ecology replay`.

mod redecide;

use ecology_world::StateHash;
use serde_json::json;

use crate::cli::ReplayArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, micros};
use ecology_runner::session::{self, Replay};

pub(crate) fn execute(args: &ReplayArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if args.redecide {
        return redecide::execute(args, terminal);
    }
    let replay = session::replay(&args.world, args.until)?;
    if args.until.is_some_and(|until| until > replay.records) {
        let note = terminal.talk.warning("note:");
        terminal.say(&format!("{note} the world has {}; all were replayed", count(replay.records, "record")));
    }
    if args.json {
        let recorded = replay
            .recorded
            .as_ref()
            .map(|(decided, measured)| json!({ "decided": decided, "measured": measured }));
        terminal.print_json(&json!({
            "world": args.world.display().to_string(),
            "records": replay.records,
            "events": replay.events,
            "world_time_us": replay.time.0,
            "state_hash": parts(replay.hash),
            "recorded": recorded,
            "from_snapshot": replay.from_snapshot.map(parts),
            "broken_law": replay.broken_law,
            "agrees": replay.agrees(),
        }))?;
    } else {
        terminal.print(&render(&replay, &shown(&args.world), terminal.out))?;
    }
    Ok(if replay.agrees() { Exit::Ok } else { Exit::Failed })
}

fn parts(hash: StateHash) -> serde_json::Value {
    json!({ "decided": hash.decided_hex(), "measured": hash.measured_hex() })
}

fn render(replay: &Replay, world: &str, style: Style) -> String {
    let mut text = format!(
        "{}: {} with {}, {} of world time\n\n",
        style.heading(world),
        count(replay.records, "record"),
        count(replay.events, "event"),
        micros(replay.time.0)
    );
    let (decided, measured) = (replay.hash.decided_hex(), replay.hash.measured_hex());
    text += &format!("  decided   {decided}\n  measured  {measured}\n\n");
    let verdict = |same: bool| if same { style.good("same") } else { style.bad("DIFFERENT") };
    let mut compare = |what: &str, kept: Option<(String, String)>, none: &str| match kept {
        None => text += &format!("  {what:<28}{none}\n"),
        Some((kept_decided, kept_measured)) => {
            let (first, second) = (verdict(kept_decided == decided), verdict(kept_measured == measured));
            text += &format!("  {what:<28}decided {first}, measured {second}\n");
            for (name, kept, now) in
                [("decided", kept_decided, &decided), ("measured", kept_measured, &measured)]
            {
                if kept != *now {
                    text += &format!("    {name:<10}{}\n", clean(&kept));
                }
            }
        }
    };
    compare("kept at the end of a run", replay.recorded.clone(), "nothing was kept for this record");
    let snapshot = replay.from_snapshot.map(|hash| (hash.decided_hex(), hash.measured_hex()));
    compare("from the newest snapshot", snapshot, "there is no snapshot");
    match &replay.broken_law {
        None => text += &format!("  {:<28}{}\n", "laws of the world", style.good("hold")),
        Some(law) => {
            text += &format!("  {:<28}{}: {}\n", "laws of the world", style.bad("BROKEN"), clean(law))
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ecology_types::Time;

    use super::*;

    #[test]
    fn same_different_and_nothing_to_compare() {
        let hash = StateHash { decided: [0xab; 32], measured: [0xcd; 32] };
        let other = StateHash { decided: [0xab; 32], measured: [0x12; 32] };
        let kept = |hash: StateHash| Some((hash.decided_hex(), hash.measured_hex()));
        let replay = |recorded, from_snapshot, broken_law| Replay {
            records: 1234,
            events: 5678,
            time: Time(90_000_000),
            hash,
            recorded,
            from_snapshot,
            broken_law,
        };
        let show = |replay: &Replay| render(replay, "worlds/a.world", Style::PLAIN);
        insta::assert_snapshot!("replay_same", show(&replay(kept(hash), Some(hash), None)));
        let law = Some("the balances add up to 99, the supply is 100".to_owned());
        insta::assert_snapshot!("replay_different", show(&replay(kept(other), Some(other), law)));
        insta::assert_snapshot!("replay_alone", show(&replay(None, None, None)));
    }
}
