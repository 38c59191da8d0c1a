//! `invitations`.

use super::statement::statements;

statements! {}
