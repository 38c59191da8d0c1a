//! The vocabulary the tables are written in: each kind of attribute with the defaults of RFC 7643 §2.2, and what
//! may be said beyond them.

use super::{Attribute, Kind, Mutability, Returned, Uniqueness};

const fn plain(name: &'static str, kind: Kind, description: &'static str) -> Attribute {
    Attribute {
        name,
        description,
        kind,
        multi_valued: false,
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        canonical_values: &[],
        reference_types: &[],
        sub_attributes: &[],
    }
}

pub(super) const fn text(name: &'static str, description: &'static str) -> Attribute {
    plain(name, Kind::String, description)
}

pub(super) const fn boolean(name: &'static str, description: &'static str) -> Attribute {
    plain(name, Kind::Boolean, description)
}

pub(super) const fn date_time(name: &'static str, description: &'static str) -> Attribute {
    plain(name, Kind::DateTime, description)
}

/// Case exact, as RFC 7643 §2.3.6 says, although its §8.7.1 shows otherwise: Base64 has no case to ignore.
pub(super) const fn binary(name: &'static str, description: &'static str) -> Attribute {
    plain(name, Kind::Binary, description).case_exact()
}

/// Case exact, as RFC 7643 §2.3.7 says, although its §8.7.1 shows otherwise.
pub(super) const fn reference(
    name: &'static str,
    types: &'static [&'static str],
    description: &'static str,
) -> Attribute {
    let mut attribute = plain(name, Kind::Reference, description).case_exact();
    attribute.reference_types = types;
    attribute
}

pub(super) const fn complex(
    name: &'static str,
    sub_attributes: &'static [Attribute],
    description: &'static str,
) -> Attribute {
    let mut attribute = plain(name, Kind::Complex, description);
    attribute.sub_attributes = sub_attributes;
    attribute
}

impl Attribute {
    pub(super) const fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    pub(super) const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    pub(super) const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    pub(super) const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    pub(super) const fn on_request(mut self) -> Self {
        self.returned = Returned::Request;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn suggesting(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }
}
