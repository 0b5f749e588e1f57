//! The smoke check: what a user does first, through the proxy, with a collection of a random
//! name that is dropped again whatever happens.

use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::question::{Answer, Question};
use crate::system::milvus::rest::{Call, Rest, given};

/// Vectors in the collection, and their dimension.
const ROWS: usize = 10;
/// Bytes of one more row: more than the largest packet that networks of hosts carry (9001 in
/// clouds), and less than Milvus takes of a field that no schema names (65536).
const LARGE: usize = 16 << 10;
/// Searches are tried again for so long: a collection is loaded some seconds after Milvus
/// says so.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
/// How often a collection is made where Milvus says no. A call to a node that has just left fails
/// with nothing but `unrecoverable error` once its session ends, and the same call is well a moment
/// later (`internal/util/grpcclient/client.go:458-466` of 2.3.5).
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_secs(5);
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(60);
/// After so long a proxy gives up on a call.
const LATE: Duration = Duration::from_secs(30);

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
pub async fn smoke(
    ask: &impl Ask,
    rest: Rest,
    proxy: &str,
    collection: &str,
) -> Result<(), SmokeError> {
    let check = Check {
        ask,
        rest,
        proxy,
        collection,
    };
    let result = check.run().await;
    let dropped = check.call("drop", &Call::Drop).await;
    result.and(dropped.map(|_| ()))
}

/// Whether the text of the large row came back as it was.
fn is_whole(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.len() == LARGE)
}

/// The same error, where the same was done with less just before.
fn packets(error: SmokeError) -> SmokeError {
    SmokeError {
        why: format!("{}; {PACKETS}", error.why),
        ..error
    }
}

struct Check<'a, A> {
    ask: &'a A,
    rest: Rest,
    proxy: &'a str,
    collection: &'a str,
}

/// Row `n` is the unit vector in direction `n`, so each row is nearest to itself. The one after them
/// is far from all of these.
fn vector(row: usize) -> Vec<f32> {
    (0..ROWS)
        .map(|at| if at == row || row == ROWS { 1.0 } else { 0.0 })
        .collect()
}

/// What to look at where small rows pass and large ones do not.
const PACKETS: &str = "small rows pass, so large packets between hosts may not: `network.mtu` is to be \
                       what the hosts' network carries (`ip link` on each host)";

impl<A: Ask> Check<'_, A> {
    async fn run(&self) -> Result<(), SmokeError> {
        self.create().await?;
        let rows: Vec<Value> = (0..ROWS)
            .map(|row| json!({ "vector": vector(row), "parity": row % 2, "row": row }))
            .collect();
        let inserted = self.insert("insert", &rows).await?;
        let mut ids = inserted["insertIds"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if ids.len() != ROWS {
            return Err(SmokeError {
                step: "insert",
                why: format!("{} of {ROWS} rows went in", ids.len()),
            });
        }
        // At once, so that it is found as soon as the others are.
        let large = json!({
            "vector": vector(ROWS), "parity": ROWS % 2, "row": ROWS, "text": "x".repeat(LARGE),
        });
        let inserted = self.insert("insert of a large row", &[large]).await;
        let inserted = inserted.map_err(packets)?;
        ids.extend(
            inserted["insertIds"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
        self.search("search", 3, None, 3).await?;
        self.search("filtered search", 3, Some("parity == 0"), 2)
            .await?;
        let large = self.search("search for a large row", ROWS, None, ROWS);
        large.await.map_err(packets)?;
        self.call("delete", &Call::Delete { ids: &ids }).await?;
        Ok(())
    }

    /// Makes the collection, its index, and loads it. From 2.4 on a proxy gives up after 30 s (milvus:
    /// `httpserver/timeout_middleware.go`) and goes on with it: to make what is there as it is wanted
    /// is no error. What Milvus refused is dropped, for a part of it may be there, and tried again; no
    /// answer is final.
    async fn create(&self) -> Result<(), SmokeError> {
        let step = "create, index and load";
        let call = Call::Create { dimension: ROWS };
        let (mut waited, mut tries) = (Duration::ZERO, 1);
        loop {
            let answer = self.ask(&call).await;
            let Err(why) = given(&answer) else {
                return Ok(());
            };
            match answer {
                Answer::Http { status: 408, .. } if waited < PATIENCE => {
                    self.ask.pause(PAUSE).await;
                    waited += LATE + PAUSE;
                }
                Answer::Http { status: 200, .. } if tries < TRIES => {
                    // It says no where nothing was made.
                    let _ = self.ask(&Call::Drop).await;
                    self.ask.pause(BETWEEN_TRIES).await;
                    tries += 1;
                }
                _ => return Err(SmokeError { step, why }),
            }
        }
    }

    /// Inserts rows, by version 1 without keys but for a release whose quick collections do not
    /// number rows themselves.
    async fn insert(&self, step: &'static str, rows: &[Value]) -> Result<Value, SmokeError> {
        let keyed = || -> Vec<Value> {
            let keyed = rows.iter().cloned().map(|mut row| {
                row["id"] = row["row"].clone();
                row
            });
            keyed.collect()
        };
        if self.rest.wants_keys() {
            return self.call(step, &Call::Insert { rows: &keyed() }).await;
        }
        match self.call(step, &Call::Insert { rows }).await {
            Err(error) if error.why.contains("id") => {
                self.call(step, &Call::Insert { rows: &keyed() }).await
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
        let call = Call::Search {
            vector: &query,
            filter,
            fields: if row == ROWS {
                &["row", "text"]
            } else {
                &["row", "parity"]
            },
        };
        let mut waited = Duration::ZERO;
        loop {
            let why = match self.call(step, &call).await {
                Ok(found)
                    if found[0]["row"].as_u64() == Some(expected as u64)
                        && (row < ROWS || is_whole(&found[0]["text"])) =>
                {
                    return Ok(());
                }
                Ok(found) => {
                    let found: String = found.to_string().chars().take(200).collect();
                    format!("expected row {expected}, found {found}")
                }
                Err(error) => error.why,
            };
            if waited >= PATIENCE {
                return Err(SmokeError { step, why });
            }
            self.ask.pause(PAUSE).await;
            waited += PAUSE;
        }
    }

    async fn call(&self, step: &'static str, call: &Call<'_>) -> Result<Value, SmokeError> {
        given(&self.ask(call).await).map_err(|why| SmokeError { step, why })
    }

    async fn ask(&self, call: &Call<'_>) -> Answer {
        let question = self.rest.question(self.proxy, self.collection, call);
        self.ask.ask(question.within(LIMIT)).await
    }
}
