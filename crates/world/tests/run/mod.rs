//! Runs of tools, with closures in place of code.

mod attacks;
mod engine;
mod laws;
mod tools;
