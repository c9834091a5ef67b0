//! All tests of the crate that look at it from outside, in one binary.

mod attributes;
mod files;
mod generated;
mod hostile;
mod layers;
mod people;
