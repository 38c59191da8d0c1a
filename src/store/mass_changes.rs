//! `mass_changes`.

use super::statement::statements;

statements! {}
