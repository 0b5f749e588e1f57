//! Byte streams to an engine: how each kind of endpoint is dialled.

use std::future::Future;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tower_service::Service;

use super::error::EngineError;
use super::ssh::Ssh;
use super::target::{Endpoint, Target};
use super::tls::Tls;

/// Long enough for a far host, short enough for a person who mistyped an address.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// One connection, whatever carries it.
pub(super) struct Link(Pin<Box<dyn Duplex>>);

impl Link {
    fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> TokioIo<Self> {
        TokioIo::new(Self(Box::pin(stream)))
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Dials one target over and over, for hyper's pool of connections.
#[derive(Clone)]
pub(super) struct Dialer(Arc<Inner>);

struct Inner {
    target: Target,
    way: Way,
}

enum Way {
    Unix,
    Tcp,
    Tls(Tls),
    Ssh(Ssh),
}

impl Dialer {
    /// Reads the files that the target names; dials nothing yet.
    pub(super) fn new(target: Target) -> Result<Self, EngineError> {
        let way = match &target.endpoint {
            Endpoint::Unix(_) => Way::Unix,
            Endpoint::Tcp { tls: None, .. } => Way::Tcp,
            Endpoint::Tcp {
                host,
                tls: Some(files),
                ..
            } => Way::Tls(Tls::load(host, files)?),
            Endpoint::Ssh { .. } => Way::Ssh(Ssh::new()),
        };
        Ok(Self(Arc::new(Inner { target, way })))
    }

    pub(super) fn target(&self) -> &Target {
        &self.0.target
    }

    /// What the program that carries the connection complained of last.
    pub(super) async fn last_words(&self) -> Option<String> {
        match &self.0.way {
            Way::Ssh(ssh) => ssh.last_words().await,
            _ => None,
        }
    }

    async fn dial(&self) -> Result<TokioIo<Link>, EngineError> {
        let target = &self.0.target;
        let dialled = tokio::time::timeout(DIAL_LIMIT, async {
            Ok(match (&target.endpoint, &self.0.way) {
                (Endpoint::Unix(path), _) => Link::new(UnixStream::connect(path).await?),
                (Endpoint::Tcp { host, port, .. }, way) => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    match way {
                        Way::Tls(tls) => Link::new(tls.wrap(stream).await?),
                        _ => Link::new(stream),
                    }
                }
                (endpoint, Way::Ssh(ssh)) => Link::new(ssh.dial(endpoint).await?),
                _ => return Err(Error::from(ErrorKind::Unsupported)),
            })
        })
        .await
        .unwrap_or_else(|_| Err(Error::from(ErrorKind::TimedOut)));
        dialled.map_err(|error| unreachable(target, &error))
    }
}

fn unreachable(target: &Target, error: &Error) -> EngineError {
    let address = target.endpoint.to_string();
    let origin = target.origin.clone();
    let local = matches!(target.endpoint, Endpoint::Unix(_));
    let why = match error.kind() {
        ErrorKind::PermissionDenied if local => {
            return EngineError::PermissionDenied {
                target: address,
                origin,
            };
        }
        ErrorKind::NotFound if local => "there is no such socket; is Docker installed?".into(),
        ErrorKind::ConnectionRefused if local => "nothing listens there; is Docker started?".into(),
        ErrorKind::NotFound if matches!(target.endpoint, Endpoint::Ssh { .. }) => {
            "there is no program `ssh` here".into()
        }
        ErrorKind::ConnectionRefused => "connection refused".into(),
        ErrorKind::TimedOut => format!("no connection within {}s", DIAL_LIMIT.as_secs()),
        _ => error.to_string(),
    };
    EngineError::Unreachable {
        target: address,
        origin,
        why,
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Link>;
    type Error = EngineError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Link>, EngineError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EngineError>> {
        Poll::Ready(Ok(()))
    }

    /// The target is fixed: the URI only carries the request's path.
    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.dial().await })
    }
}
