//! What an import gives, from outside.
