//! Tokens per API key: reserve an estimate, call, settle what was really used.
//!
//! `cargo run -p ecology-rate-limiting --example token_limiter`
#![allow(clippy::print_stdout, reason = "an example talks")]

use ecology_rate_limiting::{Answer, Limiter};
use ecology_types::{Span, Time};

/// What a model would have used for a prompt.
fn call_model(prompt: &str) -> u64 {
    40 + 11 * prompt.len() as u64
}

fn main() {
    // 1000 tokens per key in any ten seconds; one customer bought more.
    let limiter = Limiter::<String>::new(1_000, Span::from_secs(10));
    limiter.set_limit("key-gold", Some(5_000));

    let requests = [
        (0, "key-free", "Summarise this page in one line."),
        (1, "key-free", "And now in two lines, please."),
        (2, "key-free", "Translate it."),
        (3, "key-gold", "Write a very long story about a crab that learns to count."),
        (11, "key-free", "Translate it."),
    ];
    for (second, key, prompt) in requests {
        let now = Time(second * 1_000_000);
        let estimate = 500;
        match limiter.try_reserve(key, estimate, now) {
            Ok(permit) => {
                let used = call_model(prompt);
                permit.settle_at(used, now);
                println!(
                    "{second:>2} s  {key}: {used} tokens, {} of the window used",
                    limiter.used(key, now)
                );
            }
            Err(Answer::Wait { until }) => {
                println!("{second:>2} s  {key}: try again in {}", until.since(now))
            }
            Err(answer) => println!("{second:>2} s  {key}: refused, {answer:?}"),
        }
    }
}
