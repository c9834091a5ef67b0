//! Files that nobody should trust.

use ecology_import::{Limits, Options, ProblemKind, Refused, Text, Texts, read_texts};
use proptest::prelude::*;

use crate::builder::{Checkpoint, a_checkpoint, agent_files};

fn read(text: &str) -> Result<ecology_import::Imported, Refused> {
    read_with(text, Limits::default())
}

fn read_with(text: &str, limits: Limits) -> Result<ecology_import::Imported, Refused> {
    let checkpoint = Some(Text::new("checkpoint.json", text));
    let texts = Texts { source: "run".to_owned(), checkpoint, ..Texts::default() };
    read_texts(texts, &Options { limits, rename_ids: true, rename_colliding: true })
}

fn told(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn what_is_refused_and_where() {
    let balance = |scrip: &str| format!("{{\"balances\": {{\n \"ann\": {{\"scrip\": {scrip}}}}}}}");
    let cases = [
        "{\"balances\": {\"ann\": 1,}}".to_owned(),
        "[]".to_owned(),
        "{\"tick\": 1}".to_owned(),
        balance("NaN"),
        balance("-Infinity"),
        balance("\"12\""),
        balance("9223372036854775808"),
        balance("1e30"),
        balance("1e99999999999999999999"),
        balance("true"),
        "{\"balances\": {\"ann\": 9223372036854775807, \"bob\": 1}}".to_owned(),
        "{\"balances\": {\"ann\": [[1]]}}".to_owned(),
        "{\"balances\": {}, \"artifacts\": {}}".to_owned(),
        "{\"balances\": {}, \"artifacts\": [7]}".to_owned(),
        "{\"balances\": {}, \"artifacts\": [{\"content\": \"\"}]}".to_owned(),
        "{\"balances\": {}, \"artifacts\": [{\"id\": \"a\", \"policy\": [], \"executable\": 1, \"owner_id\": 3}]}".to_owned(),
        "{\"balances\": {}, \"agent_ids\": [1]}".to_owned(),
        "{\"balances\": {}, \"cumulative_api_cost\": -0.5}".to_owned(),
        "{\"balances\": {}, \"cumulative_api_cost\": 1e40}".to_owned(),
    ];
    let all: Vec<String> = cases
        .iter()
        .map(|text| {
            let refused = read(text).unwrap_err();
            let lines: Vec<String> =
                refused.problems.iter().map(|one| format!("{:?} {one} ({})", one.kind, one.help)).collect();
            format!("{text}\n  {}", lines.join("\n  "))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn limits_are_refusals_that_name_them() {
    let deep = format!("{{\"balances\": {{}}, \"x\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    assert!(told(&deep).contains("more than 32 deep"));
    let many: Vec<String> = (0..30).map(|n| format!("\"a{n}\": 1")).collect();
    let many = format!("{{\"balances\": {{{}}}}}", many.join(", "));
    let limits = Limits { ids_max: 20, ..Limits::default() };
    assert_eq!(read_with(&many, limits).unwrap_err().problems[0].help, "raise --ids-max");
    let large = Checkpoint::default().agent("ann", "1").artifact("a", "ann", "").text();
    let limits = Limits { content_bytes_max: 3, ..Limits::default() };
    assert!(read_with(&large, limits).unwrap_err().problems[0].help.contains("--content-bytes-max"));
    let limits = Limits { content_bytes_max: usize::MAX, ..Limits::default() };
    assert_eq!(read_with(&large, limits).unwrap_err().problems[0].kind, ProblemKind::TooLarge);
    let bytes = Text::from_bytes("c", vec![b' '; 11], &Limits { file_bytes_max: 10, ..Limits::default() });
    assert_eq!(bytes.unwrap_err().kind, ProblemKind::TooLarge);
    let utf8 = Text::from_bytes("c", b"ab\n\xff".to_vec(), &Limits::default()).unwrap_err();
    assert_eq!(utf8.to_string(), "c:2:1: this byte is no UTF-8");
    let problems: Vec<String> = (0..500).map(|n| format!("\"a{n}\": null_")).collect();
    assert!(!told(&format!("{{\"balances\": {{{}}}}}", problems.join(","))).is_empty());
    let wrong: Vec<String> = (0..500).map(|n| format!("\"a{n}\": \"x\"")).collect();
    let refused = read(&format!("{{\"balances\": {{{}}}}}", wrong.join(","))).unwrap_err();
    assert_eq!((refused.problems.len(), refused.count), (100, 500));
}

#[test]
fn two_folders_of_one_agent() {
    let mut texts = Checkpoint::default().agent("ann", "1").texts();
    texts.agents = vec![agent_files("ann", None, Some("a")), agent_files("b", Some("id: ann\n"), None)];
    let refused = read_texts(texts, &Options::default()).unwrap_err();
    assert_eq!(refused.problems[0].kind, ProblemKind::Duplicate);
}

/// A text with something cut off, doubled, or other characters in it.
fn mutated(text: &str, changes: &[(usize, u8, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, kind, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 4 {
            0 => bytes.truncate(at),
            1 => bytes[at] = *byte,
            2 => bytes.insert(at, b"{}[]\",:-eE.0\\\n"[usize::from(*byte) % 14]),
            _ => {
                bytes.remove(at);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const CONFIG: &str = "resources:\n  stock:\n    llm_budget: &a {total: 1.00}\n    disk: *a\n  flow: {compute: {per_tick: 1000}}\ncosts: {per_1k_input_tokens: 1}\ngenesis:\n  mint: {auction: {period: 50}}\nllm:\n  default_model: |\n    x\n  list:\n    - 1\n    - 'b'\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damaged_checkpoints_are_read_or_refused(
        checkpoint in a_checkpoint(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
    ) {
        let text = mutated(&checkpoint.text(), &changes);
        match read(&text) {
            Ok(imported) => prop_assert_eq!(imported.report.totals.disagreement(), None),
            Err(refused) => prop_assert!(!refused.problems.is_empty() && !refused.to_string().contains("does not add up"), "{}", refused),
        }
    }

    #[test]
    fn damaged_configurations_are_read_or_refused(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..8),
    ) {
        let mut texts = Checkpoint::default().agent("ann", "1").texts();
        let text = mutated(CONFIG, &changes);
        texts.config = Some(Text::new("config.yaml", text.clone()));
        texts.agents = vec![agent_files("ann", Some(&text), Some(&text))];
        let _ = read_texts(texts, &Options::default());
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = read(&text);
        let mut texts = Checkpoint::default().agent("ann", "1").texts();
        texts.config = Some(Text::new("config.yaml", text));
        let _ = read_texts(texts, &Options::default());
    }
}
