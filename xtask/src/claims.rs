//! `cargo xtask claim take|drop|list`: who works on which gap. A claim lapses after seven days.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::date::{Date, days_between, today};
use crate::exit::{Exit, Usage};
use crate::plan;
use crate::talk::say;
use crate::workspace::Workspace;

const FILE: &str = "plans/claims.toml";
/// After this many days a claim has lapsed.
const LAPSES_AFTER_DAYS: i32 = 7;
const HEADER: &str =
    "# Who works on which gap. Written by `cargo xtask claim take|drop`; a claim lapses after seven days.\n";

/// Somebody works on a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// Number of the gap.
    pub(crate) gap: u32,
    /// Who.
    pub(crate) who: String,
    /// Since which day.
    pub(crate) since: Date,
}

impl Claim {
    /// Days until it lapses; zero or less when it has.
    fn days_left(&self, today: Date) -> i32 {
        LAPSES_AFTER_DAYS - days_between(self.since, today)
    }
}

/// Every claim, lapsed ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    #[serde(default)]
    claim: Vec<Claim>,
}

impl Claims {
    /// Reads the file; no file is no claim.
    ///
    /// # Errors
    /// When the file cannot be understood.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self> {
        if !workspace.path(FILE).is_file() {
            return Ok(Self::default());
        }
        toml::from_str(&workspace.read(FILE)?).with_context(|| format!("{FILE}: cannot be understood"))
    }

    fn save(&mut self, workspace: &Workspace) -> Result<()> {
        self.claim.sort_by_key(|claim| claim.gap);
        workspace.write(FILE, &format!("{HEADER}\n{}", toml::to_string(self)?))
    }

    /// The claim on `gap` that has not lapsed.
    pub(crate) fn live(&self, gap: u32, today: Date) -> Option<&Claim> {
        self.claim.iter().find(|claim| claim.gap == gap && claim.days_left(today) > 0)
    }

    /// Gives `gap` to `who` from `today` on. One's own claim is renewed.
    ///
    /// # Errors
    /// When somebody else has a live claim.
    fn take(&mut self, gap: u32, who: &str, today: Date) -> Result<()> {
        if let Some(other) = self.live(gap, today).filter(|claim| claim.who != who) {
            bail!(
                "gap {gap} is claimed by {} since {} and lapses in {} days; ask them to drop it",
                other.who,
                other.since,
                other.days_left(today)
            );
        }
        self.claim.retain(|claim| claim.gap != gap);
        self.claim.push(Claim { gap, who: who.to_owned(), since: today });
        Ok(())
    }

    /// Removes the claim on `gap`; a live claim only when it is that of `who`, if `who` is given.
    ///
    /// # Errors
    /// When there is none, or it is somebody else's.
    fn drop(&mut self, gap: u32, who: Option<&str>, today: Date) -> Result<Claim> {
        let Some(at) = self.claim.iter().position(|claim| claim.gap == gap) else {
            bail!("nobody has claimed gap {gap}")
        };
        let claim = &self.claim[at];
        if who.is_some_and(|who| who != claim.who) && claim.days_left(today) > 0 {
            bail!("gap {gap} is claimed by {} since {}", claim.who, claim.since);
        }
        Ok(self.claim.remove(at))
    }
}

/// `claim take`: `who` defaults to the name that git knows.
///
/// # Errors
/// [`Usage`] when there is no such gap; otherwise when the gap is complete or somebody else's.
pub(crate) fn take(workspace: &Workspace, gap: u32, who: Option<String>) -> Result<Exit> {
    let plans = plan::load_valid(workspace)?;
    let Some(plan) = plans.iter().find(|plan| plan.head.id == gap) else {
        return Err(Usage::error(format!("there is no gap {gap}; see `cargo xtask phases`")));
    };
    if plan.head.status == plan::Status::Complete {
        bail!("gap {gap} is complete");
    }
    let who = match who {
        Some(who) => who,
        None => git_name(workspace)?,
    };
    let mut claims = Claims::load(workspace)?;
    claims.take(gap, &who, today())?;
    claims.save(workspace)?;
    say!("gap {gap} ({}) is claimed by {who} for {LAPSES_AFTER_DAYS} days; commit {FILE}", plan.head.title);
    for blocker in &plan.head.blocked_by {
        if plans.iter().any(|other| other.head.id == *blocker && other.head.status != plan::Status::Complete)
        {
            say!("note: gap {blocker}, which blocks it, is not complete");
        }
    }
    Ok(Exit::Passed)
}

/// `claim drop`.
///
/// # Errors
/// When nobody has claimed it, or somebody else than `who` has.
pub(crate) fn drop(workspace: &Workspace, gap: u32, who: Option<&str>) -> Result<Exit> {
    let mut claims = Claims::load(workspace)?;
    let claim = claims.drop(gap, who, today())?;
    claims.save(workspace)?;
    say!("gap {gap} is free again (it was claimed by {}); commit {FILE}", claim.who);
    Ok(Exit::Passed)
}

/// `claim list`.
///
/// # Errors
/// When the file cannot be understood.
pub(crate) fn list(workspace: &Workspace) -> Result<Exit> {
    let claims = Claims::load(workspace)?;
    if claims.claim.is_empty() {
        say!("no claims; take one: cargo xtask claim take GAP --who NAME");
    }
    for claim in &claims.claim {
        let left = claim.days_left(today());
        let rest = if left > 0 { format!("lapses in {left} days") } else { "lapsed".to_owned() };
        say!("gap {:>2}  {:<20} since {}  {rest}", claim.gap, claim.who, claim.since);
    }
    Ok(Exit::Passed)
}

fn git_name(workspace: &Workspace) -> Result<String> {
    let output = std::process::Command::new("git")
        .args(["config", "user.name"])
        .current_dir(workspace.root())
        .output()
        .context("git cannot be started; say --who NAME")?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if name.is_empty() {
        return Err(Usage::error("git knows no user.name; say --who NAME"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_live_claim_is_refused_to_others_and_renewed_for_its_holder() {
        let mut claims = Claims::default();
        claims.take(2, "ann", date(2026, 2, 25)).unwrap();
        let error = claims.take(2, "ben", date(2026, 3, 3)).unwrap_err().to_string();
        assert!(error.contains("claimed by ann since 2026-02-25 and lapses in 1 days"), "{error}");
        claims.take(2, "ann", date(2026, 3, 3)).unwrap();
        assert!(claims.take(2, "ben", date(2026, 3, 9)).is_err());
    }

    #[test]
    fn a_lapsed_claim_can_be_taken_over_on_the_seventh_day() {
        let mut claims = Claims::default();
        claims.take(2, "ann", date(2026, 2, 25)).unwrap();
        assert!(claims.live(2, date(2026, 3, 3)).is_some());
        assert!(claims.live(2, date(2026, 3, 4)).is_none());
        claims.take(2, "ben", date(2026, 3, 4)).unwrap();
        assert_eq!(claims.live(2, date(2026, 3, 4)).unwrap().who, "ben");
        assert_eq!(claims.claim.len(), 1);
    }

    #[test]
    fn dropping_needs_a_claim_and_its_holder() {
        let mut claims = Claims::default();
        assert!(claims.drop(2, None, date(2026, 1, 1)).is_err());
        claims.take(2, "ann", date(2026, 1, 1)).unwrap();
        assert!(claims.drop(2, Some("ben"), date(2026, 1, 2)).is_err());
        assert_eq!(claims.drop(2, Some("ann"), date(2026, 1, 2)).unwrap().gap, 2);
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        assert_eq!(Claims::load(&workspace).unwrap(), Claims::default());
        let mut claims = Claims::default();
        claims.take(21, "ann", date(2026, 1, 1)).unwrap();
        claims.take(2, "ben", date(2026, 1, 1)).unwrap();
        claims.save(&workspace).unwrap();
        assert_eq!(Claims::load(&workspace).unwrap(), claims);
        claims.drop(2, None, date(2026, 1, 1)).unwrap();
        claims.drop(21, None, date(2026, 1, 1)).unwrap();
        claims.save(&workspace).unwrap();
        assert_eq!(Claims::load(&workspace).unwrap(), Claims::default());
    }
}
