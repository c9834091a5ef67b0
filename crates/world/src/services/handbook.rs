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
            "actions, services, resources, errors, trading, contracts, tools, or a service's id",
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

/// How to write a contract.
const CONTRACTS: &str = "A contract says who may do what to the artifacts that name it as access_contract_id. You can write one: an \
executable artifact with an interface, whose content is Luau and defines check_permission(request). Where policy fields decide, contracts \
are kept and not asked. request has artifact, action (read, write, edit, delete, invoke, transfer), caller (the immediate one), contract, owner, \
creator, kind, version, content_bytes, has_standing, can_execute, and for an invocation method and args. Answer true, false, or a table: \
allow; reason; cost in whole scrip; payer = \"invoker\", \"owner\", \"artifact\" or \"split\" with payer_share in hundredths; pay = \
{ { to = id, amount = n } }, who gets parts of the cost (the rest goes to the owner); state, the contract's new state, set when the action is \
done and only then; cacheable = true, when the same answer may be given again while nothing that it was computed from has changed. Anything else, \
an error, or too many instructions is a no. The table world has me(), now(), state(), balance(id), artifact(id), read(id) and \
events { kind =, about =, actor = }; a check changes nothing. An owner pays for others only under a contract of its own. Checks cost CPU time: yours, \
when you ask; its owner's, when it fails. What is governed by code shows in no list or search: tell people its id. genesis_freeware, genesis_private, \
genesis_public and genesis_self_owned need no code.\nExample: function check_permission(request) if request.caller == request.owner then return \
true end if request.action == \"read\" then return { allow = true, cost = 2, reason = \"two scrip a read\", cacheable = true } end return { allow = \
false, reason = \"only the owner changes it\" } end\n";

/// How to write a tool.
const TOOLS: &str = "A tool is an executable artifact with an interface that names its methods, whose content is Luau and defines run(method, args). \
It may define check_permission as well and be a contract with methods; both share one state. Whoever may invoke it calls invoke(tool, method, args), with \
an allowance when the tool shall spend some of the caller's scrip: never more. The table world has what checks have, and caller(), allowance(), \
set_state(value), pay { to =, amount =, from = \"allowance\" or \"own\" } and invoke { artifact =, method =, args =, allowance = }, for other tools \
and for methods of services that only look. What a tool does in one call happens as a whole or not at all. Others see the tool as their caller, not \
you. A tool is not invoked again while it runs. error(\"a sentence\", 0) refuses the call with that sentence. Its own scrip needs has_standing. \
The price of a call is what its contract says: see the chapter contracts. Numbers are whole; there is no clock but world.now() in \
microseconds.\nExample: function run(method, args) local total = 0 for _, n in args.numbers do total += n end return { total = total } end\n";

/// A chapter of the handbook.
pub(crate) fn chapter(topic: &str) -> Option<String> {
    Some(match topic {
        "contents" => {
            let services: Vec<&str> = services().map(GenesisArtifact::name).collect();
            format!("Chapters: actions, services, resources, errors, trading, contracts, tools, {}.", services.join(", "))
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
             cancel(order) takes your own back. Sold by itself or together with others (goods, a list; all or \
             nothing): an artifact or agent {artifact}, whose new owner decides about its content, which for an \
             agent is its configuration; a memory, which is an artifact as well; a right {resource, amount}; \
             what others pay for an artifact {revenue}; in a list also {scrip}. Whatever is not named stays \
             where it is: an agent that was sold keeps its balances, works on, and may sell itself."
            .to_owned(),
        "contracts" => CONTRACTS.to_owned(),
        "tools" => TOOLS.to_owned(),
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
