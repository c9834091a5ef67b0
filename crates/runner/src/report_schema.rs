//! The JSON Schema of a run's report: generated from the types that write it, so that it cannot say anything else.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::report::RunReport;

/// The JSON Schema (draft 2020-12) of the object that `ecology run --json` prints.
#[must_use]
pub fn report_schema() -> Value {
    // What is printed, which may lack what a reader of older reports has to do without.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<RunReport>().to_value()
}

/// The schema as the text of `docs/run-report.schema.json`.
#[must_use]
pub fn report_schema_text() -> String {
    ecology_features::text_of(report_schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_is_what_the_types_say() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/run-report.schema.json");
        let committed = std::fs::read_to_string(file).unwrap();
        assert!(committed == report_schema_text(), "docs/run-report.schema.json is old: cargo xtask docs");
    }

    #[test]
    fn every_field_says_what_it_means() {
        let schema = report_schema();
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, object) in definitions.iter().chain([(&"RunReport".to_owned(), &schema)]) {
            for (field, entry) in object["properties"].as_object().into_iter().flatten() {
                assert!(entry["description"].is_string(), "{name}.{field} has no description");
            }
        }
    }
}
