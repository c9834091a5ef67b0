//! What both schemas ask of every draft: sizes and shapes.

use ecology_types::{Draft, Interface, Limits, PolicyDraft, RefusalCode, Scrip};

use crate::registry::Registry;
use crate::{Ask, NotAllowed};

impl NotAllowed {
    pub(crate) fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl<'a> Ask<'a> {
    /// What is to be written.
    #[must_use]
    pub const fn draft(&self) -> &'a Draft {
        match self {
            Self::Create { draft, .. } | Self::Change { draft, .. } => draft,
        }
    }
}

/// Checks the sizes and shapes that do not depend on what exists, except for the number of artifacts, `live`.
pub(crate) fn check(ask: &Ask<'_>, live: u64, limits: &Limits) -> Result<(), NotAllowed> {
    let draft = ask.draft();
    if let Ask::Create { key, .. } = ask {
        at_most(
            RefusalCode::IdTooLong,
            "the id",
            draft.artifact.as_str().len(),
            limits.id_bytes_max.into(),
            "bytes",
        )?;
        if live >= u64::from(limits.artifacts_max) || !Registry::holds(*key) {
            let detail = format!("the world holds its {live} artifacts already; delete one first");
            return Err(NotAllowed::new(RefusalCode::LimitReached, detail));
        }
    }
    at_most(
        RefusalCode::ContentTooLarge,
        "the content",
        draft.content.len(),
        limits.content_bytes_max,
        "bytes",
    )?;
    if let Some(kind) = &draft.kind {
        check_name("the label", kind, limits)?;
    }
    if let Some(policy) = &draft.policy {
        check_policy(policy, limits)?;
    }
    if let Some(interface) = &draft.interface {
        check_interface(interface, limits)?;
    }
    Ok(())
}

fn at_most(code: RefusalCode, what: &str, found: usize, max: u64, unit: &str) -> Result<(), NotAllowed> {
    if found as u64 <= max {
        return Ok(());
    }
    Err(NotAllowed::new(code, format!("{what} has {found} {unit}, this world allows {max}")))
}

fn invalid(detail: String) -> NotAllowed {
    NotAllowed::new(RefusalCode::ArgumentInvalid, detail)
}

/// Names of labels and methods end up in logs and terminals, so they hold no control characters.
fn check_name(what: &str, name: &str, limits: &Limits) -> Result<(), NotAllowed> {
    at_most(RefusalCode::ArgumentInvalid, what, name.len(), limits.name_bytes_max.into(), "bytes")?;
    if name.trim().is_empty() {
        return Err(invalid(format!("{what} is empty; give it a name")));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid(format!("{what} {name:?} has a control character; leave it out")));
    }
    Ok(())
}

fn check_policy(policy: &PolicyDraft, limits: &Limits) -> Result<(), NotAllowed> {
    for (what, list) in
        [("read_policy", &policy.read), ("write_policy", &policy.write), ("invoke_policy", &policy.invoke)]
    {
        at_most(RefusalCode::ArgumentInvalid, what, list.len(), limits.allow_list_max.into(), "entries")?;
    }
    for (what, price) in [("read_price", policy.read_price), ("invoke_price", policy.invoke_price)] {
        if price > Scrip::TOTAL_MAX {
            let detail = format!("{what} is {price}, more scrip than a world can hold");
            return Err(NotAllowed::new(RefusalCode::AmountInvalid, detail));
        }
    }
    Ok(())
}

fn check_interface(interface: &Interface, limits: &Limits) -> Result<(), NotAllowed> {
    let methods = &interface.methods;
    at_most(
        RefusalCode::ArgumentInvalid,
        "the interface",
        methods.len(),
        limits.methods_max.into(),
        "methods",
    )?;
    let depth_max = limits.args_depth_max as usize;
    let mut bytes = interface.description.len();
    for (at, method) in methods.iter().enumerate() {
        check_name("the name of a method", &method.name, limits)?;
        if methods[..at].iter().any(|earlier| earlier.name == method.name) {
            return Err(invalid(format!("two methods are called {:?}; rename one", method.name)));
        }
        if method.input_schema.depth(depth_max) > depth_max {
            let detail = format!("the input_schema of {:?} is deeper than {depth_max} levels", method.name);
            return Err(invalid(detail));
        }
        if !matches!(method.input_schema, ecology_types::Value::Map(_)) {
            let shape = method.input_schema.shape();
            let detail = format!(
                "the input_schema of {:?} is {shape}; write a JSON-Schema object such as {{\"type\": \"object\"}}",
                method.name
            );
            return Err(invalid(detail));
        }
        bytes += method.name.len() + method.description.len() + method.input_schema.bytes();
    }
    at_most(RefusalCode::ContentTooLarge, "the interface", bytes, limits.content_bytes_max, "bytes")
}
