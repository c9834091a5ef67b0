//! The one place of this crate that touches the machine: reading a configuration file.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use crate::error::{ConfigError, Problem};
use crate::place::{Place, Source, SourceKind};

/// Where a configuration is looked for when nobody names one.
pub const DEFAULT_PATH: &str = "config/ecology.toml";

/// The largest configuration file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads the configuration file at `path`; its name and text are what [`crate::Sources::file`] takes.
///
/// # Errors
/// [`Problem::Unreadable`] when it is not there, not a file, not readable, too large or not UTF-8.
pub fn read_file(path: &Path) -> Result<(String, String), ConfigError> {
    let name = path.display().to_string();
    let fail = |detail: String, remedy: &'static str| {
        ConfigError::new(Problem::Unreadable { detail: format!("{name}: {detail}"), remedy })
    };
    let of_system = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => fail(
            "there is no such file".to_owned(),
            "check the path, or leave --config out: every setting has a default",
        ),
        ErrorKind::PermissionDenied => {
            fail("permission denied".to_owned(), "make the file readable for the user that runs this")
        }
        _ => fail(error.to_string(), "name a readable TOML file"),
    };
    let metadata = std::fs::metadata(path).map_err(of_system)?;
    if metadata.is_dir() {
        return Err(fail(
            "this is a directory".to_owned(),
            "name the file in it, for example its ecology.toml",
        ));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(of_system)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(of_system)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fail(
            format!("it has more than {FILE_BYTES_MAX} bytes"),
            "name a configuration file; this is something else",
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(Source { kind: SourceKind::File, name: name.clone(), text });
            let place = Place::new(&source, at..at + 1);
            Err(fail("it is not UTF-8".to_owned(), "save the file as UTF-8").at(place))
        }
    }
}

/// The file that a run uses: the one that was named, else [`DEFAULT_PATH`] if it is there, else none.
///
/// # Errors
/// As [`read_file`]; a missing default is no error.
pub fn find_file(named: Option<&Path>) -> Result<Option<(String, String)>, ConfigError> {
    match named {
        Some(path) => read_file(path).map(Some),
        None => match Path::new(DEFAULT_PATH) {
            path if path.exists() => read_file(path).map(Some),
            _ => Ok(None),
        },
    }
}
