//! Every way in which the two schemas may differ.

use ecology_shadow::Divergence;

/// A legitimate difference between [`Legacy`](crate::Legacy) and [`Unified`](crate::Unified). Any other difference is a bug in one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OntologyDivergence {
    /// One id may name an artifact and a principal, or only one of them.
    TwoNamespaces,
    /// An executable may exist without methods, or not.
    InterfaceRequired,
    /// A draft may set contract, interface and memory, or not.
    FieldsWithoutPlace,
    /// A description shows type, owner and policy, or standing, contract and interface.
    Description,
    /// A search that does not ask for standing finds principals too, or not.
    PrincipalsInSearch,
}

impl OntologyDivergence {
    /// All of them, in the order of [`REGISTER`].
    pub const ALL: [Self; 5] = [
        Self::TwoNamespaces,
        Self::InterfaceRequired,
        Self::FieldsWithoutPlace,
        Self::Description,
        Self::PrincipalsInSearch,
    ];

    /// Its entry in the register.
    #[must_use]
    pub const fn entry(self) -> &'static Divergence {
        &REGISTER[self as usize]
    }

    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }
}

/// The divergence register of this axis.
pub const REGISTER: &[Divergence] = &[
    Divergence {
        code: "ON-1",
        title: "One namespace",
        old: "Artifacts and principals have a namespace each, so an id may name one of either; an action that names it means the artifact.",
        new: "There is one namespace: an id that anything has or had is taken. Pairs that a legacy world left behind stay as they are.",
        affected: "Whoever creates an artifact under the id of a principal, or a principal under the id of an artifact, live or deleted.",
        instead: "Choose an id that nothing has: genesis_store.get answers artifact_not_found for it.",
    },
    Divergence {
        code: "ON-2",
        title: "Executables need an interface",
        old: "An executable artifact has no described methods; callers have to know them.",
        new: "An executable artifact that is not an agent has an interface with at least one method, so that it can be found and called.",
        affected: "Whoever writes code without an interface, or makes data executable.",
        instead: "Write interface = { description, methods = [{ name, description, input_schema = { type = \"object\" } }] }.",
    },
    Divergence {
        code: "ON-3",
        title: "Fields that the legacy schema has no place for",
        old: "A draft with access_contract_id, interface or memory is refused: it would be kept and never acted on.",
        new: "The fields are part of the schema.",
        affected: "Whoever writes for the unified schema in a legacy world.",
        instead: "Under legacy write read_policy, write_policy, invoke_policy and prices instead of a contract, describe methods in the content, \
                  and name the memory in the agent's content; or run with artifact_ontology = \"unified\".",
    },
    Divergence {
        code: "ON-4",
        title: "What a description shows",
        old: "type, owner and policy fields: read_policy, write_policy, invoke_policy, read_price, invoke_price.",
        new: "label, has_standing, can_execute, access_contract_id, interface and memory. The owner is shown as a social fact, policy fields are not.",
        affected: "Whoever reads metadata, for instance through genesis_store.get_metadata.",
        instead: "Read label for type, access_contract_id for the policy fields, and has_standing with can_execute for the type agent.",
    },
    Divergence {
        code: "ON-5",
        title: "Principals in searches",
        old: "A search covers the artifacts; principals are found only by asking for has_standing = true.",
        new: "Agents and accounts are artifacts, so a search that does not ask for standing finds them as well.",
        affected: "Whoever lists, counts or searches without has_standing.",
        instead: "Add has_standing = false for what legacy found, or has_standing = true for principals; both answer the same under either schema.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_count_from_one_and_entries_are_complete() {
        assert_eq!(REGISTER.len(), OntologyDivergence::ALL.len());
        for (at, divergence) in OntologyDivergence::ALL.into_iter().enumerate() {
            let entry = divergence.entry();
            assert_eq!(divergence.code(), format!("ON-{}", at + 1));
            for text in [entry.title, entry.old, entry.new, entry.affected, entry.instead] {
                assert!(!text.is_empty());
            }
        }
    }
}
