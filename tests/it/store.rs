//! The store itself, below the rules: what a commit keeps, and what a filter finds. What the domain makes of it is
//! tested elsewhere.

mod commits;
mod fixture;
