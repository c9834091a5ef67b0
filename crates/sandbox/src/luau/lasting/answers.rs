//! Answers that are constant: `return { allow = true, reason = "the owner may" }`. Reading such a table field by field costs more than the check
//! that led there, and comes to the same every time. So it is read here, once, and the function returns its number instead.
//!
//! That is done only in functions which nobody but the host can call, so that no code gets to see a number. The number is a value of a kind that no
//! code can make: a vector, for which the language has a type and code here no function. The code keeps its length and counts the same.

use std::collections::HashSet;

use ecology_types::{SmolStr, Value};

use super::bytecode::{Bytecode, Constant, Proto};
use super::instruction::{Instruction, op};
use super::top_level::TopLevel;

/// Answers of one program that are read in advance.
const ANSWERS_MAX: usize = 256;
/// The largest place of a constant that an instruction can name.
const CONSTANT_MAX: usize = 0x7fff;
/// What the format calls a constant that is a vector.
const VECTOR: u8 = 7;
/// The largest number below which every whole number is exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// A place where a constant table is made and returned.
struct Site {
    /// The words of its first instruction and of its last.
    from: usize,
    to: usize,
    answer: Value,
}

/// Makes functions that only the host calls return numbers for constant answers; the answers by their numbers.
pub(super) fn number_answers(
    bytecode: &Bytecode<'_>,
    top_level: &TopLevel<'_>,
    chunk: &mut Vec<u8>,
) -> Option<Vec<Value>> {
    let mut answers = Vec::new();
    let mut functions = top_level.called_by_host_alone(bytecode)?;
    // From the end of the chunk to its beginning, because what is put in moves what follows.
    functions.sort_unstable_by(|one, two| two.cmp(one));
    functions.dedup();
    for function in functions {
        let proto = &bytecode.protos[function];
        let mut constants = Vec::new();
        for site in sites(bytecode, function)? {
            let constant = proto.constants.len() + constants.len();
            if answers.len() == ANSWERS_MAX || constant > CONSTANT_MAX {
                break;
            }
            rewrite(proto, &site, u32::try_from(constant).ok()?, chunk)?;
            constants.push(u16::try_from(answers.len()).ok()?);
            answers.push(site.answer);
        }
        let (count_at, end) = proto.constants_at;
        // The later place first.
        let appended = constants.iter().flat_map(|number| {
            let mut bytes = vec![VECTOR];
            bytes.extend([f32::from(*number), 0.0, 0.0, 0.0].iter().flat_map(|part| part.to_le_bytes()));
            bytes
        });
        chunk.splice(end..end, appended);
        let counted = numbered(proto.constants.len() + constants.len());
        chunk.splice(count_at..count_at + numbered(proto.constants.len()).len(), counted);
    }
    Some(answers)
}

/// A number in groups of seven bits, the lowest first.
fn numbered(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The number is loaded and returned; what made the table becomes nothing, word by word, so that every instruction stays where it is.
fn rewrite(proto: &Proto, site: &Site, constant: u32, chunk: &mut [u8]) -> Option<()> {
    let register = u32::try_from(Instruction(proto.code[site.from]).a()).ok()?;
    let load = u32::from(op::LOADK) | register << 8 | constant << 16;
    for at in site.from..site.to {
        let word = match at - site.from {
            0 => load,
            1 => proto.code[site.to],
            _ => u32::from(op::NOP),
        };
        let begin = proto.code_at + at * 4;
        chunk.get_mut(begin..begin + 4)?.copy_from_slice(&word.to_le_bytes());
    }
    Some(())
}

fn sites(bytecode: &Bytecode<'_>, function: usize) -> Option<Vec<Site>> {
    let proto = &bytecode.protos[function];
    let targets = targets(proto)?;
    let mut sites = Vec::new();
    let mut at = 0;
    while at < proto.code.len() {
        let code = Instruction(proto.code[at]);
        if code.op() == op::DUPTABLE
            && let Some((to, answer)) = constant_answer(bytecode, proto, at)
            && (at + 1..=to).all(|within| !targets.contains(&within))
        {
            sites.push(Site { from: at, to, answer });
            at = to;
        }
        at += Instruction(proto.code[at]).words()?;
    }
    Some(sites)
}

/// Where jumps of a function lead.
fn targets(proto: &Proto) -> Option<HashSet<usize>> {
    let mut targets = HashSet::new();
    let mut at = 0;
    while at < proto.code.len() {
        let code = Instruction(proto.code[at]);
        let by = match code.op() {
            op::LOADB => i64::try_from(code.c()).ok()?,
            op::JUMPX => i64::from(code.e()),
            op::JUMP..=op::JUMPIFNOTLT
            | op::FORNPREP..=op::FORGPREP_INEXT
            | op::FORGPREP_NEXT
            | op::FORGPREP..=op::JUMPXEQKS => i64::from(code.d()),
            _ => 0,
        };
        if by != 0 {
            targets.insert(usize::try_from(i64::try_from(at).ok()? + 1 + by).ok()?);
        }
        at += code.words()?;
    }
    Some(targets)
}

/// The answer that is made from constants alone from an instruction on, and where it is returned.
fn constant_answer(bytecode: &Bytecode<'_>, proto: &Proto, from: usize) -> Option<(usize, Value)> {
    let first = Instruction(proto.code[from]);
    let table = first.a();
    let Constant::Table(shape) = proto.constants.get(first.index())? else { return None };
    // What each name has: at first what the shape says, which for some is nothing yet.
    let mut fields: Vec<(usize, Option<&Constant>)> = Vec::with_capacity(shape.len());
    for (name, value) in shape {
        if fields.iter().any(|(known, _)| known == name) {
            return None;
        }
        let value = match value {
            Some(value) => Some(proto.constants.get(*value)?),
            None => None,
        };
        fields.push((*name, value));
    }
    let mut loaded: Vec<(usize, Constant)> = Vec::new();
    let mut given: Vec<(usize, Constant)> = Vec::new();
    let mut at = from + first.words()?;
    loop {
        let code = Instruction(*proto.code.get(at)?);
        let value = match code.op() {
            op::LOADNIL => Some(Constant::Nil),
            op::LOADB if code.c() == 0 => Some(Constant::Truth(code.b() != 0)),
            op::LOADN => Some(Constant::Number(f64::from(code.d()))),
            op::LOADK => Some(proto.constants.get(code.index())?.clone()),
            op::SETTABLEKS if code.b() == table => {
                let name = *proto.code.get(at + 1)? as usize;
                let (_, value) = loaded.iter().rev().find(|(register, _)| *register == code.a())?;
                fields.iter().find(|(known, _)| *known == name)?;
                given.push((name, value.clone()));
                None
            }
            op::RETURN if code.a() == table && code.b() == 2 => break,
            _ => return None,
        };
        if let Some(value) = value {
            if code.a() == table {
                return None;
            }
            loaded.push((code.a(), value));
        }
        at += code.words()?;
    }
    let mut pairs = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let given = given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| value);
        let text = std::str::from_utf8(bytecode.text(proto, name)?).ok()?;
        match plain(bytecode, given.or(value)?)? {
            Value::Null => {}
            value => pairs.push((SmolStr::new(text), value)),
        }
    }
    pairs.sort_by(|one: &(SmolStr, Value), two| one.0.cmp(&two.0));
    (!pairs.is_empty()).then_some((at, Value::Map(pairs)))
}

/// The value of a constant, if it is one that may be answered.
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as just checked")]
#[expect(clippy::float_cmp, reason = "whole numbers compare exactly")]
fn plain(bytecode: &Bytecode<'_>, constant: &Constant) -> Option<Value> {
    Some(match constant {
        Constant::Nil => Value::Null,
        Constant::Truth(truth) => Value::Bool(*truth),
        Constant::Number(number) if number.trunc() == *number && number.abs() <= WHOLE_MAX => {
            Value::Int(*number as i64)
        }
        Constant::Text(text) => Value::text(std::str::from_utf8(bytecode.strings.get(*text)?).ok()?),
        _ => return None,
    })
}
