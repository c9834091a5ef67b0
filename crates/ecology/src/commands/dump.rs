//! `ecology dump` and `ecology load`.

use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::Path;

use ecology_runner::dump::{self, DumpError};

use crate::cli::{DumpArgs, LoadArgs};
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::count;

pub(crate) fn dump(args: &DumpArgs) -> Result<Exit, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    dump::dump(&args.world, &mut out)?;
    out.flush().map_err(Failure::output)?;
    Ok(Exit::Ok)
}

pub(crate) fn load(args: &LoadArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut text: Box<dyn BufRead> = if args.text == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = std::fs::File::open(&args.text).map_err(|error| {
            Failure::new(
                Exit::Usage,
                "usage::no_such_file",
                format!("{} cannot be read: {error}", shown(&args.text)),
                "name a text that `ecology dump` has written",
            )
        })?;
        Box::new(BufReader::new(file))
    };
    let records = dump::load(&mut *text, &args.to).map_err(|error| {
        let is_text = matches!(
            error,
            DumpError::Text { .. } | DumpError::NotADump { .. } | DumpError::OtherVersion { .. }
        );
        let failure = Failure::from(error);
        if is_text { failure.about(&args.text) } else { failure }
    })?;
    terminal.print(&format!(
        "{}: {}, the state as it was dumped\n",
        shown(&args.to),
        count(records, "record")
    ))?;
    Ok(Exit::Ok)
}

impl From<DumpError> for Failure {
    fn from(error: DumpError) -> Self {
        match error {
            DumpError::Open(error) => error.into(),
            DumpError::Journal(error) => error.into(),
            DumpError::Draft(error) => error.into(),
            DumpError::Text { doing: "written", detail, kind } => {
                Self::output(std::io::Error::new(kind, detail))
            }
            DumpError::Text { .. } => {
                Self::with_remedy(Exit::Usage, "usage::no_such_file", error.to_string())
            }
            DumpError::NotADump { .. } => Self::with_remedy(Exit::World, "load::no_dump", error.to_string()),
            DumpError::OtherVersion { .. } => {
                Self::with_remedy(Exit::World, "load::other_version", error.to_string())
            }
            DumpError::OtherState { .. } => {
                Self::with_remedy(Exit::World, "load::other_state", error.to_string())
            }
        }
    }
}
