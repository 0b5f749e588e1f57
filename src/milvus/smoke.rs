//! The smoke check: what a user does first, through the proxy, with a collection of a random
//! name that is dropped again whatever happens.

use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::gate::ROOT_TOKEN;
use crate::question::{Answer, Question};
use crate::system::milvus::PORT as PROXY;

/// Vectors in the collection, and their dimension.
const ROWS: usize = 10;
/// Searches are tried again for so long: a collection is loaded some seconds after Milvus
/// says so.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// The step of the check that failed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("smoke check: {step}: {why}")]
pub struct SmokeError {
    pub step: &'static str,
    pub why: String,
}

/// Who asks a question on the cluster's network and waits in between.
pub trait Ask {
    /// Asks one question.
    fn ask(&self, question: Question) -> impl Future<Output = Answer>;
    /// Lets time go by.
    fn pause(&self, time: Duration) -> impl Future<Output = ()>;
}

/// Creates, fills, searches and drops a collection.
///
/// # Errors
/// The first step that did not do what it should.
pub async fn smoke(ask: &impl Ask, proxy: &str, collection: &str) -> Result<(), SmokeError> {
    let check = Check {
        ask,
        proxy,
        collection,
    };
    let result = check.run().await;
    let dropped = check
        .call(
            "drop",
            "collections/drop",
            json!({ "collectionName": collection }),
        )
        .await;
    result.and(dropped.map(|_| ()))
}

struct Check<'a, A> {
    ask: &'a A,
    proxy: &'a str,
    collection: &'a str,
}

/// Row `n` is the unit vector in direction `n`, so each row is nearest to itself.
fn vector(row: usize) -> Vec<f32> {
    (0..ROWS)
        .map(|at| if at == row { 1.0 } else { 0.0 })
        .collect()
}

impl<A: Ask> Check<'_, A> {
    async fn run(&self) -> Result<(), SmokeError> {
        let name = self.collection;
        // REST v1 builds the index and loads the collection with this call.
        self.call(
            "create, index and load",
            "collections/create",
            json!({ "collectionName": name, "dimension": ROWS, "metricType": "L2" }),
        )
        .await?;
        let rows: Vec<Value> = (0..ROWS)
            .map(|row| json!({ "vector": vector(row), "parity": row % 2, "row": row }))
            .collect();
        let inserted = self.insert(&rows).await?;
        let ids = inserted["insertIds"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if ids.len() != ROWS {
            return Err(SmokeError {
                step: "insert",
                why: format!("{} of {ROWS} rows went in", ids.len()),
            });
        }
        self.search("search", 3, None, 3).await?;
        self.search("filtered search", 3, Some("parity == 0"), 2)
            .await?;
        self.call(
            "delete",
            "delete",
            json!({ "collectionName": name, "id": ids }),
        )
        .await?;
        Ok(())
    }

    /// Inserts rows without keys; a release whose quick collections do not number rows
    /// themselves gets keys.
    async fn insert(&self, rows: &[Value]) -> Result<Value, SmokeError> {
        let body = |rows: &[Value]| json!({ "collectionName": self.collection, "data": rows });
        match self.call("insert", "insert", body(rows)).await {
            Err(error) if error.why.contains("id") => {
                let keyed: Vec<Value> = rows
                    .iter()
                    .enumerate()
                    .map(|(at, row)| {
                        let mut row = row.clone();
                        row["id"] = json!(at);
                        row
                    })
                    .collect();
                self.call("insert", "insert", body(&keyed)).await
            }
            other => other,
        }
    }

    /// Searches for a row until the nearest one is the expected one.
    async fn search(
        &self,
        step: &'static str,
        row: usize,
        filter: Option<&str>,
        expected: usize,
    ) -> Result<(), SmokeError> {
        let mut query = vector(row);
        if filter.is_some() {
            // Nearest to `row`, then to `expected`.
            query[expected] = 0.5;
        }
        let mut body = json!({
            "collectionName": self.collection,
            "vector": query,
            "limit": 1,
            "outputFields": ["row", "parity"],
        });
        if let Some(filter) = filter {
            body["filter"] = filter.into();
        }
        let mut waited = Duration::ZERO;
        loop {
            let why = match self.call(step, "search", body.clone()).await {
                Ok(found) if found[0]["row"].as_u64() == Some(expected as u64) => return Ok(()),
                Ok(found) => format!("expected row {expected}, found {found}"),
                Err(error) => error.why,
            };
            if waited >= PATIENCE {
                return Err(SmokeError { step, why });
            }
            self.ask.pause(PAUSE).await;
            waited += PAUSE;
        }
    }

    async fn call(&self, step: &'static str, path: &str, body: Value) -> Result<Value, SmokeError> {
        let question = Question::post_json(self.proxy, PROXY, format!("/v1/vector/{path}"), &body)
            .with_header("Authorization", format!("Bearer {ROOT_TOKEN}"))
            .within(Duration::from_secs(60));
        let fail = |why: String| SmokeError { step, why };
        let answer = self.ask.ask(question).await;
        let body = answer.json().map_err(fail)?;
        match body["code"].as_i64() {
            Some(0 | 200) => Ok(body["data"].clone()),
            _ => Err(fail(
                body["message"].as_str().unwrap_or("no message").to_owned(),
            )),
        }
    }
}
