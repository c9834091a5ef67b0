//! Every mind against a small world.

mod village;

mod boltzmann;
mod market;
