//! What deciders and services share.

pub(crate) use crate::decide::{Call, Done};
