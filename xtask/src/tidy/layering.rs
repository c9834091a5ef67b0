//! Arrows between crates go down, and the axis crates know nothing of each other.

use crate::packages::Package;

/// The floor of every crate. Arrows go strictly down.
const FLOORS: &[(&str, u8)] = &[
    ("ecology-types", 0),
    ("ecology-shadow", 0),
    ("ecology-features", 0),
    ("ecology-rate-limiting", 1),
    ("ecology-metering", 1),
    ("ecology-ontology", 1),
    ("ecology-contracts", 1),
    ("ecology-sandbox", 1),
    ("ecology-container-limits", 1),
    ("ecology-journal", 1),
    ("ecology-minds", 1),
    ("ecology-import", 2),
    ("ecology-sim-disk", 2),
    ("ecology-world", 2),
    ("ecology-runner", 3),
    ("ecology-mcp", 4),
    ("ecology", 4),
];

/// Above every floor: they may use what they like, and nothing uses them.
const TOP: &[&str] = &["ecology-tests", "xtask"];

/// What must never get into a product: others may use these as development dependencies only.
const FOR_TESTS: &[&str] = &["ecology-sim-disk"];

/// One question with two answers each; worth adopting alone.
pub(crate) const AXIS_CRATES: &[&str] =
    &["ecology-rate-limiting", "ecology-ontology", "ecology-contracts", "ecology-container-limits"];

/// All that an axis crate may use.
const AXIS_CRATES_USE: &[&str] = &["ecology-types", "ecology-shadow"];

/// Arrows inside one floor that are allowed.
const SAME_FLOOR: &[(&str, &str)] =
    &[("ecology-shadow", "ecology-types"), ("ecology-features", "ecology-types")];

/// Breaches of the layering.
pub(super) fn check(packages: &[Package]) -> Vec<String> {
    let mut breaches = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        if TOP.contains(&name) {
            continue;
        }
        let Some(floor) = floor(name) else {
            breaches.push(format!("{name} has no floor; give it one in xtask/src/tidy/layering.rs"));
            continue;
        };
        for arrow in &package.uses {
            let to = arrow.name.as_str();
            if to == name {
                continue;
            }
            if AXIS_CRATES.contains(&name) {
                if !AXIS_CRATES_USE.contains(&to) {
                    breaches.push(format!(
                        "{name} uses {to}; an axis crate uses {} and nothing else",
                        AXIS_CRATES_USE.join(", ")
                    ));
                }
                continue;
            }
            if FOR_TESTS.contains(&to) && !arrow.dev {
                breaches
                    .push(format!("{name} uses {to}, which is for tests; make it a development dependency"));
                continue;
            }
            let Some(below) = self::floor(to) else {
                breaches.push(format!("{name} uses {to}, which stands above every floor"));
                continue;
            };
            // Tests may use a neighbour, never somebody upstairs.
            let fine = below < floor || (arrow.dev && below == floor) || SAME_FLOOR.contains(&(name, to));
            if !fine {
                breaches.push(format!("{name} (floor {floor}) uses {to} (floor {below}); arrows go down"));
            }
        }
    }
    breaches
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Use;

    fn package(name: &str, uses: &[&str]) -> Package {
        let arrow = |text: &&str| Use {
            name: text.trim_start_matches("dev:").to_owned(),
            dev: text.starts_with("dev:"),
        };
        Package { name: name.to_owned(), uses: uses.iter().map(arrow).collect(), ..Package::default() }
    }

    fn breaches(name: &str, uses: &[&str]) -> Vec<String> {
        check(&[package(name, uses)])
    }

    #[test]
    fn arrows_that_go_down_are_fine() {
        assert!(breaches("ecology-shadow", &["ecology-types"]).is_empty());
        assert!(breaches("ecology-features", &["ecology-types"]).is_empty());
        assert!(breaches("ecology-contracts", &["ecology-types", "ecology-shadow"]).is_empty());
        assert!(
            breaches("ecology-world", &["ecology-ontology", "ecology-types", "dev:ecology-journal"])
                .is_empty()
        );
        assert!(breaches("ecology-tests", &["ecology", "ecology-runner"]).is_empty());
        assert!(breaches("xtask", &["ecology-features"]).is_empty());
    }

    #[test]
    fn arrows_that_go_up_or_sideways_are_breaches() {
        assert_eq!(breaches("ecology-types", &["ecology-shadow"]).len(), 1);
        assert_eq!(breaches("ecology-journal", &["ecology-minds"]).len(), 1);
        assert_eq!(breaches("ecology-world", &["ecology-runner"]).len(), 1);
        assert_eq!(breaches("ecology-world", &["dev:ecology-runner"]).len(), 1);
        assert_eq!(breaches("ecology-runner", &["xtask"]).len(), 1);
        assert!(breaches("ecology-runner", &["ecology-mcp"])[0].contains("(floor 4); arrows go down"));
    }

    #[test]
    fn an_axis_crate_uses_types_and_shadow_alone_even_in_tests() {
        for other in ["ecology-ontology", "ecology-features", "ecology-journal", "dev:ecology-ontology"] {
            assert_eq!(breaches("ecology-contracts", &[other]).len(), 1, "{other}");
        }
    }

    #[test]
    fn what_is_for_tests_stays_out_of_products() {
        assert!(breaches("ecology-runner", &["dev:ecology-sim-disk"]).is_empty());
        assert!(breaches("ecology-runner", &["ecology-sim-disk"])[0].contains("for tests"));
    }

    #[test]
    fn a_new_crate_needs_a_floor() {
        assert!(breaches("ecology-new", &[])[0].contains("has no floor"));
    }
}
