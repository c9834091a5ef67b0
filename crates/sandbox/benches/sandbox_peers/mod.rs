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
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
";
const CASBIN_POLICY: &str = "p, alice, report, read\np, bob, report, read\np, carol, report, read";

/// A check by a peer.
pub(crate) type Check = Box<dyn FnMut(&Value) -> bool>;

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_text).unwrap_or_default()
}

/// All peers by name.
pub(crate) fn all() -> Vec<(&'static str, Check)> {
    vec![("cedar-policy", cedar()), ("regorus", regorus()), ("casbin", casbin())]
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

fn casbin() -> Check {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let enforcer = runtime.block_on(async {
        let model = DefaultModel::from_str(CASBIN_MODEL).await.unwrap();
        Enforcer::new(model, StringAdapter::new(CASBIN_POLICY)).await.unwrap()
    });
    // It knows no price: it answers less than the others.
    Box::new(move |request| {
        enforcer
            .enforce((text(request, "caller"), text(request, "artifact"), text(request, "action")))
            .unwrap()
    })
}
