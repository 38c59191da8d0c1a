//! The listener: accepts connections, keeps them within limits of number and time, and stops without cutting off
//! what was accepted. Knows HTTP/1.1 and HTTP/2, and nothing of what is asked.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config::Server as Limits;

mod activity;

use activity::Activity;

/// Request headers of one request, in bytes: far above what an IdP sends, far below what would hurt.
const HEADER_BYTES: u32 = 32 * 1024;

/// Requests at the same time on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// Streams that an HTTP/2 peer may open and reset before it is sent away (rapid reset, CVE-2023-44487).
const RESETS: usize = 32;

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    /// Somebody else does.
    #[error(
        "cannot listen on {0}: the port is in use. Stop the other program, or choose another port with --listen or \
         SECARO_SERVER__LISTEN."
    )]
    InUse(SocketAddr),
    /// A port below 1024.
    #[error("cannot listen on {0}: not permitted. Choose a port above 1023 and let the proxy in front forward to it.")]
    NotPermitted(SocketAddr),
    /// Not this machine's address, or something rarer.
    #[error("cannot listen on {0}: {1}. Check server.listen.")]
    Other(SocketAddr, io::Error),
}

/// A socket that connections already reach; they are answered from [`Listener::serve`] on.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the address; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The port is in use, not permitted, or the address is not this machine's.
    pub async fn bind(address: SocketAddr) -> Result<Self, CannotListen> {
        let explain = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => CannotListen::InUse(address),
            io::ErrorKind::PermissionDenied => CannotListen::NotPermitted(address),
            _ => CannotListen::Other(address, error),
        };
        let socket = TcpListener::bind(address).await.map_err(explain)?;
        let address = socket.local_addr().map_err(explain)?;
        Ok(Self { socket, address })
    }

    /// The address with the port that was really taken.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is cancelled and then until every accepted request is answered, for at most the grace
    /// period of `limits`. Says how many connections had to be cut off.
    pub async fn serve(self, router: Router, limits: &Limits, stop: CancellationToken) -> usize {
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        let serving = Arc::new(Serving { limits: limits.clone(), router, stop, cut, tasks: connections.clone() });
        serving.accept(self.socket).await;
        connections.close();
        if timeout(limits.shutdown_grace, connections.wait()).await.is_ok() {
            return 0;
        }
        let unfinished = connections.len();
        serving.cut.cancel();
        unfinished
    }
}

/// Who is at the other end of the connection, in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

struct Serving {
    limits: Limits,
    router: Router,
    /// Take nothing new.
    stop: CancellationToken,
    /// Wait no longer.
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl Serving {
    async fn accept(self: &Arc<Self>, socket: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.max_connections.get()));
        loop {
            // The place first: who finds none waits in the system's queue, which is bounded too.
            let (place, accepted) = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                next = async { (Arc::clone(&places).acquire_owned().await, socket.accept().await) } => next,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let serving = Arc::clone(self);
                    self.tasks.spawn(async move {
                        serving.connection(stream, peer.ip()).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, mostly. Trying again at once would only burn the processor.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Serves one connection until it ends, is neglected, or has to.
    async fn connection(&self, stream: TcpStream, peer: IpAddr) {
        let _ = stream.set_nodelay(true);
        let activity = Activity::default();
        let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let in_flight = activity.begin();
            let answer = self.router.clone().oneshot(request.map(Body::new));
            async move {
                let answer = answer.await;
                drop(in_flight);
                answer.map_err(|never: Infallible| never)
            }
        });
        let builder = self.builder();
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut neglected = pin!(activity.neglected(self.limits.header_timeout, self.limits.body_timeout));
        let mut stopping = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "connection ended");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = &mut neglected => return,
                () = self.cut.cancelled() => return,
            }
        }
    }

    fn builder(&self) -> Builder<Tracked> {
        let mut builder = Builder::new(Tracked(self.tasks.clone()));
        builder
            .http1()
            // Without a timer hyper has no header timeout, whatever is set.
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(HEADER_BYTES as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.header_timeout)
            .keep_alive_timeout(self.limits.header_timeout)
            .max_header_list_size(HEADER_BYTES)
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(RESETS);
        builder
    }
}

/// Runs HTTP/2 streams on the tracker, so that stopping waits for them.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

#[cfg(test)]
mod tests;
