//! What the listener promises, over real sockets.

use std::time::Instant;

use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::*;
use crate::config;

const SHORT: Duration = Duration::from_millis(200);

struct Started {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<usize>,
}

fn limits() -> Limits {
    let mut limits = config::load(&config::Sources::default()).unwrap().settings.server;
    limits.listen = "127.0.0.1:0".parse().unwrap();
    (limits.header_timeout, limits.body_timeout, limits.shutdown_grace) = (SHORT, SHORT * 2, Duration::from_secs(10));
    limits
}

#[expect(clippy::disallowed_methods, reason = "a test waits for the handle itself")]
async fn start(limits: Limits) -> Started {
    let slow = || async {
        sleep(SHORT * 3).await;
        "done"
    };
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/slow", get(slow))
        .route("/large", get(|| async { vec![b'x'; 8 << 20] }))
        .route("/echo", post(|body: Bytes| async { body }));
    let listener = Listener::bind(limits.listen).await.unwrap();
    let (address, stop) = (listener.address(), CancellationToken::new());
    let stopping = stop.clone();
    let served = tokio::spawn(async move { listener.serve(router, &limits, stopping).await });
    Started { address, stop, served }
}

/// Reads until the peer closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn t55_a_connection_that_does_not_finish_its_headers_is_closed() {
    let server = start(limits()).await;
    // Nothing at all; the start of HTTP/2's preface; HTTP/1 headers that never end; HTTP/2 without a request.
    for beginning in ["", "P", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let started = Instant::now();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let closed = timeout(SHORT * 10, rest(&mut stream)).await;
        assert!(closed.is_ok(), "{beginning:?} was kept open");
        assert!(started.elapsed() >= SHORT / 2, "{beginning:?} was not given its time");
    }
}

#[tokio::test]
async fn t55_headers_that_trickle_in_do_not_prolong_their_time() {
    let server = start(limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let started = Instant::now();
    while started.elapsed() < SHORT * 20 {
        let closed = timeout(SHORT / 10, stream.read_u8()).await;
        if matches!(closed, Ok(Err(_))) || stream.write_all(b"x-slow: y\r\n").await.is_err() {
            break;
        }
    }
    assert!(started.elapsed() < SHORT * 5, "{:?}", started.elapsed());
}

#[tokio::test]
async fn t55_a_client_that_does_not_read_its_answer_is_let_go() {
    let server = start(limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(SHORT * 4).await;
    let answer = timeout(SHORT * 10, rest(&mut stream)).await.expect("closed");
    assert!(answer.len() < 8 << 20, "the whole answer was waited for");
}

#[tokio::test]
async fn t55_a_client_that_keeps_asking_is_not_disturbed() {
    let server = start(limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..6 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 512];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].ends_with(b"here"));
        sleep(SHORT / 2).await;
    }
}

#[tokio::test]
async fn t55_two_lengths_for_one_body_end_the_connection() {
    let server = start(limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let smuggled = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\
                    GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    let answers = timeout(SHORT * 10, rest(&mut stream)).await.expect("closed");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let server = start(limits()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(HEADER_BYTES as usize * 2));
    let _ = stream.write_all(request.as_bytes()).await;
    let answer = timeout(SHORT * 10, rest(&mut stream)).await.expect("closed");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn stopping_finishes_what_was_accepted_and_takes_nothing_new() {
    let server = start(limits()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(SHORT / 2).await;
    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut busy).await.ends_with("done"));
    assert_eq!(server.served.await.unwrap(), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn stopping_waits_no_longer_than_its_grace() {
    let mut limits = limits();
    limits.shutdown_grace = SHORT / 2;
    let server = start(limits).await;
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(SHORT / 2).await;
    server.stop.cancel();
    assert_eq!(server.served.await.unwrap(), 1);
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_a_place() {
    let mut limits = limits();
    limits.max_connections = 1.try_into().unwrap();
    let server = start(limits).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    sleep(SHORT / 4).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(timeout(SHORT / 4, second.read_u8()).await.is_err(), "answered beside the first");
    first.shutdown().await.unwrap();
    drop(first);
    assert!(timeout(SHORT * 10, rest(&mut second)).await.unwrap().ends_with("here"));
}

#[tokio::test]
async fn a_port_in_use_says_what_to_do() {
    let server = start(limits()).await;
    let error = Listener::bind(server.address).await.unwrap_err().to_string();
    assert!(error.contains("the port is in use") && error.contains("--listen"), "{error}");
}
