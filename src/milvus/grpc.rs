//! Unary gRPC calls over any byte stream, and the one question that needs them: which query
//! nodes lead shards.

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
    ShowCollectionsRequest, ShowCollectionsResponse, Status,
};

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
    #[error("`{call}` had no answer within {}s", LIMIT.as_secs())]
    Late { call: &'static str },
}

/// One leader of one shard.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ShardLeader {
    pub database: String,
    pub collection: String,
    /// The DML channel of the shard.
    pub channel: String,
    /// The query node's ServerID.
    pub leader: i64,
}

/// A connection to a proxy, authenticated as `root`.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
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
            authorization: STANDARD.encode(format!("{user}:{password}")),
        })
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
        let request = hyper::Request::post(format!("http://milvus{SERVICE}/{call}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", &self.authorization)
            .header("dbname", database)
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
            return Err(answer(format!("gRPC status {status}: {message}")));
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
