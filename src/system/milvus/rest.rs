//! Milvus' REST API, as each minor has it.
//!
//! 2.2 and 2.3 are asked by version 1, from 2.4 on by version 2, which 2.3.0 has not and upstream
//! keeps (milvus 2.4 to 3.0: `internal/distributed/proxy/httpserver/handler_v2.go`,
//! `RegisterRoutesToV2`). Both answer 200 to what was refused too; in the body stands 0 where it was
//! done, and 200 by version 1 and before 2.4.3.

use serde_json::{Value, json};

use super::PORT;
use crate::formed;
use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::release::Line;
use crate::tag::Version;

/// Stands for the root user's token in a header; the engine edge puts the token in. The
/// credential is a Swarm secret, and a question is a value that may be printed.
pub const ROOT_TOKEN: &str = "<root token>";

/// Whom no proxy knows: names of users have letters, digits and `_` in them (milvus:
/// `ValidateUsername` in `internal/proxy/util.go`).
const NOBODY: &str = "milvus-swarm:is-nobody";

/// What a proxy says to whom it does not know (milvus: `ErrNeedAuthenticate` in
/// `pkg/util/merr/errors.go`).
const UNKNOWN: i64 = 1800;

/// The first line of versions that is asked by version 2.
const SECOND: Line = (2, 4);

/// A version of the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rest {
    V1,
    V2,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Call<'a> {
    /// Makes a collection of vectors and whatever else a row has, indexes and loads it.
    Create {
        dimension: usize,
    },
    Insert {
        rows: &'a [Value],
    },
    /// The nearest row.
    Search {
        vector: &'a [f32],
        filter: Option<&'a str>,
        fields: &'a [&'a str],
    },
    /// Takes rows away, by the keys that an insert was answered with.
    Delete {
        ids: &'a [Value],
    },
    Drop,
}

impl Rest {
    /// What a task speaks: by the version of its image, else by that of the cluster's data. What
    /// nobody knows is taken for new.
    #[must_use]
    pub fn of(task: &Task, cluster: &str, seen: &Observed) -> Self {
        let version = Version::of_image(&task.image);
        let version = version.or_else(|| formed::versions(cluster, &seen.nodes).last().copied());
        version.map_or(Self::V2, |version| Self::of_line(version.line()))
    }

    /// What a minor speaks.
    #[must_use]
    pub fn of_line(line: Line) -> Self {
        if line < SECOND { Self::V1 } else { Self::V2 }
    }

    /// [`Self::list_as_nobody`] in its parts, for what asks by itself; `refused` is the code in the answer.
    #[must_use]
    pub(in crate::system) fn as_check(self) -> Value {
        let Question::Http {
            method, path, body, ..
        } = self.names("")
        else {
            return Value::Null;
        };
        let body = String::from_utf8(body.unwrap_or_default()).unwrap_or_default();
        json!({ "method": method, "path": path, "body": body, "token": NOBODY, "refused": UNKNOWN })
    }

    /// Whether rows of a collection that was made without a schema bring their keys: version 2
    /// numbers none (`handler_v2.go`, `DisableAutoID`).
    #[must_use]
    pub const fn wants_keys(self) -> bool {
        matches!(self, Self::V2)
    }

    /// Asks a proxy for the names of all collections, as root.
    #[must_use]
    pub fn list(self, proxy: &str) -> Question {
        by(self.names(proxy), ROOT_TOKEN)
    }

    /// The same as somebody whom it has to refuse.
    #[must_use]
    pub fn list_as_nobody(self, proxy: &str) -> Question {
        by(self.names(proxy), NOBODY)
    }

    /// Version 2 takes no empty body.
    fn names(self, proxy: &str) -> Question {
        match self {
            Self::V1 => Question::get(proxy, PORT, "/v1/vector/collections"),
            Self::V2 => {
                let path = "/v2/vectordb/collections/list";
                Question::post_json(proxy, PORT, path, &json!({}))
            }
        }
    }

    /// Asks a proxy for something about one collection, as root.
    #[must_use]
    pub fn question(self, proxy: &str, collection: &str, call: &Call<'_>) -> Question {
        let (path, mut body) = match self {
            Self::V1 => first(call),
            Self::V2 => second(call),
        };
        body["collectionName"] = collection.into();
        by(Question::post_json(proxy, PORT, path, &body), ROOT_TOKEN)
    }
}

/// Whether a question is asked as somebody who is to be refused.
#[must_use]
pub fn is_by_nobody(question: &Question) -> bool {
    let Question::Http { headers, .. } = question else {
        return false;
    };
    headers.iter().any(|(_, value)| value.ends_with(NOBODY))
}

/// Whether nobody was refused: that a proxy lets everybody in is another check's to tell.
///
/// # Errors
/// No answer, or one that says something else.
pub fn refused(answer: &Answer) -> Result<(), String> {
    let is_unknown = |body: &[u8]| {
        let body: Option<Value> = serde_json::from_slice(body).ok();
        body.is_some_and(|body| body["code"] == UNKNOWN)
    };
    match answer {
        Answer::Http { status: 401, .. } => Ok(()),
        Answer::Http { status: 200, body } if is_unknown(body) => Ok(()),
        _ => given(answer).map(drop),
    }
}

/// What an answer gives, in either version.
///
/// # Errors
/// No answer, or what Milvus says why not.
pub fn given(answer: &Answer) -> Result<Value, String> {
    let mut body = answer.json()?;
    match body["code"].as_i64() {
        Some(0 | 200) => Ok(body["data"].take()),
        _ => Err(body["message"].as_str().unwrap_or("no message").to_owned()),
    }
}

fn by(question: Question, token: &str) -> Question {
    question.with_header("Authorization", format!("Bearer {token}"))
}

fn first(call: &Call<'_>) -> (&'static str, Value) {
    match call {
        Call::Create { dimension } => (
            "/v1/vector/collections/create",
            json!({ "dimension": dimension, "metricType": "L2" }),
        ),
        Call::Insert { rows } => ("/v1/vector/insert", json!({ "data": rows })),
        Call::Search {
            vector,
            filter,
            fields,
        } => (
            "/v1/vector/search",
            searched(json!({ "vector": vector }), *filter, fields),
        ),
        Call::Delete { ids } => ("/v1/vector/delete", json!({ "id": ids })),
        Call::Drop => ("/v1/vector/collections/drop", json!({})),
    }
}

fn second(call: &Call<'_>) -> (&'static str, Value) {
    match call {
        Call::Create { dimension } => (
            "/v2/vectordb/collections/create",
            json!({ "dimension": dimension, "metricType": "L2" }),
        ),
        Call::Insert { rows } => ("/v2/vectordb/entities/insert", json!({ "data": rows })),
        Call::Search {
            vector,
            filter,
            fields,
        } => (
            "/v2/vectordb/entities/search",
            searched(
                json!({ "data": [vector], "annsField": "vector" }),
                *filter,
                fields,
            ),
        ),
        Call::Delete { ids } => {
            // Numbers are given as text, for JavaScript.
            let ids: Vec<String> = ids.iter().map(as_number).collect();
            let filter = format!("id in [{}]", ids.join(", "));
            ("/v2/vectordb/entities/delete", json!({ "filter": filter }))
        }
        Call::Drop => ("/v2/vectordb/collections/drop", json!({})),
    }
}

fn as_number(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn searched(mut body: Value, filter: Option<&str>, fields: &[&str]) -> Value {
    body["limit"] = 1.into();
    body["outputFields"] = json!(fields);
    if let Some(filter) = filter {
        body["filter"] = filter.into();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::Node;

    #[test]
    fn an_image_tells_what_is_spoken_else_the_data_does() {
        let spoken = |image: &str, data: &[&str]| {
            let task = Task {
                image: image.to_owned(),
                ..Task::default()
            };
            let node = |version: &&str| Node {
                labels: [(
                    "milvus.prod.formed.milvus".to_owned(),
                    (*version).to_owned(),
                )]
                .into(),
                ..Node::default()
            };
            let seen = Observed {
                nodes: data.iter().map(node).collect(),
                ..Observed::default()
            };
            Rest::of(&task, "prod", &seen)
        };
        assert_eq!(spoken("milvusdb/milvus:v2.3.21-gpu", &["2.4.1"]), Rest::V1);
        assert_eq!(spoken("milvusdb/milvus:v2.4.0", &["2.3.21"]), Rest::V2);
        assert_eq!(spoken("milvusdb/milvus:v3.0.2", &[]), Rest::V2);
        assert_eq!(spoken("corp/milvus:ours", &["2.3.21"]), Rest::V1);
        // An upgrade ended in the middle.
        assert_eq!(spoken("corp/milvus:ours", &["2.4.0", "2.3.21"]), Rest::V2);
        assert_eq!(spoken("corp/milvus:ours", &[]), Rest::V2);
    }

    fn asked(question: &Question) -> (&str, &str, Value) {
        let Question::Http {
            method,
            path,
            body,
            headers,
            ..
        } = question
        else {
            panic!("{question:?}");
        };
        let token = ("Authorization".to_owned(), "Bearer <root token>".to_owned());
        assert!(headers.contains(&token), "{headers:?}");
        let body = body.as_deref().unwrap_or(b"null");
        (method, path, serde_json::from_slice(body).expect("JSON"))
    }

    #[test]
    fn both_versions_ask_as_upstream_reads_it() {
        let first = Rest::V1.list("p");
        assert_eq!(
            asked(&first),
            ("GET", "/v1/vector/collections", Value::Null)
        );
        // `{}` is valid, no body is 1801 (`handler_v2.go`, `wrapperPost`).
        let second = Rest::V2.list("p");
        assert_eq!(
            asked(&second),
            ("POST", "/v2/vectordb/collections/list", json!({}))
        );
        let rows = [json!({ "id": 3, "vector": [1.0, 0.0] })];
        let ids = [json!("3"), json!("449000000000000004")];
        let search = Call::Search {
            vector: &[1.0, 0.0],
            filter: Some("parity == 0"),
            fields: &["row"],
        };
        for (call, path, body) in [
            (
                Call::Create { dimension: 2 },
                "/v2/vectordb/collections/create",
                json!({ "collectionName": "c", "dimension": 2, "metricType": "L2" }),
            ),
            (
                Call::Insert { rows: &rows },
                "/v2/vectordb/entities/insert",
                json!({ "collectionName": "c", "data": rows }),
            ),
            (
                search.clone(),
                "/v2/vectordb/entities/search",
                json!({
                    "collectionName": "c", "data": [[1.0, 0.0]], "annsField": "vector",
                    "filter": "parity == 0", "limit": 1, "outputFields": ["row"],
                }),
            ),
            (
                Call::Delete { ids: &ids },
                "/v2/vectordb/entities/delete",
                json!({ "collectionName": "c", "filter": "id in [3, 449000000000000004]" }),
            ),
            (
                Call::Drop,
                "/v2/vectordb/collections/drop",
                json!({ "collectionName": "c" }),
            ),
        ] {
            let question = Rest::V2.question("p", "c", &call);
            assert_eq!(asked(&question), ("POST", path, body));
        }
        let question = Rest::V1.question("p", "c", &search);
        assert_eq!(
            asked(&question),
            (
                "POST",
                "/v1/vector/search",
                json!({
                    "collectionName": "c", "vector": [1.0, 0.0], "filter": "parity == 0", "limit": 1,
                    "outputFields": ["row"],
                })
            )
        );
    }

    /// As `handler_v2.go`, `timeout_middleware.go` and `internal/distributed/proxy/service.go`
    /// (`authenticate`) of 2.4 to 2.6 write them, and `pkg/util/merr/errors.go` numbers them.
    #[test]
    fn answers_of_upstream() {
        let said = |status, body: &str| {
            given(&Answer::Http {
                status,
                body: body.as_bytes().to_vec(),
            })
        };
        assert_eq!(said(200, r#"{"code":0,"data":["a"]}"#), Ok(json!(["a"])));
        // 2.4.0 to 2.4.2
        assert_eq!(said(200, r#"{"code":200,"data":[]}"#), Ok(json!([])));
        assert_eq!(
            said(
                200,
                r#"{"code":0,"cost":6,"data":{"insertCount":1,"insertIds":["3"]}}"#
            ),
            Ok(json!({ "insertCount": 1, "insertIds": ["3"] }))
        );
        assert_eq!(
            said(
                200,
                r#"{"code":0,"cost":0,"data":[{"distance":0,"id":"3","row":3}],"topks":[1]}"#
            ),
            Ok(json!([{ "distance": 0, "id": "3", "row": 3 }]))
        );
        for (status, body, why) in [
            (
                200,
                r#"{"code":100,"message":"can't find collection[database=default][collection=c]"}"#,
                "can't find collection[database=default][collection=c]",
            ),
            (
                200,
                r#"{"code":1801,"message":"can only accept json format request, the request body should be nil, however {} is valid"}"#,
                "can only accept json format request, the request body should be nil, however {} is valid",
            ),
            (
                401,
                r#"{"code":1800,"message":"user hasn't authenticated"}"#,
                r#"HTTP 401: {"code":1800,"message":"user hasn't authenticated"}"#,
            ),
            (408, "timeout", "HTTP 408: timeout"),
            (404, "404 page not found", "HTTP 404: 404 page not found"),
        ] {
            assert_eq!(said(status, body), Err(why.to_owned()));
        }
    }
}
