//! How minds save and take back what survives a restart.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::MindError;

/// A state as bytes.
pub(crate) fn save<S: Serialize>(state: &S) -> Vec<u8> {
    // States are plain numbers, texts and lists, which this format always takes; a mind whose state is lost starts afresh.
    postcard::to_allocvec(state).unwrap_or_default()
}

/// A state from bytes, all of which it must use.
pub(crate) fn restore<S: DeserializeOwned>(bytes: &[u8]) -> Result<S, MindError> {
    match postcard::take_from_bytes(bytes) {
        Ok((state, [])) => Ok(state),
        Ok((_, rest)) => Err(MindError::State(format!("{} bytes too many", rest.len()).into())),
        Err(error) => Err(MindError::State(error.to_string().into())),
    }
}
