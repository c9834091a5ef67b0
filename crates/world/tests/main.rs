//! All tests of the crate against worlds of every allowed combination of implementations.







mod laws;



mod support;

