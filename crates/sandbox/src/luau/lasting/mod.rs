//! Which programs need their top level run only once per machine, because no call can tell.
//!
//! Every call starts from fresh globals. For most programs that is no difference: their top level only defines functions, constants and lists
//! that nobody changes. Whether a program is of that kind is decided here, from its compiled form and once for all, so that it never hangs on the
//! machine or on what was called before. Two rules keep a call from leaving anything behind, and either is enough:
//!
//! - No instruction of any function sets a global or a variable of the top level, and no table of the top level gets to where something could
//!   be written to it, compared, kept or given away. That is looked for with all ways through the code, and what is not understood counts as found.
//! - The globals and those tables are frozen before the first call.
//!
//! The first makes the second unnoticeable: nothing that is done would be refused. The second makes the first no matter of trust.

mod answers;
mod bytecode;
mod flow;
mod held;
mod instruction;
mod step;
mod top_level;

#[cfg(test)]
mod tests;

use ecology_types::Value;

use answers::number_answers;
use bytecode::Bytecode;
use flow::Flow;
use top_level::TopLevel;

/// Makes a compiled chunk fit to be run once for all calls, if it is one of those. Its top level then returns the tables that must be frozen, and
/// constant answers are numbers of those told here.
///
/// The chunk does the same as before in as many instructions.
pub(super) fn made_lasting(chunk: &mut Vec<u8>) -> Option<Vec<Value>> {
    let mut made = chunk.clone();
    let bytecode = Bytecode::read(chunk)?;
    let top_level = TopLevel::read(&bytecode)?;
    if !Flow::is_closed(&bytecode, &top_level) {
        return None;
    }
    let at = top_level.return_at;
    made.get_mut(at..at + 4)?.copy_from_slice(&top_level.return_all.to_le_bytes());
    let answers = number_answers(&bytecode, &top_level, &mut made)?;
    *chunk = made;
    Some(answers)
}
