//! Panics: those of minds and candidates are caught by the runner and counted in the report, so they do not spill on the terminal; every
//! other one is shown in full.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, PoisonError};

/// The last panic on the main thread. Shown only if nobody caught it.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Runs `body`. A panic that leaves it comes back as text.
///
/// On the main thread and on those of thinkers a panic is usually a mind's, and the runner catches it: nothing is printed then, or one line
/// when `verbose`. What is not caught on the main thread ends here. Other threads report as usual.
pub(crate) fn guard<T>(verbose: bool, body: impl FnOnce() -> T) -> Result<T, String> {
    let usual = take_hook();
    set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("");
        let is_main = name == "main";
        if !is_main && !name.starts_with("thinker ") {
            usual(info);
            return;
        }
        if verbose {
            eprint_line(&format!("caught: {}", summary(info)));
        }
        if is_main {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = in_full(info);
        }
    }));
    catch_unwind(AssertUnwindSafe(body))
        .map_err(|_| LAST.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

fn summary(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
    crate::text::cut(&crate::text::clean(&format!("{message}{place}")), 400)
}

fn in_full(info: &PanicHookInfo<'_>) -> String {
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("{backtrace}"),
        _ => "set RUST_BACKTRACE=1 to see how it came to be\n".to_owned(),
    };
    format!(
        "error[crash]: this program is at fault: {}\n{trace}  help: please report it with this text and the command; \
         everything that was acknowledged is safe",
        summary(info)
    )
}

fn eprint_line(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
