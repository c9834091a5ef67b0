//! What is known of the value that a register holds.

/// What is known of the value that a register holds. The order of knowledge: what is certain, anything harmless, what may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing that lasts beyond the call, but for functions and what nobody can change.
    Harmless,
    /// Perhaps a table that lasts: it may be read here and given to nobody.
    Lasting,
    /// This function of the chunk, as a place in its list.
    Function(u32),
    /// A native that walks through a table: `pairs`, `ipairs`.
    Walker,
    /// What walks through the table in the next register, and gives it to nobody.
    Walking,
    /// A native that looks at a table, keeps nothing of it and cannot tell whether it is frozen.
    Reader,
}

impl Held {
    /// What is known of a value that is one or the other.
    pub(super) const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Lasting, _) | (_, Self::Lasting) => Self::Lasting,
            (Self::Function(one), Self::Function(two)) if one == two => self,
            (Self::Walker, Self::Walker) | (Self::Walking, Self::Walking) | (Self::Reader, Self::Reader) => {
                self
            }
            _ => Self::Harmless,
        }
    }

    /// The native that a path of names leads to, if nothing of the code itself is in its way.
    pub(super) fn native(path: &[&[u8]]) -> Self {
        match path {
            [b"pairs" | b"ipairs"] => Self::Walker,
            [b"next" | b"type" | b"typeof" | b"rawlen" | b"rawget" | b"unpack"]
            | [b"table", b"find" | b"concat" | b"unpack"] => Self::Reader,
            _ => Self::Harmless,
        }
    }
}

/// A variable that a function has from the one around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Upvalue {
    pub(super) held: Held,
    /// Whether it is one of the top level, and so the same one in every call.
    pub(super) lasts: bool,
}
