//! Requests to an engine and the ways they end.
//!
//! Every call of this program is made here, over one pool of connections, and none of them
//! through bollard: its models lose health checks and refuse words they do not know, it
//! writes request bodies (secrets among them) to its log, and it bounds neither bodies nor
//! the time to read them. Neither bodies nor their parts are ever logged or put in an error.

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, DATE, HOST, UPGRADE};
use hyper::{Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::error::EngineError;
use super::fence::Fence;
use super::link::Dialer;
use super::request::Request;
use super::rows::Rows;
use super::target::{Endpoint, Target};

/// No answer of an engine that makes sense is longer.
pub(super) const BODY_LIMIT: usize = 64 << 20;
/// Nor a list that is read row by row: a row of a task is some 2 KiB.
const LIST_LIMIT: usize = 512 << 20;

/// One engine's connections.
pub(super) struct Http {
    client: Client<Dialer, Full<Bytes>>,
    dialer: Dialer,
    /// `/v1.41` once it is agreed on.
    prefix: OnceLock<String>,
    /// The engine's clock by its last answer, in seconds since 1970; 0 before there is one.
    clock: AtomicI64,
    /// Asked before requests that change something.
    fence: Mutex<Option<Arc<dyn Fence>>>,
}

impl Http {
    pub(super) fn new(target: Target) -> Result<Self, EngineError> {
        let dialer = Dialer::new(target)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(8)
            .build(dialer.clone());
        Ok(Self {
            client,
            dialer,
            prefix: OnceLock::new(),
            clock: AtomicI64::new(0),
            fence: Mutex::default(),
        })
    }

    pub(super) fn target(&self) -> &Target {
        self.dialer.target()
    }

    /// What time it is where the engine is, by its last answer.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let seconds = self.clock.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
    }

    /// Uses this version, such as `1.41`, from now on.
    pub(super) fn pin(&self, version: &str) {
        let _ = self.prefix.set(format!("/v{version}"));
    }

    pub(super) fn fence(&self) -> Option<Arc<dyn Fence>> {
        let fence = self.fence.lock().unwrap_or_else(PoisonError::into_inner);
        fence.clone()
    }

    pub(super) fn set_fence(&self, fence: Option<Arc<dyn Fence>>) {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner) = fence;
    }

    /// Resolves in a moment in which `what` may be sent. It stays so while nothing is waited for.
    pub(super) async fn leave(&self, what: &str) -> Result<(), EngineError> {
        let Some(fence) = self.fence() else {
            return Ok(());
        };
        let leave = fence.leave().await;
        leave.map_err(|why| EngineError::Withheld {
            request: what.to_owned(),
            why,
        })
    }

    /// The head of a successful answer; its body is still to be read.
    pub(super) async fn send(&self, request: Request) -> Result<Response<Incoming>, EngineError> {
        let name = request.name();
        if request.needs_leave() {
            self.leave(&name).await?;
        }
        let after = request.limit;
        let answered = tokio::time::timeout(after, self.exchange(request, &name)).await;
        answered.unwrap_or(Err(EngineError::TimedOut {
            request: name,
            after,
        }))
    }

    /// The JSON document of a successful answer.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<T, EngineError> {
        let name = request.name();
        let body = self.bytes(request).await?;
        serde_json::from_slice(&body).map_err(|error| EngineError::NotUnderstood {
            request: name,
            why: error.to_string(),
        })
    }

    /// The rows of a list, one by one: what is kept of them is up to `each`.
    pub(super) async fn rows<T: DeserializeOwned>(
        &self,
        request: Request,
        mut each: impl FnMut(T),
    ) -> Result<(), EngineError> {
        let name = request.name();
        let after = request.limit;
        let read = async {
            let answer = self.exchange(request, &name).await?;
            let mut body = Limited::new(answer.into_body(), LIST_LIMIT);
            let mut rows = Rows::new();
            let not_understood = |why| EngineError::NotUnderstood {
                request: name.clone(),
                why,
            };
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| unread(&*error, &name, LIST_LIMIT))?;
                if let Some(bytes) = frame.data_ref() {
                    rows.push(bytes, &mut each).map_err(not_understood)?;
                }
            }
            rows.finish(&mut each).map_err(not_understood)
        };
        let read = tokio::time::timeout(after, read).await;
        read.unwrap_or_else(|_| {
            Err(EngineError::TimedOut {
                request: name.clone(),
                after,
            })
        })
    }

    /// Waits for success and forgets the answer.
    pub(super) async fn done(&self, request: Request) -> Result<(), EngineError> {
        self.bytes(request).await.map(drop)
    }

    async fn bytes(&self, request: Request) -> Result<Bytes, EngineError> {
        let name = request.name();
        if request.needs_leave() {
            self.leave(&name).await?;
        }
        let after = request.limit;
        tokio::time::timeout(after, async {
            let answer = self.exchange(request, &name).await?;
            collect(answer.into_body(), &name).await
        })
        .await
        .unwrap_or(Err(EngineError::TimedOut {
            request: name.clone(),
            after,
        }))
    }

    async fn exchange(
        &self,
        request: Request,
        name: &str,
    ) -> Result<Response<Incoming>, EngineError> {
        let host = match &self.target().endpoint {
            Endpoint::Tcp { host, .. } if !host.contains(':') => host.as_str(),
            _ => "docker",
        };
        let prefix = self.prefix.get().map_or("", String::as_str);
        let Request { path, query, .. } = &request;
        let mut built = hyper::Request::builder()
            .method(request.method.clone())
            .uri(format!("http://docker{prefix}{path}{query}"))
            .header(HOST, host);
        if !request.body.is_empty() {
            built = built.header(CONTENT_TYPE, "application/json");
        }
        if let Some(auth) = &request.registry_auth {
            built = built.header("X-Registry-Auth", auth);
        }
        if request.upgrade {
            built = built.header(CONNECTION, "Upgrade").header(UPGRADE, "tcp");
        }
        let built = built
            .body(Full::new(request.body.clone()))
            .map_err(|error| EngineError::NotUnderstood {
                request: name.into(),
                why: error.to_string(),
            })?;
        let answer = match self.client.request(built).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.broken(name, &error).await),
        };
        if let Some(time) = date(&answer) {
            self.clock.store(time.as_second(), Ordering::Relaxed);
        }
        let status = answer.status();
        if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(answer);
        }
        let body = collect(answer.into_body(), name).await.unwrap_or_default();
        Err(EngineError::refused(name, status.as_u16(), words(&body)))
    }

    /// The dialler's own error where there is one.
    async fn broken(&self, name: &str, error: &(dyn Error + Send + Sync)) -> EngineError {
        let mut cause = error.source();
        let mut deepest = error.to_string();
        while let Some(inner) = cause {
            if let Some(ours) = inner.downcast_ref::<EngineError>() {
                return ours.clone();
            }
            deepest = inner.to_string();
            cause = inner.source();
        }
        match self.dialer.last_words().await {
            Some(why) => EngineError::Unreachable {
                target: self.target().endpoint.to_string(),
                origin: self.target().origin.clone(),
                why,
            },
            None => EngineError::CutOff {
                request: name.into(),
                why: deepest,
            },
        }
    }
}

/// When an answer was made.
fn date(answer: &Response<Incoming>) -> Option<Timestamp> {
    let text = answer.headers().get(DATE)?.to_str().ok()?;
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.timestamp())
}

async fn collect(body: Incoming, name: &str) -> Result<Bytes, EngineError> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(unread(&*error, name, BODY_LIMIT)),
    }
}

/// Why a body was not read to its end.
fn unread(error: &(dyn Error + Send + Sync + 'static), name: &str, limit: usize) -> EngineError {
    if error.is::<LengthLimitError>() {
        return EngineError::TooLong {
            request: name.into(),
            limit,
        };
    }
    EngineError::CutOff {
        request: name.into(),
        why: error.to_string(),
    }
}

/// What an error means, without the frame that gRPC puts around it.
pub(super) fn plain(message: &str) -> String {
    let message = message.trim();
    let framed = message.strip_prefix("rpc error: code = ");
    let meant = framed.and_then(|rest| rest.split_once(" desc = "));
    meant.map_or(message, |(_, meant)| meant).into()
}

/// `{"message": "…"}`, or the text itself.
fn words(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Message {
        message: String,
    }
    match serde_json::from_slice::<Message>(body) {
        Ok(Message { message }) => plain(&message),
        Err(_) => String::from_utf8_lossy(body)
            .trim()
            .chars()
            .take(500)
            .collect(),
    }
}
