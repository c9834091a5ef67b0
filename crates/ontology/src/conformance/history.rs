//! Random histories, queries and questions.

use std::sync::Arc;

use ecology_types::{
    AllowList, ArtifactRecord, ConvertedField, Draft, Interface, Key, Policy, Scrip, SmolStr, Time,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::build::{draft, interface, record};
use crate::{Change, Query};

/// Keys are drawn from a small range, so that histories meet themselves.
const KEYS: std::ops::Range<u32> = 0..12;

/// A change that owns its parts.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of Change")]
pub enum OwnedChange {
    /// See [`Change::Created`].
    Created(Box<ArtifactRecord>),
    /// See [`Change::Changed`].
    Changed {
        key: Key,
        version: u64,
        at: Time,
        content: Option<Arc<str>>,
        kind: Option<SmolStr>,
        can_execute: Option<bool>,
        access_contract: Option<Key>,
        policy: Option<Arc<Policy>>,
        interface: Option<Arc<Interface>>,
        memory: Option<Key>,
    },
    /// See [`Change::OwnerChanged`].
    OwnerChanged { key: Key, to: Key, at: Time },
    /// See [`Change::Converted`].
    Converted { key: Key, field: ConvertedField },
    /// See [`Change::Deleted`].
    Deleted { key: Key, at: Time },
}

impl OwnedChange {
    /// The change as implementations take it.
    #[must_use]
    pub fn as_change(&self) -> Change<'_> {
        match self {
            Self::Created(record) => Change::Created(record),
            Self::OwnerChanged { key, to, at } => Change::OwnerChanged { key: *key, to: *to, at: *at },
            Self::Deleted { key, at } => Change::Deleted { key: *key, at: *at },
            Self::Converted { key, field } => Change::Converted { key: *key, field },
            Self::Changed {
                key,
                version,
                at,
                content,
                kind,
                can_execute,
                access_contract,
                policy,
                interface,
                memory,
            } => Change::Changed {
                key: *key,
                version: *version,
                at: *at,
                content: content.as_ref(),
                kind: kind.as_ref(),
                can_execute: *can_execute,
                access_contract: *access_contract,
                policy: policy.as_ref(),
                interface: interface.as_ref(),
                memory: *memory,
            },
        }
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    KEYS.prop_map(Key)
}

fn any_kind() -> impl Strategy<Value = SmolStr> {
    prop_oneof!["data", "code", "agent", "Memory"].prop_map(SmolStr::from)
}

fn any_content() -> impl Strategy<Value = Arc<str>> {
    "[abAB é\n]{0,8}".prop_map(Arc::from)
}

fn any_interface() -> impl Strategy<Value = Arc<Interface>> {
    prop_oneof![Just(&[][..]), Just(&["run"][..]), Just(&["run", "stop"][..]), Just(&["run", "run"][..])]
        .prop_map(interface)
}

fn any_policy() -> impl Strategy<Value = Arc<Policy>> {
    (any_key(), 0..3_u64).prop_map(|(key, price)| {
        Arc::new(Policy { write: AllowList::Only(vec![key]), read_price: Scrip(price), ..Policy::open() })
    })
}

fn any_record() -> impl Strategy<Value = ArtifactRecord> {
    let names = (KEYS, any::<bool>(), any::<bool>(), any_key(), any_key(), any_kind(), any_content());
    let rest =
        (option::of(any_key()), option::of(any_policy()), option::of(any_interface()), option::of(any_key()));
    (names, rest).prop_map(
        |(
            (key, has_standing, can_execute, owner, creator, kind, content),
            (access_contract, policy, interface, memory),
        )| {
            let base = record(key, has_standing, can_execute);
            ArtifactRecord {
                owner,
                creator,
                kind,
                content,
                access_contract,
                policy,
                interface,
                memory,
                ..base
            }
        },
    )
}

fn any_change() -> impl Strategy<Value = OwnedChange> {
    let changed = (
        (any_key(), 2..9_u64, 0..9_u64, option::of(any_content()), option::of(any_kind())),
        (
            option::of(any::<bool>()),
            option::of(any_key()),
            option::of(any_policy()),
            option::of(any_interface()),
            option::of(any_key()),
        ),
    )
        .prop_map(
            |(
                (key, version, at, content, kind),
                (can_execute, access_contract, policy, interface, memory),
            )| {
                let at = Time(at);
                OwnedChange::Changed {
                    key,
                    version,
                    at,
                    content,
                    kind,
                    can_execute,
                    access_contract,
                    policy,
                    interface,
                    memory,
                }
            },
        );
    prop_oneof![
        5 => any_record().prop_map(|record| OwnedChange::Created(Box::new(record))),
        3 => changed,
        1 => (any_key(), any_key(), 0..9_u64)
            .prop_map(|(key, to, at)| OwnedChange::OwnerChanged { key, to, at: Time(at) }),
        2 => (any_key(), 0..9_u64).prop_map(|(key, at)| OwnedChange::Deleted { key, at: Time(at) }),
        1 => (any_key(), any_field()).prop_map(|(key, field)| OwnedChange::Converted { key, field }),
    ]
}

fn any_field() -> impl Strategy<Value = ConvertedField> {
    prop_oneof![
        option::of(any_key()).prop_map(ConvertedField::AccessContract),
        option::of(any_interface()).prop_map(ConvertedField::Interface),
        Just(ConvertedField::Nothing),
    ]
}

/// A history of up to 40 changes. It creates what exists, changes what does not, and gives one key to an artifact and a principal.
pub fn any_history() -> impl Strategy<Value = Vec<OwnedChange>> {
    vec(any_change(), 0..40)
}

/// A query with a page of up to five items.
pub fn any_query() -> impl Strategy<Value = Query> {
    (
        option::weighted(0.3, "[abAB é]{0,2}|thing_1|DATA"),
        option::weighted(0.3, any_kind()),
        option::weighted(0.3, any_key()),
        option::weighted(0.3, any_key()),
        option::weighted(0.4, any::<bool>()),
        option::weighted(0.4, any::<bool>()),
        prop_oneof![4 => 0..4_u64, 1 => Just(u64::MAX)],
        prop_oneof![4 => 0..6_u32, 1 => Just(u32::MAX)],
    )
        .prop_map(|(text, kind, owner, creator, has_standing, can_execute, offset, limit)| Query {
            text: text.map(SmolStr::from),
            kind,
            owner,
            creator,
            has_standing,
            can_execute,
            offset,
            limit,
        })
}

/// A question of whether something may be created (`Some` of standing and executable) or changed, and its key and draft.
pub fn any_ask() -> impl Strategy<Value = (u32, Option<(bool, bool)>, Draft)> {
    (
        KEYS.start..KEYS.end + 2,
        option::of(any::<(bool, bool)>()),
        option::weighted(0.2, any::<bool>()),
        option::of(any::<bool>()),
        option::weighted(0.2, Just("thing_3")),
        option::weighted(0.4, any_interface()),
        option::weighted(0.2, Just("thing_4")),
        option::weighted(0.2, prop_oneof!["label", "", "a\tb"]),
    )
        .prop_map(|(key, create, has_standing, can_execute, contract, interface, memory, kind)| {
            let known = |id| ecology_types::Id::known(id);
            let draft = Draft {
                has_standing,
                can_execute,
                access_contract: contract.map(known),
                interface,
                memory: memory.map(known),
                kind: kind.map(SmolStr::from),
                ..draft(key)
            };
            (key, create, draft)
        })
}
