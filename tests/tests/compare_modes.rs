//! The verdict of `compare-modes`: its exit code, its words and its JSON say the same, whether the modes agree or part.

use ecology_tests::Scratch;

#[test]
fn modes_that_agree() {
    let scratch = Scratch::new();
    let call = ["compare-modes", "--scenario", "commune", "--agents", "26", "--seeds", "2", "--ticks", "48"];
    let text = scratch.ecology(&call).ended_with(0).stdout;
    assert!(text.starts_with("commune in ticks and continuously: 2 seeds, 48 ticks each\n"), "{text}");
    assert!(text.ends_with("\n  every declared equivalence holds\n"), "{text}");
    assert!(!text.contains("does not hold"), "{text}");
    let found = scratch.ecology(&[&call[..], &["--json"]].concat()).json();
    assert_eq!(found["agrees"], true);
    let equivalences = found["equivalences"].as_array().unwrap();
    assert!(!equivalences.is_empty());
    for one in equivalences {
        assert!(one["compared"].as_u64().unwrap() > 0, "what was not compared says nothing: {one}");
        assert_eq!((&one["held"], one["first_broken"].is_null()), (&one["compared"], true), "{one}");
    }
}

/// In runs that are too short for it, something that a scenario declares does not come about.
#[test]
fn modes_that_do_not() {
    let scratch = Scratch::new();
    let call = ["compare-modes", "--scenario", "commune", "--agents", "26", "--seeds", "1", "--ticks", "2"];
    let text = scratch.ecology(&call).ended_with(1).stdout;
    assert!(text.contains("\n  does not hold: services used\n    seed 1, after 2 ticks: "), "{text}");
    let verdict = text.rsplit("\n\n").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let found = scratch.ecology(&[&call[..], &["--json"]].concat()).ended_with(1);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(found["agrees"], false);
    let broken =
        found["equivalences"].as_array().unwrap().iter().filter(|one| !one["first_broken"].is_null());
    let mut are_alike = broken.map(|one| {
        assert!(one["held"].as_u64() < one["compared"].as_u64(), "{one}");
        one["means_millionths"].as_array().is_some_and(|means| means[0] == means[1])
    });
    let expected = if are_alike.all(|is_alike| is_alike) {
        "neither mode comes into the interval: compare longer runs (--ticks) before judging the modes"
    } else {
        "the modes part where they should not"
    };
    assert_eq!(verdict, expected, "{text}");
}
