//! What Organization admins are told of a plan that was applied.

use super::{Plan, State};
use crate::outbox::mail::{Mail, queue_for_admins};
use crate::provisioning::Error;
use crate::store::{Reader, Tx};

/// Tells every Organization admin.
pub(super) async fn tell(tx: &mut Tx, plan: &Plan) -> Result<(), Error> {
    let organization = tx.organization();
    let State::Applied { by, .. } = &plan.state else { return Ok(()) };
    let reader: &mut Reader = tx;
    let name = reader.organization(organization).await?.map(|found| found.name).unwrap_or_default();
    let summary = &plan.summary;
    let what = format!(
        "{}: {} gain, {} lose, {} become view only, admin roles of {} change",
        plan.change.words(),
        summary.gain,
        summary.lose,
        summary.become_view_only,
        summary.admins_changed
    );
    let mail = Mail::PlanApplied { organization: name, plan: plan.id, what, by: by.clone() };
    Ok(queue_for_admins(tx, None, &mail).await?)
}
