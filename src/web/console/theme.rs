//! Light or dark: as the system says, or as somebody chose in this browser. Kept in a cookie, which is no secret and
//! nobody's name.

use std::sync::Arc;

use axum::http::{HeaderMap, Method};

use super::Console;
use super::access::{Needs, Session, cookie};
use super::form::Fields;
use super::respond::{Answer, see, set_cookie};
use crate::directory::sign_in::ReturnTo;
use crate::web::routes::Routes;

/// Holds what somebody chose.
const COOKIE: &str = "__Host-secaro-theme";

const YEAR: u32 = 365 * 24 * 60 * 60;

/// What somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    Light,
    Dark,
}

impl Theme {
    fn named(text: &str) -> Option<Self> {
        match text {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// What this browser was told.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        cookie(headers, COOKIE).and_then(|text| Self::named(&text))
    }

    /// As the page and its stylesheet call it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    routes.console(Method::POST, "/console/me/theme", Needs::Oneself, choose, console)
}

async fn choose(_: Session, fields: Fields) -> Answer {
    let mut response = see(&ReturnTo::of(fields.text("back")).to_string());
    match Theme::named(fields.text("theme")) {
        Some(theme) => set_cookie(response.headers_mut(), COOKIE, theme.as_str(), Some(YEAR)),
        None => set_cookie(response.headers_mut(), COOKIE, "", Some(0)),
    }
    Ok(response)
}
