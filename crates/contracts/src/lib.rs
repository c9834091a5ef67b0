//! Who may do what to what, at what price.

mod access;

pub use access::{AccessControl, AccessView, Answer, Request};
