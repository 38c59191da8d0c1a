//! Reading a request's body within its limits of size and time. Does not look at what it says.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use bytes::BytesMut;
use http_body_util::BodyExt as _;

/// How much past the limit is read and thrown away before the refusal. A client that is still sending when the
/// connection closes sees a broken connection and not the 413 that tells it what to do.
const COURTESY: usize = 4;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Larger than allowed.
    TooLarge,
    /// Not complete in time.
    TooSlow,
    /// The connection ended, or what came is no HTTP body.
    Broken,
}

/// The whole body of at most `limit` bytes, complete after at most `patience`.
pub(super) async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Refusal> {
    tokio::time::timeout(patience, within(body, limit)).await.unwrap_or(Err(Refusal::TooSlow))
}

async fn within(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let at_most = limit.saturating_mul(COURTESY);
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > at_most) {
        return Err(Refusal::TooLarge);
    }
    let mut whole = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        seen += data.len();
        if seen > at_most {
            break;
        }
        if seen <= limit {
            whole.extend_from_slice(&data);
        }
    }
    if seen > limit { Err(Refusal::TooLarge) } else { Ok(whole.freeze()) }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunks(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
        Body::from_stream(stream::iter(chunks))
    }

    async fn read_5(body: Body) -> Result<Bytes, Refusal> {
        read(body, 5, Duration::from_secs(1)).await
    }

    #[tokio::test]
    async fn a_body_up_to_the_limit_is_read_whole() {
        assert_eq!(read_5(Body::from("12345")).await.unwrap(), "12345");
        assert_eq!(read_5(chunks(vec![Ok("12"), Ok("345")])).await.unwrap(), "12345");
        assert_eq!(read_5(Body::empty()).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_whether_announced_or_not() {
        assert_eq!(read_5(Body::from("123456")).await, Err(Refusal::TooLarge));
        assert_eq!(read_5(chunks(vec![Ok("123"), Ok("456")])).await, Err(Refusal::TooLarge));
        assert_eq!(read_5(Body::from(vec![b' '; 1000])).await, Err(Refusal::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_or_never_ends_is_told_apart() {
        let broken = chunks(vec![Ok("1"), Err(std::io::Error::other("reset"))]);
        assert_eq!(read_5(broken).await, Err(Refusal::Broken));
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(never, 5, Duration::from_millis(10)).await, Err(Refusal::TooSlow));
    }
}
