//! `demo`: an example organization whose two IdPs speak to this gateway's own endpoint, as a newcomer's first look
//! and a rehearsal. Keeps its data apart from any other.

mod idp;
mod office;
mod setup;
mod story;
mod view;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::answer::{self, Answer, Format};
use super::failure::Failure;
use super::session::Session;
use crate::app::{self, Gateway};
use crate::config::Loaded;
use setup::{ENTRA, OKTA, ORGANIZATION};

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Address and port to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Stop when the story is told, instead of serving on
    #[arg(long)]
    once: bool,
}

impl Demo {
    /// Its options as settings: none of what the environment or a file says about a real installation counts here.
    pub(super) fn flags(&self) -> Vec<(&'static str, String)> {
        vec![("server.listen", self.listen.clone()), ("server.public_url", String::new())]
    }

    pub(super) async fn run(self, loaded: Loaded, format: Format) -> Result<(), Failure> {
        let session = Session::open(loaded, None).await?;
        let gateway = app::bind(&session.opened, &session.loaded.settings).await?;
        let asked_to_stop = app::stop_signal()?;
        let stop = CancellationToken::new();
        let (base_url, narrator) = (gateway.base_url().to_owned(), Narrator { format });
        greet(&session, &gateway, narrator);
        let told = async {
            let told = tokio::select! {
                told = tell(&session, &base_url, self.once, narrator) => told.map(|answer| answer.print(format)),
                () = asked_to_stop.clone().cancelled_owned() => Ok(()),
            };
            if told.is_ok() && !self.once {
                asked_to_stop.cancelled().await;
            }
            stop.cancel();
            told
        };
        let (told, ()) = tokio::join!(told, gateway.serve(stop.clone()));
        session.opened.close().await;
        told
    }
}

fn greet(session: &Session, gateway: &Gateway, narrator: Narrator) {
    narrator.say(&format!("Data in {}", session.opened.database));
    narrator.say(&format!("Listening on http://{}", gateway.address()));
}

/// Sets the example up, has the IdPs play, and says what to try next.
async fn tell(session: &Session, base_url: &str, once: bool, narrator: Narrator) -> Result<Answer, Failure> {
    let is_new = setup::example(session, narrator).await?;
    let tokens = [setup::token(session, OKTA).await?, setup::token(session, ENTRA).await?];
    let before = if is_new {
        let [okta, entra] = &tokens;
        let mut story = story::Story::new(base_url, [okta, entra], narrator)?;
        story.joiners().await?;
        let before = view::people(session).await?;
        narrator.say(&format!("\nBefore: who may do what, and why\n{}", view::listing(&before)));
        story.changes().await?;
        office::admin(session, narrator).await?;
        story.doubts(office::ADMIN).await?;
        office::work(session, narrator).await?;
        before
    } else {
        narrator.say("\nThe example of an earlier start is here; its story is not told again.");
        view::people(session).await?
    };
    let after = view::people(session).await?;
    let [okta, entra] = tokens;
    let scim = format!("{base_url}/scim/v2/{OKTA}");
    let title = if is_new { "After" } else { "Now" };
    let link = if once { None } else { Some(office::link(session, base_url).await?) };
    let text = format!(
        "\n{title}: who may do what, and why\n{}\n{}",
        view::listing(&after),
        next_steps(&scim, &okta, link.as_deref())
    );
    let json = json!({
        "base_url": base_url,
        "scim_base_url": scim,
        "organization": ORGANIZATION,
        "token": okta,
        "console": link,
        "tokens": { OKTA: okta, ENTRA: entra },
        "told": is_new,
        "before": before,
        "after": after,
    });
    Ok(Answer::new(&json, text))
}

fn next_steps(scim: &str, token: &str, link: Option<&str>) -> String {
    let ending = match link {
        None => "The next start finds this data again.".to_owned(),
        Some(link) => format!(
            "Console, for {} (the link works once, for ten minutes; every start prints a new one):\n  {link}\n\n\
             The gateway keeps serving; Ctrl-C stops it, and the next start finds its data again.",
            office::ADMIN
        ),
    };
    format!(
        r#"SCIM base URL  {scim}
Token          {token}

Try, in another terminal:
  TOKEN={token}
  curl -H "Authorization: Bearer $TOKEN" '{scim}/Users?count=5'
  curl -H "Authorization: Bearer $TOKEN" -G '{scim}/Users' --data-urlencode 'filter=userName sw "ada"'
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/scim+json' '{scim}/Users' \
    -d '{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"gus.moreau@example.org"}}'

{ending}"#
    )
}

/// Tells how it goes: on standard output for people, else beside it, where the one JSON object is to stand alone.
#[derive(Debug, Clone, Copy)]
struct Narrator {
    format: Format,
}

impl Narrator {
    fn say(self, text: &str) {
        match self.format {
            Format::Table => answer::print(text),
            Format::Json => answer::complain(text),
        }
    }
}
