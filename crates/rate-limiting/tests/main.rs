//! The one integration test binary of this crate.

mod pairs;
mod properties;
mod shadow;
mod standalone;
mod together;
mod waiting;
