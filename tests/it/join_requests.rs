//! Requests to join, from a stranger's registration to an admin's decision, and everything that may come in between.

mod addresses;
mod api;
mod commands;
mod decisions;
mod doors;
mod pages;
mod way;

use secaro_gateway::directory::Error;
use secaro_gateway::directory::join_requests::{
    Decision, JoinRequest, JoinRequestState, Listed, Mailbox, Order, Page, Registration, Standing, Wanted,
};
use secaro_gateway::ids::JoinRequestId;

use crate::support::app::TestApp;

impl TestApp {
    pub(crate) async fn register(&self, email: &str) {
        self.register_with(email, "").await;
    }

    async fn register_with(&self, email: &str, duns: &str) {
        let new = Registration::read("Ada Byron", email, duns).unwrap();
        self.opened.directory.register(self.request(), &new).await.unwrap();
    }

    /// Registers, proves the mailbox; answers the secret and what its link shows.
    pub(crate) async fn prove(&self, email: &str) -> (String, Mailbox) {
        self.register(email).await;
        let secret = self.join_secret(email).await;
        let shown = self.opened.directory.prove_mailbox(&secret).await.unwrap().expect("the link works");
        (secret, shown)
    }

    /// Registers, proves the mailbox and asks the organization that is shown first.
    pub(crate) async fn ask_to_join(&self, email: &str) -> Result<JoinRequest, Error> {
        let (secret, shown) = self.prove(email).await;
        let offer = &shown.offers.expect("proven")[0];
        let wanted = Wanted::read(&offer.organization.to_string(), "It's me, Ada.", "Leeds").unwrap();
        Ok(self.opened.directory.ask_to_join(self.request(), &secret, &wanted).await?.expect("the link works"))
    }

    /// How an address stands with each organization it has to do with.
    async fn standings(&self, secret: &str) -> Vec<(String, Standing)> {
        let shown = self.opened.directory.look_at_mailbox(secret).await.unwrap().expect("the link works");
        let offers = shown.offers.expect("proven");
        offers.into_iter().map(|offer| (offer.name, offer.standing)).collect()
    }

    /// An active Organization admin of `example`.
    pub(crate) async fn admin(&self, email: &str) {
        self.person(email, "active").await;
        self.grant(email, "organization_admin").await;
    }

    async fn accept(&self, by: &str, id: JoinRequestId, gives: &[&str]) -> Result<JoinRequest, Error> {
        let decision = Decision::Accept(gives.iter().map(|text| text.parse().unwrap()).collect());
        let admin = self.member(by).await;
        self.opened.directory.decide_join_request(&admin, "example", id, &decision).await
    }

    async fn reject(&self, by: &str, id: JoinRequestId, message: &str) -> Result<JoinRequest, Error> {
        let decision = Decision::Reject(Some(message.to_owned()));
        let admin = self.member(by).await;
        self.opened.directory.decide_join_request(&admin, "example", id, &decision).await
    }

    /// What stands in one tab of `example`, oldest first.
    async fn tab(&self, state: JoinRequestState) -> Vec<Listed> {
        let page = Page { state, order: Order::Oldest, after: None, limit: 100 };
        self.opened.directory.join_requests("example", page).await.unwrap()
    }

    /// The kinds and recipients of the mails queued so far, in order of both.
    pub(crate) async fn mails(&self) -> Vec<String> {
        self.sql().await.texts("SELECT kind || ' ' || recipient FROM mails ORDER BY 1").await
    }

    async fn count(&self, of: &str) -> i64 {
        self.sql().await.number(&format!("SELECT COUNT(*) FROM {of}")).await
    }
}

fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Conflict(words)) => words,
        other => panic!("not a conflict: {other:?}"),
    }
}
