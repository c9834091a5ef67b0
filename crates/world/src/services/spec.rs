//! How a service describes its methods: one table serves argument checks, interfaces and the handbook.

use ecology_types::{Good, Interface, Method, Refusal, RefusalCode, SmolStr, Value};

/// A genesis service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    pub(crate) description: &'static str,
    pub(crate) methods: &'static [MethodSpec],
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MethodSpec {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) params: &'static [Param],
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The id of an artifact or principal.
    Id,
    /// Any text.
    Text,
    /// A whole number from zero.
    Count,
    /// A whole number above zero.
    Amount,
    /// The name of a resource.
    Resource,
    /// A list of event kinds.
    Kinds,
    /// Amounts by the names of resources.
    Quotas,
    /// A list of goods, each as it is named when it is sold alone.
    Goods,
}

pub(crate) const fn required(name: &'static str, shape: Shape, description: &'static str) -> Param {
    Param { name, shape, required: true, description }
}

pub(crate) const fn optional(name: &'static str, shape: Shape, description: &'static str) -> Param {
    Param { name, shape, required: false, description }
}

impl Service {
    pub(crate) fn method(&self, name: &str) -> Option<&'static MethodSpec> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The service as an MCP-compatible interface.
    pub(crate) fn interface(&self) -> Interface {
        Interface {
            description: SmolStr::new_static(self.description),
            methods: self
                .methods
                .iter()
                .map(|method| Method {
                    name: SmolStr::new_static(method.name),
                    description: SmolStr::new_static(method.description),
                    input_schema: method.schema(),
                })
                .collect(),
        }
    }
}

impl MethodSpec {
    /// The JSON-Schema of the arguments.
    pub(crate) fn schema(&self) -> Value {
        let properties =
            self.params.iter().map(|param| (SmolStr::new_static(param.name), param.schema())).collect();
        let required = self
            .params
            .iter()
            .filter(|param| param.required)
            .map(|param| Value::Text(SmolStr::new_static(param.name)))
            .collect();
        Value::map([
            ("type", "object".into()),
            ("properties", Value::Map(properties)),
            ("required", Value::List(required)),
            ("additionalProperties", Value::Bool(false)),
        ])
    }

    /// The call as a person would write it: `transfer(to, amount, [resource])`.
    pub(crate) fn signature(&self) -> String {
        let params: Vec<String> = self
            .params
            .iter()
            .map(|param| if param.required { param.name.to_owned() } else { format!("[{}]", param.name) })
            .collect();
        format!("{}({})", self.name, params.join(", "))
    }

    /// Checks names and shapes of the arguments, so that a method can rely on them.
    pub(crate) fn check(&self, args: &Value) -> Result<(), Refusal> {
        let pairs = match args {
            Value::Map(pairs) => pairs.as_slice(),
            Value::Null => &[],
            other => return Err(self.refuse(&format!("the arguments must be a map, not {}", other.shape()))),
        };
        for (at, (name, value)) in pairs.iter().enumerate() {
            let Some(param) = self.params.iter().find(|param| param.name == name) else {
                return Err(self.refuse(&self.unknown(name)));
            };
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(self.refuse(&format!("{name} is given twice")));
            }
            if *value == Value::Null && !param.required {
                continue;
            }
            param.check(value).map_err(|(code, problem)| {
                Refusal::new(code, format!("{}: {} {problem}", self.signature(), param.name))
            })?;
        }
        for param in self.params.iter().filter(|param| param.required) {
            if !pairs.iter().any(|(name, _)| name == param.name) {
                return Err(self.refuse(&format!("{} is missing ({})", param.name, param.description)));
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> String {
        let shown: String = name.chars().take(64).collect();
        let nearest = self
            .params
            .iter()
            .map(|param| (strsim::damerau_levenshtein(&shown, param.name), param.name))
            .min()
            .filter(|(distance, _)| *distance <= 3);
        match nearest {
            Some((_, nearest)) => format!("there is no argument {shown:?}; did you mean {nearest}?"),
            None => format!("there is no argument {shown:?}"),
        }
    }

    fn refuse(&self, problem: &str) -> Refusal {
        Refusal::new(RefusalCode::ArgumentInvalid, format!("{}: {problem}", self.signature()))
    }
}

impl Param {
    fn schema(&self) -> Value {
        let description = ("description", Value::Text(SmolStr::new_static(self.description)));
        match self.shape {
            Shape::Id | Shape::Text => Value::map([("type", "string".into()), description]),
            Shape::Count => Value::map([("type", "integer".into()), ("minimum", Value::Int(0)), description]),
            Shape::Amount => {
                Value::map([("type", "integer".into()), ("minimum", Value::Int(1)), description])
            }
            Shape::Resource => {
                let names = ecology_types::Resource::ALL.iter().map(|r| Value::text(r.name())).collect();
                Value::map([("type", "string".into()), ("enum", Value::List(names)), description])
            }
            Shape::Kinds => Value::map([
                ("type", "array".into()),
                ("items", Value::map([("type", "string".into())])),
                description,
            ]),
            Shape::Quotas => Value::map([
                ("type", "object".into()),
                (
                    "additionalProperties",
                    Value::map([("type", "integer".into()), ("minimum", Value::Int(1))]),
                ),
                description,
            ]),
            Shape::Goods => Value::map([
                ("type", "array".into()),
                ("maxItems", Value::count(Good::BUNDLE_MAX as u64)),
                ("items", Value::map([("type", "object".into())])),
                description,
            ]),
        }
    }

    fn check(&self, value: &Value) -> Result<(), (RefusalCode, String)> {
        let wrong = |expected: &str| {
            (RefusalCode::ArgumentInvalid, format!("must be {expected}, not {}", value.shape()))
        };
        match self.shape {
            Shape::Id => match value {
                Value::Text(text) => ecology_types::Id::new(text)
                    .map(|_| ())
                    .map_err(|error| (RefusalCode::IdInvalid, format!("is no id: {error}"))),
                _ => Err(wrong("an id")),
            },
            Shape::Text => matches!(value, Value::Text(_)).then_some(()).ok_or_else(|| wrong("text")),
            Shape::Count => match value {
                Value::Int(number) if *number >= 0 => Ok(()),
                Value::Int(number) => {
                    Err((RefusalCode::ArgumentInvalid, format!("must not be negative, it is {number}")))
                }
                _ => Err(wrong("a whole number")),
            },
            Shape::Amount => match value {
                Value::Int(number) if *number > 0 => Ok(()),
                Value::Int(number) => {
                    Err((RefusalCode::AmountInvalid, format!("must be above zero, it is {number}")))
                }
                _ => Err(wrong("a whole number above zero")),
            },
            Shape::Resource => match value {
                Value::Text(text) => text
                    .parse::<ecology_types::Resource>()
                    .map(|_| ())
                    .map_err(|error| (RefusalCode::ArgumentInvalid, error.to_string())),
                _ => Err(wrong("the name of a resource")),
            },
            Shape::Kinds => match value {
                Value::List(items) => items.iter().try_for_each(|item| {
                    let name = item.as_text().unwrap_or_default();
                    ecology_types::EventKind::from_name(name).map(|_| ()).ok_or_else(|| {
                        let shown: String = name.chars().take(64).collect();
                        (RefusalCode::ArgumentInvalid, format!("names {shown:?}, which is no kind of event"))
                    })
                }),
                _ => Err(wrong("a list of event kinds")),
            },
            Shape::Quotas => match value {
                Value::Map(pairs) => pairs.iter().enumerate().try_for_each(|(at, (name, amount))| {
                    let resource = Self { name: "resource", shape: Shape::Resource, ..*self };
                    resource.check(&Value::Text(name.clone()))?;
                    once(pairs, at)?;
                    Self { name: "amount", shape: Shape::Amount, ..*self }
                        .check(amount)
                        .map_err(|(code, problem)| (code, format!("has an amount of {name} that {problem}")))
                }),
                _ => Err(wrong("a map from resources to amounts")),
            },
            Shape::Goods => match value {
                Value::List(items) if items.len() > Good::BUNDLE_MAX => Err((
                    RefusalCode::ArgumentInvalid,
                    format!("names {} goods, at most {} are sold together", items.len(), Good::BUNDLE_MAX),
                )),
                Value::List(items) => items.iter().try_for_each(good),
                _ => Err(wrong("a list of goods")),
            },
        }
    }
}

/// The words that name a good: an artifact or agent, a right, scrip, or a revenue.
const GOOD_WORDS: [Param; 5] = [
    optional("artifact", Shape::Id, ""),
    optional("resource", Shape::Resource, ""),
    optional("amount", Shape::Amount, ""),
    optional("scrip", Shape::Amount, ""),
    optional("revenue", Shape::Id, ""),
];

/// Checks names and shapes of what names one good of several.
fn good(item: &Value) -> Result<(), (RefusalCode, String)> {
    let Value::Map(pairs) = item else {
        let detail = format!("has {} where a map that names a good should be", item.shape());
        return Err((RefusalCode::ArgumentInvalid, detail));
    };
    pairs.iter().enumerate().try_for_each(|(at, (name, value))| {
        let Some(word) = GOOD_WORDS.iter().find(|word| word.name == name) else {
            let shown: String = name.chars().take(64).collect();
            let detail =
                format!("names a good by {shown:?}; it is artifact, resource with amount, scrip or revenue");
            return Err((RefusalCode::ArgumentInvalid, detail));
        };
        once(pairs, at)?;
        word.check(value).map_err(|(code, problem)| (code, format!("has a {name} that {problem}")))
    })
}

/// Whether the name at this place stands there for the first time.
fn once(pairs: &[(SmolStr, Value)], at: usize) -> Result<(), (RefusalCode, String)> {
    if pairs[..at].iter().any(|(earlier, _)| *earlier == pairs[at].0) {
        return Err((RefusalCode::ArgumentInvalid, format!("has {} twice", pairs[at].0)));
    }
    Ok(())
}

/// Typed access to arguments that have been checked.
pub(crate) trait Arguments {
    fn text_arg(&self, name: &str) -> Option<&str>;
    fn count_arg(&self, name: &str) -> Option<u64>;
    fn resource_arg(&self, name: &str) -> Option<ecology_types::Resource>;
    fn kinds_arg(&self, name: &str) -> Vec<ecology_types::EventKind>;
    fn quotas_arg(&self, name: &str) -> ecology_types::Charges;
    fn goods_arg(&self, name: &str) -> Option<&[Value]>;
}

impl Arguments for Value {
    fn text_arg(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Self::as_text)
    }

    fn count_arg(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Self::as_count)
    }

    fn resource_arg(&self, name: &str) -> Option<ecology_types::Resource> {
        self.text_arg(name).and_then(|text| text.parse().ok())
    }

    fn kinds_arg(&self, name: &str) -> Vec<ecology_types::EventKind> {
        match self.get(name) {
            Some(Self::List(items)) => items
                .iter()
                .filter_map(|item| item.as_text().and_then(ecology_types::EventKind::from_name))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn quotas_arg(&self, name: &str) -> ecology_types::Charges {
        let mut quotas = ecology_types::Charges::NONE;
        if let Some(Self::Map(pairs)) = self.get(name) {
            for (name, amount) in pairs {
                if let (Ok(resource), Some(amount)) =
                    (name.parse::<ecology_types::Resource>(), amount.as_count())
                {
                    quotas[resource] = amount;
                }
            }
        }
        quotas
    }

    fn goods_arg(&self, name: &str) -> Option<&[Value]> {
        match self.get(name) {
            Some(Self::List(items)) => Some(items),
            _ => None,
        }
    }
}
