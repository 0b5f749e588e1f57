//! Processes of Milvus lose their sessions in etcd, and are members again without anybody's help.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::Value;

use crate::cluster::Cluster;

/// Where Milvus registers.
const SESSIONS: &str = "milvus/meta/session/";
/// How long a standby may take to stand by again: three looks of the health check, the grace of a
/// coordinator, the delay of Swarm, a start.
const STANDS_BY: Duration = Duration::from_secs(60);
/// How long all may take after etcd was away: some hang in their own stop until they are ended.
const REGISTERS: Duration = Duration::from_secs(120);
/// Longer than a lease, twice.
const AWAY: Duration = Duration::from_secs(120);

/// All addresses of a task, as a template of `docker inspect`.
const ADDRESSES: &str = "{{range .NetworksAttachments}}{{range .Addresses}}{{.}} {{end}}{{end}}";

/// Components of Milvus on three hosts.
const COMPONENTS: [&str; 7] = [
    "rootcoord",
    "datacoord",
    "querycoord",
    "datanode",
    "querynode",
    "indexnode",
    "proxy",
];

/// The sessions of processes by the last word of each key.
type Sessions = BTreeMap<String, Session>;

/// What tells one from another.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Session {
    lease: i64,
    /// Without its port.
    address: String,
}

/// The lease of a coordinator that stands by is taken away. Milvus 2.3.5 would say `is in STANDBY` for
/// ever after.
pub fn of_a_standby(cluster: &Cluster) {
    let before = sessions(cluster).expect("etcd answers");
    let mut own = before
        .iter()
        .filter(|(key, _)| key.starts_with("rootcoord-"));
    let leads = before["rootcoord"].lease;
    let (key, session) = own
        .find(|(_, session)| session.lease != leads)
        .expect("one stands by");
    let lease = format!("{:x}", session.lease);
    etcdctl(cluster, &["lease", "revoke", &lease]).expect("etcd answers");
    let start = Instant::now();
    loop {
        let now = sessions(cluster).unwrap_or_default();
        if !now.contains_key(key) && count(&now)["rootcoord"] == count(&before)["rootcoord"] {
            break;
        }
        assert!(start.elapsed() < STANDS_BY, "{before:?} and then {now:?}");
        thread::sleep(Duration::from_millis(500));
    }
    println!(
        "a standby that lost its lease stood by again after {:.1}s",
        start.elapsed().as_secs_f64()
    );
    let alive = |key: &&String| !key.starts_with("rootcoord");
    let now = sessions(cluster).expect("etcd answers");
    for key in before.keys().filter(alive) {
        assert_eq!(now.get(key), before.get(key), "{key} was no part of it");
    }
}

/// All of etcd is away, and comes back: no task is ended for its silence, and whatever lost its session
/// has a new one.
pub fn of_all(cluster: &Cluster) {
    cluster.load();
    assert_eq!(unregistered(cluster), [""; 0]);
    let by_check = || {
        let mut rows = cluster.failed_tasks();
        rows.retain(|row| row.contains("unhealthy container"));
        rows
    };
    assert_eq!(by_check(), [""; 0]);
    let users = cluster.client("node01").use_it();
    thread::sleep(Duration::from_secs(10));
    let members = cluster.services_of("etcd");
    let scale = |replicas: u8| {
        for member in &members {
            let wanted = format!("{member}={replicas}");
            cluster.docker(&["service", "scale", "--detach", &wanted]);
        }
    };
    scale(0);
    thread::sleep(AWAY);
    assert_eq!(by_check(), [""; 0], "ended while nobody knew");
    scale(1);
    while sessions(cluster).is_none() {
        thread::sleep(Duration::from_millis(500));
    }
    let start = Instant::now();
    loop {
        let missing = unregistered(cluster);
        if missing.is_empty() {
            break;
        }
        assert!(start.elapsed() < REGISTERS, "{missing:?}");
        thread::sleep(Duration::from_secs(1));
    }
    println!(
        "all were registered {:.0}s after the first answer of etcd; ended: {:#?}",
        start.elapsed().as_secs_f64(),
        cluster.failed_tasks()
    );
    thread::sleep(Duration::from_secs(60));
    let counted = users.stop();
    println!("etcd was away for {}s: {counted}", AWAY.as_secs());
    assert_eq!(counted["lost"], 0, "{counted}");
    assert_eq!(counted["wrong"], 0, "{counted}");
    cluster.up();
    cluster.assert_healthy();
}

/// Addresses of tasks of Milvus that are wanted and not registered; a session that is left of a task
/// before is none of theirs.
fn unregistered(cluster: &Cluster) -> Vec<String> {
    let sessions = sessions(cluster).unwrap_or_default();
    let is_there = |role: &str, address: &str| {
        let mut own = sessions.iter();
        own.any(|(key, session)| key.starts_with(role) && session.address == address)
    };
    let mut missing = Vec::new();
    for component in COMPONENTS {
        let service = &cluster.services_of(component)[0];
        let wanted = [
            "service",
            "ps",
            "--quiet",
            "--filter",
            "desired-state=running",
            service,
        ];
        let tasks = cluster.docker(&wanted);
        let format = "{{.Spec.Mode.Replicated.Replicas}}";
        let replicas = cluster.docker(&["service", "inspect", "--format", format, service]);
        // One that is about to be started is not wanted to run yet.
        if tasks.lines().count().to_string() != replicas.trim() {
            missing.push(format!("some of {component}"));
            continue;
        }
        let mut inspect = vec!["inspect", "--type", "task", "--format", ADDRESSES];
        inspect.extend(tasks.lines());
        let addresses = cluster.docker(&inspect);
        let is_missing = |row: &&str| {
            !row.split(' ').any(|one| {
                let (address, _) = one.split_once('/').unwrap_or_default();
                is_there(component, address)
            })
        };
        let rows = addresses.lines().filter(is_missing);
        missing.extend(rows.map(|row| format!("{component} at {row}")));
    }
    missing
}

/// How many processes of each role there are.
fn count(sessions: &Sessions) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for (role, _) in sessions.keys().filter_map(|key| key.split_once('-')) {
        *all.entry(role.to_owned()).or_default() += 1;
    }
    all
}

/// Who is registered, where etcd answers.
fn sessions(cluster: &Cluster) -> Option<Sessions> {
    let words = [
        "--command-timeout=2s",
        "get",
        "--prefix",
        SESSIONS,
        "--write-out=json",
    ];
    let answer: Value = serde_json::from_str(&etcdctl(cluster, &words)?).ok()?;
    let rows = answer["kvs"].as_array()?.iter().filter_map(|row| {
        let key = BASE64.decode(row["key"].as_str()?).ok()?;
        let key = String::from_utf8(key).ok()?;
        let name = key.strip_prefix(SESSIONS)?.to_owned();
        let value = BASE64.decode(row["value"].as_str()?).ok()?;
        let value: Value = serde_json::from_slice(&value).ok()?;
        let (address, _) = value["Address"].as_str()?.rsplit_once(':')?;
        let session = Session {
            lease: row["lease"].as_i64()?,
            address: address.to_owned(),
        };
        Some((name, session))
    });
    Some(rows.collect())
}

/// What etcd's own client prints in the task on the first host, where one is there and answers.
fn etcdctl(cluster: &Cluster, words: &[&str]) -> Option<String> {
    let tasks = cluster.docker(&["ps", "--quiet", "--filter", "name=milvus-store_etcd-"]);
    let task = tasks.lines().next()?;
    let words = [&["exec", task, "etcdctl"], words].concat();
    cluster.tried(&words)
}
