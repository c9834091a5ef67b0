//! Thousands of crashes: nothing that was acknowledged is lost, nothing is there twice, and every world opens.

use ecology_sim_disk::Collect;

use crate::judge::Judge;
use crate::story::Story;

/// Images per test; there are four tests, which run side by side.
const IMAGES: u64 = 2_700;

/// Names one story to play again, and nothing else.
const SEED: &str = "ECOLOGY_CRASH_SEED";

fn rerun(seed: u64) -> String {
    format!("{SEED}={seed} cargo test -p ecology-sim-disk --test main images::first -- --nocapture")
}

fn play(seed: u64, judge: &mut Judge) {
    let mut story = Story::new(seed, None);
    let collect = Collect { seed, one_in: 3, images: 2 };
    let played = story.play(collect, &mut |story, image| judge.judge(story.seed, &story.ends, &image));
    if let Err(broken) = played {
        panic!("seed {seed}: {broken}\nrun it again: {}", rerun(seed));
    }
}

fn quarter(which: u64) {
    let mut judge = Judge::default();
    if let Ok(seed) = std::env::var(SEED) {
        if which == 0 {
            play(seed.parse().unwrap(), &mut judge);
        }
        return;
    }
    let mut stories = 0;
    while judge.images < IMAGES {
        play(which * 1_000_000 + stories, &mut judge);
        stories += 1;
    }
    let Judge { images, during_recovery, on_the_machine } = judge;
    println!(
        "{images} images of {stories} stories, {during_recovery} of them of a crash during recovery, {on_the_machine} also on the \
         machine's disk: 0 lost, 0 doubled"
    );
    assert!(during_recovery > 100 && on_the_machine > 5);
}

#[test]
fn first() {
    quarter(0);
}

#[test]
fn second() {
    quarter(1);
}

#[test]
fn third() {
    quarter(2);
}

#[test]
fn fourth() {
    quarter(3);
}
