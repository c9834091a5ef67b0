//! `genesis_handbook`: the manual for agents, made from the tables that the world itself runs on.

use ecology_types::{GenesisArtifact, Refusal, RefusalCode, Resource, Value};

use super::spec::{MethodSpec, Service, Shape, optional};
use super::{Arguments, service};
use crate::decide::Done;
use crate::result::row;

pub(crate) const SERVICE: Service = Service {
    description: "The manual: what you can do, which services there are, what errors mean, how to trade.",
    methods: &[MethodSpec {
        name: "read",
        description: "A chapter of the manual; the list of chapters when none is named.",
        params: &[optional(
            "topic",
            Shape::Text,
            "actions, services, resources, errors, trading, or a service's id",
        )],
    }],
};

pub(super) fn call(args: &Value) -> Result<Done, Refusal> {
    let topic = args.text_arg("topic").unwrap_or("contents");
    let Some(text) = chapter(topic) else {
        let shown: String = topic.chars().take(64).collect();
        let detail = format!("there is no chapter {shown:?}; {}", chapter("contents").unwrap_or_default());
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
    };
    Ok(Done::of(row([("topic", Value::text(topic)), ("text", Value::text(text))])))
}

/// A chapter of the handbook.
pub(crate) fn chapter(topic: &str) -> Option<String> {
    Some(match topic {
        "contents" => {
            let services: Vec<&str> = services().map(GenesisArtifact::name).collect();
            format!("Chapters: actions, services, resources, errors, trading, {}.", services.join(", "))
        }
        "actions" => "You act with exactly one of six actions: noop; read(artifact); write(artifact, content) creates \
             or replaces; edit(artifact, find, replace) replaces one passage that occurs exactly once; \
             delete(artifact); invoke(artifact, method, args). A transfer is an invocation: \
             invoke(genesis_ledger, transfer, {to, amount}). A refused action changes nothing; its answer says \
             what to do instead."
            .to_owned(),
        "services" => services()
            .filter_map(|artifact| Some((artifact, service(artifact)?)))
            .map(|(artifact, service)| format!("{}: {}\n", artifact.name(), service.description))
            .collect(),
        "resources" => Resource::ALL
            .into_iter()
            .map(|resource| format!("{resource}: {:?}, in {}.\n", resource.kind(), resource.unit()).to_lowercase())
            .collect(),
        "errors" => RefusalCode::ALL
            .iter()
            .map(|code| {
                format!("{} ({}): {} {}\n", code.name(), code.category().name(), code.meaning(), code.remedy())
            })
            .collect(),
        "trading" => "genesis_escrow trades in one step: deposit(artifact, price) lists a good, or \
             deposit(resource, amount, price) a right; offer(kind, price) holds scrip for a good of that kind \
             (right:RESOURCE:AMOUNT for a right). An ask and an offer that cross trade at once, at the price of \
             the earlier one. purchase(order) takes a listing, accept(order, artifact) serves an offer, \
             cancel(order) takes your own back."
            .to_owned(),
        name => {
            let artifact = services().find(|artifact| artifact.name() == name)?;
            let service = service(artifact)?;
            let methods: String = service
                .methods
                .iter()
                .map(|method| format!("{}: {}\n", method.signature(), method.description))
                .collect();
            format!("{}\n{methods}", service.description)
        }
    })
}

fn services() -> impl Iterator<Item = GenesisArtifact> {
    GenesisArtifact::ALL.into_iter().filter(|artifact| service(*artifact).is_some())
}
