//! Luau and WebAssembly side by side.

use std::sync::Arc;

use crate::scan::is_module;
use crate::{Engine, Fault, Limits, Program};

/// Runs code in both languages: source that begins as the base64 text of a binary module does is one, everything else is Luau.
///
/// Each language has an engine of its own, so that workers that run Luau have no more rights than Luau needs.
#[derive(Clone)]
pub struct MixedEngine {
    luau: Arc<dyn Engine>,
    wasm: Arc<dyn Engine>,
}

impl MixedEngine {
    /// An engine of these two.
    #[must_use]
    pub fn new(luau: Arc<dyn Engine>, wasm: Arc<dyn Engine>) -> Self {
        Self { luau, wasm }
    }
}

impl Engine for MixedEngine {
    fn name(&self) -> &'static str {
        "luau_and_wasm"
    }

    fn compile(&self, source: &str, limits: &Limits) -> Result<Arc<dyn Program>, Fault> {
        if is_module(source) { self.wasm.compile(source, limits) } else { self.luau.compile(source, limits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LuauEngine;

    /// An engine that knows its name and compiles nothing.
    struct Named(&'static str);

    impl Engine for Named {
        fn name(&self) -> &'static str {
            self.0
        }

        fn compile(&self, _: &str, _: &Limits) -> Result<Arc<dyn Program>, Fault> {
            Err(Fault::Compile { line: 0, message: self.0.to_owned() })
        }
    }

    #[test]
    fn the_source_tells_which_language_it_is() {
        let engine = MixedEngine::new(Arc::new(Named("luau")), Arc::new(Named("wasm")));
        let compiled_by = |source: &str| match engine.compile(source, &Limits::default()) {
            Err(Fault::Compile { message, .. }) => message,
            _ => String::new(),
        };
        assert_eq!(compiled_by(" \nAGFzbQEAAAABBgFgAX8Bfw=="), "wasm");
        assert_eq!(compiled_by("function run() end"), "luau");
        assert_eq!(compiled_by("AGFzbQ = 1"), "luau");
        assert_eq!(compiled_by(""), "luau");
    }

    #[test]
    fn luau_alone_says_what_it_was_given() {
        let refused = LuauEngine::new(&[]).compile("AGFzbQEAAAABBgFgAX8Bfw==", &Limits::default()).err();
        let Some(Fault::Compile { message, .. }) = refused else { panic!("{refused:?}") };
        assert!(message.starts_with("this is a module of WebAssembly"), "{message}");
    }
}
