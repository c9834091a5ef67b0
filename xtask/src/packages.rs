//! The packages of the workspace, as far as the commands need to know them.

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, TargetKind};

use crate::workspace::Workspace;

/// One package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder, relative to the root.
    pub(crate) folder: String,
    /// The packages of the workspace that it uses.
    pub(crate) uses: Vec<Use>,
    /// Names of its integration test binaries.
    pub(crate) tests: Vec<String>,
    /// Names of its benches.
    pub(crate) benches: Vec<String>,
    /// Names of its examples.
    pub(crate) examples: Vec<String>,
}

/// An arrow from one package of the workspace to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// The package that is used.
    pub(crate) name: String,
    /// Whether only tests, examples and benches use it.
    pub(crate) dev: bool,
}

/// Every package of the workspace, by name.
///
/// # Errors
/// When `cargo metadata` fails.
pub(crate) fn packages(workspace: &Workspace) -> Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.path("Cargo.toml"))
        .no_deps()
        .exec()
        .context("`cargo metadata` failed")?;
    let root = metadata.workspace_root.clone();
    let mut packages: Vec<Package> = metadata
        .packages
        .into_iter()
        .map(|package| {
            let targets = |kind: TargetKind| {
                let of_kind = package.targets.iter().filter(|target| target.kind.contains(&kind));
                of_kind.map(|target| target.name.clone()).collect::<Vec<_>>()
            };
            let folder = package.manifest_path.parent().and_then(|own| own.strip_prefix(&root).ok());
            Package {
                name: package.name.to_string(),
                folder: folder.map(|own| own.as_str().replace('\\', "/")).unwrap_or_default(),
                uses: package
                    .dependencies
                    .iter()
                    .filter(|dependency| dependency.path.is_some())
                    .map(|dependency| Use {
                        name: dependency.name.clone(),
                        dev: dependency.kind == DependencyKind::Development,
                    })
                    .collect(),
                tests: targets(TargetKind::Test),
                benches: targets(TargetKind::Bench),
                examples: targets(TargetKind::Example),
            }
        })
        .collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}
