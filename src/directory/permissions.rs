//! The one table of permissions: four forms, the same words in SCIM values, rules, the command line and the API.
//! They add up; none implies another in the data.

use std::fmt;
use std::str::FromStr;

/// A permission. The facility is the text that names it: its key once it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// May edit and report for the organization as a whole.
    EditOrganization,
    /// May edit and report for one facility.
    EditFacility(String),
    /// May decide about people, facilities and connections.
    OrganizationAdmin,
    /// May decide about subscriptions and payments.
    BillingAdmin,
}

/// What a connection's ceiling speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Edit permissions of either form.
    Edit,
    /// The Billing admin role.
    BillingAdmin,
    /// The Organization admin role.
    OrganizationAdmin,
}

/// A text that is no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a permission; use edit_organization, edit_facility:<facility key>, organization_admin or billing_admin")]
pub struct NotAPermission;

impl Permission {
    /// The form's name, without a facility.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EditOrganization => "edit_organization",
            Self::EditFacility(_) => "edit_facility",
            Self::OrganizationAdmin => "organization_admin",
            Self::BillingAdmin => "billing_admin",
        }
    }

    /// From the form's name and, for `edit_facility`, what names the facility.
    #[must_use]
    pub fn of(name: &str, facility: Option<&str>) -> Option<Self> {
        match (name, facility) {
            ("edit_organization", _) => Some(Self::EditOrganization),
            ("edit_facility", Some(facility)) => Some(Self::EditFacility(facility.to_owned())),
            ("organization_admin", _) => Some(Self::OrganizationAdmin),
            ("billing_admin", _) => Some(Self::BillingAdmin),
            _ => None,
        }
    }

    /// What a value of *Can edit* means: `Organization`, or a facility by whatever it is called.
    #[must_use]
    pub fn can_edit(text: &str) -> Self {
        let text = text.trim();
        match text.parse() {
            Ok(permission @ (Self::EditOrganization | Self::EditFacility(_))) => permission,
            _ if text.eq_ignore_ascii_case("organization") => Self::EditOrganization,
            _ => Self::EditFacility(text.to_owned()),
        }
    }

    /// What a value of *Admin for* means: `Organization admin` or `Billing admin`.
    #[must_use]
    pub fn admin_for(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase().replace(' ', "_");
        match name.parse() {
            Ok(permission @ (Self::OrganizationAdmin | Self::BillingAdmin)) => Some(permission),
            _ => None,
        }
    }

    /// What a ceiling has to allow for it.
    #[must_use]
    pub const fn right(&self) -> Right {
        match self {
            Self::EditOrganization | Self::EditFacility(_) => Right::Edit,
            Self::OrganizationAdmin => Right::OrganizationAdmin,
            Self::BillingAdmin => Right::BillingAdmin,
        }
    }

    /// Secaro's words for it, with the facility's name where it is known.
    #[must_use]
    pub fn called(&self, facility_name: Option<&str>) -> String {
        match self {
            Self::EditOrganization => "Can edit: Organization".to_owned(),
            Self::EditFacility(key) => format!("Can edit: {}", facility_name.unwrap_or(key)),
            Self::OrganizationAdmin => "Admin for: Organization admin".to_owned(),
            Self::BillingAdmin => "Admin for: Billing admin".to_owned(),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EditFacility(facility) => write!(f, "edit_facility:{facility}"),
            other => f.write_str(other.name()),
        }
    }
}

impl FromStr for Permission {
    type Err = NotAPermission;
    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        let (name, facility) = match text.split_once(':') {
            Some((name, facility)) => (name, Some(facility.trim())),
            None => (text, None),
        };
        match (name, facility) {
            ("edit_facility", Some(facility)) if !facility.is_empty() => Ok(Self::EditFacility(facility.to_owned())),
            (_, Some(_)) => Err(NotAPermission),
            (name, None) => Self::of(name, None).ok_or(NotAPermission),
        }
    }
}

impl serde::Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Right {
    /// All of them, lowest first.
    pub const ALL: [Self; 3] = [Self::Edit, Self::BillingAdmin, Self::OrganizationAdmin];

    /// As it stands in a ceiling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::BillingAdmin => "billing_admin",
            Self::OrganizationAdmin => "organization_admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secaros_own_words_are_permissions() {
        assert_eq!(Permission::can_edit(" Organization "), Permission::EditOrganization);
        assert_eq!(Permission::can_edit("edit_organization"), Permission::EditOrganization);
        assert_eq!(Permission::can_edit("Leeds"), Permission::EditFacility("Leeds".to_owned()));
        assert_eq!(Permission::can_edit("edit_facility:leeds"), Permission::EditFacility("leeds".to_owned()));
        assert_eq!(
            Permission::can_edit("organization_admin"),
            Permission::EditFacility("organization_admin".to_owned())
        );
        assert_eq!(Permission::admin_for("Organization admin"), Some(Permission::OrganizationAdmin));
        assert_eq!(Permission::admin_for("billing_admin"), Some(Permission::BillingAdmin));
        for none in ["", "admin", "Organization", "edit_organization"] {
            assert_eq!(Permission::admin_for(none), None, "{none}");
        }
    }

    #[test]
    fn a_permission_is_written_and_read_alike() {
        for text in ["edit_organization", "edit_facility:leeds", "organization_admin", "billing_admin"] {
            assert_eq!(text.parse::<Permission>().expect("a permission").to_string(), text);
        }
        for text in ["", "edit", "edit_facility", "edit_facility:", "organization_admin:x", "Edit_organization"] {
            assert_eq!(text.parse::<Permission>(), Err(NotAPermission), "{text}");
        }
    }
}
