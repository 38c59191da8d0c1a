//! Invitations: staged, sent, accepted.
