//! `join_requests`.

use super::statement::statements;

statements! {}
