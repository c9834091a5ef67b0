//! Writes the generated files under `config/`: `cargo run -p ecology-features --example schema`.
//!
//! A test compares them with what the code would write, so that they cannot go stale.

#![expect(clippy::print_stdout, reason = "an example reports to the person who runs it")]

use std::path::Path;

use ecology_features::{all_new, reference, schema_text};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    std::fs::create_dir_all(&folder)?;
    for (name, text) in
        [("ecology.schema.json", schema_text()), ("ecology.toml", reference()), ("all-new.toml", all_new())]
    {
        std::fs::write(folder.join(name), text)?;
        println!("wrote config/{name}");
    }
    Ok(())
}
