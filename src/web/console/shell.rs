//! What stands around every page: title, navigation, who is signed in, and what is said once. Knows no screen's
//! contents.

use super::access::Session;

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Users,
    Invite,
    Invitations,
    JoinRequests,
    Held,
    Conflicts,
    Plans,
    Connections,
    Groups,
    Rules,
    Requests,
    Audit,
    Facilities,
    Domains,
    Mail,
    Settings,
    Help,
    Oneself,
}

/// What stands around a page.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) title: String,
    pub(super) place: Place,
    pub(super) organization: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) csrf: String,
    pub(super) notice: Option<String>,
    pub(super) is_admin: bool,
    pub(super) may_view: bool,
    pub(super) may_view_users: bool,
    pub(super) role: &'static str,
}

impl Shell {
    /// Around a page of this title.
    pub(super) fn of(session: &Session, title: impl Into<String>, place: Place) -> Self {
        Self {
            title: title.into(),
            place,
            organization: session.organization_name().to_owned(),
            name: session.display_name().to_owned(),
            email: session.email().to_owned(),
            csrf: session.csrf().to_owned(),
            notice: session.notice().map(str::to_owned),
            is_admin: session.is_admin(),
            may_view: session.may_view(),
            may_view_users: session.may_view_users(),
            role: role(session),
        }
    }

    /// The field that every form holds. Letters and digits only: nothing to escape.
    pub(super) fn csrf_field(&self) -> String {
        format!(r#"<input type="hidden" name="{}" value="{}">"#, super::form::CSRF, self.csrf)
    }

    /// Whether the navigation stands here.
    pub(super) fn is_at(&self, place: &Place) -> bool {
        self.place == *place
    }
}

fn role(session: &Session) -> &'static str {
    match (session.is_admin(), session.is_billing_admin(), session.is_auditor()) {
        (true, true, _) => "Organization admin, Billing admin",
        (true, false, _) => "Organization admin",
        (false, true, true) => "Billing admin, auditor",
        (false, true, false) => "Billing admin",
        (false, false, true) => "Auditor",
        (false, false, false) => "Own page only",
    }
}
