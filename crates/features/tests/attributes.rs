//! Who takes a crate alone hears of a deprecation from the compiler: what implements a half carries `#[deprecated]` with the code of its
//! deprecation from the release on in which its stage says so, and not before.

use std::path::Path;

use ecology_features::{DEPRECATIONS, Deprecation, Stage, Trigger, stage_of};
use ecology_types::{Axis, Side};

/// What implements the halves that have a deprecation: the file and the line where it is declared.
const DECLARED: [(Axis, Side, &str, &str); 5] = [
    (Axis::RateLimiting, Side::Old, "rate-limiting/src/tick.rs", "pub struct TickLimiter"),
    (Axis::ExecutionMode, Side::Old, "runner/src/tick.rs", "pub fn run_ticks"),
    (Axis::ArtifactOntology, Side::Old, "ontology/src/legacy.rs", "pub struct Legacy"),
    (Axis::AccessControl, Side::Old, "contracts/src/policy.rs", "pub struct PolicyAccess"),
    (Axis::ResourceLimits, Side::Old, "container-limits/src/config.rs", "pub struct ConfigLimits"),
];

/// The attributes of a declaration, which stand above it without an empty line between.
fn attributes(source: &str, declared: &str) -> Option<String> {
    let before = &source[..source.find(&format!("\n{declared}"))?];
    Some(before.rsplit("\n\n").next()?.to_owned())
}

/// What is wrong with the attributes of what a deprecation is about.
fn wrong(deprecation: &Deprecation, stage: Stage, attributes: &str) -> Option<&'static str> {
    let carries = attributes.lines().any(|line| line.trim_start().starts_with("#[deprecated"));
    let code = format!("{}: ", deprecation.code);
    match (stage == Stage::Deprecated, carries) {
        (true, false) => Some("its stage says deprecated and the compiler does not"),
        (false, true) => Some("the compiler says deprecated and its stage does not"),
        (true, true) if !(attributes.contains(&code) && attributes.contains("since = \"")) => {
            Some("the attribute names no release or not its code")
        }
        _ => None,
    }
}

#[test]
fn the_compiler_says_deprecated_when_the_stage_does() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for deprecation in &DEPRECATIONS {
        // What is written into a world is judged as it is written: the same field is in order under the other half.
        let Trigger::Serves(axis, side) = deprecation.trigger else { continue };
        let declared = DECLARED.iter().find(|(of, on, ..)| (*of, *on) == (axis, side));
        let (.., file, line) =
            declared.unwrap_or_else(|| panic!("say where {} is declared", deprecation.code));
        let source = std::fs::read_to_string(crates.join(file)).unwrap();
        let found = attributes(&source, line).unwrap_or_else(|| panic!("{line} is not in {file}"));
        assert_eq!(wrong(deprecation, stage_of(axis, side), &found), None, "{line} in {file}");
        seen += 1;
    }
    assert_eq!(seen, DECLARED.len());
}

#[test]
fn attributes_that_do_not_fit_the_stage_are_found() {
    let code = DEPRECATIONS[1].code;
    let of = |text: &str| {
        attributes(&format!("mod a;\n\n/// Drives.\n{text}pub fn drive() {{}}\n"), "pub fn drive")
    };
    let with = format!("#[deprecated(since = \"0.2.0\", note = \"{code}: write another\")]\n");
    for (text, deprecated, fits) in [
        (String::new(), false, true),
        (with.clone(), true, true),
        (String::new(), true, false),
        (with.clone(), false, false),
        (with.replace(code.name(), "ECO-D999"), true, false),
        (with.replace("since", "after"), true, false),
    ] {
        let stage = if deprecated { Stage::Deprecated } else { Stage::Default };
        assert_eq!(wrong(&DEPRECATIONS[1], stage, &of(&text).unwrap()).is_none(), fits, "{text}");
    }
}
