//! The same permission check, "the owner, or who is on a list for a price, may read", by engines for policies. Each is set up once and asked warm, and
//! its request is made of the texts of ours every time, as it would be.

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use ecology_types::Value;

const CEDAR: &str = r#"
    @price("0") permit(principal, action, resource) when { principal == resource.owner };
    @price("3") permit(principal, action == Action::"read", resource) when { resource.readers.contains(principal) };
"#;
const CEDAR_ENTITIES: &str = r#"[{
    "uid": { "type": "Artifact", "id": "report" }, "parents": [],
    "attrs": {
        "owner": { "__entity": { "type": "User", "id": "alice" } },
        "readers": [{ "__entity": { "type": "User", "id": "bob" } }, { "__entity": { "type": "User", "id": "carol" } }]
    }
}]"#;
const REGO: &str = r#"
package gate
import rego.v1
allowed := {"bob", "carol"}
default answer := {"allow": false}
answer := {"allow": true, "cost": 0} if input.caller == input.owner
else := {"allow": true, "cost": 3} if {
    input.action == "read"
    input.caller in allowed
}
"#;
const CASBIN_MODEL: &str = "
[request_definition]
r = sub, obj, act, owner
[policy_definition]
p = sub, obj, act, price
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == r.owner || (r.sub == p.sub && r.obj == p.obj && r.act == p.act)
";
const CASBIN_POLICY: &str = "p, bob, report, read, 3
p, bob, report, invoke, 3
p, carol, report, read, 3
p, carol, report, invoke, 3";
/// The least that it can be asked: a list of who may what, the owner among them, without a price.
const CASBIN_LIST_MODEL: &str = "
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
";
const CASBIN_LIST_POLICY: &str = "p, alice, report, read\np, bob, report, read\np, carol, report, read";

/// A check by a peer.
pub(crate) type Check = Box<dyn FnMut(&Value) -> bool>;

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_text).unwrap_or_default()
}

/// All peers by name, and whether they answer the same question.
pub(crate) fn all() -> Vec<(&'static str, Check, bool)> {
    vec![
        ("cedar-policy", cedar(), true),
        ("regorus", regorus(), true),
        ("casbin", casbin(), true),
        ("casbin-list", casbin_list(), false),
    ]
}

fn cedar() -> Check {
    let policies: PolicySet = CEDAR.parse().unwrap();
    let entities = Entities::from_json_str(CEDAR_ENTITIES, None).unwrap();
    let [user, action, artifact]: [EntityTypeName; 3] =
        ["User", "Action", "Artifact"].map(|name| name.parse().unwrap());
    let authorizer = Authorizer::new();
    Box::new(move |request| {
        let uid = |kind: &EntityTypeName, name| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(text(request, name)))
        };
        let asked = Request::new(
            uid(&user, "caller"),
            uid(&action, "action"),
            uid(&artifact, "artifact"),
            Context::empty(),
            None,
        );
        let answer = authorizer.is_authorized(&asked.unwrap(), &policies, &entities);
        let prices = answer.diagnostics().reason().filter_map(|id| policies.policy(id)?.annotation("price"));
        answer.decision() == Decision::Allow && prices.count() == 1
    })
}

fn regorus() -> Check {
    let mut engine = regorus::Engine::new();
    engine.add_policy("gate.rego".to_owned(), REGO.to_owned()).unwrap();
    Box::new(move |request| {
        let mut input = regorus::Value::new_object();
        let fields = input.as_object_mut().unwrap();
        if let Value::Map(pairs) = request {
            for (name, value) in pairs {
                let value = match value {
                    Value::Int(number) => regorus::Value::from(*number),
                    Value::Bool(truth) => regorus::Value::from(*truth),
                    other => regorus::Value::from(other.as_text().unwrap_or_default()),
                };
                fields.insert(regorus::Value::from(name.as_str()), value);
            }
        }
        engine.set_input(input);
        let answer = engine.eval_rule("data.gate.answer".to_owned()).unwrap();
        answer["allow"] == regorus::Value::from(true)
    })
}

fn enforcer(model: &'static str, policy: &'static str) -> Enforcer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let model = DefaultModel::from_str(model).await.unwrap();
        Enforcer::new(model, StringAdapter::new(policy)).await.unwrap()
    })
}

fn casbin() -> Check {
    let enforcer = enforcer(CASBIN_MODEL, CASBIN_POLICY);
    Box::new(move |request| {
        let [caller, artifact, action, owner] =
            ["caller", "artifact", "action", "owner"].map(|name| text(request, name));
        let (allowed, rules) = enforcer.enforce_ex((caller, artifact, action, owner)).unwrap();
        // Its rule for the price is in the row that matched; an owner pays nothing.
        let price = if caller == owner {
            Some("0")
        } else {
            rules.first().and_then(|row| row.last()).map(String::as_str)
        };
        allowed && price.is_some()
    })
}

fn casbin_list() -> Check {
    let enforcer = enforcer(CASBIN_LIST_MODEL, CASBIN_LIST_POLICY);
    Box::new(move |request| {
        enforcer
            .enforce((text(request, "caller"), text(request, "artifact"), text(request, "action")))
            .unwrap()
    })
}
