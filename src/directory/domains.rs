//! The e-mail domains of an organization: claimed, proven, looked at again.
