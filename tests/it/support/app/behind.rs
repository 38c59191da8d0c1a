//! Behind the gateway's back: rows that no door of it makes, what is in its tables, and secrets that went out by mail.

use secaro_gateway::auth::InstallationKey;
use secaro_gateway::auth::mailed::Purpose;
use secaro_gateway::clock::{Clock as _, Timestamp};
use secaro_gateway::ids::{GrantId, Id as _, PersonId};

use super::TestApp;
use crate::support::sql::Sql;

impl TestApp {
    /// A person that no connection manages, as an invitation or an import leaves one behind.
    pub(crate) async fn person(&self, email: &str, status: &str) {
        let mut sql = self.sql().await;
        let id = sql.uuid(self.random.id::<PersonId>(self.clock.now()).uuid());
        let by = if status == "deactivated" { "'admin'" } else { "NULL" };
        let insert = format!(
            "INSERT INTO people (organization_id, id, email, email_key, display_name, status, deactivated_by, \
             managed_by, created_at, updated_at, name_key) SELECT id, {id}, '{email}', '{email}', 'By hand', '{status}', \
             {by}, NULL, 0, 0, 'by hand' FROM organizations WHERE key = 'example'"
        );
        sql.execute(&insert).await;
    }

    /// A permission that an Organization admin gave by hand.
    pub(crate) async fn grant(&self, email: &str, permission: &str) {
        let mut sql = self.sql().await;
        let id = sql.uuid(self.random.id::<GrantId>(self.clock.now()).uuid());
        let insert = format!(
            "INSERT INTO grants (organization_id, id, person_id, permission, source, state, granted_by, request_id, \
             created_at) SELECT organization_id, {id}, id, '{permission}', 'manual', 'effective', 'an admin', {id}, 0 \
             FROM people WHERE email_key = '{email}'"
        );
        sql.execute(&insert).await;
    }

    /// The database behind the gateway's back.
    pub(crate) async fn sql(&self) -> Sql {
        Sql::of(&self.database).await
    }

    /// How many audit records there are.
    pub(crate) async fn audit_records(&self) -> i64 {
        self.sql().await.number("SELECT COUNT(*) FROM audit_records").await
    }

    /// The secret that went to a mailbox at the newest registration of an address.
    pub(crate) async fn join_secret(&self, email: &str) -> String {
        self.mailed_secret(Purpose::Join, "created_at", &format!("mailbox_proofs WHERE email = '{email}'")).await
    }

    /// The secret of the newest invitation of an address.
    pub(crate) async fn invitation_secret(&self, email: &str) -> String {
        self.mailed_secret(Purpose::Invitation, "sent_at", &format!("invitations WHERE email = '{email}'")).await
    }

    /// The secret of the newest link into the console that was mailed to an address.
    pub(crate) async fn sign_in_secret(&self, email: &str) -> String {
        self.work_off().await;
        let rows = format!(
            "sign_in_links WHERE person_id = (SELECT id FROM people WHERE email_key = '{email}') AND method = 'mail'"
        );
        self.mailed_secret(Purpose::SignIn, "created_at", &rows).await
    }

    /// The installation's key.
    pub(super) fn key(&self) -> InstallationKey {
        let key = std::fs::read_to_string(self.database.folder().join("gateway.key")).unwrap();
        let key = data_encoding::BASE64.decode(key.trim().as_bytes()).unwrap();
        InstallationKey::new(key.try_into().expect("32 bytes"))
    }

    /// A mailed secret, made anew from the installation's key: it is kept nowhere.
    async fn mailed_secret(&self, purpose: Purpose, issued_at: &str, rows: &str) -> String {
        let key = self.key();
        let mut sql = self.sql().await;
        let newest = format!("FROM {rows} ORDER BY created_at DESC, id DESC LIMIT 1");
        let about = sql.ids(&newest).await[0];
        let issued_at = sql.number(&format!("SELECT {issued_at} {newest}")).await;
        key.secret(purpose, about, Timestamp::from_millis(issued_at)).text
    }
}
