//! What stands around every page: title, navigation, who is signed in, and what is said once. Knows no screen's
//! contents.

use super::access::Session;
use super::theme::Theme;
use crate::provisioning::attention::{AT_MOST, Counted};

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
    Reports,
    Mail,
    Facilities,
    Domains,
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
    pub(super) csrf: String,
    pub(super) notice: Option<String>,
    pub(super) is_admin: bool,
    pub(super) may_view: bool,
    pub(super) may_view_users: bool,
    pub(super) role: &'static str,
    waiting: Option<Counted>,
    theme: Option<Theme>,
    /// The page that this is, or where its part of the console begins.
    pub(super) here: String,
}

impl Place {
    /// As the navigation calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Users => "Users",
            Self::Invite => "Invite users",
            Self::Invitations => "Invitations",
            Self::JoinRequests => "Join requests",
            Self::Held => "Held changes",
            Self::Conflicts => "Conflicts",
            Self::Plans => "Plans",
            Self::Connections => "Connections",
            Self::Groups => "Groups",
            Self::Rules => "Access rules",
            Self::Requests => "Request log",
            Self::Audit => "Audit log",
            Self::Reports => "Reports",
            Self::Mail => "Mail",
            Self::Facilities => "Facilities",
            Self::Domains => "Domains",
            Self::Settings => "Settings",
            Self::Help => "Help",
            Self::Oneself => "My page",
        }
    }

    /// Where it is.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Users => "/console/users",
            Self::Invite => "/console/invite",
            Self::Invitations => "/console/invitations",
            Self::JoinRequests => "/console/join-requests",
            Self::Held => "/console/held",
            Self::Conflicts => "/console/conflicts",
            Self::Plans => "/console/plans",
            Self::Connections => "/console/connections",
            Self::Groups => "/console/groups",
            Self::Rules => "/console/rules",
            Self::Requests => "/console/requests",
            Self::Audit => "/console/audit",
            Self::Reports => "/console/reports",
            Self::Mail => "/console/mail",
            Self::Facilities => "/console/facilities",
            Self::Domains => "/console/domains",
            Self::Settings => "/console/settings",
            Self::Help => "/console/help",
            Self::Oneself => "/console/me",
        }
    }
}

impl Shell {
    /// Where this person may go, by headings.
    pub(super) fn navigation(&self) -> Vec<(&'static str, Vec<Place>)> {
        let mut parts = Vec::new();
        if self.may_view_users {
            let mut people = vec![Place::Users];
            if self.may_view {
                people.insert(0, Place::Overview);
                people.extend([Place::Invite, Place::Invitations]);
            }
            parts.push(("People", people));
        }
        if self.may_view {
            parts.push(("Decisions", vec![Place::JoinRequests, Place::Held, Place::Conflicts, Place::Plans]));
            parts.push(("Identity provider", vec![Place::Connections, Place::Groups, Place::Rules, Place::Requests]));
            parts.push((
                "Organization",
                vec![Place::Facilities, Place::Domains, Place::Settings, Place::Audit, Place::Reports, Place::Mail],
            ));
        }
        parts.push(("You", if self.may_view { vec![Place::Oneself, Place::Help] } else { vec![Place::Oneself] }));
        parts
    }

    /// Around a page of this title.
    pub(super) fn of(session: &Session, title: impl Into<String>, place: Place) -> Self {
        Self {
            title: title.into(),
            place,
            organization: session.organization_name().to_owned(),
            name: session.display_name().to_owned(),
            csrf: session.csrf().to_owned(),
            notice: session.around().notice.clone(),
            is_admin: session.is_admin(),
            may_view: session.may_view(),
            may_view_users: session.may_view_users(),
            role: role(session),
            waiting: session.around().waiting,
            theme: session.around().theme,
            here: session.around().here.clone().unwrap_or_else(|| place.path().to_owned()),
        }
    }

    /// How much waits at a place: nothing where nothing does, and `99+` where it is more than one looks through.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]
    pub(super) fn waits_at(&self, place: &Place) -> Option<String> {
        let waiting = self.waiting?;
        let count = match place {
            Place::JoinRequests => waiting.join_requests,
            Place::Held => waiting.held,
            Place::Conflicts => waiting.conflicts,
            _ => 0,
        };
        match count {
            0 => None,
            count if count >= AT_MOST => Some(format!("{}+", AT_MOST - 1)),
            count => Some(count.to_string()),
        }
    }

    /// Light or dark, if this browser was told; else nothing.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.map_or("", Theme::as_str)
    }

    /// The field that every form holds. Letters and digits only: nothing to escape.
    pub(super) fn csrf_field(&self) -> String {
        format!(r#"<input type="hidden" name="{}" value="{}">"#, super::form::CSRF, self.csrf)
    }

    /// Whether the navigation stands here.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]
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
