//! One file for each command.

pub(crate) mod agree;
pub(crate) mod compare_modes;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod contracts;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod explain;
pub(crate) mod features;
pub(crate) mod fork;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod migrate;
pub(crate) mod needs;
pub(crate) mod repair;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod why;
