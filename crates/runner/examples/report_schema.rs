//! Writes `docs/run-report.schema.json`: `cargo run -p ecology-runner --example report_schema`.
//!
//! A test compares it with what the code would write, so that it cannot go stale.

#![expect(clippy::print_stdout, reason = "an example reports to the person who runs it")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/run-report.schema.json");
    std::fs::write(file, ecology_runner::report_schema_text())?;
    println!("wrote docs/run-report.schema.json");
    Ok(())
}
