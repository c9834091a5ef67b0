//! Bugs put in on purpose: a suite that does not find them proves nothing.

use ecology_journal::PlantedBug;
use ecology_sim_disk::Collect;

use crate::judge::Judge;
use crate::story::Story;

/// Plays stories with the bug until one fails, at most so many.
fn found(bug: PlantedBug, stories: u64, says: &str) {
    let mut judge = Judge::default();
    for seed in 0..stories {
        let collect = Collect { seed, one_in: 3, images: 2 };
        let played = Story::new(seed, Some(bug))
            .play(collect, &mut |story, image| judge.judge(story.seed, &story.ends, &image));
        if let Err(broken) = played {
            assert!(broken.contains(says), "{bug:?} is found for the wrong reason: {broken}");
            println!("{bug:?}: found in story {seed}, image {}: {broken}", judge.images);
            return;
        }
    }
    panic!("{bug:?} was not found in {stories} stories, {} images", judge.images);
}

#[test]
fn acknowledgement_before_the_sync() {
    found(PlantedBug::AcknowledgeBeforeSync, 3, "LOST");
}

#[test]
fn commits_without_a_sync() {
    found(PlantedBug::CommitNotSynced, 3, "LOST");
}

#[test]
fn no_sync_at_all() {
    found(PlantedBug::SyncRemoved, 3, "");
}

#[test]
fn checkpoint_before_the_acknowledgement() {
    found(PlantedBug::CheckpointBeforeAcknowledgement, 3, "waited for the main file");
}

#[test]
fn a_new_name_that_is_not_durable() {
    found(PlantedBug::FolderNotSynced, 10, "does not open");
}
