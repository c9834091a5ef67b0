//! Employment as a contract that an agent writes: who is employed changes what its employer owns, and is paid for every change.

use ecology_contracts::Template;
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted::{Errand, ErrandsConfig};
use ecology_types::Value;

use super::rhythm;

/// The contract of an employment.
pub(super) const EMPLOYMENT: Template = Template {
    name: "employment",
    source: include_str!("employment.luau"),
    methods: &["fund", "collect", "dismiss", "status"],
    needs_standing: true,
};

const WAGE: u64 = 4;
const CHANGES: usize = 3;

/// The id of an employment contract.
pub(super) fn post_id(round: usize) -> String {
    format!("post_{round}")
}

/// Whether an id is that of an employment contract.
pub(super) fn is_post(id: &str) -> bool {
    id.strip_prefix("post_")
        .is_some_and(|round| !round.is_empty() && round.bytes().all(|b| b.is_ascii_digit()))
}

/// Employer, employee, and somebody who would like to have a hand in it.
pub(super) fn cast(config: &Config, round: usize) -> [(String, MindConfig); 3] {
    let (post, work) = (post_id(round), format!("handbook_of_{round}"));
    let ids = ["employer", "employee", "bystander"].map(|role| format!("{role}_{round}"));
    let [employer, employee, _] = &ids;
    let terms = [
        ("employer", Value::text(employer)),
        ("employee", Value::text(employee)),
        ("wage", Value::count(WAGE)),
        ("ends_us", Value::count(config.time.tick_ms.saturating_mul(1_000 * 1_000))),
    ];
    let methods = std::iter::once("check_permission").chain(EMPLOYMENT.methods.iter().copied());
    let contract = Errand {
        action: "write".to_owned(),
        artifact: post.clone(),
        // What is filled in has the shape of the defaults.
        content: EMPLOYMENT.fill(&terms).unwrap_or_else(|_| EMPLOYMENT.source.to_owned()).replacen(
            "local ends_us = ",
            "local ends_us = @now+",
            1,
        ),
        kind: Some("contract".to_owned()),
        methods: methods.map(str::to_owned).collect(),
        standing: true,
        ..Errand::default()
    };
    let write = |content: &str| Errand {
        action: "write".to_owned(),
        artifact: work.clone(),
        content: content.to_owned(),
        ..Errand::default()
    };
    let call = |method: &str, allowance: u64| Errand {
        action: "invoke".to_owned(),
        artifact: post.clone(),
        method: method.to_owned(),
        allowance,
        ..Errand::default()
    };
    let refused = |errand: Errand| Errand { refusal: "not_permitted".to_owned(), ..errand };
    let delete = Errand { action: "delete".to_owned(), artifact: work.clone(), ..Errand::default() };

    let begun = Errand { contract: Some(post.clone()), ..write("chapter 0") };
    let funded = call("fund", WAGE * CHANGES as u64);
    let mut works: Vec<Errand> =
        (1..=CHANGES).map(|n| Errand { replace: true, ..write(&format!("chapter {n}")) }).collect();
    // What is funded is used up, and what belongs to the employer is not the employee's to destroy.
    works.push(refused(Errand { replace: true, ..write("for nothing") }));
    works.push(refused(delete.clone()));
    works.push(call("collect", 0));
    let lists = [
        vec![contract, begun, funded],
        works,
        vec![Errand { refusal: "execution_failed".to_owned(), ..call("collect", 0) }, refused(delete)],
    ];
    let mut lists = lists.into_iter();
    ids.map(|id| {
        let errands = lists.next().unwrap_or_default();
        let mind = ErrandsConfig { errands, delay_mean: rhythm(config), ..ErrandsConfig::default() };
        (id, MindConfig::Errands(mind))
    })
}
