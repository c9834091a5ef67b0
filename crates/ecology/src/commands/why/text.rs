//! An explanation for people, in 80 columns.

use serde_json::Value;

use crate::terminal::Style;
use crate::text::{clean, clean_json, count, cut, micros, number, wrap};

const WIDTH: usize = 80;
/// Values are shown up to this many characters; --json shows all.
const VALUE_CHARS_MAX: usize = 200;

pub(super) fn render(found: &Value, style: Style) -> String {
    let mut text = String::new();
    text += &format!(
        "{}  {}\n",
        style.heading(&format!("event {}", number(int(&found["seq"])))),
        style.faint(&format!(
            "{}, in record {} at {}",
            word(&found["event"]["kind"]),
            number(int(&found["record"])),
            micros(int(&found["time_us"]))
        ))
    );
    let wanted = &found["wanted"];
    if wanted.is_null() {
        let by = found["actor"].as_str().map(|actor| format!(" for {}", clean(actor))).unwrap_or_default();
        line(
            &mut text,
            2,
            &format!("{}{by}: nothing that anybody asked permission for", word(&found["command"])),
        );
        return text;
    }
    line(&mut text, 2, &want(found));
    outcome(&mut text, &found["outcome"], style);
    native(&mut text, &found["native"], style);
    for one in list(&found["answers"]) {
        text += "\n";
        answer(&mut text, 2, one, style);
    }
    if !found["run"].is_null() {
        text += "\n";
        run(&mut text, 2, &found["run"], style);
    }
    let consequences = list(&found["consequences"]);
    if !consequences.is_empty() {
        text += &format!("\n  {}\n", style.heading("what changed hands and what is kept"));
        for one in consequences {
            let said = match one["state_of"].as_str() {
                Some(of) => {
                    format!("{} keeps {} (version {})", clean(of), value(&one["state"]), int(&one["version"]))
                }
                None => handed_over(one),
            };
            line(&mut text, 4, &said);
        }
    }
    text
}

fn handed_over(one: &Value) -> String {
    let what = if let Some(artifact) = one["artifact"].as_str() {
        clean(artifact).into_owned()
    } else if let Some(artifact) = one["revenue_of"].as_str() {
        format!("what others pay for {}", clean(artifact))
    } else if one["resource"].is_string() {
        let (amount, unit) = (number(int(&one["amount"])), word(&one["unit"]));
        format!("{amount} {unit} of {}", word(&one["resource"]))
    } else {
        format!("{} scrip", number(int(&one["amount"])))
    };
    let from = one["from"].as_str().map(|from| format!(" from {}", clean(from))).unwrap_or_default();
    let reason = one["reason"].as_str().map(|reason| format!(" ({})", clean(reason).replace('_', " ")));
    format!("{what}{from} to {}{}", word(&one["to"]), reason.unwrap_or_default())
}

fn want(found: &Value) -> String {
    let wanted = &found["wanted"];
    let mut said = format!("{} wanted to {}", word(&found["actor"]), word(&wanted["verb"]));
    if let Some(target) = wanted["target"].as_str() {
        said += &format!(" {}", clean(target));
    }
    if let Some(method) = wanted["method"].as_str() {
        said += &format!(", method {}", clean(method));
        said += &format!(" with {}", value(&wanted["args"]));
    }
    if let Some(allowance) = wanted["allowance"].as_u64() {
        said += &format!(", allowing it {} scrip", number(allowance));
    }
    said
}

fn outcome(text: &mut String, outcome: &Value, style: Style) {
    if outcome["done"] == true {
        *text += &format!("  {}\n", style.good("done"));
    } else if outcome["done"] == false {
        *text += &format!("  {}\n", style.bad(&format!("refused: {}", word(&outcome["code"]))));
        line(text, 4, &word(&outcome["detail"]));
        line(text, 4, &word(&outcome["remedy"]));
    }
}

fn native(text: &mut String, native: &Value, style: Style) {
    if native.is_null() {
        return;
    }
    *text += &format!("\n  {}\n", style.heading("decided natively"));
    let Some(by) = native["by"].as_str() else {
        return line(text, 4, &word(&native["says"]));
    };
    let who = match native["governor"].as_str() {
        Some(governor) => format!("the {by} {}", clean(governor)),
        None if native["policy_is_default"] == true => "the policy of whatever names none".to_owned(),
        None => "its policy".to_owned(),
    };
    let (artifact, owner) = (word(&native["artifact"]), word(&native["owner"]));
    line(text, 4, &format!("{artifact}, which belongs to {owner}, is governed by {who}"));
    let verdict = if native["allowed"] == true { "yes" } else { "no" };
    line(text, 4, &format!("it says {verdict}: {}", word(&native["says"])));
    if int(&native["cost"]) > 0 {
        line(text, 4, &format!("at a price of {} scrip", number(int(&native["cost"]))));
    }
    if native["service"].is_string() {
        line(text, 4, "what the method does is the kernel's own rule");
    }
}

fn answer(text: &mut String, indent: usize, answer: &Value, style: Style) {
    let version = answer["version"].as_u64().map(|v| format!(", version {}", number(v))).unwrap_or_default();
    let head = format!("contract {} ({}{version})", word(&answer["contract"]), word(&answer["kind"]));
    *text += &format!("{:indent$}{}\n", "", style.heading(&head));
    let within = indent + 2;
    let (verb, artifact) = (word(&answer["verb"]), word(&answer["artifact"]));
    line(text, within, &format!("was asked whether {} may {verb} {artifact}", word(&answer["caller"])));
    let verdict = &answer["verdict"];
    if verdict["allowed"] == true {
        line(text, within, &format!("said yes, {}", terms(verdict)));
        if !verdict["state"].is_null() {
            line(text, within, &format!("keeps {} when that is done", value(&verdict["state"])));
        }
        if let Some(reason) = verdict["reason"].as_str().filter(|reason| !reason.is_empty()) {
            line(text, within, &format!("because: {}", clean(reason)));
        }
    } else {
        let how = if verdict["fault"] == true { "failed" } else { "said no" };
        line(text, within, &format!("{how}: {}", word(&verdict["reason"])));
    }
    let parts = reads(&answer["reads"]);
    let said = if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") };
    line(text, within, &format!("read {said}"));
    let instructions = count(int(&answer["instructions"]), "instruction");
    let cached = if answer["cached"] == true { ", for an earlier question and charged then" } else { "" };
    line(text, within, &format!("took {instructions}{cached}"));
}

fn terms(verdict: &Value) -> String {
    let cost = int(&verdict["cost"]);
    if cost == 0 {
        return "free".to_owned();
    }
    let payer = match verdict["invoker_percent"].as_u64() {
        Some(percent) => format!("the invoker pays {percent} in a hundred, the owner the rest"),
        None => format!("the {} pays", word(&verdict["payer"])),
    };
    let shares: Vec<String> = list(&verdict["shares"])
        .iter()
        .map(|one| format!("{} to {}", number(int(&one["amount"])), word(&one["to"])))
        .collect();
    let shares = if shares.is_empty() { String::new() } else { format!("; {}", shares.join(", ")) };
    format!("for {} scrip: {payer}{shares}", number(cost))
}

fn reads(reads: &Value) -> Vec<String> {
    let version = |one: &Value, what: &str| match int(&one["version"]) {
        0 => format!("{what}{} (there is none)", word(&one["id"])),
        version => format!("{what}{} version {}", word(&one["id"]), number(version)),
    };
    let mut parts: Vec<String> = list(&reads["artifacts"]).iter().map(|one| version(one, "")).collect();
    parts.extend(
        list(&reads["owners"])
            .iter()
            .map(|one| format!("{} belongs to {}", word(&one["id"]), word(&one["owner"]))),
    );
    parts.extend(
        list(&reads["balances"])
            .iter()
            .map(|one| format!("{} holds {} scrip", word(&one["id"]), number(int(&one["scrip"])))),
    );
    parts.extend(list(&reads["states"]).iter().map(|one| version(one, "state of ")));
    for one in list(&reads["events"]) {
        let about = one["about"].as_str().map(|id| format!(" about {}", clean(id))).unwrap_or_default();
        let actor = one["actor"].as_str().map(|id| format!(" by {}", clean(id))).unwrap_or_default();
        parts.push(format!("{} of {}{about}{actor}", count(int(&one["count"]), "event"), word(&one["kind"])));
    }
    parts.extend(reads["time_us"].as_u64().map(|time| format!("the time {}", micros(time))));
    parts
}

fn run(text: &mut String, indent: usize, run: &Value, style: Style) {
    let head = format!("tool {} (version {})", word(&run["tool"]), number(int(&run["version"])));
    *text += &format!("{:indent$}{}\n", "", style.heading(&head));
    let within = indent + 2;
    line(text, within, &format!("called by {} at {}", word(&run["caller"]), micros(int(&run["time_us"]))));
    for (at, one) in list(&run["operations"]).iter().enumerate() {
        line(text, within, &format!("{}. {}", at + 1, operation(one)));
        // What a tool invokes stands within it; deeper than this there is no room left to the right.
        let inner = (within + 3).min(40);
        if !one["permission"].is_null() {
            answer(text, inner, &one["permission"], style);
        }
        if !one["run"].is_null() {
            self::run(text, inner, &one["run"], style);
        }
    }
    let outcome = &run["outcome"];
    if outcome["done"] == true {
        line(text, within, &format!("gave back {}", value(&outcome["value"])));
    } else {
        line(text, within, &format!("failed: {}", word(&outcome["reason"])));
    }
    line(text, within, &format!("took {} of its own", count(int(&run["instructions"]), "instruction")));
}

fn operation(one: &Value) -> String {
    let id = word(&one["id"]);
    match one["call"].as_str().unwrap_or_default() {
        "read" => format!("read {id}"),
        "artifact" => format!("looked at {id}"),
        "balance" => format!("asked for the balance of {id}"),
        "events" => {
            let about = one["about"].as_str().map(|id| format!(" about {}", clean(id))).unwrap_or_default();
            let actor = one["actor"].as_str().map(|id| format!(" by {}", clean(id))).unwrap_or_default();
            format!("counted the events of {}{about}{actor}", word(&one["kind"]))
        }
        "now" => "asked for the time".to_owned(),
        "state" => "asked for its state".to_owned(),
        "set_state" => format!("set its state to {}", value(&one["state"])),
        "pay" => {
            let from = if one["from"] == "own" { "its own balance" } else { "the allowance" };
            format!("paid {} scrip to {id} from {from}", number(int(&one["amount"])))
        }
        _ => {
            let allowing = match int(&one["allowance"]) {
                0 => String::new(),
                allowance => format!(", allowing {} scrip", number(allowance)),
            };
            format!("invoked {id}, method {} with {}{allowing}", word(&one["method"]), value(&one["args"]))
        }
    }
}

/// One paragraph; what does not fit goes on below, two columns further in.
fn line(text: &mut String, indent: usize, said: &str) {
    for (at, line) in wrap(said, WIDTH.saturating_sub(indent + 2)).iter().enumerate() {
        let indent = if at == 0 { indent } else { indent + 2 };
        for (at, piece) in line.chars().collect::<Vec<_>>().chunks(WIDTH - indent).enumerate() {
            let indent = if at == 0 { indent } else { indent.min(WIDTH / 2) };
            *text += &format!("{:indent$}{}\n", "", piece.iter().collect::<String>());
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn int(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn word(value: &Value) -> String {
    clean(value.as_str().unwrap_or("nobody")).into_owned()
}

fn value(value: &Value) -> String {
    cut(&clean(&clean_json(value.to_string())), VALUE_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(verdict: &Value) -> Value {
        json!({
            "contract": "toll", "version": 2, "kind": "code", "artifact": "vault", "verb": "invoke",
            "caller": "alice", "verdict": verdict, "instructions": 1234, "cached": false,
            "reads": {
                "artifacts": [{ "id": "toll", "version": 2 }, { "id": "ghost", "version": 0 }],
                "owners": [{ "id": "vault", "owner": "bob" }],
                "balances": [{ "id": "alice", "scrip": 90 }],
                "states": [{ "id": "toll", "version": 4 }],
                "events": [{ "kind": "escrow_sold", "about": "vault", "actor": null, "count": 3 }],
                "time_us": 11_000_000,
            },
        })
    }

    fn found() -> Value {
        json!({
            "seq": 1234, "record": 456, "time_us": 12_000_000, "command": "act", "actor": "alice",
            "event": { "kind": "action_done" },
            "wanted": { "verb": "invoke", "target": "vault", "method": "open", "args": { "n": 1 }, "allowance": 9 },
            "outcome": { "done": true }, "native": null, "run": null, "consequences": [],
            "answers": [answered(&json!({
                "allowed": true, "cost": 5, "payer": "split", "invoker_percent": 60, "state": { "sold": 4 },
                "shares": [{ "to": "carol", "amount": 2 }], "reason": "five a visit",
            }))],
        })
    }

    #[track_caller]
    fn fits(text: &str) {
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn a_contract_that_says_yes_on_terms() {
        let mut found = found();
        found["consequences"] = json!([
            { "from": "alice", "to": "carol", "amount": 2, "reason": "fee" },
            { "state_of": "toll", "version": 5, "state": { "sold": 4 } },
        ]);
        let text = render(&found, Style::PLAIN);
        fits(&text);
        insta::assert_snapshot!("why_yes", text);
    }

    #[test]
    fn a_refusal_by_a_fault_and_one_by_a_native_rule() {
        let mut found = found();
        found["outcome"] = json!({
            "done": false, "code": "not_permitted", "detail": "alice may not invoke vault: its contract toll failed",
            "remedy": "Ask the owner.",
        });
        found["answers"] = json!([answered(&json!({
            "allowed": false, "fault": true, "reason": "line 3: a nil value\u{1b}[2J",
        }))]);
        let by_code = render(&found, Style::PLAIN);
        found["answers"] = json!([]);
        found["native"] = json!({
            "by": "stock contract", "governor": "genesis_private", "artifact": "vault", "owner": "bob",
            "allowed": false, "cost": 0, "says": "its contract genesis_private lets only the owner do so",
        });
        let text = format!("{by_code}\n{}", render(&found, Style::PLAIN));
        fits(&text);
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!("why_no", text);
    }

    #[test]
    fn a_run_with_a_tool_within() {
        let mut found = found();
        let run = |tool: &str, caller: &str, operations: Value| {
            json!({
                "tool": tool, "version": 1, "caller": caller, "time_us": 12_000_000, "instructions": 77,
                "outcome": { "done": true, "value": 7 }, "operations": operations,
            })
        };
        let inner = run("adder", "vault", json!([{ "call": "set_state", "state": { "n": 2 } }]));
        let permission = answered(&json!({ "allowed": true, "cost": 0, "payer": "invoker", "shares": [] }));
        found["run"] = run(
            "vault",
            "alice",
            json!([
                { "call": "balance", "id": "alice" },
                { "call": "pay", "from": "allowance", "id": "bob", "amount": 3 },
                { "call": "invoke", "id": "adder", "method": "add", "args": { "a": "x".repeat(300) }, "allowance": 2,
                  "permission": permission, "run": inner },
            ]),
        );
        let text = render(&found, Style::PLAIN);
        fits(&text);
        insta::assert_snapshot!("why_run", text);
    }

    #[test]
    fn what_nobody_asked_for() {
        let found = json!({
            "seq": 3, "record": 2, "time_us": 0, "command": "tick", "actor": null, "wanted": null,
            "event": { "kind": "tick_started" },
        });
        assert_eq!(
            render(&found, Style::PLAIN),
            "event 3  tick_started, in record 2 at 0 µs\n  tick: nothing that anybody asked permission for\n"
        );
    }
}
