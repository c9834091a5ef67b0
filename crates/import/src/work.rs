//! What every part of an import shares: limits, the report that grows, and everything that is wrong.

use crate::number::{Decimal, Whole};
use crate::options::Options;
use crate::problem::{ProblemKind, Problems};
use crate::report::{Items, Totals};
use crate::topic::Topic;
use crate::tree::{Fields, Node, Value};

pub(crate) struct Work<'o> {
    pub(crate) options: &'o Options,
    pub(crate) items: Items,
    pub(crate) problems: Problems,
    pub(crate) totals: Totals,
}

/// An amount of scrip as it is here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Whole scrip; the amount of a debt when it is one.
    pub(crate) whole: u64,
    pub(crate) is_negative: bool,
    pub(crate) has_fraction: bool,
}

impl<'o> Work<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        let problems = Problems::new(options.limits.problems_max);
        Self { options, items: Items::default(), problems, totals: Totals::default() }
    }

    pub(crate) fn shape(&mut self, what: &str, node: &Node, file: &str, wanted: &str) {
        let message = format!("{what} is {}, not {wanted}", node.shape());
        self.problems.tell(
            ProblemKind::Shape,
            Some(node.at.place(file)),
            message,
            "correct it in a copy of the file, or take an older one",
        );
    }

    /// A number as it is written; what is none is a problem.
    pub(crate) fn decimal(&mut self, what: &str, node: &Node, file: &str) -> Option<Decimal> {
        let Value::Number(text) = &node.value else {
            self.shape(what, node, file, "a number");
            return None;
        };
        let number = Decimal::parse(text);
        if number.is_none() {
            self.number(what, node, file, &format!("{text} is no amount"));
        }
        number
    }

    pub(crate) fn number(&mut self, what: &str, node: &Node, file: &str, problem: &str) {
        self.problems.tell(
            ProblemKind::Number,
            Some(node.at.place(file)),
            format!("{what}: {problem}"),
            "write the number that it should be in a copy of the file",
        );
    }

    /// An amount of scrip: whole, with what had to be cut off said about it.
    pub(crate) fn scrip(&mut self, what: &str, node: &Node, file: &str) -> Option<Amount> {
        let number = self.decimal(what, node, file)?;
        match number.scaled(0) {
            Some(Whole { amount, rest }) if amount <= ecology_types::Scrip::TOTAL_MAX.0 => Some(Amount {
                whole: amount,
                is_negative: number.is_negative && !number.is_zero(),
                has_fraction: rest.is_some(),
            }),
            _ => {
                let most = ecology_types::Scrip::TOTAL_MAX;
                self.number(what, node, file, &format!("a world holds at most {most} scrip"));
                None
            }
        }
    }

    /// True or false; anything else is a problem and counts as false.
    pub(crate) fn truth(&mut self, what: &str, node: Option<&Node>, file: &str) -> Option<bool> {
        match node.map(|node| (&node.value, node)) {
            None => None,
            Some((Value::Bool(truth), _)) => Some(*truth),
            Some((_, node)) => {
                self.shape(what, node, file, "true or false");
                None
            }
        }
    }

    /// A text that has to be one.
    pub(crate) fn word(&mut self, what: &str, node: Option<&Node>, file: &str) -> Option<String> {
        let node = node?;
        match node.text() {
            Some(text) => Some(text.to_string()),
            None => {
                self.shape(what, node, file, "text");
                None
            }
        }
    }

    /// Keeps the fields that nobody asked for.
    pub(crate) fn keep_rest(&mut self, topic: Topic, of: &str, fields: Fields<'_>, file: &str) {
        for (name, node) in fields.rest() {
            let name = if of.is_empty() { name.to_owned() } else { format!("{of}: {name}") };
            self.items.add(topic, name, "").at(node.at.place(file)).was(node.raw());
        }
    }
}
