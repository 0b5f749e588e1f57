//! The one poller that stops the clock, whoever brings the cluster up: three proxies answer an
//! authenticated request, and then a first search finds what it should.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use crate::busy::Busy;

const PAUSE: Duration = Duration::from_millis(100);
const CONNECT: Duration = Duration::from_secs(1);
/// A proxy that takes longer to list its collections is asked again.
const LIST: Duration = Duration::from_secs(3);
const CHANGE: Duration = Duration::from_secs(30);
/// After so long without the right answer, another collection is tried.
const SEARCH: Duration = Duration::from_secs(60);
const ROWS: usize = 8;
const WANTED: usize = 3;

/// What the clock showed.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub proxies: Instant,
    pub search: Instant,
    pub busy: Busy,
}

/// A user of the cluster.
pub struct Watch<'a> {
    pub proxies: &'a [String],
    pub password: &'a str,
    pub until: Instant,
    /// Whoever brings the cluster up gave up.
    pub stop: &'a AtomicBool,
}

impl Watch<'_> {
    /// Waits for the proxies and then for the first search.
    pub fn wait(&self) -> Result<Seen> {
        thread::scope(|scope| {
            let waits: Vec<_> = self
                .proxies
                .iter()
                .map(|proxy| scope.spawn(|| self.answers(proxy)))
                .collect();
            waits.into_iter().try_for_each(|wait| {
                wait.join()
                    .map_err(|_| anyhow!("a thread of the poller panicked"))?
            })
        })?;
        let proxies = Instant::now();
        self.first_search()?;
        Ok(Seen {
            proxies,
            search: Instant::now(),
            busy: Busy::now()?,
        })
    }

    /// Waits a little, unless it is too late.
    fn again(&self, what: &str, why: &anyhow::Error) -> Result<()> {
        ensure!(!self.stop.load(Ordering::Relaxed), "{what}: not waited for");
        ensure!(Instant::now() < self.until, "{what}: in the end {why:#}");
        thread::sleep(PAUSE);
        Ok(())
    }

    fn answers(&self, proxy: &str) -> Result<()> {
        loop {
            match self.call(proxy, "collections", None, LIST) {
                Ok(_) => return Ok(()),
                Err(why) => self.again(&format!("proxy {proxy}"), &why)?,
            }
        }
    }

    fn first_search(&self) -> Result<()> {
        let proxy = self.proxies.first().context("there is a proxy")?;
        for attempt in 0.. {
            let name = format!("bench_{attempt}");
            match self.try_search(proxy, &name) {
                Ok(()) => break,
                Err(why) => {
                    self.again("first search", &why)?;
                    let body = json!({ "collectionName": name });
                    let _ = self.call(proxy, "collections/drop", Some(&body), CHANGE);
                }
            }
        }
        Ok(())
    }

    fn try_search(&self, proxy: &str, name: &str) -> Result<()> {
        // REST v1 builds the index and loads the collection with this call.
        let create = json!({ "collectionName": name, "dimension": ROWS, "metricType": "L2" });
        self.call(proxy, "collections/create", Some(&create), CHANGE)
            .context("create")?;
        let rows: Vec<Value> = (0..ROWS)
            .map(|row| json!({ "vector": vector(row), "row": row }))
            .collect();
        let insert = json!({ "collectionName": name, "data": rows });
        self.call(proxy, "insert", Some(&insert), CHANGE)
            .context("insert")?;
        let search = json!({
            "collectionName": name,
            "vector": vector(WANTED),
            "limit": 1,
            "outputFields": ["row"],
        });
        let until = Instant::now() + SEARCH;
        loop {
            let why = match self.call(proxy, "search", Some(&search), CHANGE) {
                Ok(found) if found[0]["row"].as_u64() == Some(WANTED as u64) => return Ok(()),
                Ok(found) => anyhow!("found {found}"),
                Err(why) => why,
            };
            if Instant::now() > until {
                bail!("search: {why:#}");
            }
            self.again("search", &why)?;
        }
    }

    /// One request of REST v1 as root: POST with a body, else GET.
    fn call(
        &self,
        proxy: &str,
        path: &str,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Value> {
        let mut stream = TcpStream::connect_timeout(&proxy.parse()?, CONNECT)?;
        stream.set_read_timeout(Some(within))?;
        stream.set_write_timeout(Some(within))?;
        let method = body.map_or("GET", |_| "POST");
        let body = body.map(Value::to_string).unwrap_or_default();
        // HTTP/1.0: the answer comes without chunks, and its end is the end of the connection.
        write!(
            stream,
            "{method} /v1/vector/{path} HTTP/1.0\r\nHost: {proxy}\r\n\
             Authorization: Bearer root:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.password,
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, text) = answer.split_once("\r\n\r\n").context("cut short")?;
        let status = head.lines().next().unwrap_or_default();
        ensure!(status.contains(" 200 "), "{status} {text}");
        let mut value: Value = serde_json::from_str(text)?;
        match value["code"].as_i64() {
            Some(0 | 200) => Ok(value["data"].take()),
            _ => bail!("{value}"),
        }
    }
}

/// The unit vector in direction `row`: each row is nearest to itself.
fn vector(row: usize) -> Vec<f32> {
    (0..ROWS)
        .map(|at| if at == row { 1.0 } else { 0.0 })
        .collect()
}
