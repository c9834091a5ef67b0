//! The codes that errors of this program carry, with what each means and what to do.

/// Code, meaning, remedy.
pub(crate) const PROBLEMS: &[(&str, &str, &str)] = &[
    (
        "config::unreadable",
        "The configuration file cannot be read.",
        "Check the path and its permissions, or leave --config out: every setting has a default.",
    ),
    (
        "config::syntax",
        "The configuration is not TOML.",
        "Write key = value under its [section], with texts in double quotes. `ecology config reference` prints a file to begin with.",
    ),
    (
        "config::unknown_key",
        "No setting has this name.",
        "Take the name that the message suggests. `ecology config reference` lists every setting.",
    ),
    (
        "config::wrong_type",
        "The value of a setting has another type than it takes.",
        "Write it as the message shows: numbers bare, texts in double quotes, lists in brackets.",
    ),
    (
        "config::out_of_range",
        "A number is too small or too large, or a list too short or too long.",
        "Choose a value between the bounds that the message names.",
    ),
    (
        "config::unknown_choice",
        "A setting does not have this value.",
        "Choose one of the values that the message lists.",
    ),
    (
        "config::not_built",
        "The implementation is planned, but not built in this release.",
        "Choose the other one; `ecology features` shows what is built.",
    ),
    (
        "config::removed",
        "The implementation was removed from this release.",
        "Choose the other one; CHANGELOG.md says how to move.",
    ),
    (
        "config::needs",
        "An implementation needs another one on a different axis.",
        "Set both, or neither. continuous needs rate_limiting = \"rolling\", contract needs artifact_ontology = \"unified\".",
    ),
    (
        "config::no_isolation",
        "Worker processes for code that agents write cannot be started, or stand without the walls of the kernel.",
        "Run on a Linux kernel with seccomp, or write sandbox.isolation = \"in_process\"; there is no silent fallback.",
    ),
    (
        "config::no_engine",
        "The engine for code that agents write is not part of this build.",
        "Build it with `--features wasm`, or write sandbox.engine = \"luau\"; there is no silent fallback.",
    ),
    (
        "config::scenario_needs",
        "The scenario makes no sense under the positions that were asked for.",
        "Add the setting that the message names, or leave the axis out: what a scenario needs it takes by itself.",
    ),
    (
        "config::cannot_shadow",
        "The two halves of this axis cannot run side by side.",
        "Compare whole runs instead: run the scenario once in each position and compare the reports.",
    ),
    (
        "config::shadows_itself",
        "What serves was also chosen to be compared.",
        "Choose the other half for the shadow, or \"off\".",
    ),
    (
        "config::denied",
        "Something deprecated is used whose level is \"deny\".",
        "Write what the message says instead, or set the level to \"warn\" for the time being.",
    ),
    (
        "config::contradiction",
        "Two settings cannot both hold.",
        "Change one of the two places that the message shows.",
    ),
    (
        "config::not_an_assignment",
        "The text after --set or --shadow has no name or no value.",
        "Write section.key=value, for example --set features.rate_limiting=rolling.",
    ),
    (
        "config::single_underscore",
        "An environment variable looks like a setting, but lacks the double underscore between section and key.",
        "Write two underscores, as in ECOLOGY_RUN__SEED.",
    ),
    ("config::set_twice", "Two environment variables set the same value.", "Unset one of them."),
    (
        "config::internal",
        "The settings are in order one by one, but do not make a configuration: a mistake in this program.",
        "Please report it with the output of `ecology config show`.",
    ),
    (
        "world::not_found",
        "There is no world at this path.",
        "Check the path, or make one with `ecology run --world PATH`.",
    ),
    (
        "world::directory",
        "The path names a folder.",
        "Name a file in it, for example worlds/market-001.world.",
    ),
    (
        "world::folder_missing",
        "The folder for the world does not exist and cannot be made.",
        "Make the folder, then run again.",
    ),
    (
        "world::exists",
        "A world was to be made where a file is already.",
        "Go on with it, or choose another name.",
    ),
    (
        "world::left_over",
        "A part of a world lies beside the path, but its main file is gone.",
        "Put the main file back, or remove what is left over.",
    ),
    (
        "world::not_writable",
        "The file of the world, or its folder, may not be written.",
        "Change the permissions, or copy the world elsewhere. Inspecting and replaying only need to read.",
    ),
    (
        "world::not_readable",
        "The file of the world may not be read.",
        "Change the permissions, or run as its owner.",
    ),
    (
        "world::not_a_world",
        "The file is something else than a world.",
        "Choose another file. It was not touched.",
    ),
    (
        "world::too_new",
        "The world was written by a newer version of this program.",
        "Use that version. The file was not touched.",
    ),
    (
        "world::locked",
        "Another process runs this world.",
        "Wait for it or end it. Inspecting and replaying work meanwhile.",
    ),
    (
        "world::empty",
        "The world has no records: making it was interrupted.",
        "Delete the file and run again.",
    ),
    (
        "world::torn",
        "The end of the journal is incomplete, for example after a power failure on a disk that does not sync.",
        "Everything before is sound. Keep a copy, then `ecology repair WORLD`: what follows the tear was never acknowledged.",
    ),
    (
        "world::damaged",
        "Something inside the journal has changed since it was written.",
        "Restore the world from a copy, and check the disk.",
    ),
    (
        "world::other_scenario",
        "The world was made by another scenario than the one that was asked for.",
        "Leave --scenario out to go on with the world, or name another file.",
    ),
    (
        "world::not_imported",
        "The scenario imported goes on with a world that an import made, and there is none.",
        "Make it with `ecology import SOURCE --world PATH`, then run with --world PATH.",
    ),
    (
        "world::made_otherwise",
        "A setting that is fixed when a world is made was asked for with another value: agents, shares, tick_ms or the scenario's own.",
        "Leave the setting out to go on with the world, or name another file.",
    ),
    (
        "journal::disk_full",
        "There is no room left for the journal.",
        "Free some space, then run again with --world: everything acknowledged is there.",
    ),
    (
        "journal::stopped",
        "The journal took nothing more after an error.",
        "Repair what the message names, then run again with --world: everything acknowledged is there.",
    ),
    (
        "journal::failed",
        "The disk or the file system failed.",
        "Check the disk, then run again with --world: everything acknowledged is there.",
    ),
    (
        "run::internal",
        "The run gave the world a command that it cannot take: a mistake in this program.",
        "Please report it with the seed and the configuration.",
    ),
    (
        "run::snapshot",
        "The state could not be written down as a snapshot.",
        "Set journal.snapshot_every_records=0 to do without: opening takes longer then, and nothing is lost.",
    ),
    (
        "run::broken_law",
        "A law of the world does not hold at the end of the run: a mistake in this program.",
        "Please report it with the world; `ecology replay WORLD` shows whether it comes out the same again.",
    ),
    (
        "run::signals",
        "The system does not let the process listen for Ctrl-C.",
        "Run it where signals can be handled.",
    ),
    (
        "usage::unknown_id",
        "The world has nothing of this name.",
        "`ecology inspect WORLD artifacts` and `ecology inspect WORLD agents` list what there is.",
    ),
    (
        "usage::no_such_event",
        "The journal of the world has no event of this number.",
        "Take a number that `ecology inspect WORLD events` shows.",
    ),
    (
        "usage::not_a_contract",
        "The artifact answers for nothing and is no code that could.",
        "Name a contract; `ecology inspect WORLD artifact ID` shows which one governs an artifact.",
    ),
    (
        "usage::unknown_view",
        "There is no view of this name.",
        "Take one that the message lists; `ecology inspect --help` says what each shows.",
    ),
    (
        "usage::unknown_kind",
        "There is no kind of event of this name.",
        "Take the name that the message suggests.",
    ),
    (
        "usage::unknown_contract",
        "The library has no contract of this name.",
        "`ecology contracts` lists them.",
    ),
    (
        "usage::parameter",
        "A parameter of a contract of the library cannot be filled in like this.",
        "`ecology contracts NAME` shows its parameters; write --set NAME=VALUE with a value like the default.",
    ),
    (
        "usage::unknown_code",
        "There is no code of this name.",
        "`ecology explain` without a code lists all of them.",
    ),
    (
        "usage::not_imported",
        "The world was made by a run, so there is no report of an import in it.",
        "`inspect WORLD` shows which scenario made it.",
    ),
    (
        "import::not_found",
        "There is nothing to import: no checkpoint and no agents.",
        "Name the folder of a run of the older program, or its checkpoint.",
    ),
    ("import::unreadable", "A file cannot be read.", "Check its permissions, and that it is a plain file."),
    (
        "import::too_large",
        "A file, its depth, its number of entries or a content is above a limit.",
        "Raise the limit that the message names, if the file is to be trusted.",
    ),
    ("import::encoding", "A file is not UTF-8.", "Write it as UTF-8."),
    (
        "import::syntax",
        "A file is not JSON or YAML.",
        "Correct it at the place that the message names, or take an older copy.",
    ),
    (
        "import::shape",
        "A value has another shape than its name asks for.",
        "Correct it in a copy of the file.",
    ),
    (
        "import::number",
        "A number is none, or does not fit a world.",
        "Write the number that it should be in a copy of the file. A world holds whole scrip, from 0 to 9,223,372,036,854,775,807 altogether.",
    ),
    (
        "import::id",
        "An id has characters or a length that no id here can have.",
        "Add --rename-ids: such ids get new names, everywhere they are referred to.",
    ),
    (
        "import::duplicate",
        "The same id means two things.",
        "Add --rename-colliding: all but one of them get new names, and what refers to them follows. Or leave one of them in a copy of the file.",
    ),
    (
        "import::impossible",
        "A world cannot be made from what was read.",
        "Follow the message; a smaller part of the files shows what is at fault.",
    ),
    (
        "import::differs",
        "The new world is not what was read.",
        "This is a mistake of the program: please report it with the files.",
    ),
    (
        "import::output_exists",
        "A file that the import would write is there already.",
        "Choose another --world or --config-out, or move the file away.",
    ),
    (
        "import::output_failed",
        "The report or the configuration cannot be written.",
        "Make room, or choose another place.",
    ),
    (
        "usage::not_a_position",
        "A setting was given where only positions of the axes can be chosen.",
        "Write features.AXIS=IMPLEMENTATION; `ecology features` lists the axes.",
    ),
    (
        "usage::no_such_record",
        "The world does not have a record of this number.",
        "Choose one between 1 and the last one, which the message names.",
    ),
    (
        "config::positions",
        "The positions that were asked for are impossible together with those that the world was decided under.",
        "Set the other axis as well, as the message says.",
    ),
    (
        "migrate::gates",
        "A condition for moving a world is not met; nothing was changed.",
        "Mend what the table of gates names, or go ahead with --force REASON, which is kept in the journal.",
    ),
    (
        "migrate::unfinished",
        "The world is in the middle of another migration.",
        "Run that migration again: it goes on where it stopped.",
    ),
    (
        "migrate::configuration",
        "The world was moved, and the configuration file could not be edited.",
        "Write the position into the file yourself, as the message says.",
    ),
    ("usage::no_such_file", "A file that was named cannot be read.", "Check the path and its permissions."),
    (
        "load::no_dump",
        "The text is not what `ecology dump` writes.",
        "Dump the world again, and keep the text as it is: every line counts.",
    ),
    (
        "load::other_version",
        "The text holds records of a version that this release does not read.",
        "Load it with the release that wrote it.",
    ),
    (
        "load::other_state",
        "The records of the text give another state than the one that was dumped.",
        "Dump the world again; if that gives the same, load it with the release that wrote it.",
    ),
    (
        "output::failed",
        "What was to be printed could not be written.",
        "Make room where the output goes, or send it elsewhere. What the command changes is done all the same: a world that it was to make, move or fork is there.",
    ),
    (
        "agree::reproduction",
        "A file that reproduces a difference cannot be read, written or asked.",
        "Name a file that `run` or `agree --files` wrote in the folder WORLD.mismatches, and keep that folder writable.",
    ),
    (
        "compare_modes::no_beginning",
        "The world that was named cannot be run again from its beginning.",
        "Name a world that a scenario of this version made, or leave the name out to compare a fresh one.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes `family::word` that occur in a text as string literals.
    fn codes(text: &str) -> Vec<&str> {
        let looks_like_one = |word: &&str| {
            word.split_once("::").is_some_and(|(family, rest)| {
                let plain =
                    |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                plain(family) && plain(rest)
            })
        };
        text.split('"').filter(looks_like_one).collect()
    }

    /// The texts of all sources that can make errors; this table and what shows examples cannot.
    fn collect(folder: &std::path::Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("render") {
                    collect(&path, texts);
                }
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_code_that_an_error_can_carry_is_explained_and_no_other() {
        let mut sources = vec![include_str!("../../../features/src/error.rs").to_owned()];
        collect(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut sources);
        let used: std::collections::BTreeSet<&str> = sources.iter().flat_map(|text| codes(text)).collect();
        let explained: std::collections::BTreeSet<&str> = PROBLEMS.iter().map(|(code, ..)| *code).collect();
        assert_eq!(used, explained);
    }
}
