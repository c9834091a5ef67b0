//! The tests of the crate as its users see it.

mod contract;
mod divergence;
mod laws;
mod migration;
mod policy;
mod shadow;

use ecology_contracts::{ContractAccess, PolicyAccess, ShadowAccess, access_suite};

access_suite! {
    policy_conforms: PolicyAccess,
    contract_conforms: ContractAccess,
    policy_with_contract_beside_it_conforms: ShadowAccess::new(Box::new(PolicyAccess), Box::new(ContractAccess)),
    contract_with_policy_beside_it_conforms: ShadowAccess::new(Box::new(ContractAccess), Box::new(PolicyAccess)),
}
