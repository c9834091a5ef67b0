//! A web service that guards its documents with this crate, and nothing else of the ecology: users and documents are rows of its own tables.
//!
//! Run with `cargo run -p ecology-contracts --example document_guard`.

#![expect(clippy::print_stdout, reason = "an example prints what it shows")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_contracts::{
    AccessControl, AccessView, Answer, ContractAccess, PolicyAccess, Request, ShadowAccess,
};
use ecology_types::{
    AllowList, ArtifactRecord, GenesisArtifact, Id, IdError, Key, Policy, Scrip, SmolStr, Time, Verb,
};

/// The tables of the service. Keys 0 to 11 are reserved; rows begin at 12.
struct Service {
    rows: BTreeMap<Key, ArtifactRecord>,
}

impl AccessView for Service {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.rows.get(&key)
    }

    fn balance(&self, _key: Key) -> Scrip {
        Scrip::ZERO // a service without money
    }

    fn contract_depth_max(&self) -> u32 {
        0 // no contracts that are code
    }
}

impl Service {
    fn insert(&mut self, key: u32, id: &str, owner: Key) -> Result<&mut ArtifactRecord, IdError> {
        let row = ArtifactRecord {
            key: Key(key),
            id: Id::new(id)?,
            creator: owner,
            owner,
            kind: SmolStr::new("document"),
            content: Arc::from(""),
            version: 1,
            created_at: Time::ZERO,
            changed_at: Time::ZERO,
            has_standing: false,
            can_execute: false,
            access_contract: None,
            policy: None,
            interface: None,
            memory: None,
        };
        Ok(self.rows.entry(Key(key)).or_insert(row))
    }

    /// What a handler of `GET`, `PUT` or `DELETE` asks before it does anything.
    fn guard(&self, access: &dyn AccessControl, user: Key, verb: Verb, document: Key) -> String {
        let Some(artifact) = self.rows.get(&document) else { return "404".to_owned() };
        let request = Request { artifact, verb, caller: user, method: None, args: None, answers: &[] };
        match access.decide(&request, self) {
            Answer::Allow { reason, .. } => format!("200 {reason}"),
            Answer::Deny { code, reason } => format!("403 {code}: {reason}"),
        }
    }
}

fn main() -> Result<(), IdError> {
    let (ann, ben, plan, diary) = (Key(12), Key(13), Key(14), Key(15));
    let mut service = Service { rows: BTreeMap::new() };
    service.insert(12, "ann", ann)?;
    service.insert(13, "ben", ben)?;
    let anyone_writes = Policy { write: AllowList::Anyone, ..Policy::open() };
    let row = service.insert(14, "plan", ann)?;
    (row.policy, row.access_contract) = (Some(Arc::new(anyone_writes)), Some(GenesisArtifact::Public.key()));
    let row = service.insert(15, "diary", ann)?;
    row.access_contract = Some(GenesisArtifact::Private.key());

    // The lists of old still serve; the contracts run beside them and every difference is counted.
    let access = ShadowAccess::new(Box::new(PolicyAccess), Box::new(ContractAccess));
    for (user, verb, document) in [
        (ben, Verb::Write, plan),
        (ben, Verb::Read, diary),
        (ben, Verb::Write, diary),
        (ann, Verb::Delete, diary),
    ] {
        println!("serving  {}", service.guard(&access, user, verb, document));
        println!("planned  {}", service.guard(&ContractAccess, user, verb, document));
    }
    if let Some(report) = access.shadow_report() {
        println!(
            "{} of {} answers stay the same; explained: {:?}",
            report.same, report.compared, report.expected
        );
    }
    Ok(())
}
