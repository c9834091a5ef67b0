//! Answers that may be given again.

use std::collections::VecDeque;

use ecology_types::{Key, PermissionAnswer, Verb};
use ecology_world::{Question, World};
use rustc_hash::FxHashMap;

/// Which question an answer is for.
type Which = (Key, Key, Verb, Key, u64);

/// Answers of contracts that declared them cacheable. One is valid only while everything that its contract was told holds, never because it is
/// young; how many are kept is bounded, the oldest go first.
#[derive(Debug)]
pub(super) struct Cache {
    /// Looked up, never gone through: its order decides nothing.
    answers: FxHashMap<Which, PermissionAnswer>,
    /// In the order in which they came; some of them are gone already.
    came: VecDeque<Which>,
    len_max: usize,
}

const fn which(question: &Question) -> Which {
    (question.contract, question.artifact, question.verb, question.caller, question.call_digest)
}

impl Cache {
    pub(super) fn new(len_max: usize) -> Self {
        Self { answers: FxHashMap::default(), came: VecDeque::new(), len_max }
    }

    /// The answer to a question, while it holds. One that does not is let go.
    pub(super) fn get(
        &mut self,
        question: &Question,
        world: &World,
        now: ecology_types::Time,
    ) -> Option<PermissionAnswer> {
        let which = which(question);
        let answer = self.answers.get(&which)?;
        if world.holds(answer, now) {
            return Some(answer.clone());
        }
        self.answers.remove(&which);
        None
    }

    pub(super) fn put(&mut self, question: &Question, answer: &PermissionAnswer) {
        let which = which(question);
        if self.answers.insert(which, PermissionAnswer { is_cached: true, ..answer.clone() }).is_none() {
            self.came.push_back(which);
        }
        while self.came.len() > self.len_max {
            if let Some(oldest) = self.came.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }
}
