//! One hash over many files: the same on every machine, different when a path or a byte changes.

use anyhow::Result;

use crate::workspace::Workspace;

/// BLAKE3 over `seed` and the paths and contents of `files`, each preceded by its length, as hexadecimal digits.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn digest(workspace: &Workspace, files: &[&str], seed: &str) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(seed.as_bytes());
    for file in files {
        field(file.as_bytes());
        field(&workspace.read_bytes(file)?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}
