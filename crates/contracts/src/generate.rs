//! A contract as source that says what a policy says.

use std::fmt::Write;

use ecology_types::{AllowList, Policy, SmolStr, Value};

use crate::template::literal;

/// The source of a contract that gives every request the answer which [`crate::PolicyAccess`] gives under `policy`.
///
/// The owner always may and pays nothing; the lists say who else may read, write (edit and delete included) and invoke; prices are paid by the
/// caller to the owner; only the owner gives the artifact away. Equal policies give equal sources, so one contract serves them all. `name` says
/// the id of a key on a list.
#[must_use]
pub fn contract_source(policy: &Policy, name: &dyn Fn(ecology_types::Key) -> SmolStr) -> String {
    let list = |list: &AllowList| {
        let ids = match list {
            AllowList::Anyone => vec![Value::text("*")],
            AllowList::Only(keys) => keys.iter().map(|key| Value::Text(name(*key))).collect(),
        };
        // A list of texts always has a literal.
        literal(&Value::List(ids)).unwrap_or_else(|| "{}".to_owned())
    };
    let mut source = String::from(
        "-- Made from the policy fields of an artifact: the owner always may, others as far as a list names them. \"*\" names everybody.\n\n",
    );
    for (name, allowed, price) in [
        ("read", &policy.read, Some(policy.read_price)),
        ("write", &policy.write, None),
        ("invoke", &policy.invoke, Some(policy.invoke_price)),
    ] {
        // Writing to a string does not fail.
        let _ = write!(source, "local {name} = {{ list = {}", list(allowed));
        if let Some(price) = price {
            let _ = write!(source, ", price = {price}");
        }
        source.push_str(" }\n");
    }
    source.push_str(RULE);
    source
}

const RULE: &str = r#"local rules = { read = read, write = write, edit = write, delete = write, invoke = invoke }

function check_permission(request)
    if request.caller == request.owner then
        return { allow = true, reason = "the owner may", cacheable = true }
    end
    local rule = rules[request.action]
    if not rule then
        return { allow = false, reason = "only the owner gives it away", cacheable = true }
    end
    for _, one in rule.list do
        if one == "*" or one == request.caller then
            return { allow = true, cost = rule.price, payer = "invoker", reason = "the list allows it", cacheable = true }
        end
    end
    return { allow = false, reason = "only the owner and those on its list may " .. request.action, cacheable = true }
end
"#;

#[cfg(test)]
mod tests {
    use ecology_types::{Key, Scrip};

    use super::*;

    #[test]
    fn what_the_policy_says_stands_in_the_first_lines() {
        let policy = Policy {
            read: AllowList::Anyone,
            write: AllowList::Only(vec![]),
            invoke: AllowList::Only(vec![Key(20), Key(21)]),
            read_price: Scrip(3),
            invoke_price: Scrip::ZERO,
        };
        let source = contract_source(&policy, &|key| SmolStr::new(format!("agent_{}", key.0)));
        let lines: Vec<&str> = source.lines().skip(2).take(3).collect();
        assert_eq!(
            lines,
            [
                r#"local read = { list = { "*" }, price = 3 }"#,
                "local write = { list = {} }",
                r#"local invoke = { list = { "agent_20", "agent_21" }, price = 0 }"#,
            ]
        );
    }
}
