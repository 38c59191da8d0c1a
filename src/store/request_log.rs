//! `request_log`.

use super::statement::statements;

statements! {}
