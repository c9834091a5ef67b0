//! Folders as they lie on a disk.

use std::fs;
use std::path::Path;

use ecology_import::{Limits, Options, ProblemKind, Topic, collect, read};

use crate::builder::Checkpoint;

fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "checkpoint.json", Checkpoint::default().agent("ann", "3").text());
    folder
}

#[test]
fn a_folder_and_its_checkpoint_alone() {
    let folder = run();
    let root = folder.path();
    write(root, "config/config.yaml", "scrip: {starting_amount: 1}\n");
    write(root, "src/agents/ann/agent.yaml", "id: ann\n");
    write(root, "src/agents/ann/system_prompt.md", "\u{feff}Hi");
    write(root, "src/agents/ann/extra.bin", [0, 159, 146, 150]);
    write(root, "logs/run_1/events.jsonl", "{\"event_type\": \"tick\"}\n");
    write(root, "run.jsonl", "{}\n");
    write(root, "old_checkpoint.json", "not read");
    write(root, "docs/a.md", "x");
    let imported = read(root, &Options::default()).unwrap();
    let report = &imported.report;
    let logs: Vec<_> = report.event_logs.iter().map(|log| (log.file.as_str(), log.events)).collect();
    assert_eq!(logs, [("logs/run_1/events.jsonl", 1), ("run.jsonl", 1)]);
    let unread: Vec<&str> = report.of(Topic::Unread).map(|item| item.name.as_str()).collect();
    assert_eq!(unread, ["docs", "src/agents/ann/extra.bin", "old_checkpoint.json"]);
    assert!(imported.principals[0].config.contains("\"prompt\":\"Hi\""));
    assert_eq!(report.files.len(), 6);
    let alone = read(&root.join("checkpoint.json"), &Options::default()).unwrap();
    assert_eq!(alone.report.files.len(), 1);
    assert_eq!(alone.principals[0].scrip.0, 3);
}

#[test]
fn what_is_not_there_or_not_clear() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &Path| read(path, &Options::default()).unwrap_err().problems[0].kind;
    assert_eq!(kind(folder.path()), ProblemKind::NotFound);
    assert_eq!(kind(&folder.path().join("nowhere")), ProblemKind::NotFound);
    write(folder.path(), "checkpoint_1.json", "{}");
    write(folder.path(), "checkpoint_2.json", "{}");
    let refused = read(folder.path(), &Options::default()).unwrap_err();
    assert!(refused.to_string().contains("several checkpoints"), "{refused}");
    let limits = Limits { file_bytes_max: 1, ..Limits::default() };
    let one = collect(&folder.path().join("checkpoint_1.json"), &limits).unwrap_err();
    assert_eq!(one.problems[0].kind, ProblemKind::TooLarge);
    let limits = Limits { files_max: 1, ..Limits::default() };
    assert_eq!(collect(folder.path(), &limits).unwrap_err().problems[0].kind, ProblemKind::TooLarge);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let folder = run();
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret/agent.yaml", "id: ann\nsecret: 1\n");
    fs::create_dir(folder.path().join("agents")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("agents/ann")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("config.yaml")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("run.jsonl")).unwrap();
    let imported = read(folder.path(), &Options::default()).unwrap();
    assert!(!imported.report.to_json().contains("secret"));
    assert_eq!(imported.report.of(Topic::Unread).count(), 3);
    assert_eq!(
        read(Path::new("/dev/zero"), &Options::default()).unwrap_err().problems[0].kind,
        ProblemKind::Unreadable
    );
}
