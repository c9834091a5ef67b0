//! The old implementation: allow lists and prices in the artifact.

use ecology_types::{AllowList, Axis, GenesisArtifact, Grant, Key, Payer, RefusalCode, Scrip, Side, Verb};

use crate::refuse::refuse;
use crate::{AccessControl, AccessView, Answer, Request};

/// Reads the policy of the artifact: who may read, write and invoke, and what reading and invoking cost.
///
/// The owner always may and pays nothing. The write list covers write, edit and delete; a transfer is for the owner alone. An artifact
/// without a policy has [`ecology_types::Policy::open`]. The artifacts of time zero are outside of all policies: everybody reads
/// and invokes them for free and nobody changes them.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyAccess;

/// What the policy of the artifact says about somebody who is not the owner.
pub(crate) enum Listed {
    /// On the list, at this price.
    Yes(Scrip),
    /// Not on the list that is called so.
    No(&'static str),
}

impl PolicyAccess {
    /// What the lists say about the caller, leaving ownership and time zero aside.
    pub(crate) fn listed(request: &Request<'_>) -> Listed {
        let policy = request.artifact.policy.as_deref();
        let (list, price, name) = match request.verb {
            Verb::Noop => return Listed::Yes(Scrip::ZERO),
            Verb::Read => (policy.map(|p| &p.read), policy.map(|p| p.read_price), "read_policy"),
            Verb::Invoke => (policy.map(|p| &p.invoke), policy.map(|p| p.invoke_price), "invoke_policy"),
            Verb::Write | Verb::Edit | Verb::Delete => (
                Some(policy.map_or(const { &AllowList::Only(Vec::new()) }, |p| &p.write)),
                None,
                "write_policy",
            ),
            Verb::Transfer => return Listed::No("only the owner gives it away"),
        };
        // No list at all is the open policy's `Anyone`.
        if list.is_none_or(|list| list.allows(request.caller)) {
            Listed::Yes(price.unwrap_or(Scrip::ZERO))
        } else {
            Listed::No(name)
        }
    }
}

impl AccessControl for PolicyAccess {
    fn name(&self) -> &'static str {
        Axis::AccessControl.implementation(Side::Old)
    }

    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer {
        if request.verb == Verb::Noop {
            return Answer::free("nothing is done");
        }
        if GenesisArtifact::from_key(request.artifact.key).is_some() {
            return match request.verb {
                Verb::Read | Verb::Invoke => Answer::free("artifacts of time zero are open to everybody"),
                _ => refuse(
                    RefusalCode::NotPermitted,
                    request,
                    view,
                    &["policies do not reach artifacts of time zero, which nobody changes"],
                ),
            };
        }
        if request.caller == request.artifact.owner {
            return Answer::free("the owner always may");
        }
        match Self::listed(request) {
            Listed::Yes(Scrip::ZERO) => Answer::free("the policy allows it"),
            Listed::Yes(cost) => Answer::Allow {
                grant: Grant { cost, payer: Payer::Invoker },
                reason: "the policy allows it at its price",
            },
            Listed::No(rule) if request.verb == Verb::Transfer => {
                refuse(RefusalCode::NotPermitted, request, view, &["under its policy ", rule])
            }
            Listed::No(list) => refuse(
                RefusalCode::NotPermitted,
                request,
                view,
                &["only the owner and those on its ", list, " may"],
            ),
        }
    }

    /// Always `None`: a policy is data.
    fn needs_code(&self, _request: &Request<'_>, _view: &dyn AccessView) -> Option<Key> {
        None
    }
}
