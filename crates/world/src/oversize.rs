//! Requests that are larger than the world allows: cut down before they are decided and recorded.

use std::sync::Arc;

use ecology_types::{
    Act, Action, AllowedInvocation, Command, Draft, Interface, Limits, Method, SmolStr, Value,
};

/// The command, cut to just above the limit that it exceeds; `None` when it exceeds none.
///
/// A refused action costs nothing but is recorded with its command. Without this a refused request of any size would end up in the
/// journal, and one nested deep enough would exhaust the stack of whoever encodes it. What is cut is refused for the same reason.
///
/// A call of a tool that is too large is refused before its run is looked at, so what is left of it is the action without the run.
pub(crate) fn cut(command: &Command, limits: &Limits) -> Option<Command> {
    let act = match command {
        Command::Act(act) => act,
        Command::ActByTool(turn) => &turn.act,
        _ => return None,
    };
    let content_max = usize::try_from(limits.content_bytes_max).unwrap_or(usize::MAX);
    let name_max = limits.name_bytes_max as usize;
    let action = match &act.action {
        Action::Noop | Action::Read { .. } | Action::Delete { .. } => return None,
        Action::Write(draft) => Action::Write(Box::new(cut_draft(draft, limits, content_max, name_max)?)),
        Action::Edit { artifact, find, replace, expected_version } => {
            if find.len() <= content_max && replace.len() <= content_max {
                return None;
            }
            Action::Edit {
                artifact: artifact.clone(),
                find: cut_text(find, content_max).map_or_else(|| Arc::clone(find), Arc::from),
                replace: cut_text(replace, content_max).map_or_else(|| Arc::clone(replace), Arc::from),
                expected_version: *expected_version,
            }
        }
        Action::Invoke { artifact, method, args } => {
            let (method, args) = cut_call(method, args, limits, name_max)?;
            Action::Invoke { artifact: artifact.clone(), method, args }
        }
        Action::InvokeAllowing(call) => {
            let (method, args) = cut_call(&call.method, &call.args, limits, name_max)?;
            Action::InvokeAllowing(Box::new(AllowedInvocation { method, args, ..(**call).clone() }))
        }
    };
    let (thought, answers) = (act.thought.clone(), act.answers.clone());
    Some(Command::Act(Act { agent: act.agent, action, thought, answers }))
}

/// A method and arguments that are refused for the same reason as those that are too large, but small; `None` when they are not too large.
fn cut_call(method: &SmolStr, args: &Value, limits: &Limits, name_max: usize) -> Option<(SmolStr, Value)> {
    let args_max = usize::try_from(limits.args_bytes_max).unwrap_or(usize::MAX);
    let depth_max = limits.args_depth_max as usize;
    let is_deep = args.depth(depth_max) > depth_max;
    let is_large = !is_deep && args.bytes() > args_max;
    if !is_deep && !is_large && method.len() <= name_max {
        return None;
    }
    let args = if is_deep {
        (0..depth_max).fold(Value::Null, |inner, _| Value::List(vec![inner]))
    } else if is_large {
        Value::text("x".repeat(args_max.saturating_add(1)))
    } else {
        args.clone()
    };
    Some((cut_text(method, name_max).map_or_else(|| method.clone(), SmolStr::from), args))
}

fn cut_draft(draft: &Draft, limits: &Limits, content_max: usize, name_max: usize) -> Option<Draft> {
    let list_max = limits.allow_list_max as usize;
    let is_large_interface =
        draft.interface.as_deref().is_some_and(|interface| is_large(interface, limits, content_max));
    let lists = draft.policy.iter().flat_map(|policy| [&policy.read, &policy.write, &policy.invoke]);
    let is_large_policy = { lists }
        .any(|list| list.len() > list_max || list.iter().any(|id| id.len() > ecology_types::Id::BYTES_MAX));
    let is_large_kind = draft.kind.as_ref().is_some_and(|kind| kind.len() > name_max);
    if draft.content.len() <= content_max && !is_large_interface && !is_large_policy && !is_large_kind {
        return None;
    }
    let mut draft = draft.clone();
    if let Some(content) = cut_text(&draft.content, content_max) {
        draft.content = Arc::from(content);
    }
    if let Some(kind) = draft.kind.as_deref().and_then(|kind| cut_text(kind, name_max)) {
        draft.kind = Some(SmolStr::from(kind));
    }
    if is_large_interface {
        // A method without a name is refused in every schema.
        let (name, description) = (SmolStr::default(), SmolStr::default());
        let nameless = Method { name, description, input_schema: Value::Map(Vec::new()) };
        draft.interface =
            Some(Arc::new(Interface { description: SmolStr::default(), methods: vec![nameless] }));
    }
    if let Some(policy) = draft.policy.as_mut().filter(|_| is_large_policy) {
        for list in [&mut policy.read, &mut policy.write, &mut policy.invoke] {
            list.truncate(list_max.saturating_add(1));
            for id in list {
                if let Some(text) = cut_text(id, ecology_types::Id::BYTES_MAX) {
                    *id = SmolStr::from(text);
                }
            }
        }
    }
    Some(draft)
}

fn is_large(interface: &Interface, limits: &Limits, content_max: usize) -> bool {
    let depth_max = limits.args_depth_max as usize;
    interface.methods.len() > limits.methods_max as usize
        || interface.methods.iter().any(|method| method.input_schema.depth(depth_max) > depth_max)
        || crate::disk::interface_bytes(interface) > content_max as u64
}

/// The beginning of a text that is too long, still too long by at least one byte.
fn cut_text(text: &str, bytes_max: usize) -> Option<&str> {
    if text.len() <= bytes_max {
        return None;
    }
    Some(&text[..text.ceil_char_boundary(bytes_max.saturating_add(1))])
}
