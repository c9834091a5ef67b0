//! Tool makers: agents that write tools, and the terms under which others use them.

use ecology_types::{
    Action, Draft, Id, Interface, Method, PolicyDraft, RefusalCode, Scrip, Seed, SmolStr, Span, Value,
};
use serde::{Deserialize, Serialize};

use super::{Flaw, PRICE_MAX, Script, Tools, check_kind, check_range};
use crate::{Decision, Mind, MindError, Perception, state};

/// Configuration of [`ToolMaker`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolMakerConfig {
    /// The label of the signs under which its tools are found.
    pub kind: SmolStr,
    /// How many tools it writes.
    pub tools_max: u64,
    /// The price of one call, in scrip; 0 for none.
    pub price: u64,
    /// Who gets a part of every price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<Id>,
    /// Hundredths of every price that the partner gets.
    pub partner_percent: u64,
    /// A tool of somebody else that its tools work with. It is paid from the allowance that the caller gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<Id>,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for ToolMakerConfig {
    fn default() -> Self {
        Self {
            kind: SmolStr::new_static("tool"),
            tools_max: 1,
            price: 4,
            partner: None,
            partner_percent: 25,
            uses: None,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for ToolMakerConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("kind", &self.kind)?;
        check_range("tools_max", self.tools_max, 0, 1_000_000)?;
        check_range("price", self.price, 0, PRICE_MAX)?;
        check_range("partner_percent", self.partner_percent, 0, 100)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(ToolMaker::new(self.clone()))
    }
}

/// Writes its terms as a contract, tools under it, and a sign for each tool. Where the world has policy fields instead, its tools carry the price in these; a
/// price cannot be shared there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolMaker {
    config: Box<ToolMakerConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Tools that are written and on offer.
    tools: u64,
    /// Whether contracts can govern tools, as far as it knows.
    governs: Option<bool>,
    tried: Tried,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Tried {
    #[default]
    Nothing,
    Terms,
    Tool,
    Sign,
}

/// How a sign names its tool.
pub(super) const SIGN_TOOL: &str = "tool: ";
/// How a sign names the price of a call.
pub(super) const SIGN_PRICE: &str = "price: ";

const TERMS: &str = r#"-- Terms of use: everybody reads the source, every call has its price, and the partner gets its part of each.
function check_permission(request)
    if request.caller == request.owner or request.action == "read" then
        return { allow = true, reason = "free", cacheable = true }
    end
    if request.action ~= "invoke" then
        return { allow = false, reason = "only the owner changes it", cacheable = true }
    end
    local part = price * percent // 100
    local pay = if partner ~= "" and part > 0 then { { to = partner, amount = part } } else {}
    return { allow = true, cost = price, payer = "invoker", pay = pay, reason = "the price of a call", cacheable = true }
end
"#;

const TOOL: &str = r#"-- total { numbers } adds them up. `helper` is another tool that does it, paid from the allowance of the call; empty for none.
function run(method, args)
    if method ~= "total" then
        error("it has the method total", 0)
    end
    if type(args) ~= "table" or type(args.numbers) ~= "table" then
        error("numbers: a list of whole numbers is missing", 0)
    end
    if helper ~= "" then
        local answer = world.invoke { artifact = helper, method = "total", args = args }
        return { total = answer.total, by = helper }
    end
    local total = 0
    for _, number in args.numbers do
        if type(number) ~= "number" then
            error("numbers: a list of whole numbers is needed", 0)
        end
        total += number
    end
    return { total = total, by = world.me() }
end
"#;

impl ToolMaker {
    /// One that has written nothing.
    #[must_use]
    pub fn new(config: ToolMakerConfig) -> Self {
        Self { config: Box::new(config), state: State::default() }
    }

    fn terms(&self) -> String {
        let config = &*self.config;
        // Ids have no quotation marks in them.
        let partner = config.partner.as_ref().map_or("", Id::as_str);
        format!(
            "local price = {}\nlocal partner, percent = \"{partner}\", {}\n{TERMS}",
            config.price, config.partner_percent
        )
    }

    fn write_terms(&self, me: &Id) -> Result<Action, MindError> {
        let mut draft = Draft::new(named(me, "terms")?, self.terms());
        draft.kind = Some(SmolStr::new_static("contract"));
        draft.can_execute = Some(true);
        draft.interface = Some(interface("the terms of use of tools", "check_permission", Vec::new()).into());
        Ok(Action::Write(Box::new(draft)))
    }

    /// The id of the tool that is written next.
    fn tool(&self, me: &Id) -> Result<Id, MindError> {
        named(me, &format!("tool_{}", self.state.tools + 1))
    }

    /// What is governed by code shows in no list, so the offer is an artifact of its own.
    fn write_sign(&self, me: &Id) -> Result<Action, MindError> {
        let tool = self.tool(me)?;
        let content = format!("{SIGN_TOOL}{tool}\n{SIGN_PRICE}{}\n", self.config.price);
        let mut draft = Draft::new(named(&tool, "sign")?, content);
        draft.kind = Some(self.config.kind.clone());
        Ok(Action::Write(Box::new(draft)))
    }

    fn write_tool(&self, me: &Id, is_governed: bool) -> Result<Action, MindError> {
        let config = &*self.config;
        let helper = config.uses.as_ref().map_or("", Id::as_str);
        let source = format!("local helper = \"{helper}\"\n{TOOL}");
        let mut draft = Draft::new(self.tool(me)?, source);
        draft.kind = Some(SmolStr::new_static("code"));
        draft.can_execute = Some(true);
        if is_governed {
            draft.access_contract = Some(named(me, "terms")?);
            let numbers = Value::map([("type", Value::text("array"))]);
            let about = format!("adds numbers up, {} scrip a call", config.price);
            draft.interface = Some(interface(&about, "total", vec![("numbers", numbers)]).into());
        } else if config.price > 0 {
            draft.policy = Some(PolicyDraft {
                read: vec![SmolStr::new_static("*")],
                invoke: vec![SmolStr::new_static("*")],
                invoke_price: Scrip(config.price),
                ..PolicyDraft::default()
            });
        }
        Ok(Action::Write(Box::new(draft)))
    }
}

fn named(me: &Id, what: &str) -> Result<Id, MindError> {
    Id::new(format!("{me}_{what}")).map_err(|error| MindError::Failed(error.to_string().into()))
}

fn interface(description: &str, method: &str, properties: Vec<(&'static str, Value)>) -> Interface {
    let properties = properties.into_iter().map(|(name, value)| (SmolStr::new_static(name), value)).collect();
    Interface {
        description: SmolStr::new(description),
        methods: vec![Method {
            name: SmolStr::new(method),
            description: SmolStr::new(description),
            input_schema: Value::map([
                ("type", Value::text("object")),
                ("properties", Value::Map(properties)),
            ]),
        }],
    }
}

impl Mind for ToolMaker {
    fn name(&self) -> &'static str {
        "tool_maker"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let tried = std::mem::take(&mut self.state.tried);
        let mut has_tool = false;
        match (tried, view.last_outcome()) {
            (Tried::Terms, Some(Ok(_))) => self.state.governs = Some(true),
            // A schema without interfaces and contracts.
            (Tried::Terms, Some(Err(refusal))) if refusal.code == RefusalCode::NotSupported => {
                self.state.governs = Some(false);
            }
            // The world has moved on, or back, since.
            (Tried::Tool, Some(Err(refusal))) if refusal.code == RefusalCode::NotSupported => {
                self.state.governs = None;
            }
            (Tried::Tool, Some(Ok(_))) => has_tool = true,
            (Tried::Sign, Some(Ok(_))) => self.state.tools = self.state.tools.saturating_add(1),
            (Tried::Sign, _) => has_tool = true,
            _ => {}
        }
        let me = view.me();
        let (tried, action) = match self.state.governs {
            _ if has_tool => (Tried::Sign, self.write_sign(me)?),
            _ if self.state.tools >= self.config.tools_max => (Tried::Nothing, Action::Noop),
            None => (Tried::Terms, self.write_terms(me)?),
            Some(governs) => (Tried::Tool, self.write_tool(me, governs)?),
        };
        self.state.tried = tried;
        Ok(Decision::act(action))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
