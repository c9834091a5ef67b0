//! The parts of the report. Each is empty when there is nothing to say.

use ecology_runner::report::{CodeReport, Finding, RunReport, TakenUp};

use crate::render::{Align, Table};
use crate::terminal::Style;
use crate::text::{bytes, clean, count, counted, cut, micros, millionths, number, wrap};

const LABEL: usize = 13;

/// A label with text that may take several lines.
fn line(label: &str, text: &str, style: Style, width: usize) -> String {
    let lines = wrap(text, width.saturating_sub(LABEL + 2));
    let mut out = String::new();
    for (at, one) in lines.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        out += &format!("  {}{one}\n", style.faint(&format!("{label:<LABEL$}")));
    }
    out
}

fn title(text: &str, style: Style) -> String {
    format!("{}\n", style.heading(text))
}

/// What ran.
pub(super) fn head(report: &RunReport, style: Style, width: usize) -> String {
    let took = micros(report.elapsed_ms.saturating_mul(1_000));
    let ended = match report.ended.as_str() {
        "finished" => style.good("finished"),
        other => style.warning(&clean(other)),
    };
    let mut text = format!(
        "{} with {}, seed {}: {ended} in {took}\n\n",
        style.heading(&clean(&report.scenario)),
        count(report.population.agents, "agent"),
        report.seed
    );
    let far = match report.ticks {
        0 => format!("{} of world time", micros(report.world_time_us)),
        ticks => format!("{}, {} of world time", count(ticks, "tick"), micros(report.world_time_us)),
    };
    text += &line("mode", &format!("{}, {far}", report.mode), style, width);
    let axes: Vec<String> = report
        .serves
        .iter()
        .map(|(axis, serves)| match report.shadows.get(axis) {
            // Words stay together when lines are broken at spaces.
            Some(shadow) => format!("{axis}={serves}(shadow:{shadow})"),
            None => format!("{axis}={serves}"),
        })
        .collect();
    text += &line("axes", &axes.join("  "), style, width);
    let run = if report.resumed {
        format!("run {} of a world that goes on", number(report.run))
    } else {
        "a fresh world".to_owned()
    };
    text += &line(
        "world",
        &format!("{run}, {}, {}", count(report.records, "record"), count(report.events, "event")),
        style,
        width,
    );
    if let Some(taken_up) = &report.taken_up {
        text += &line("", &clean(&how_taken_up(taken_up)), style, width);
    }
    let people = &report.population;
    let exist = format!(
        "{}; {} in all, {} deleted",
        count(people.principals, "principal"),
        counted(people.live, "principal or artifact", "principals and artifacts"),
        number(people.deleted)
    );
    text += &line("population", &exist, style, width);
    if report.minds_started_anew > 0 {
        let anew =
            format!("{} began anew: nothing of them was kept", count(report.minds_started_anew, "mind"));
        text += &line("", &anew, style, width);
    }
    if let Some(law) = &report.broken_law {
        text += &line("BROKEN LAW", &style.bad(&clean(law)), style, width);
    }
    text
}

/// How a world that goes on was taken up, and why not from a newer snapshot.
fn how_taken_up(taken_up: &TakenUp) -> String {
    let replayed = count(taken_up.replayed, "record");
    let how = match taken_up.snapshot {
        0 => format!("replayed from the first record, {replayed}"),
        at => format!("taken up from the snapshot at record {}, {replayed} replayed", number(at)),
    };
    let unusable: Vec<&str> = taken_up.unusable().collect();
    let how = match &unusable[..] {
        [] => how,
        unusable => format!("{how}; newer snapshots could not be used: {}", unusable.join("; ")),
    };
    match taken_up.minds {
        None => how,
        Some(at) => {
            format!(
                "{how}; minds go on as they were at record {}, the last at which they were kept",
                number(at)
            )
        }
    }
}

/// Measured beside published.
pub(super) fn findings(report: &RunReport, style: Style, width: usize) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let name_width = width.saturating_sub(42);
    let mut text = format!(
        "{}{}\n",
        style.heading(&format!("{:<name_width$}", "Findings")),
        style.faint(&format!("{:>12}  {:>18}  {}", "measured", "agrees within", "verdict"))
    );
    let mut last_source = String::new();
    for finding in &report.findings {
        let verdict = match (finding.due, finding.agrees) {
            (false, _) => style.faint("-"),
            (true, true) => style.good("agrees"),
            (true, false) => style.bad("DIFFERS"),
        };
        // A long name takes several lines; the figures stand beside the last one.
        let names = wrap(&clean(&finding.name), name_width - 3);
        let (last, before) =
            names.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
        for name in before {
            text += &format!("  {name}\n");
        }
        text += &format!(
            "  {last:<0$}{1:>12}  {2:>18}  {verdict}\n",
            name_width - 2,
            figure(finding),
            within(finding)
        );
        let source = if finding.source.is_empty() {
            clean(&finding.published).into_owned()
        } else {
            format!("{} ({})", clean(&finding.published), clean(&finding.source))
        };
        if source != last_source {
            for (at, line) in wrap(&source, width.saturating_sub(15)).iter().enumerate() {
                let label = if at == 0 { "published: " } else { "" };
                text += &format!("    {}\n", style.faint(&format!("{label:<11}{line}")));
            }
        }
        last_source = source;
    }
    text
}

/// Decimals that a finding is shown with: none for whole numbers, so that a count looks like one.
fn decimals(finding: &Finding) -> u32 {
    let bounds = [finding.least_millionths, finding.greatest_millionths];
    let figures = bounds.into_iter().flatten().chain([finding.measured_millionths]);
    match finding.unit.is_empty() {
        true if figures.into_iter().all(|figure| figure % 1_000_000 == 0) => 0,
        true => 4,
        false => 2,
    }
}

fn figure(finding: &Finding) -> String {
    let figure = millionths(finding.measured_millionths, decimals(finding));
    format!("{figure} {}", clean(&finding.unit)).trim_end().to_owned()
}

fn within(finding: &Finding) -> String {
    let text = |figure: i64| millionths(figure, decimals(finding));
    match (finding.least_millionths, finding.greatest_millionths) {
        (None, None) if !finding.due => "not yet due".to_owned(),
        (None, None) => String::new(),
        (Some(least), None) => format!("{} or more", text(least)),
        (None, Some(greatest)) => format!("{} or less", text(greatest)),
        (Some(least), Some(greatest)) => format!("{} to {}", text(least), text(greatest)),
    }
}

/// Trade, the mint, and who has the money.
pub(super) fn trade_and_money(report: &RunReport, style: Style) -> String {
    let (trade, money, mint) = (&report.trade, &report.money, &report.mint);
    let mut text = title("Trade and money", style);
    let mut row = |label: &str, words: String| text += &line(label, &words, style, 80);
    let orders = format!(
        "{} of {} scrip, {} opened, {} cancelled, {} open",
        count(trade.trades, "trade"),
        number(trade.volume),
        count(trade.orders_opened, "order"),
        number(trade.orders_cancelled),
        number(trade.open_orders)
    );
    row("escrow", orders);
    if mint.rounds > 0 || mint.bids > 0 {
        let auctions = format!(
            "{}, {}, {} scrip minted, {} shared as basic income, {} in the pool",
            count(mint.rounds, "auction"),
            count(mint.bids, "bid"),
            number(money.minted),
            number(mint.basic_income),
            number(mint.pool)
        );
        row("mint", auctions);
    }
    row("scrip", format!("{} in all; the richest agent has {}", number(money.supply), number(money.richest)));
    let gini = millionths(i64::try_from(money.gini_millionths).unwrap_or(i64::MAX), 4);
    row("Gini", format!("{gini} over all agents, {} without scrip", count(money.penniless, "agent")));
    text
}

/// Actions by outcome: the most frequent kinds beside the most frequent refusals.
pub(super) fn actions(report: &RunReport, style: Style) -> String {
    const ROWS_MAX: usize = 6;
    let actions = &report.actions;
    let mut text = title("Actions", style);
    let summary = format!(
        "{} done, {} refused, {}",
        number(actions.done),
        number(actions.refused),
        count(actions.thoughts, "thought")
    );
    text += &format!("  {summary}\n");
    let (done, refused) = (most(&actions.done_by_kind), most(&actions.refused_by_code));
    for at in 0..ROWS_MAX.min(done.len().max(refused.len())) {
        let cell = |list: &[(String, u64)], width: usize| match list.get(at) {
            // The last row stands for all others.
            Some(_) if at + 1 == ROWS_MAX && list.len() > ROWS_MAX => {
                let others: u64 = list[at..].iter().map(|(_, n)| n).sum();
                format!("{:>9}  {:<width$}", number(others), format!("{} other kinds", list.len() - at))
            }
            Some((name, n)) => format!("{:>9}  {:<width$}", number(*n), cut(&clean(name), width)),
            None => format!("{:>9}  {:<width$}", "", ""),
        };
        let row = format!("{}  {}", cell(&done, 33), cell(&refused, 22));
        text += &format!("{}\n", row.trim_end());
    }
    text
}

/// The entries of a map, most frequent first, equal ones by name.
fn most(counts: &std::collections::BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut list: Vec<(String, u64)> = counts.iter().map(|(name, n)| (name.clone(), *n)).collect();
    list.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    list
}

/// The limiter, the meter and the loops.
pub(super) fn limits(report: &RunReport, style: Style, width: usize) -> String {
    let (limits, metering) = (&report.limits, &report.metering);
    let mut text = title("Limits and metering", style);
    let decided = format!(
        "{} decided on {}, {} refused for now, {} waits for capacity",
        clean(&limits.implementation),
        count(limits.decisions, "question"),
        number(limits.rate_refusals),
        number(limits.blocked)
    );
    text += &line("limiter", &decided, style, width);
    let ended = limits.reservations_settled.saturating_add(limits.reservations_released);
    let reserved = format!(
        "{} made, {} settled, {} released, {} open",
        number(limits.reservations_made),
        number(limits.reservations_settled),
        number(limits.reservations_released),
        number(limits.reservations_made.saturating_sub(ended))
    );
    text += &line("reservations", &reserved, style, width);
    let planned = format!(
        "{}: {} in force, {} exceeded, {} of a loop",
        clean(&limits.process_limits),
        count(limits.plans, "plan"),
        number(limits.plans_exceeded),
        count(limits.loops_stopped, "stop")
    );
    text += &line("processes", &planned, style, width);
    let measured = format!(
        "{}: {} measured, {} of CPU, {} written, {} of bandwidth, peak {} in one turn",
        clean(&metering.meter),
        count(metering.turns_measured, "turn"),
        micros(metering.cpu_us),
        bytes(metering.written_bytes),
        bytes(metering.bandwidth_bytes),
        bytes(metering.memory_peak_bytes)
    );
    text += &line("meter", &measured, style, width);
    let code = &report.code;
    if *code != CodeReport::default() {
        let mut ran = format!(
            "{}, {} from the cache, {} of tools, {}, {}",
            count(code.checks, "check"),
            number(code.checks_from_cache),
            count(code.tool_runs, "run"),
            count(code.faults, "fault"),
            count(code.instructions, "instruction")
        );
        if code.acts_beside > 0 {
            ran += &format!(", {} beside the writer", count(code.acts_beside, "act"));
        }
        if code.unavailable > 0 {
            ran += &format!(", {} that the sandbox could not run", number(code.unavailable));
        }
        text += &line("code", &ran, style, width);
    }
    let loops: Vec<String> =
        report.loops.iter().map(|(state, n)| format!("{} {}", number(*n), clean(state))).collect();
    if !loops.is_empty() {
        text += &line("loops", &loops.join(", "), style, width);
    }
    text
}

/// Who used most.
pub(super) fn users(report: &RunReport, style: Style) -> String {
    if report.biggest_users.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        ("", Align::Left),
        ("actions", Align::Right),
        ("CPU", Align::Right),
        ("peak", Align::Right),
        ("disk", Align::Right),
        ("bandwidth", Align::Right),
        ("scrip", Align::Right),
    ])
    .indented(2);
    for user in &report.biggest_users {
        table.row([
            cut(&user.id, 22),
            number(user.actions),
            micros(user.cpu_us),
            bytes(user.memory_peak_bytes),
            bytes(user.disk_bytes),
            bytes(user.bandwidth_bytes),
            number(user.scrip),
        ]);
    }
    title("Biggest users", style) + &table.render(style)
}

/// What was compared.
pub(super) fn shadows(report: &RunReport, style: Style, width: usize) -> String {
    if report.shadow.is_empty() {
        return String::new();
    }
    let mut text = title("Shadows", style);
    for (axis, found) in &report.shadow {
        let verdict = match found.unexplained {
            0 => style.good("nothing unexplained"),
            n => style.bad(&format!("{} UNEXPLAINED", number(n))),
        };
        text += &format!(
            "  {}: {} serves, {} is compared; {verdict}\n",
            style.heading(&clean(axis)),
            clean(&found.serving),
            clean(&found.candidate)
        );
        let mut words = format!("{}, {} the same", count(found.compared, "question"), number(found.same));
        for (code, n) in &found.expected {
            words += &format!(", {} as {}", number(*n), clean(code));
        }
        if found.candidate_failures > 0 {
            words += &format!(", {} that the candidate failed to answer", number(found.candidate_failures));
        }
        for one in wrap(&words, width.saturating_sub(4)) {
            text += &format!("    {one}\n");
        }
        if let Some(latency) = &found.latency {
            text += &format!(
                "    99 of 100 answers within {} ns, the candidate's within {} ns\n",
                number(latency.serving_p99_ns),
                number(latency.candidate_p99_ns)
            );
        }
        if let Some(why) = &found.switched_off {
            for one in wrap(&format!("switched off: {}", clean(why)), width.saturating_sub(4)) {
                text += &format!("    {}\n", style.bad(&one));
            }
        }
        for first in found.first_unexplained.iter().take(3) {
            for (at, one) in wrap(&clean(first), width.saturating_sub(6)).iter().enumerate() {
                text += &format!("    {} {one}\n", if at == 0 { "-" } else { " " });
            }
        }
    }
    text
}

/// Where the world is and what its state is called.
pub(super) fn state(report: &RunReport, style: Style) -> String {
    let mut text = title("State", style);
    let world = report.world.as_deref().map_or("in memory: it is gone now".into(), clean);
    text += &format!("  {}{world}\n", style.faint(&format!("{:<LABEL$}", "world")));
    text += &line("decided", &report.state_hash.decided, style, 96);
    text += &line("measured", &report.state_hash.measured, style, 96);
    text
}

/// What to type next.
pub(super) fn next(next: &[(String, String)], style: Style) -> String {
    if next.is_empty() {
        return String::new();
    }
    let mut text = title("Next", style);
    for (command, why) in next {
        text += &format!("  {}\n      {}\n", command, style.faint(why));
    }
    text
}
