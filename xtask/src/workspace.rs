//! The workspace on disk: where its root is and which files belong to it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The workspace that the command works on.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that this binary was started for.
    ///
    /// # Errors
    /// When no folder above the current one holds `xtask/Cargo.toml`.
    pub(crate) fn find() -> Result<Self> {
        if let Some(root) =
            std::env::var_os("CARGO_MANIFEST_DIR").and_then(|own| parent_of_xtask(Path::new(&own)))
        {
            return Ok(Self { root });
        }
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        match here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file()) {
            Some(root) => Ok(Self { root: root.to_path_buf() }),
            None => bail!("no workspace here: run this inside a clone of the repository"),
        }
    }

    /// A workspace at `root`, for tests.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The folder of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// `relative` inside the workspace.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Every file of the repository, relative to the root with forward slashes, in ascending order.
    ///
    /// "Of the repository" means: present and not ignored. The `.gitignore` files of the workspace decide, never a setting of the
    /// machine, so that a copy without `.git` gives the same answer.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let walk = ignore::WalkBuilder::new(&self.root)
            .hidden(false)
            .parents(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let mut files = Vec::new();
        for entry in walk {
            let entry = entry.context("a folder of the workspace cannot be read")?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let relative =
                    entry.path().strip_prefix(&self.root).context("a file outside the workspace")?;
                let parts: Vec<_> =
                    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
                files.push(parts.join("/"));
            }
        }
        files.sort();
        Ok(files)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read_bytes(&self, relative: &str) -> Result<Vec<u8>> {
        std::fs::read(self.path(relative)).with_context(|| format!("{relative}: cannot be read"))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read or is not UTF-8.
    pub(crate) fn read(&self, relative: &str) -> Result<String> {
        std::fs::read_to_string(self.path(relative))
            .with_context(|| format!("{relative}: cannot be read as text"))
    }

    /// Writes a file, making its folder when needed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn write(&self, relative: &str, text: &str) -> Result<()> {
        let path = self.path(relative);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{relative}: its folder cannot be made"))?;
        }
        std::fs::write(path, text).with_context(|| format!("{relative}: cannot be written"))
    }

    /// `text` with the places of this machine replaced, fit for a file that is committed.
    pub(crate) fn without_places(&self, text: &str) -> String {
        text.replace(&*self.root.to_string_lossy(), ".")
            .replace(&*std::env::temp_dir().to_string_lossy(), "TEMP")
    }
}

fn parent_of_xtask(own: &Path) -> Option<PathBuf> {
    let root = own.parent()?;
    root.join("xtask/Cargo.toml").is_file().then(|| root.to_path_buf())
}
