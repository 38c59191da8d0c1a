//! `plans`.

use super::statement::statements;

statements! {}
