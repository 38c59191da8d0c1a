//! What is left behind: no token and no password in the database's files or in the log, and no way for a caller to
//! write a line of the log.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::database::{Database, Engine};
use crate::support::process::{self, Gateway};
use crate::support::sql::Sql;

/// One exchange on a connection of its own; the status.
fn ask(gateway: &Gateway, head: &[u8], body: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address()).unwrap();
    stream.write_all(head).unwrap();
    let rest = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A refused request may be cut off after its answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(request: &str, token: &str) -> Vec<u8> {
    format!("{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\n").into()
}

const CANARY: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn t12_t62_no_secret_is_left_in_the_database_or_the_log() {
    let database = Database::new().await;
    let tokens = process::provision(database.location(), ["okta", "entra"]);
    let mut written = Vec::new();
    let gateway =
        Gateway::start(database.location(), &[("SECARO_LOG__LEVEL", "debug"), ("SECARO_LOG__FORMAT", "json")]);
    let user =
        format!(r#"{{"userName":"ada@example.org","password":"{CANARY}","emails":[{{"value":"ada@example.org"}}]}}"#);
    let mut statuses = Vec::new();
    for token in &tokens {
        let key = if token == &tokens[0] { "okta" } else { "entra" };
        let requests = [
            (format!("POST /scim/v2/{key}/Users"), user.as_str()),
            (format!("POST /scim/v2/{key}/Users"), user.as_str()),
            (format!("GET /scim/v2/{key}/Users?filter=userName%20eq%20%22{CANARY}%22"), ""),
            (format!("GET /scim/v2/{key}/Users?access_token={token}"), ""),
            (format!("GET /scim/v2/{key}/Users/{token}"), ""),
            (format!("GET /{token}"), ""),
            (format!("POST /scim/v2/{key}/Users"), "{\"userName\":"),
            (format!("PUT /scim/v2/{key}/Schemas"), "{}"),
        ];
        for (request, body) in requests {
            let answer = ask(&gateway, &head(&request, token), body);
            assert!(!answer.contains(token.as_str()) && !answer.contains(CANARY), "{answer}");
            statuses.push(answer[9..12].to_owned());
        }
        ask(&gateway, &head(&format!("GET /scim/v2/{key}/Users"), &token[..token.len() - 1]), "");
    }
    assert_eq!(statuses[..2], ["201", "409"]);
    if Engine::of_this_run() == Engine::Sqlite {
        for file in std::fs::read_dir(database.folder()).unwrap() {
            written.push(std::fs::read(file.unwrap().path()).unwrap());
        }
        assert!(written.len() > 1, "the file and its log");
    }
    let (status, log) = gateway.stop();
    assert!(status.success());
    assert!(log.len() > 20, "there is a log");
    written.extend(log.into_iter().map(String::into_bytes));
    written.push(Sql::of(&database).await.dump(None).await.into_bytes());

    let secrets = tokens.iter().map(|token| token.split('_').nth(3).unwrap()).chain([CANARY]);
    for secret in secrets {
        let hits = written.iter().filter(|text| text.windows(secret.len()).any(|window| window == secret.as_bytes()));
        let hits: Vec<_> =
            hits.map(|text| String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned()).collect();
        assert!(hits.is_empty(), "{hits:#?}");
    }
    let personal = written.iter().any(|text| text.windows(15).any(|window| window == b"ada@example.org"));
    assert!(personal, "what is looked through does hold what is kept");
}

#[tokio::test]
async fn t83_no_caller_writes_a_line_of_the_log() {
    let database = Database::new().await;
    let [token] = process::provision(database.location(), ["okta"]);
    let gateway =
        Gateway::start(database.location(), &[("SECARO_LOG__LEVEL", "debug"), ("SECARO_LOG__FORMAT", "json")]);
    let nasty = ["\u{2028}{\"level\":\"INFO\"}", "\u{85}x", "a\u{9b}31m", "\t\"}", "%0d%0a{}", "\\n\\r\\u001b"];
    let mut asked = 0;
    for text in nasty {
        let encoded = percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut request = head(&format!("GET /scim/v2/okta/{encoded}?filter={encoded}"), &token);
        request.extend(format!("User-Agent: {text}\r\nX-Request-Id: {text}\r\nX-Forwarded-For: {text}\r\n").bytes());
        assert!(ask(&gateway, &request, "").contains(" 404 "), "{text}");
        let name =
            serde_json::json!({ "userName": format!("{text}\r\n\u{1b}[31m\u{2028}{{}}\0"), "displayName": text });
        let answer = ask(&gateway, &head("POST /scim/v2/okta/Users", &token), &name.to_string());
        assert!(answer.starts_with("HTTP/1.1 201") || answer.starts_with("HTTP/1.1 400"), "{answer}");
        ask(&gateway, &head(&format!("GET /scim/v2/okta/Users?filter={encoded}"), &token), "");
        asked += 3;
    }
    // Raw control characters are no HTTP; whoever refuses them, nothing of them is written.
    for text in ["a\rb", "a\x1b[31mb", "a\0b", "a\x7fb"] {
        let mut request = head("GET /scim/v2/okta/Users", &token);
        request.extend(format!("User-Agent: {text}\r\n").bytes());
        ask(&gateway, &request, "");
    }
    let (_, log) = gateway.stop();
    let mut answered = 0;
    for line in &log {
        let Some(json) = line.strip_prefix('{').map(|_| line) else {
            assert!(!line.contains("level"), "{line}");
            continue;
        };
        let event: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {line}"));
        answered += usize::from(event["message"] == "answered");
        assert!(!line.chars().any(|char| char.is_control() || "\u{2028}\u{2029}".contains(char)), "{line}");
    }
    assert!((asked..=asked + 4).contains(&answered), "{answered} lines for {asked} requests");
}
