//! What a journal keeps of one step.

use serde::{Deserialize, Serialize};

use crate::{AxisVector, Command, Effect, Key, Time};

/// The version of the encoding of records. A world that carries a higher one refuses to open.
pub const RECORD_VERSION: u32 = 1;

/// One step: what was asked, what came of it, and under which positions it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts records, from 1, without holes.
    pub number: u64,
    /// The sequence number of the first effect; effects are numbered from 1 without holes across records.
    pub first_event: u64,
    /// When it was decided, in world time.
    pub time: Time,
    /// Which implementations decided.
    pub axes: AxisVector,
    /// Who acted, when it was an agent.
    pub actor: Option<Key>,
    /// What was asked. Kept so that another implementation can decide it again.
    pub command: Command,
    /// What came of it. Replay folds these and decides nothing.
    pub effects: Vec<Effect>,
}

/// The same, borrowed, so that a step encodes without copying. Fields and their order equal those of [`Record`].
#[derive(Debug, Serialize)]
pub struct RecordRef<'a> {
    /// See [`Record::number`].
    pub number: u64,
    /// See [`Record::first_event`].
    pub first_event: u64,
    /// See [`Record::time`].
    pub time: Time,
    /// See [`Record::axes`].
    pub axes: AxisVector,
    /// See [`Record::actor`].
    pub actor: Option<Key>,
    /// See [`Record::command`].
    pub command: &'a Command,
    /// See [`Record::effects`].
    pub effects: &'a [Effect],
}

impl RecordRef<'_> {
    /// Appends the encoded record to `into`.
    ///
    /// # Errors
    /// [`RecordError`] when a part cannot be encoded, which no value of these types is.
    pub fn encode(&self, mut into: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        self.encode_into(self.effects, &mut into, |_| {})?;
        Ok(into)
    }

    /// Appends the encoded record to `into`, with these effects instead of its own, so that a step can encode what it keeps in another form.
    /// `ends` hears where in `into` the effects begin and where each of them ends.
    ///
    /// # Errors
    /// As [`RecordRef::encode`]; `into` then ends with a part of a record.
    pub fn encode_into<'e>(
        &self,
        effects: impl IntoIterator<Item = &'e Effect, IntoIter: ExactSizeIterator>,
        into: &mut Vec<u8>,
        mut ends: impl FnMut(usize),
    ) -> Result<(), RecordError> {
        let Self { number, first_event, time, axes, actor, command, .. } = self;
        let effects = effects.into_iter();
        // A structure is encoded as its fields one after the other, and a sequence as its length followed by its items.
        append(&(number, first_event, time, axes, actor, command, effects.len()), into)?;
        ends(into.len());
        for effect in effects {
            append(effect, into)?;
            ends(into.len());
        }
        Ok(())
    }
}

/// Appends a value in the encoding of records.
///
/// # Errors
/// [`RecordError`] when the value cannot be encoded; `into` then ends with a part of it.
pub fn append(value: &(impl Serialize + ?Sized), into: &mut Vec<u8>) -> Result<(), RecordError> {
    postcard::serialize_with_flavor(value, Appender(into)).map_err(|error| RecordError(error.to_string()))
}

/// Where the encoder puts its bytes. Nearly everything it writes is a number of one or two bytes, for which copying a slice costs several
/// times what pushing them does.
struct Appender<'v>(&'v mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appender<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        match *bytes {
            [one] => self.0.push(one),
            [one, two] => self.0.extend_from_slice(&[one, two]),
            [one, two, three] => self.0.extend_from_slice(&[one, two, three]),
            _ => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

impl Record {
    /// Reads a record back.
    ///
    /// # Errors
    /// [`RecordError`] when the bytes are not a record of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match postcard::take_from_bytes(bytes) {
            Ok((record, [])) => Ok(record),
            Ok((_, rest)) => Err(RecordError(format!("{} bytes after its end", rest.len()))),
            Err(error) => Err(RecordError(error.to_string())),
        }
    }

    /// The record, borrowed, for encoding.
    #[must_use]
    pub fn as_ref(&self) -> RecordRef<'_> {
        RecordRef {
            number: self.number,
            first_event: self.first_event,
            time: self.time,
            axes: self.axes,
            actor: self.actor,
            command: &self.command,
            effects: &self.effects,
        }
    }
}

/// Bytes that are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a record of version {version}: {0}", version = RECORD_VERSION)]
pub struct RecordError(pub String);
