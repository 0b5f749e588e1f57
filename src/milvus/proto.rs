//! The few messages of `milvus.proto` (milvus-io/milvus-proto, branch 2.3) that draining needs.

use prost::Message;

#[derive(Clone, Message, PartialEq)]
pub struct Status {
    #[prost(int32, tag = "1")]
    pub error_code: i32,
    #[prost(string, tag = "2")]
    pub reason: String,
    #[prost(int32, tag = "3")]
    pub code: i32,
}

/// Passwords are in base64.
#[derive(Clone, Message, PartialEq)]
pub struct UpdateCredentialRequest {
    #[prost(string, tag = "2")]
    pub username: String,
    #[prost(string, tag = "3")]
    pub old_password: String,
    #[prost(string, tag = "4")]
    pub new_password: String,
}

#[derive(Clone, Message, PartialEq)]
pub struct ListDatabasesRequest {}

#[derive(Clone, Message, PartialEq)]
pub struct ListDatabasesResponse {
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    #[prost(string, repeated, tag = "2")]
    pub db_names: Vec<String>,
}

#[derive(Clone, Message, PartialEq)]
pub struct ShowCollectionsRequest {
    #[prost(string, tag = "2")]
    pub db_name: String,
    /// 1: only those that are loaded.
    #[prost(int32, tag = "4")]
    pub kind: i32,
}

#[derive(Clone, Message, PartialEq)]
pub struct ShowCollectionsResponse {
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    #[prost(string, repeated, tag = "2")]
    pub collection_names: Vec<String>,
    #[prost(int64, repeated, tag = "3")]
    pub collection_ids: Vec<i64>,
}

#[derive(Clone, Message, PartialEq)]
pub struct GetReplicasRequest {
    #[prost(int64, tag = "2")]
    pub collection_id: i64,
    #[prost(bool, tag = "3")]
    pub with_shard_nodes: bool,
    #[prost(string, tag = "4")]
    pub collection_name: String,
    #[prost(string, tag = "5")]
    pub db_name: String,
}

#[derive(Clone, Message, PartialEq)]
pub struct GetReplicasResponse {
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    #[prost(message, repeated, tag = "2")]
    pub replicas: Vec<ReplicaInfo>,
}

#[derive(Clone, Message, PartialEq)]
pub struct ReplicaInfo {
    #[prost(int64, tag = "1")]
    pub replica_id: i64,
    #[prost(int64, tag = "2")]
    pub collection_id: i64,
    #[prost(message, repeated, tag = "4")]
    pub shard_replicas: Vec<ShardReplica>,
    #[prost(int64, repeated, tag = "5")]
    pub node_ids: Vec<i64>,
}

#[derive(Clone, Message, PartialEq)]
pub struct ShardReplica {
    #[prost(int64, tag = "1")]
    pub leader_id: i64,
    #[prost(string, tag = "2")]
    pub leader_addr: String,
    #[prost(string, tag = "3")]
    pub channel: String,
    #[prost(int64, repeated, tag = "4")]
    pub node_ids: Vec<i64>,
}
