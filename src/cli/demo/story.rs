//! The story: who joins, moves, is renamed, gets a role and leaves, each in the words of an IdP (the bodies have the
//! documented shapes of Okta's and Entra ID's clients).

use serde_json::{Value, json};

use super::super::failure::Failure;
use super::Narrator;
use super::idp::Idp;
use super::setup::{ENTRA, OKTA};

/// The rest of the staff.
const STAFF: [(&str, &str); 16] = [
    ("Nils", "Berg"),
    ("Olga", "Petrova"),
    ("Paul", "Nguyen"),
    ("Queenie", "Shaw"),
    ("Ravi", "Iyer"),
    ("Sara", "Haddad"),
    ("Tomas", "Novak"),
    ("Uma", "Joshi"),
    ("Viktor", "Lund"),
    ("Wanda", "Kowal"),
    ("Xenia", "Pappas"),
    ("Yusuf", "Demir"),
    ("Zoe", "Clarke"),
    ("Anton", "Weiss"),
    ("Bella", "Costa"),
    ("Chen", "Wei"),
];

/// What the IdPs know of what they have pushed so far.
pub(super) struct Story {
    okta: Idp,
    entra: Idp,
    narrator: Narrator,
    ada: String,
    ben: String,
    carla: String,
    devika: String,
    emil: String,
    leeds: String,
    lyon: String,
}

impl Story {
    pub(super) fn new(base_url: &str, [okta, entra]: [&str; 2], narrator: Narrator) -> Result<Self, Failure> {
        let scim = |connection: &str| format!("{base_url}/scim/v2/{connection}");
        Ok(Self {
            okta: Idp::new(scim(OKTA), okta, "Okta SCIM Client 1.0.0", narrator)?,
            entra: Idp::new(scim(ENTRA), entra, "AzureAD SCIM demo", narrator)?,
            narrator,
            ada: String::new(),
            ben: String::new(),
            carla: String::new(),
            devika: String::new(),
            emil: String::new(),
            leeds: String::new(),
            lyon: String::new(),
        })
    }

    /// Five people join, two groups are pushed.
    pub(super) async fn joiners(&mut self) -> Result<(), Failure> {
        self.tell("Joiners: Okta pushes Ada, Ben and Carla");
        self.ada = self.okta_user("Ada", "Lind").await?;
        self.ben = self.okta_user("Ben", "Okafor").await?;
        self.carla = self.okta_user("Carla", "Ruiz").await?;
        self.tell("Okta pushes the groups secaro-leeds-editors (Ada, Ben, Carla) and secaro-lyon-editors (nobody)");
        self.leeds = self.okta_group("secaro-leeds-editors").await?;
        self.lyon = self.okta_group("secaro-lyon-editors").await?;
        for (id, name) in [(&self.ada, "ada.lind"), (&self.ben, "ben.okafor"), (&self.carla, "carla.ruiz")] {
            self.okta.patch("Groups", &self.leeds, json!([add_member(id, name)])).await?;
        }
        self.tell("Joiners: Entra ID creates Devika, of department Sustainability, and Emil, of Logistics");
        self.devika = self.entra_user("Devika", "Patel", "Sustainability").await?;
        self.emil = self.entra_user("Emil", "Sato", "Logistics").await?;
        Ok(())
    }

    /// Everything that happens later.
    pub(super) async fn changes(&self) -> Result<(), Failure> {
        self.mover().await?;
        self.renames().await?;
        self.role_grants().await?;
        self.leaver().await
    }

    async fn mover(&self) -> Result<(), Failure> {
        self.tell("Mover: Ben goes from Leeds to Lyon; Okta changes his groups");
        let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", self.ben) }]);
        self.okta.patch("Groups", &self.leeds, leave).await?;
        self.okta.patch("Groups", &self.lyon, json!([add_member(&self.ben, "ben.okafor")])).await
    }

    async fn renames(&self) -> Result<(), Failure> {
        self.tell("Rename: Devika Patel is now Devika Rao, with a new address; she stays the same person");
        let operations = json!([
            { "op": "Replace", "path": "userName", "value": "devika.rao@example.org" },
            { "op": "Replace", "path": "displayName", "value": "Devika Rao" },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "devika.rao@example.org" },
            { "op": "Replace", "path": "name.familyName", "value": "Rao" },
        ]);
        self.entra.patch("Users", &self.devika, operations).await?;
        self.tell("Rename: Okta's group secaro-lyon-editors is now secaro-osaka-editors; its members follow the name");
        let rename = json!([
            { "op": "replace", "value": { "id": self.lyon, "displayName": "secaro-osaka-editors" } },
        ]);
        self.okta.patch("Groups", &self.lyon, rename).await
    }

    async fn role_grants(&self) -> Result<(), Failure> {
        self.tell("Role grant: Okta makes Ada Billing admin, which its connection may grant");
        let mut ada = self.okta.get("Users", &self.ada).await?;
        ada["roles"] = json!([{ "value": "billing_admin" }]);
        self.okta.replace("Users", &self.ada, ada).await?;
        self.tell("Role grant: Entra ID makes Emil Organization admin, which its connection may not grant: it is held");
        let role = json!({ "id": "5c9a6c39-0000-4000-8000-000000000001", "value": "organization_admin",
            "displayName": "Organization admin" });
        let operations = json!([{ "op": "Add", "path": "roles", "value": [{ "value": role.to_string() }] }]);
        self.entra.patch("Users", &self.emil, operations).await
    }

    /// What no machine should decide: Entra ID claims the address of the Organization admin; and a call that is refused.
    pub(super) async fn doubts(&self, admin: &str) -> Result<(), Failure> {
        self.tell("Doubt: Entra ID creates a User with Robin's address; it is not linked before somebody decides");
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "externalId": "robin.hale",
            "userName": admin,
            "active": true,
            "displayName": "Robin Hale",
            "emails": [{ "primary": true, "type": "work", "value": admin }],
        });
        self.entra.create("Users", body.clone()).await?;
        self.tell("Refused: Entra ID sends the same User again, and hears that it is there");
        self.entra.send_to_be_refused("Users", body).await?;
        self.tell("Okta pushes a group that no rule knows");
        let plain = self.okta_group("All staff").await?;
        self.okta.patch("Groups", &plain, json!([add_member(&self.ada, "ada.lind")])).await?;
        self.tell("Joiners: Okta pushes the rest of Leeds");
        for (given, family) in STAFF {
            let id = self.okta_user(given, family).await?;
            let (name, _) = address(given, family);
            self.okta.patch("Groups", &self.leeds, json!([add_member(&id, &name)])).await?;
        }
        Ok(())
    }

    async fn leaver(&self) -> Result<(), Failure> {
        self.tell("Leaver: Okta deactivates Carla; her access ends with the answer");
        self.okta.patch("Users", &self.carla, json!([{ "op": "replace", "value": { "active": false } }])).await
    }

    async fn okta_user(&self, given: &str, family: &str) -> Result<String, Failure> {
        let (name, address) = address(given, family);
        self.okta.look_up("Users", "userName", &address).await?;
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": address,
            "name": { "givenName": given, "familyName": family },
            "emails": [{ "primary": true, "value": address, "type": "work" }],
            "displayName": format!("{given} {family}"),
            "locale": "en-GB",
            "externalId": format!("00u{name}"),
            "groups": [],
            "active": true,
        });
        self.okta.create("Users", body).await
    }

    async fn okta_group(&self, name: &str) -> Result<String, Failure> {
        self.okta.look_up("Groups", "displayName", name).await?;
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": [] });
        self.okta.create("Groups", body).await
    }

    async fn entra_user(&self, given: &str, family: &str, department: &str) -> Result<String, Failure> {
        let (name, address) = address(given, family);
        self.entra.look_up("Users", "userName", &address).await?;
        let body = json!({
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ],
            "externalId": name,
            "userName": address,
            "active": true,
            "displayName": format!("{given} {family}"),
            "emails": [{ "primary": true, "type": "work", "value": address }],
            "meta": { "resourceType": "User" },
            "name": { "formatted": format!("{given} {family}"), "familyName": family, "givenName": given },
            "roles": [],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": department },
        });
        self.entra.create("Users", body).await
    }

    fn tell(&self, scene: &str) {
        self.narrator.say(&format!("\n  {scene}"));
    }
}

/// `ada.lind`, and that at example.org.
fn address(given: &str, family: &str) -> (String, String) {
    let name = format!("{}.{}", given.to_lowercase(), family.to_lowercase());
    let address = format!("{name}@example.org");
    (name, address)
}

fn add_member(id: &str, name: &str) -> Value {
    let display = format!("{name}@example.org");
    json!({ "op": "add", "path": "members", "value": [{ "value": id, "display": display }] })
}
