//! The compiled form of a chunk, read defensively: of the one version that the compiler here writes, to its last byte, or not at all.

/// The version of the format that is understood, and of the type information within.
const VERSION: u8 = 9;
const TYPES_VERSION: u8 = 3;

/// A compiled chunk: its functions, and which one is the top level.
#[derive(Debug)]
pub(super) struct Bytecode<'a> {
    pub(super) strings: Vec<&'a [u8]>,
    pub(super) protos: Vec<Proto>,
    pub(super) main: usize,
}

/// One function.
#[derive(Debug)]
pub(super) struct Proto {
    pub(super) registers: usize,
    pub(super) parameters: usize,
    pub(super) upvalues: usize,
    /// Its words, and the byte of the chunk where they begin.
    pub(super) code: Vec<u32>,
    pub(super) code_at: usize,
    pub(super) constants: Vec<Constant>,
    /// The bytes of the chunk where the number of constants is, and where the last of them ends.
    pub(super) constants_at: (usize, usize),
    /// Functions within it, as places in [`Bytecode::protos`].
    pub(super) children: Vec<usize>,
}

/// What of a constant matters here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Nil,
    Truth(bool),
    Number(f64),
    /// A text, as a place in [`Bytecode::strings`].
    Text(usize),
    /// A path of names from the globals, which instructions have as well.
    Import,
    /// What a table begins with: names, and values for some of them, as places among the constants.
    Table(Vec<(usize, Option<usize>)>),
    /// A function, as a place in [`Bytecode::protos`].
    Closure(usize),
    /// A number of another kind.
    Other,
}

impl<'a> Bytecode<'a> {
    /// The chunk in `bytes`; nothing when it is not understood entirely.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.byte()? != VERSION || reader.byte()? != TYPES_VERSION {
            return None;
        }
        let mut strings = Vec::new();
        for _ in 0..reader.count()? {
            let length = reader.count()?;
            strings.push(reader.take(length)?);
        }
        // Names of types of the host: there are none.
        if reader.byte()? != 0 {
            return None;
        }
        let mut protos = Vec::new();
        for at in 0..reader.count()? {
            protos.push(reader.proto(at, strings.len())?);
        }
        let main = reader.count()?;
        (main < protos.len() && reader.at == bytes.len()).then_some(Self { strings, protos, main })
    }

    /// The text of a constant that is one.
    pub(super) fn text(&self, proto: &Proto, constant: usize) -> Option<&'a [u8]> {
        match proto.constants.get(constant)? {
            Constant::Text(at) => self.strings.get(*at).copied(),
            _ => None,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A number in groups of seven bits, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// How many of something follow, or which of something is meant. Never more than there are bytes, so that nothing is reserved in vain.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.bytes.len()).then_some(count)
    }

    /// A text by its number, from 1; 0 is none.
    fn text(&mut self, strings: usize) -> Option<usize> {
        let text = self.count()?;
        (text <= strings).then_some(text)
    }

    /// The function at place `at`: those within it come before it.
    fn proto(&mut self, at: usize, strings: usize) -> Option<Proto> {
        let registers = usize::from(self.byte()?);
        let parameters = usize::from(self.byte()?);
        let upvalues = usize::from(self.byte()?);
        let _is_vararg = self.byte()?;
        let _flags = self.byte()?;
        let types = self.count()?;
        self.take(types)?;
        let length = self.count()?;
        let code_at = self.at;
        let words = self.take(length.checked_mul(4)?)?;
        let code = words
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        let constants_begin = self.at;
        let mut constants = Vec::new();
        for _ in 0..self.count()? {
            constants.push(self.constant(at, strings)?);
        }
        let constants_at = (constants_begin, self.at);
        let mut children = Vec::new();
        for _ in 0..self.count()? {
            children.push(self.count().filter(|child| *child < at)?);
        }
        self.debug_information(length, strings)?;
        (parameters <= registers).then_some(Proto {
            registers,
            parameters,
            upvalues,
            code,
            code_at,
            constants,
            constants_at,
            children,
        })
    }

    fn constant(&mut self, at: usize, strings: usize) -> Option<Constant> {
        Some(match self.byte()? {
            0 => Constant::Nil,
            1 => Constant::Truth(self.byte()? != 0),
            2 => Constant::Number(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            3 => Constant::Text(self.text(strings)?.checked_sub(1)?),
            4 => {
                self.word()?;
                Constant::Import
            }
            5 => {
                let mut shape = Vec::new();
                for _ in 0..self.count()? {
                    shape.push((self.count()?, None));
                }
                Constant::Table(shape)
            }
            6 => Constant::Closure(self.count().filter(|child| *child < at)?),
            8 => {
                let mut shape = Vec::new();
                for _ in 0..self.count()? {
                    // Less than 0 is none.
                    shape.push((self.count()?, usize::try_from(self.word()?.cast_signed()).ok()));
                }
                Constant::Table(shape)
            }
            9 => {
                self.byte()?;
                self.number()?;
                Constant::Other
            }
            // Vectors among them, which code has no use for and answers have.
            _ => return None,
        })
    }

    /// Lines and names, which decide nothing.
    fn debug_information(&mut self, length: usize, strings: usize) -> Option<()> {
        let _line = self.number()?;
        let _name = self.text(strings)?;
        if self.byte()? != 0 {
            let gap = u32::from(self.byte()?);
            self.take(length)?;
            let intervals = (length.checked_sub(1)?.checked_shr(gap)?).checked_add(1)?;
            self.take(intervals.checked_mul(4)?)?;
        }
        if self.byte()? != 0 {
            for _ in 0..self.count()? {
                self.text(strings)?;
                self.number()?;
                self.number()?;
                self.byte()?;
            }
            for _ in 0..self.count()? {
                self.text(strings)?;
            }
        }
        Some(())
    }
}
