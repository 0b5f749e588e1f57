//! Unary gRPC calls over any byte stream, and the questions that need them: who leads shards, and
//! whether strangers get in.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

use super::proto::{
    GetReplicasRequest, GetReplicasResponse, ListDatabasesRequest, ListDatabasesResponse,
    ShowCollectionsRequest, ShowCollectionsResponse, Status, UpdateCredentialRequest,
};

use crate::question::Answer;
use crate::system::milvus::KNOWN_PASSWORD;

const SERVICE: &str = "/milvus.proto.milvus.MilvusService";
/// No answer that is asked for here comes near this size.
const MAX_ANSWER: usize = 16 << 20;
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A call that did not come back with an answer.
#[derive(Debug, Error)]
pub enum GrpcError {
    #[error("`{call}`: no HTTP/2 connection: {source}")]
    Connection {
        call: &'static str,
        source: hyper::Error,
    },
    #[error("`{call}` was answered with {why}")]
    Answer { call: &'static str, why: String },
    #[error("`{call}` was answered with gRPC status {status}: {message}")]
    Refused {
        call: &'static str,
        status: String,
        message: String,
    },
    /// What Milvus says then is not repeated: some releases say which password was tried.
    #[error("`{call}` was answered with: wrong user or password")]
    Denied { call: &'static str },
    #[error("`{call}` had no answer within {}s", LIMIT.as_secs())]
    Late { call: &'static str },
}

/// Whether a status is that of who is not let in: `Unauthenticated` (milvus:
/// `internal/proxy/authentication_interceptor.go`), and `Unknown` with these words in 2.2 and the first
/// of 2.3 (`ErrUnauthenticated` in `internal/proxy/error.go` of 2.2).
fn is_denial(status: &str, message: &str) -> bool {
    status == "16" || status == "2" && message.contains("auth check failure")
}

/// One leader of one shard.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ShardLeader {
    pub database: String,
    pub collection: String,
    /// The DML channel of the shard.
    pub channel: String,
    /// The ServerID of the query node that leads it: from 2.6 on that of the streaming node which
    /// runs it, as the two have one.
    pub leader: i64,
}

/// Who a proxy let in that it should not know.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Strangers {
    /// Somebody who named no password.
    pub without: bool,
    /// `root` with the password that each Milvus begins with.
    pub known: bool,
}

impl Strangers {
    /// Of the answer to the question.
    ///
    /// # Errors
    /// It was not answered.
    pub fn read(answer: &Answer) -> Result<Self, String> {
        serde_json::from_slice(answer.ok()?).map_err(|error| error.to_string())
    }

    /// Who gets in, if anybody does.
    #[must_use]
    pub fn told(self) -> Option<&'static str> {
        match (self.without, self.known) {
            (true, _) => Some("lets in whoever names no password"),
            (false, true) => Some("takes the password of root that each Milvus begins with"),
            (false, false) => None,
        }
    }

    /// Asks a proxy over a stream, first without a password, then with the known one.
    ///
    /// # Errors
    /// It does not speak gRPC, or not in time.
    pub async fn over<S>(stream: S) -> Result<Self, GrpcError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut client = Client::over(stream, "root", KNOWN_PASSWORD).await?;
        let known = client.is_let_in().await?;
        client.authorization = None;
        let without = client.is_let_in().await?;
        Ok(Self { without, known })
    }
}

/// A connection to a proxy.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: Option<String>,
}

impl Client {
    /// Speaks HTTP/2 over a stream.
    ///
    /// # Errors
    /// The other side does not speak it.
    pub async fn over<S>(stream: S, user: &str, password: &str) -> Result<Self, GrpcError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .map_err(|source| GrpcError::Connection {
                    call: "handshake",
                    source,
                })?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            authorization: Some(STANDARD.encode(format!("{user}:{password}"))),
        })
    }

    /// Whether a call that every release has is answered for this user.
    ///
    /// # Errors
    /// Milvus said neither yes nor no: a proxy that is not ready says so by a status too.
    pub async fn is_let_in(&mut self) -> Result<bool, GrpcError> {
        let request = ShowCollectionsRequest {
            db_name: String::new(),
            kind: 0,
        };
        let call = self.call::<ShowCollectionsResponse>("ShowCollections", "", &request);
        match call.await {
            Ok(_) => Ok(true),
            Err(GrpcError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives a user another password. Those who use the old one are no longer let in.
    ///
    /// # Errors
    /// The old password is wrong, or Milvus does not take the new one.
    pub async fn change_password(
        &mut self,
        user: &str,
        old: &str,
        new: &str,
    ) -> Result<(), GrpcError> {
        const CALL: &str = "UpdateCredential";
        let request = UpdateCredentialRequest {
            username: user.to_owned(),
            old_password: STANDARD.encode(old),
            new_password: STANDARD.encode(new),
        };
        let status: Status = self.call(CALL, "", &request).await?;
        check(CALL, Some(&status))
    }

    /// The leader of every shard of every loaded collection in every database.
    ///
    /// # Errors
    /// A call that failed or that Milvus refused.
    pub async fn shard_leaders(&mut self) -> Result<Vec<ShardLeader>, GrpcError> {
        let databases: ListDatabasesResponse = self
            .call("ListDatabases", "", &ListDatabasesRequest {})
            .await?;
        check("ListDatabases", databases.status.as_ref())?;
        let mut leaders = Vec::new();
        for database in databases.db_names {
            let request = ShowCollectionsRequest {
                db_name: database.clone(),
                kind: 1,
            };
            let shown: ShowCollectionsResponse =
                self.call("ShowCollections", &database, &request).await?;
            check("ShowCollections", shown.status.as_ref())?;
            for (name, id) in shown.collection_names.iter().zip(&shown.collection_ids) {
                let request = GetReplicasRequest {
                    collection_id: *id,
                    with_shard_nodes: true,
                    collection_name: name.clone(),
                    db_name: database.clone(),
                };
                let found: GetReplicasResponse =
                    self.call("GetReplicas", &database, &request).await?;
                check("GetReplicas", found.status.as_ref())?;
                leaders.extend(found.replicas.into_iter().flat_map(|replica| {
                    replica.shard_replicas.into_iter().map(|shard| ShardLeader {
                        database: database.clone(),
                        collection: name.clone(),
                        channel: shard.channel,
                        leader: shard.leader_id,
                    })
                }));
            }
        }
        leaders.sort();
        Ok(leaders)
    }

    async fn call<A: Message + Default>(
        &mut self,
        call: &'static str,
        database: &str,
        request: &impl Message,
    ) -> Result<A, GrpcError> {
        tokio::time::timeout(LIMIT, self.exchange(call, database, request))
            .await
            .unwrap_or(Err(GrpcError::Late { call }))
    }

    async fn exchange<A: Message + Default>(
        &mut self,
        call: &'static str,
        database: &str,
        request: &impl Message,
    ) -> Result<A, GrpcError> {
        let answer = |why: String| GrpcError::Answer { call, why };
        let mut builder = hyper::Request::post(format!("http://milvus{SERVICE}/{call}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("dbname", database);
        if let Some(authorization) = &self.authorization {
            builder = builder.header("authorization", authorization);
        }
        let request = builder
            .body(Full::new(framed(request)))
            .map_err(|error| answer(error.to_string()))?;
        let response = self
            .sender
            .send_request(request)
            .await
            .map_err(|source| GrpcError::Connection { call, source })?;
        let (head, body) = response.into_parts();
        let collected = Limited::new(body, MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| answer(error.to_string()))?;
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let status = trailers
            .get("grpc-status")
            .or_else(|| head.headers.get("grpc-status"))
            .and_then(|value| value.to_str().ok())
            .unwrap_or("0");
        if status != "0" {
            let message = trailers
                .get("grpc-message")
                .or_else(|| head.headers.get("grpc-message"))
                .and_then(|value| value.to_str().ok())
                .unwrap_or("no message");
            if is_denial(status, message) {
                return Err(GrpcError::Denied { call });
            }
            return Err(GrpcError::Refused {
                call,
                status: status.to_owned(),
                message: message.to_owned(),
            });
        }
        let bytes = collected.to_bytes();
        let message = bytes
            .get(5..)
            .ok_or_else(|| answer(format!("HTTP {} and no message", head.status)))?;
        A::decode(message).map_err(|error| answer(error.to_string()))
    }
}

/// gRPC's length-prefixed message, uncompressed.
fn framed(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX));
    bytes.put_slice(&message.encode_to_vec());
    bytes.freeze()
}

fn check(call: &'static str, status: Option<&Status>) -> Result<(), GrpcError> {
    match status {
        Some(status) if status.error_code != 0 || status.code != 0 => Err(GrpcError::Answer {
            call,
            why: format!("error {}: {}", status.code, status.reason),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_let_in_is_told_from_who_was_not_understood() {
        let wrong = "auth check failure, please check username and password are correct";
        assert!(is_denial("16", wrong));
        assert!(is_denial("16", "missing authorization in header"));
        // 2.2, and 2.3.0, which says which password was tried.
        assert!(is_denial("2", wrong));
        assert!(is_denial(
            "2",
            &format!("{wrong}: expected=valid, actual=username: root, password: x")
        ));
        assert!(!is_denial(
            "2",
            "service unavailable: internal: Milvus Proxy is not ready yet. please wait"
        ));
        assert!(!is_denial("14", wrong));
        assert!(!is_denial("12", "unknown method"));
    }
}
