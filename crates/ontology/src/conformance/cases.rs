//! Laws with one example each.

use std::sync::Arc;

use ecology_types::{ArtifactRecord, Draft, Id, Key, Limits, PolicyDraft, RefusalCode, SmolStr, Time, Value};

use super::{Make, Schema, account, agent, artifact, draft, interface, record, sees_all};
use crate::{Ask, Change, Ontology, Query, Resolution};

fn filled(make: Make, records: &[ArtifactRecord]) -> Box<dyn Ontology> {
    let mut ontology = make();
    for record in records {
        ontology.apply(&Change::Created(record));
    }
    ontology
}

fn create(ontology: &dyn Ontology, key: u32, draft: &Draft, role: (bool, bool)) -> Option<RefusalCode> {
    let ask = Ask::Create { key: Key(key), draft, standing: role.0, executable: role.1 };
    ontology.check(&ask, &Limits::default()).err().map(|no| no.code)
}

fn change(ontology: &dyn Ontology, key: u32, draft: &Draft) -> Option<RefusalCode> {
    let ask = Ask::Change { key: Key(key), draft };
    ontology.check(&ask, &Limits::default()).err().map(|no| no.code)
}

const DATA: (bool, bool) = (false, false);
const TOOL: (bool, bool) = (false, true);
const AGENT: (bool, bool) = (true, true);

/// Ids are given once: to the first who comes, and never again after a deletion.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn checks_guard_ids(schema: Schema, make: Make) {
    let mut ontology = filled(make, &[artifact(1, 0), agent(2), artifact(3, 0), agent(4)]);
    for key in [3, 4] {
        ontology.apply(&Change::Deleted { key: Key(key), at: Time(9) });
    }
    let taken = Some(RefusalCode::IdTaken);
    for (key, same_role, other_role) in
        [(1, DATA, AGENT), (2, AGENT, DATA), (3, DATA, AGENT), (4, AGENT, DATA)]
    {
        assert_eq!(create(ontology.as_ref(), key, &draft(key), same_role), taken, "key {key}, same role");
        let expected = if schema == Schema::Unified { taken } else { None };
        assert_eq!(
            create(ontology.as_ref(), key, &draft(key), other_role),
            expected,
            "key {key}, other role"
        );
    }
    assert_eq!(create(ontology.as_ref(), 5, &draft(5), DATA), None);
    assert_eq!(create(ontology.as_ref(), 5, &draft(5), AGENT), None);
    let ask = Ask::Create { key: Key(3), draft: &draft(3), standing: false, executable: false };
    let refused = ontology.check(&ask, &Limits::default()).expect_err("a tombstone");
    assert!(refused.detail.contains("deleted"), "{}", refused.detail);

    assert_eq!(change(ontology.as_ref(), 1, &draft(1)), None);
    assert_eq!(change(ontology.as_ref(), 2, &draft(2)), None);
    assert_eq!(change(ontology.as_ref(), 3, &draft(3)), Some(RefusalCode::ArtifactDeleted));
    assert_eq!(change(ontology.as_ref(), 6, &draft(6)), Some(RefusalCode::ArtifactNotFound));
    let standing = Draft { has_standing: Some(true), ..draft(1) };
    assert_eq!(change(ontology.as_ref(), 1, &standing), Some(RefusalCode::NotSupported));
}

/// Every size has a limit, and exactly the limit is allowed.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn checks_enforce_limits(schema: Schema, make: Make) {
    let limits = Limits {
        id_bytes_max: 7,
        name_bytes_max: 4,
        content_bytes_max: 80,
        methods_max: 2,
        allow_list_max: 2,
        artifacts_max: 3,
        args_depth_max: 2,
        ..Limits::default()
    };
    let mut ontology = filled(make, &[artifact(1, 0), agent(2)]);
    let ask = |ontology: &dyn Ontology, draft: &Draft| {
        let ask = Ask::Create { key: Key(9), draft, standing: false, executable: false };
        ontology.check(&ask, &limits).err().map(|no| no.code)
    };
    let invalid = Some(RefusalCode::ArgumentInvalid);
    let fine = draft(9);
    assert_eq!(ask(ontology.as_ref(), &fine), None);
    assert_eq!(ask(ontology.as_ref(), &draft(99)), Some(RefusalCode::IdTooLong));
    let content = |bytes: usize| Draft { content: Arc::from("x".repeat(bytes)), ..draft(9) };
    assert_eq!(ask(ontology.as_ref(), &content(80)), None);
    assert_eq!(ask(ontology.as_ref(), &content(81)), Some(RefusalCode::ContentTooLarge));
    for (kind, expected) in [("four", None), ("fives", invalid), (" ", invalid), ("a\nb", invalid)] {
        let labelled = Draft { kind: Some(SmolStr::new(kind)), ..draft(9) };
        assert_eq!(ask(ontology.as_ref(), &labelled), expected, "{kind:?}");
    }
    for (entries, expected) in [(2, None), (3, invalid)] {
        let read = vec![SmolStr::new("a"); entries];
        let policy = PolicyDraft { read, ..PolicyDraft::default() };
        assert_eq!(ask(ontology.as_ref(), &Draft { policy: Some(policy), ..draft(9) }), expected);
    }
    let fits = if schema == Schema::Unified { None } else { Some(RefusalCode::NotSupported) };
    for (methods, expected) in [
        (&["a", "b"][..], fits),
        (&["a", "b", "c"], invalid),
        (&["a", "a"], invalid),
        (&["fives"], invalid),
        (&[""], invalid),
    ] {
        let draft = Draft { interface: Some(interface(methods)), ..draft(9) };
        assert_eq!(ask(ontology.as_ref(), &draft), expected, "{methods:?}");
    }
    let deep = Value::map([("a", Value::map([("b", Value::Null)]))]);
    for (schema, expected) in [
        (Value::Null, invalid),
        (Value::List(Vec::new()), invalid),
        (deep, invalid),
        (Value::map([("a", Value::text("x".repeat(90)))]), Some(RefusalCode::ContentTooLarge)),
    ] {
        let mut methods = interface(&["a"]);
        Arc::make_mut(&mut methods).methods[0].input_schema = schema;
        assert_eq!(ask(ontology.as_ref(), &Draft { interface: Some(methods), ..draft(9) }), expected);
    }
    ontology.apply(&Change::Created(&artifact(3, 0)));
    assert_eq!(ask(ontology.as_ref(), &fine), Some(RefusalCode::LimitReached));
    ontology.apply(&Change::Deleted { key: Key(3), at: Time(1) });
    assert_eq!(ask(ontology.as_ref(), &fine), None, "tombstones do not count");
}

/// Each schema accepts the fields that it has and asks for those that it needs; a refusal names the divergence.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn checks_know_the_schema(schema: Schema, make: Make) {
    let coded = ArtifactRecord { interface: Some(interface(&["run"])), ..record(1, false, true) };
    let bare = record(2, false, true);
    let ontology = filled(make, &[coded, bare, artifact(3, 0)]);
    let contract = Draft { access_contract: Some(Id::known("genesis_private")), ..draft(9) };
    let memory = Draft { memory: Some(Id::known("notes")), ..draft(9) };
    let methods = Draft { interface: Some(interface(&["run"])), ..draft(9) };
    let empty = Draft { interface: Some(interface(&[])), ..draft(9) };
    let policy = Draft { policy: Some(PolicyDraft::default()), ..draft(9) };
    let code = Draft { can_execute: Some(true), ..draft(3) };
    let methods_of_1 = Draft { interface: Some(interface(&[])), ..draft(1) };
    let unsupported = Some(RefusalCode::NotSupported);
    let invalid = Some(RefusalCode::ArgumentInvalid);
    let ontology = ontology.as_ref();
    for (name, unified, legacy, found) in [
        ("contract", None, unsupported, create(ontology, 9, &contract, DATA)),
        ("memory", None, unsupported, create(ontology, 9, &memory, AGENT)),
        ("interface", None, unsupported, create(ontology, 9, &methods, TOOL)),
        ("no methods", invalid, unsupported, create(ontology, 9, &empty, TOOL)),
        ("agent, no methods", invalid, unsupported, create(ontology, 9, &empty, AGENT)),
        ("policy", None, None, create(ontology, 9, &policy, DATA)),
        ("tool", invalid, None, create(ontology, 9, &draft(9), TOOL)),
        ("agent", None, None, create(ontology, 9, &draft(9), AGENT)),
        ("made executable", invalid, None, change(ontology, 3, &code)),
        ("left as it was", None, None, change(ontology, 2, &draft(2))),
        ("methods taken away", invalid, unsupported, change(ontology, 1, &methods_of_1)),
    ] {
        assert_eq!(found, if schema == Schema::Unified { unified } else { legacy }, "{name}");
    }
    let refused = match schema {
        Schema::Legacy => (contract, false, "ON-3"),
        Schema::Unified => (draft(9), true, "ON-2"),
    };
    let ask = Ask::Create { key: Key(9), draft: &refused.0, standing: false, executable: refused.1 };
    let detail = ontology.check(&ask, &Limits::default()).expect_err("refused").detail;
    assert!(detail.contains(refused.2) && detail.contains("instead") | detail.contains("write"), "{detail}");
}

/// Pages are ascending, cover everything once, and the last one says so.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn pages_cover_everything(_: Schema, make: Make) {
    let records: Vec<_> = (0..25).rev().map(|key| artifact(key, key % 2)).collect();
    let ontology = filled(make, &records);
    for limit in [1, 4, 5, 25, 100] {
        let mut found = Vec::new();
        loop {
            let offset = found.len() as u64;
            let page = ontology.search(&Query { offset, limit, ..Query::default() }, &sees_all);
            assert!(page.keys.len() <= limit as usize);
            found.extend(page.keys);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, (0..25).map(Key).collect::<Vec<_>>(), "pages of {limit}");
    }
    let none = ontology.search(&Query { limit: 0, ..Query::default() }, &sees_all);
    assert!(none.keys.is_empty() && none.more);
}

/// What may not be seen leaves no trace: neither its key, nor that its content matches, nor that there is more.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn nothing_leaks_past_may_see(_: Schema, make: Make) {
    let secret = ArtifactRecord { content: Arc::from("the Password is x"), ..artifact(2, 7) };
    let ontology = filled(make, &[artifact(1, 0), secret, artifact(3, 0)]);
    let may_see = |record: &ArtifactRecord| record.owner != Key(7);
    for text in ["password", "thing_2", "CONTENT OF 3", ""] {
        let query = Query { text: Some(SmolStr::new(text)), limit: 10, ..Query::default() };
        let page = ontology.search(&query, &may_see);
        assert!(!page.keys.contains(&Key(2)) && !page.more, "{text}: {page:?}");
    }
    let query = Query { owner: Some(Key(7)), limit: 0, ..Query::default() };
    assert!(!ontology.search(&query, &may_see).more);
    assert_eq!(ontology.count(&query, &may_see), 0);
    let query = Query { text: Some(SmolStr::new("pASSWORD")), limit: 10, ..Query::default() };
    assert_eq!(ontology.search(&query, &sees_all).keys, [Key(2)]);
}

/// Descriptions use the words of the schema and never show content.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn descriptions_show_the_schema(schema: Schema, make: Make) {
    let ontology = make();
    let name = |key: Key| Id::new(format!("thing_{}", key.0)).expect("letters and digits");
    let shown = ontology.describe(&agent(5), &name);
    let both = ["id", "owner", "creator", "created_at", "changed_at", "version", "size"];
    let legacy = ["type", "read_policy", "write_policy", "invoke_policy", "read_price", "invoke_price"];
    let unified = ["label", "has_standing", "can_execute", "access_contract_id", "interface", "memory"];
    let (has, has_not) = if schema == Schema::Legacy { (legacy, unified) } else { (unified, legacy) };
    for field in both.into_iter().chain(has) {
        assert!(shown.get(field).is_some(), "{field}");
    }
    for field in has_not.into_iter().chain(["content"]) {
        assert!(shown.get(field).is_none(), "{field}");
    }
    assert_eq!(shown.get("owner"), Some(&Value::text("thing_5")));
    if schema == Schema::Legacy {
        assert_eq!(shown.get("read_policy"), Some(&Value::List(vec![Value::text("*")])));
        assert_eq!(shown.get("write_policy"), Some(&Value::List(Vec::new())));
    } else {
        assert_eq!(
            shown.get("access_contract_id"),
            Some(&Value::text("thing_8")),
            "genesis_freeware has key 8"
        );
    }
}

/// Changes that make no sense change nothing they should not, and nothing panics.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn odd_changes_do_not_panic(_: Schema, make: Make) {
    let mut ontology = make();
    let at = Time::NEVER;
    for key in [Key(0), Key(5), Key(u32::MAX), Key(u32::MAX - 1), Key(u32::MAX - 2)] {
        ontology.apply(&Change::Deleted { key, at });
        ontology.apply(&Change::OwnerChanged { key, to: Key(u32::MAX), at });
        assert_eq!(ontology.artifact(key), Resolution::Free);
        assert_eq!(ontology.principal(key), Resolution::Free);
    }
    ontology.apply(&Change::Created(&account(u32::MAX)));
    assert_eq!(ontology.counts(), (0, 0), "a key that no world gives away");
    assert!(ontology.principals().is_empty());
    ontology.apply(&Change::Created(&account(5)));
    for _ in 0..2 {
        ontology.apply(&Change::Deleted { key: Key(5), at });
        assert_eq!(ontology.counts(), (0, 1));
    }
}

/// Bytes that are no snapshot are refused in words, and what was held stays.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn damaged_snapshots_are_refused(_: Schema, make: Make) {
    let saved = filled(make, &[agent(1), artifact(2, 1), artifact(3, 1)]).save();
    let mut ontology = filled(make, &[agent(7)]);
    for cut in 0..saved.len() {
        assert!(ontology.restore(&saved[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = saved.clone();
    longer.push(0);
    assert!(ontology.restore(&longer).is_err());
    for at in 0..saved.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut flipped = saved.clone();
            flipped[at] ^= bits;
            // Some flips give another valid snapshot, in a text for instance; none may panic.
            let _ = make().restore(&flipped);
        }
    }
    assert_eq!(ontology.principals(), [Key(7)]);
    assert!(ontology.restore(&saved).is_ok());
    assert_eq!(ontology.principals(), [Key(1)]);
}
