//! One history under both schemas: what each refuses, finds and shows, and a switch between them.
//!
//! `cargo run -p ecology-ontology --example two_schemas`

#![expect(clippy::print_stdout, reason = "an example talks")]

use std::sync::Arc;

use ecology_ontology::{Ask, Change, Legacy, Ontology, Query, ShadowOntology, Symbols, Unified};
use ecology_types::{ArtifactRecord, Draft, GenesisArtifact, Id, Key, Limits, SmolStr, Time};

/// A new thing that belongs to whoever made it.
fn thing(
    symbols: &mut Symbols,
    name: &'static str,
    kind: &'static str,
    creator: Option<Key>,
) -> ArtifactRecord {
    let id = Id::known(name);
    let key = symbols.intern(&id);
    let creator = creator.unwrap_or(key);
    ArtifactRecord {
        key,
        id,
        creator,
        owner: creator,
        kind: SmolStr::new_static(kind),
        content: Arc::from("prices of grain: 3, 4, 3"),
        version: 1,
        created_at: Time::ZERO,
        changed_at: Time::ZERO,
        has_standing: kind == "agent",
        can_execute: kind == "agent",
        access_contract: None,
        policy: None,
        interface: None,
        memory: None,
    }
}

fn main() -> Result<(), String> {
    // Legacy serves; unified holds the same history and is compared.
    let mut pair = ShadowOntology::new(Box::new(Legacy::new()), Box::new(Unified::new()));
    let mut symbols = Symbols::default();
    for genesis in GenesisArtifact::ALL {
        symbols.intern(&genesis.id());
    }
    let alice = thing(&mut symbols, "alice", "agent", None);
    let prices = thing(&mut symbols, "prices", "data", Some(alice.key));
    pair.apply(&Change::Created(&alice));
    pair.apply(&Change::Created(&prices));

    // Under the old schema an artifact may take the id of a principal.
    let draft = Draft::new(Id::known("alice"), "an impostor");
    let ask = Ask::Create { key: alice.key, draft: &draft, standing: false, executable: false };
    println!("may an artifact be called alice?   {:?}", pair.check(&ask, &Limits::default()).is_ok());

    let grain = Query { text: Some(SmolStr::new("GRAIN")), limit: 10, ..Query::default() };
    let found = pair.search(&grain, &|_| true).keys;
    let found: Vec<_> = found.iter().map(|key| symbols.id(*key)).collect();
    println!("legacy finds grain in              {found:?}");

    let report = pair.report();
    println!(
        "compared {}, same {}, explained {:?}, unexplained {}",
        report.compared, report.same, report.expected, report.mismatched
    );

    // The world moves to the new schema: it opens the snapshot that the old one left.
    let mut unified = Unified::new();
    unified.restore(&pair.save())?;
    if let Err(no) = unified.check(&ask, &Limits::default()) {
        println!("unified refuses                    {}: {}", no.code, no.detail);
    }
    let found = unified.search(&grain, &|_| true).keys;
    let found: Vec<_> = found.iter().map(|key| symbols.id(*key)).collect();
    println!("unified finds grain in             {found:?}");
    println!(
        "unified shows                      {}",
        unified.describe(&prices, &|key| symbols.id(key).clone()).to_json()
    );
    Ok(())
}
