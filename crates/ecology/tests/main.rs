//! The binary from outside: commands that need no long run, exit codes, pipes, signals.

mod commands;
mod program;
mod worlds;
