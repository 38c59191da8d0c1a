//! What the tests share. Holds no test and no expectation of its own.

pub(crate) mod database;
