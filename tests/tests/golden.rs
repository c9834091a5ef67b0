//! Worlds of released versions load, replay, are decided again, and move forward and back.

use std::path::{Path, PathBuf};

use ecology_tests::{Scratch, report_number};

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "dump"))
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
}

fn load(scratch: &Scratch, file: &Path) {
    let _ = scratch.ecology(&["load", file.to_str().unwrap(), "--to", "a.world"]).ended_with(0);
}

#[test]
fn they_replay_and_come_out_the_same_when_dumped_again() {
    for file in golden() {
        let scratch = Scratch::new();
        load(&scratch, &file);
        let _ = scratch.replay("a.world");
        let again = scratch.ecology(&["dump", "a.world"]).ended_with(0);
        assert_eq!(again.stdout, std::fs::read_to_string(&file).unwrap(), "{}", file.display());
    }
}

#[test]
fn they_are_decided_again_the_same_and_by_the_others_with_every_difference_explained() {
    for file in golden() {
        let scratch = Scratch::new();
        load(&scratch, &file);
        let is_old = file.to_str().unwrap().contains("-old");
        let side = if is_old { ["unified", "contract"] } else { ["legacy", "policy"] };
        let sets = [
            format!("features.artifact_ontology={}", side[0]),
            format!("features.access_control={}", side[1]),
        ];
        let same = scratch.ecology(&["replay", "a.world", "--redecide", "--json"]).json();
        assert_eq!(same["totals"]["same"], same["totals"]["compared"], "{}: {same}", file.display());
        let call = ["replay", "a.world", "--redecide", "--json", "--set", &sets[0], "--set", &sets[1]];
        let other = scratch.ecology(&call).json();
        assert_eq!(other["agrees"], true, "{}: {other}", file.display());
        assert!(report_number(&other, "/totals/expected") > 0);
    }
}

#[test]
fn they_move_to_the_other_half_of_each_axis_and_back() {
    for file in golden() {
        let scratch = Scratch::new();
        load(&scratch, &file);
        let is_old = file.to_str().unwrap().contains("-old");
        let mut steps = vec![
            ("rate_limiting", "tick", "rolling"),
            ("artifact_ontology", "legacy", "unified"),
            ("access_control", "policy", "contract"),
        ];
        if !is_old {
            steps = vec![
                ("access_control", "contract", "policy"),
                ("artifact_ontology", "unified", "legacy"),
                ("execution_mode", "continuous", "tick"),
            ];
        }
        let to = |axis: &str, half: &str| {
            let to = format!("features.{axis}={half}");
            let call = ["migrate", "a.world", "--to", &to, "--force", "golden worlds are small", "--json"];
            let moved = scratch.ecology(&call).json();
            assert_eq!(moved["done"]["ranges_changed"], 0, "{}: {moved}", file.display());
            let _ = scratch.replay("a.world");
        };
        for (axis, _, there) in &steps {
            to(axis, there);
        }
        for (axis, back, _) in steps.iter().rev() {
            to(axis, back);
        }
        let report = scratch.run("a.world", &["--ticks", "2"]);
        assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
    }
}

#[test]
fn a_text_that_was_changed_makes_no_world() {
    let file = &golden()[0];
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let scratch = Scratch::new();
    let join = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    let mut swapped = lines.clone();
    swapped.swap(5, 6);
    let flipped = text.replacen(&lines[20][8..10], if &lines[20][8..10] == "00" { "01" } else { "00" }, 1);
    for (name, changed, code) in [
        ("empty", String::new(), "load::no_dump"),
        ("cut", join(&lines[..lines.len() - 1]), "load::no_dump"),
        ("a line less", join(&[&lines[..9], &lines[10..]].concat()), "load::no_dump"),
        ("swapped", join(&swapped), "world::damaged"),
        ("half a byte", text.replacen(lines[3], &lines[3][1..], 1), "load::no_dump"),
        ("no digits", text.replacen(lines[3], "zz", 1), "load::no_dump"),
        (
            "another version",
            text.replacen("\"record_version\":", "\"record_version\":9", 1),
            "load::other_version",
        ),
        (
            "more after the end",
            format!("{text}00\n").replacen(lines[lines.len() - 1], "00", 1),
            "load::no_dump",
        ),
    ] {
        scratch.write("changed.dump", &changed);
        let done = scratch.ecology(&["load", "changed.dump", "--to", "a.world"]).ended_with(4);
        let found =
            done.stderr.contains(code) || name == "a line less" && done.stderr.contains("world::damaged");
        assert!(found, "{name}: {done}");
        assert_eq!(std::fs::read_dir(scratch.folder()).unwrap().count(), 1, "{name}: nothing is made");
    }
    scratch.write("changed.dump", &flipped);
    let done = scratch.ecology(&["load", "changed.dump", "--to", "a.world"]);
    assert_eq!(done.exit(), Some(4), "{done}");
    let done = scratch.ecology(&["load", "none.dump", "--to", "a.world"]).ended_with(2);
    assert!(done.stderr.contains("usage::no_such_file"), "{done}");
}
