//! Requests to join an organization.
