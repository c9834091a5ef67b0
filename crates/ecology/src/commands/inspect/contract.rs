//! One contract: what it governs, and what came of it so far, counted from the records.

use std::ops::ControlFlow;

use ecology_contracts::{Governor, StockContract};
use ecology_ontology::Query;
use ecology_runner::store::OpenError;
use ecology_types::{Effect, Key, PermissionAnswer, Record};
use serde_json::{Value, json};

use super::Look;
use super::names::key;
use crate::commands::why::answers_of;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Style;
use crate::text::{bytes, clean, clean_lines, count, cut, number, wrap};

/// Ids of governed artifacts that are shown.
const GOVERNED_SHOWN_MAX: usize = 10;
/// Lines of source that are shown to people; programs get all.
const SOURCE_LINES_MAX: usize = 40;

/// The answers of one contract in the records of a world.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answered {
    allowed: u64,
    denied: u64,
    faults: u64,
    from_cache: u64,
    /// Without those from the cache, which were charged before.
    instructions: u64,
    /// The prices of its permissions in actions that were done.
    scrip: u64,
}

impl Answered {
    fn add(&mut self, answer: &PermissionAnswer, is_done: bool) {
        match &answer.verdict {
            Ok(terms) => {
                self.allowed += 1;
                if is_done {
                    self.scrip = self.scrip.saturating_add(terms.cost.0);
                }
            }
            Err(denial) if denial.is_fault => self.faults += 1,
            Err(_) => self.denied += 1,
        }
        if answer.is_cached {
            self.from_cache += 1;
        } else {
            self.instructions = self.instructions.saturating_add(answer.instructions);
        }
    }
}

pub(super) fn show(look: &mut Look<'_>, id: &str) -> Result<(), Failure> {
    let contract = key(&look.world, id)?;
    let answered = count_answers(look, contract)?;
    let world = &look.world;
    let all = world.parts().ontology.search(&Query { limit: u32::MAX, ..Query::default() }, &|_| true).keys;
    let governed: Vec<Key> = all
        .into_iter()
        .filter(|key| {
            let record = world.live(*key).or_else(|| world.principal(*key));
            record.is_some_and(|record| Governor::of_contract(record.access_contract).key() == contract)
        })
        .collect();
    let stock = StockContract::from_key(contract);
    let record = world.live(contract);
    let is_code =
        record.is_some_and(|record| record.can_execute && record.content.contains("check_permission"));
    if stock.is_none() && !is_code && governed.is_empty() && answered == Answered::default() {
        let message = format!("{:?} is not a contract", cut(&clean(id), 64));
        let help = "`inspect WORLD artifact ID` shows which contract governs an artifact".to_owned();
        return Err(Failure::new(Exit::Usage, "usage::not_a_contract", message, help));
    }
    let name = |key: Key| world.id(key).as_str();
    let (version, state) = world.kept_state(contract);
    let found = json!({
        "id": name(contract),
        "kind": if stock.is_some() { "stock" } else { "code" },
        "exists": record.is_some(),
        "version": record.map(|record| record.version),
        "owner": record.map(|record| name(record.owner)),
        "contract": record.map(|record| name(Governor::of_contract(record.access_contract).key())),
        "state": { "version": version, "bytes": if version == 0 { 0 } else { state.to_json().to_string().len() } },
        "governs": {
            "count": governed.len(),
            "first": governed.iter().take(GOVERNED_SHOWN_MAX).map(|key| name(*key)).collect::<Vec<_>>(),
        },
        "answers": {
            "allowed": answered.allowed,
            "denied": answered.denied,
            "faults": answered.faults,
            "from_cache": answered.from_cache,
        },
        "instructions": answered.instructions,
        "scrip": answered.scrip,
        "source": record.filter(|_| stock.is_none()).map(|record| &*record.content),
    });
    if look.json {
        return look.terminal.print_json(&json!({ "world": look.name, "contract": found }));
    }
    look.terminal.print(&render(&found, look.terminal.out))
}

fn count_answers(look: &mut Look<'_>, contract: Key) -> Result<Answered, Failure> {
    let mut answered = Answered::default();
    let mut failed = None;
    look.journal.for_each(1, u64::MAX, &mut |number, bytes| {
        let record = match Record::decode(bytes) {
            Ok(record) => record,
            Err(error) => {
                failed = Some(OpenError::Record { number, error });
                return ControlFlow::Break(());
            }
        };
        let answers = answers_of(&record.command);
        if !answers.is_empty() {
            let is_done = record.effects.iter().any(|effect| matches!(effect, Effect::ActionDone { .. }));
            for answer in answers.into_iter().filter(|answer| answer.contract == contract) {
                answered.add(answer, is_done);
            }
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(answered), |error| Err(error.into()))
}

fn render(found: &Value, style: Style) -> String {
    let int = |value: &Value| value.as_u64().unwrap_or(0);
    let word = |value: &Value| clean(value.as_str().unwrap_or("-")).into_owned();
    let mut text = format!("{}\n\n", style.heading(&word(&found["id"])));
    let mut row = |name: &str, said: &str| {
        for (at, line) in wrap(said, 58).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            text += &format!("  {}{line}\n", style.faint(&format!("{name:<20}")));
        }
    };
    let is_stock = found["kind"] == "stock";
    row(
        "is",
        match (is_stock, found["exists"] == true) {
            (true, _) => "a contract of time zero, answered natively",
            (false, true) => "code",
            (false, false) => "gone: what it governs is refused",
        },
    );
    if found["exists"] == true {
        row("version", &number(int(&found["version"])));
        row("owner", &word(&found["owner"]));
        row("its own contract", &word(&found["contract"]));
    }
    if !is_stock {
        row(
            "kept state",
            &match int(&found["state"]["version"]) {
                0 => "none".to_owned(),
                version => format!("{}, version {}", bytes(int(&found["state"]["bytes"])), number(version)),
            },
        );
    }
    let governs = &found["governs"];
    let first: Vec<String> = governs["first"].as_array().into_iter().flatten().map(word).collect();
    let (all, shown) = (int(&governs["count"]), first.len() as u64);
    let more = if all > shown { format!(" and {} more", number(all - shown)) } else { String::new() };
    let ids = if first.is_empty() { String::new() } else { format!(": {}{more}", first.join(", ")) };
    row("governs", &format!("{}{ids}", count(all, "artifact")));
    if !is_stock {
        let answers = &found["answers"];
        row("allowed", &number(int(&answers["allowed"])));
        row("denied", &number(int(&answers["denied"])));
        row("faults", &number(int(&answers["faults"])));
        row("of these cached", &number(int(&answers["from_cache"])));
        row("instructions", &number(int(&found["instructions"])));
        row("priced actions", &format!("{} scrip", number(int(&found["scrip"]))));
    }
    if let Some(source) = found["source"].as_str() {
        text += &format!("\n{}\n", style.faint(&format!("source, {}", bytes(source.len() as u64))));
        let source = clean_lines(source);
        for line in source.lines().take(SOURCE_LINES_MAX) {
            text += &format!("{line}\n");
        }
        let rest = source.lines().count().saturating_sub(SOURCE_LINES_MAX);
        if rest > 0 {
            text += &format!(
                "{}\n",
                style.faint(&format!("{} more; --json shows all", count(rest as u64, "line")))
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ecology_types::{Denial, Reads, Scrip, Terms, Verb};

    use super::*;

    fn answer(verdict: Result<Terms, Denial>, is_cached: bool) -> PermissionAnswer {
        PermissionAnswer {
            artifact: Key(20),
            verb: Verb::Read,
            caller: Key(21),
            contract: Key(22),
            call_digest: 0,
            verdict,
            reads: Reads::default(),
            instructions: 100,
            is_cached,
        }
    }

    #[test]
    fn answers_are_counted_by_what_they_said() {
        let mut answered = Answered::default();
        let priced = Terms { cost: Scrip(5), ..Terms::default() };
        answered.add(&answer(Ok(priced.clone()), false), true);
        answered.add(&answer(Ok(priced), true), false);
        answered.add(&answer(Err(Denial::no("closed")), false), false);
        answered.add(&answer(Err(Denial::fault("nil")), false), false);
        let expected =
            Answered { allowed: 2, denied: 1, faults: 1, from_cache: 1, instructions: 300, scrip: 5 };
        assert_eq!(answered, expected);
    }

    #[test]
    fn a_contract_as_text() {
        let found = json!({
            "id": "toll", "kind": "code", "exists": true, "version": 2, "owner": "bob",
            "contract": "genesis_freeware", "state": { "version": 4, "bytes": 17 },
            "governs": { "count": 12, "first": ["vault", "well"] },
            "answers": { "allowed": 1200, "denied": 3, "faults": 1, "from_cache": 900 },
            "instructions": 45_000, "scrip": 600,
            "source": "function check_permission(request)\n  return true\nend",
        });
        insta::assert_snapshot!("contract", render(&found, Style::PLAIN));
    }
}
