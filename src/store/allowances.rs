//! `allowances`.

use super::statement::statements;

statements! {}
