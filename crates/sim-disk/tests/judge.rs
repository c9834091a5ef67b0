//! What must hold of every disk that is found after a crash.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ecology_journal::conformance::append_all;
use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions};
use ecology_sim_disk::{Collect, Image, SimDisk};

use crate::story::{COUNTER, FRAMES, META, SNAPSHOT, TAG, WORLD, content, options, snapshot};

/// A judge, and how many images it saw.
#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) images: u64,
    /// Of these, how many were also opened from a real folder.
    pub(crate) on_the_machine: u64,
    /// Of these, how many were found after a second crash, in the middle of the recovery from the first.
    pub(crate) during_recovery: u64,
}

impl Judge {
    /// Opens the image with the ordinary backend and compares it with what was promised.
    ///
    /// # Errors
    /// What is lost, doubled or broken.
    pub(crate) fn judge(&mut self, seed: u64, ends: &BTreeSet<u64>, image: &Image) -> Result<(), String> {
        self.at_depth(seed, ends, image, 0)
    }

    /// Goes on with a disk on which a process was killed, and judges it and what a crash leaves of it later on.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub(crate) fn go_on(&mut self, seed: u64, ends: &BTreeSet<u64>, disk: &SimDisk) -> Result<(), String> {
        // Read as it looks; how it would look after a crash is what the images are for.
        let now = Image { files: std::collections::BTreeMap::new(), ..disk.crash(0) };
        let mut ends = ends.clone();
        if let Some(mut journal) = open(&disk.path(WORLD), &options(disk, None), &now)? {
            look(&mut *journal, seed, &ends, &now)?;
            for _ in 0..6 {
                let next = journal.last() + 1;
                ends.insert(next);
                append_all(&mut *journal, &[&content(seed, next)]).map_err(|error| error.to_string())?;
                disk.promise(FRAMES, 1 + next);
            }
            journal.close().map_err(|error| error.to_string())?;
        }
        let images = disk.take_images();
        disk.collect(None);
        images.into_iter().try_for_each(|image| self.at_depth(seed, &ends, &image, 1))
    }

    fn at_depth(&mut self, seed: u64, ends: &BTreeSet<u64>, image: &Image, depth: u32) -> Result<(), String> {
        self.images += 1;
        let says =
            |what: String| format!("after {} operations (image {}): {what}", image.operations, image.seed);
        let disk = SimDisk::from_image(image);
        for (what, number) in &image.promised {
            disk.promise(what, *number);
        }
        // Now and then the power goes again while the world is being recovered.
        if depth < 2 && self.images.is_multiple_of(12) {
            disk.collect(Some(Collect { seed: image.seed, one_in: 10, images: 1 }));
        }
        let options = options(&disk, None);
        let mut ends = ends.clone();
        let opened = open(&disk.path(WORLD), &options, image).map_err(says)?;
        if let Some(mut journal) = opened {
            look(&mut *journal, seed, &ends, image).map_err(says)?;
            // It still takes what comes next, and keeps it.
            let next = journal.last() + 1;
            ends.insert(next);
            append_all(&mut *journal, &[&content(seed, next)])
                .map_err(|error| says(format!("it takes nothing more: {error}")))?;
            disk.promise(FRAMES, 1 + next);
            journal.close().map_err(|error| says(format!("it does not close: {error}")))?;
        }
        let again = disk.take_images();
        disk.collect(None);
        for image in again {
            self.during_recovery += 1;
            self.at_depth(seed, &ends, &image, depth + 1)?;
        }
        if depth == 0 && self.images.is_multiple_of(100) {
            self.on_the_machine += 1;
            let folder = tempfile::TempDir::new().unwrap();
            let path = image.write_to(folder.path(), WORLD).unwrap();
            if let Some(mut journal) = open(&path, &SqliteOptions::default(), image).map_err(says)? {
                look(&mut *journal, seed, &ends, image).map_err(says)?;
            }
        }
        Ok(())
    }
}

/// The world, if there must be one or is one.
fn open(
    path: &std::path::Path,
    options: &SqliteOptions,
    image: &Image,
) -> Result<Option<Box<dyn Journal>>, String> {
    match SqliteJournal::open_with(path, OpenMode::Write, options) {
        Ok(journal) => Ok(Some(Box::new(journal))),
        // The power went before anybody was told that there is a world. Then one can be made.
        Err(JournalError::NotFound { .. }) if image.promised(FRAMES) == 0 => {
            match SqliteJournal::open_with(path, OpenMode::Create, options) {
                Ok(_) => Ok(None),
                Err(error) => Err(format!("no world can be made any more: {error}")),
            }
        }
        Err(error) => Err(format!("it does not open: {error}")),
    }
}

fn look(journal: &mut dyn Journal, seed: u64, ends: &BTreeSet<u64>, image: &Image) -> Result<(), String> {
    let last = journal.last();
    if last + 1 < image.promised(FRAMES) {
        return Err(format!(
            "LOST: {} frames were acknowledged, {last} are there",
            image.promised(FRAMES) - 1
        ));
    }
    if !ends.contains(&last) {
        return Err(format!("TORN: frame {last} is in the middle of a group"));
    }
    let mut expected = 1;
    let mut wrong = None;
    let read = journal.for_each(1, u64::MAX, &mut |number, bytes| {
        if number != expected || bytes != content(seed, number) {
            wrong = Some(format!("WRONG or DOUBLED: frame {number} where {expected} belongs"));
            return ControlFlow::Break(());
        }
        expected += 1;
        ControlFlow::Continue(())
    });
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    if expected != last + 1 {
        return Err(format!("LOST: {last} frames are told and {} are there", expected - 1));
    }
    let found = journal.newest_snapshot(TAG, u64::MAX).map_err(|error| error.to_string())?;
    match found {
        Some((at, _)) if at < image.promised(SNAPSHOT) || at > last => {
            return Err(format!("LOST: the snapshot of {}, found that of {at}", image.promised(SNAPSHOT)));
        }
        Some((at, bytes)) if bytes != snapshot(seed, at) => {
            return Err(format!("WRONG: the snapshot of {at}"));
        }
        None if image.promised(SNAPSHOT) > 0 => return Err("LOST: every snapshot".to_owned()),
        _ => {}
    }
    let counter = journal.meta(COUNTER).map_err(|error| error.to_string())?;
    let counter = counter.map_or(0, |text| text.parse().unwrap_or(0));
    if counter < image.promised(META) {
        return Err(format!("LOST: the counter was {}, found {counter}", image.promised(META)));
    }
    Ok(())
}
