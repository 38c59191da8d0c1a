//! What a connection may give, and to whom: its rules and its ceiling. Each change is a plan first.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Method;

use super::super::Console;
use super::super::access::{Needs, Session};
use super::super::form::Fields;
use super::super::respond::{Answer, Refused};
use super::Own;
use crate::ids::RuleId;
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{NewRule, Subject};
use crate::web::routes::Routes;

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (post, rule) = (Method::POST, "/console/connections/{key}/rules/{rule}");
    routes
        .console(post.clone(), "/console/connections/{key}/rules", Needs::FreshAdmin, add_rule, console)
        .console(post.clone(), rule, Needs::FreshAdmin, change_rule, console)
        .console(post, "/console/connections/{key}/ceiling", Needs::FreshAdmin, set_ceiling, console)
}

async fn add_rule(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let text = |name: &str| fields.text(name).trim().to_owned();
    let subject = match fields.text("kind") {
        "group" => Subject::Group(text("subject")),
        "attribute" => Subject::Attribute { path: text("subject"), value: text("value") },
        _ => Subject::Pattern(text("subject")),
    };
    let mut gives: Vec<String> = fields.all("gives").into_iter().map(str::to_owned).collect();
    gives.extend(Some(text("capture")).filter(|name| !name.is_empty()).map(|name| format!("edit_facility:{name}")));
    let note = Some(text("note")).filter(|note| !note.is_empty());
    let new = NewRule { connection: own.key.clone(), subject, gives, note };
    console.planned_at(&session, own, "rules", (&new).into()).await
}

async fn change_rule(
    State(console): State<Arc<Console>>,
    session: Session,
    Own(own): Own,
    Path((_, rule)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let rule: RuleId = rule.parse().map_err(|_| Refused::nowhere())?;
    let connection = own.key.clone();
    let change = match fields.text("what") {
        "remove" => Change::RemoveRule { connection, rule },
        what => Change::SwitchRule { connection, rule, enabled: what == "enable" },
    };
    console.planned_at(&session, own, "rules", change).await
}

async fn set_ceiling(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let change = Change::SetCeiling { connection: own.key.clone(), may_grant: fields.all("right").join(",") };
    console.planned_at(&session, own, "settings", change).await
}
