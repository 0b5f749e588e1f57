//! The script that says whether a process of Milvus lost its session, run by a real bash against a
//! stand-in for curl that has planted answers.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milvus_swarm::render::Sources;
use serde_json::{Value, json};

/// Gives the answer that is planted for the path and the member asked: none is a member that is gone.
const CURL: &str = r#"#!/bin/sh
echo "$@" >>FOLDER/asked
while [ $# -gt 1 ]; do
    if [ "$1" = -o ]; then to=$2; fi
    if [ "$1" = -d ]; then said=$2; fi
    shift
done
path=${1#http://*/v3/}
host=${1#http://}
case $said in *BIRTH*) path=birth ;; esac
host=${host%%:*}
answer=FOLDER/answers/$host.$(echo "$path" | tr / .)
[ -f "$answer" ] || exit 28
if [ "$path" != kv/txn ] || [ -s "$answer" ]; then
    cat "$answer" >"$to"
    exit
fi
all=
for key in $(echo "$said" | grep -o '"key":"[^"]*"' | cut -d '"' -f 4 | tr / _); do
    row=FOLDER/answers/$host.row.$key
    one='{"header":{"revision":"9"}}'
    if [ -f "$row" ]; then one="{\"header\":{\"revision\":\"9\"},\"kvs\":[$(cat "$row")],\"count\":\"1\"}"; fi
    all="$all${all:+,}{\"response_range\":$one}"
done
printf '{"header":{"revision":"9"},"succeeded":true,"responses":[%s]}' "$all" >"$to"
"#;

/// As a container with two networks has it.
const ADDRESSES: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.1.0/24 2 0 2
        |-- 10.0.1.0
           /24 link UNICAST
        |-- 10.0.1.7
           /32 host LOCAL
        |-- 10.0.1.255
           /32 link BROADCAST
     |-- 10.0.2.30
        /32 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
";

pub(crate) const MEMBERS: [&str; 3] = ["etcd-0", "etcd-1", "etcd-2"];

/// A container with the script in it.
pub(crate) struct Container {
    folder: tempfile::TempDir,
}

impl Container {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let root = path.display();
        for below in ["answers", "bin", "proc/sys/kernel", "proc/net", "shm"] {
            fs::create_dir_all(path.join(below)).unwrap();
        }
        let sources = Sources::shipped();
        let birth = STANDARD.encode("milvus-swarm.birth/prod");
        for script in ["check-session.sh", "await-birth.sh"] {
            let text = sources.text(script).unwrap();
            let text = text
                .replace(r#"{{ etcd_endpoints|join(" ") }}"#, &endpoints())
                .replace("{{ cluster }}", "prod")
                .replace("{{ etcd_birth_key }}", &birth)
                .replace("{% raw %}\n", "")
                .replace("{% endraw %}\n", "")
                .replace("/dev/shm", &format!("{root}/shm"))
                .replace("/proc/", &format!("{root}/proc/"));
            assert!(!text.contains("{%"), "{text}");
            fs::write(path.join(script), text).unwrap();
        }
        let curl = path.join("bin/curl");
        fs::write(
            &curl,
            CURL.replace("FOLDER", &root.to_string())
                .replace("BIRTH", &birth),
        )
        .unwrap();
        fs::set_permissions(&curl, Permissions::from_mode(0o755)).unwrap();
        fs::write(path.join("proc/sys/kernel/hostname"), "c0ffee\n").unwrap();
        fs::write(path.join("proc/net/fib_trie"), ADDRESSES).unwrap();
        let container = Self { folder };
        container.at(1000);
        container
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// So many seconds after the machine started.
    fn at(&self, seconds: u64) {
        fs::write(
            self.path().join("proc/uptime"),
            format!("{seconds}.05 7.0\n"),
        )
        .unwrap();
    }

    /// What these members say.
    pub(crate) fn plant(&self, members: &[&str], path: &str, answer: &str) {
        for member in members {
            let file = self.path().join(format!("answers/{member}.{path}"));
            fs::write(file, answer).unwrap();
        }
    }

    /// The sessions that there are, asked for as one range or by key.
    pub(crate) fn sessions(&self, rows: &[Value]) {
        for file in fs::read_dir(self.path().join("answers")).unwrap() {
            let file = file.unwrap();
            if file.file_name().to_string_lossy().contains(".row.") {
                fs::remove_file(file.path()).unwrap();
            }
        }
        self.plant(&MEMBERS, "kv.range", &answer(rows));
        self.plant(&MEMBERS, "kv.txn", "");
        for row in rows {
            let key = row["key"].as_str().unwrap().replace('/', "_");
            self.plant(&MEMBERS, &format!("row.{key}"), &row.to_string());
        }
    }

    /// What was asked of members since this was asked last.
    fn asked(&self) -> Vec<String> {
        let file = self.path().join("asked");
        let text = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, "").unwrap();
        let paths = text.lines().filter_map(|line| line.split("/v3/").nth(1));
        let mut paths: Vec<String> = paths.map(str::to_owned).collect();
        paths.dedup();
        paths
    }

    /// What etcd says of how long a lease has.
    fn lease(&self, lease: &str, ttl: &str) {
        let answer = json!({ "header": {}, "ID": lease, "TTL": ttl }).to_string();
        self.plant(&MEMBERS, "lease.timetolive", &answer);
    }

    pub(crate) fn silence(&self) {
        for file in fs::read_dir(self.path().join("answers")).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    fn command(&self) -> Command {
        self.script("check-session.sh")
    }

    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new("/bin/bash");
        let path = format!("{}:/usr/bin:/bin", self.path().join("bin").display());
        command.arg(self.path().join(name)).env("PATH", path);
        command
    }

    pub(crate) fn look(&self) -> Output {
        self.command().output().unwrap()
    }

    pub(crate) fn is_well(&self) -> bool {
        let output = self.look();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.status.success()
    }

    /// A process that a process of this number started.
    pub(crate) fn child_of(&self, parent: u32) -> Child {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let folder: PathBuf = self.path().join(format!("proc/{}", child.id()));
        fs::create_dir(&folder).unwrap();
        let status = format!(
            "Name:\tmilvus\nPid:\t{}\nPPid:\t{parent}\nUid:\t0\n",
            child.id()
        );
        fs::write(folder.join("status"), status).unwrap();
        child
    }
}

fn endpoints() -> String {
    MEMBERS.map(|member| format!("{member}:2379")).join(" ")
}

/// An answer as etcd's gateway writes it.
fn answer(rows: &[Value]) -> String {
    let header = json!({ "cluster_id": "1", "revision": "9" });
    let counter =
        json!({ "key": STANDARD.encode("prod/meta/session/id"), "value": STANDARD.encode("17") });
    let rows: Vec<&Value> = std::iter::once(&counter).chain(rows).collect();
    json!({ "header": header, "kvs": rows, "count": rows.len().to_string() }).to_string()
}

/// A row of an answer.
fn session(role: &str, address: &str, host: &str, lease: &str) -> Value {
    let value = json!({
        "ServerID": 12, "ServerName": role, "Address": address, "Exclusive": true,
        "TriggerKill": true, "Version": "2.3.5", "LeaseID": 7, "HostName": host,
    });
    row(role, &value, lease)
}

fn row(role: &str, value: &Value, lease: &str) -> Value {
    json!({
        "key": STANDARD.encode(format!("prod/meta/session/{role}-12")),
        "create_revision": "3", "mod_revision": "3", "version": "1",
        "value": STANDARD.encode(value.to_string()), "lease": lease,
    })
}

fn own(role: &str, lease: &str) -> Value {
    session(role, "10.0.1.7:53100", "c0ffee", lease)
}

#[test]
fn only_a_lease_that_etcd_has_no_more_is_lost() {
    let container = Container::new();
    let others = session("rootcoord", "10.0.1.8:53100", "decade", "70");
    container.sessions(&[own("rootcoord", "71"), others.clone()]);
    assert!(container.is_well());

    // The row is gone, and its lease may be there: another process deleted it.
    container.sessions(std::slice::from_ref(&others));
    container.lease("71", "12");
    assert!(container.is_well());
    container.lease("70", "-1");
    assert!(container.is_well(), "another lease is gone");
    container.lease("71", "-1");
    assert!(!container.is_well());
    let told = container.look().stdout;
    let told = String::from_utf8_lossy(&told);
    assert_eq!(
        told,
        "etcd has no more of rootcoord of this container, nor of its lease 71\n"
    );

    // It took another one.
    container.sessions(&[others, own("rootcoord", "72")]);
    assert!(container.is_well());
    container.lease("72", "-1");
    assert!(container.is_well());
}

#[test]
fn sessions_of_others_are_none_of_ones_own() {
    let container = Container::new();
    let near = [
        ("10.0.1.70:53100", "c0ffee"),
        ("110.0.1.7:53100", "c0ffee"),
        ("10.0.1.7:53100", "c0ffee1"),
        ("10.0.1.7:53100", "0c0ffee"),
        ("127.0.0.1:53100", "c0ffee"),
        ("10.0.1.255:53100", "c0ffee"),
    ];
    for (at, (address, host)) in near.into_iter().enumerate() {
        let lease = (80 + at).to_string();
        container.sessions(&[session("rootcoord", address, host, &lease)]);
        assert!(container.is_well());
        container.sessions(&[]);
        container.lease(&lease, "-1");
        assert!(container.is_well(), "{address} {host}");
    }
    // On its other network it is itself, however the session is aligned in base64.
    for padding in ["", "a", "aa"] {
        let container = Container::new();
        let value = json!({ "A": padding, "ServerName": "proxy", "Address": "10.0.2.30:19529", "HostName": "c0ffee" });
        container.sessions(&[row("proxy", &value, "90")]);
        assert!(container.is_well());
        container.sessions(&[]);
        container.lease("90", "-1");
        assert!(!container.is_well(), "{padding:?}");
    }
}

#[test]
fn each_of_several_sessions_counts() {
    let container = Container::new();
    let (root, data) = (own("rootcoord", "71"), own("datacoord", "72"));
    container.sessions(&[root.clone(), data.clone(), own("querycoord", "73")]);
    assert!(container.is_well());
    container.sessions(&[root, data]);
    container.lease("73", "-1");
    assert!(!container.is_well());
}

/// Each process asks, and what all of them wrote is the more the more there are.
#[test]
fn known_sessions_are_asked_for_by_their_own_keys() {
    let container = Container::new();
    let (root, data) = (own("rootcoord", "71"), own("datacoord", "72"));
    container.sessions(std::slice::from_ref(&root));
    for seconds in [1000, 1010] {
        container.at(seconds);
        assert!(container.is_well());
        assert_eq!(container.asked(), ["kv/range"]);
    }
    // Another one follows.
    container.sessions(&[root.clone(), data.clone()]);
    container.at(1050);
    assert!(container.is_well());
    container.at(1100);
    assert!(container.is_well());
    assert_eq!(container.asked(), ["kv/range"]);
    for seconds in [1110, 1120, 1399] {
        container.at(seconds);
        assert!(container.is_well());
        assert_eq!(container.asked(), ["kv/txn"], "{seconds}");
    }
    container.at(1400);
    assert!(container.is_well());
    assert_eq!(container.asked(), ["kv/range"]);

    // What is not known says nothing here either.
    container.at(1410);
    container.lease("72", "-1");
    let whole = r#"{"header":{"revision":"9"},"succeeded":true,"responses":[]}"#;
    let half = format!(
        r#"{{"header":{{}},"succeeded":true,"responses":[{{"response_range":{{"kvs":[{root}]"#
    );
    for bad in [
        &whole[..20],
        &half,
        r#"{"error":"etcdserver: too many requests","code":8}"#,
        "{}",
    ] {
        container.plant(&MEMBERS, "kv.txn", bad);
        assert!(container.is_well(), "{bad}");
        assert_eq!(container.asked(), ["kv/txn"], "{bad}");
    }
    // Of one that is gone all is asked again.
    container.sessions(std::slice::from_ref(&root));
    container.lease("72", "5");
    assert!(container.is_well());
    assert_eq!(
        container.asked(),
        ["kv/txn", "kv/range", "lease/timetolive"]
    );
    container.lease("72", "-1");
    assert!(!container.is_well());
    // It took another lease, under another key.
    let mut other = own("datacoord", "73");
    other["key"] = STANDARD.encode("prod/meta/session/datacoord").into();
    container.sessions(&[root.clone(), other]);
    assert!(container.is_well());
    container.asked();
    container.at(1420);
    assert!(container.is_well());
    assert_eq!(container.asked(), ["kv/txn"]);
    // Somebody else has its key.
    let mut others = session("datacoord", "10.0.1.8:53100", "decade", "74");
    others["key"] = STANDARD.encode("prod/meta/session/datacoord").into();
    container.sessions(&[root, others]);
    container.lease("73", "-1");
    assert!(!container.is_well());
}

#[test]
fn who_says_so_later_hands_over_as_well() {
    let container = Container::new();
    container.sessions(&[own("querynode", "71")]);
    assert!(container.is_well());
    container.at(1100);
    let value = json!({
        "ServerName": "querynode", "Address": "10.0.1.7:21123", "Stopping": true, "HostName": "c0ffee",
    });
    container.asked();
    container.sessions(&[row("querynode", &value, "71")]);
    assert!(container.is_well());
    assert_eq!(container.asked(), ["kv/txn"]);
    container.sessions(&[]);
    container.lease("71", "-1");
    container.at(1200);
    assert!(container.is_well());
    assert_eq!(container.asked(), [""; 0]);
}

#[test]
fn what_is_not_known_says_nothing() {
    let container = Container::new();
    container.sessions(&[own("rootcoord", "71")]);
    assert!(container.is_well());
    container.lease("71", "-1");
    let whole = answer(&[own("datacoord", "72")]);
    let one_short = whole.replace("\"count\":\"2\"", "\"count\":\"3\"");
    let more = whole.replace("\"count\"", "\"more\":true,\"count\"");
    let broken = whole.replace("\"value\":\"", "\"value\":\"!");
    let unanswered = r#"{"error":"etcdserver: request timed out","code":14}"#;
    for bad in [&one_short, &more, &broken, unanswered, "", "{}", "null"] {
        container.plant(&MEMBERS, "kv.range", bad);
        assert!(container.is_well(), "{bad}");
    }
    for cut in 0..whole.len() - 1 {
        // All of it but one brace is all of it.
        if cut % 7 == 0 && !whole[..cut].contains("\"count\":\"2\"") {
            container.plant(&MEMBERS, "kv.range", &whole[..cut]);
            assert!(container.is_well(), "{}", &whole[..cut]);
        }
    }
    container.silence();
    assert!(container.is_well());

    // Nobody says how its lease is.
    container.plant(&MEMBERS, "kv.range", &whole);
    assert!(container.is_well());
    for bad in [
        "",
        "{}",
        r#"{"ID":"71"}"#,
        r#"{"ID":"71","TTL":"0"}"#,
        unanswered,
    ] {
        container.plant(&MEMBERS, "lease.timetolive", bad);
        assert!(container.is_well(), "{bad}");
    }

    // One member that answers is enough, and it still knows what it is of.
    container.silence();
    container.plant(&["etcd-2"], "kv.range", &whole);
    container.plant(
        &["etcd-1"],
        "lease.timetolive",
        r#"{"ID": "71", "TTL": "-1"}"#,
    );
    assert!(!container.is_well());
}

#[test]
fn a_session_without_a_lease_is_none() {
    let container = Container::new();
    container.sessions(&[own("rootcoord", "0")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("0", "-1");
    assert!(container.is_well());
}

#[test]
fn who_hands_over_is_left_to_it() {
    let container = Container::new();
    let value = json!({
        "ServerName": "querynode", "Address": "10.0.1.7:21123", "Stopping": true, "HostName": "c0ffee",
    });
    container.sessions(&[row("querynode", &value, "71")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("71", "-1");
    let mut milvus = container.child_of(1);
    for seconds in [1005, 1100, 2800] {
        container.at(seconds);
        assert!(container.is_well());
    }
    assert_eq!(milvus.try_wait().unwrap(), None);
    milvus.kill().unwrap();
    milvus.wait().unwrap();
}

/// Docker's stop may not be enough: it goes as far as the grace, which may be half an hour.
#[test]
fn what_hangs_in_its_stop_is_ended() {
    let container = Container::new();
    container.sessions(&[own("datanode", "71")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("71", "-1");
    let (mut milvus, mut below, mut beside) = (
        container.child_of(1),
        container.child_of(11),
        container.child_of(0),
    );
    for seconds in [1005, 1030, 1064] {
        container.at(seconds);
        assert!(!container.is_well());
        assert_eq!(milvus.try_wait().unwrap(), None, "{seconds}");
    }
    // etcd is away: what it would say is not known.
    container.silence();
    container.at(1066);
    assert!(container.is_well());
    assert_eq!(milvus.try_wait().unwrap(), None);

    container.sessions(&[]);
    container.lease("71", "-1");
    assert!(!container.is_well());
    assert!(!milvus.wait().unwrap().success());
    for other in [&mut below, &mut beside] {
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

/// Of a session without a name of a host nobody knows whether it is of who had the address before.
#[test]
fn without_the_name_of_a_host_a_session_is_waited_for() {
    let container = Container::new();
    let value =
        json!({ "ServerName": "querynode", "Address": "10.0.1.7:21123", "Version": "2.2.16" });
    let former = row("querynode", &value, "70");
    container.sessions(&[former]);
    assert!(container.is_well());
    container.at(1060);
    container.sessions(&[]);
    container.lease("70", "-1");
    assert!(container.is_well());

    container.at(1301);
    container.sessions(&[row("querynode", &value, "71")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("71", "-1");
    assert!(!container.is_well());
}

#[test]
fn what_it_remembers_is_whole_or_nothing() {
    let container = Container::new();
    container.sessions(&[own("rootcoord", "71")]);
    assert!(container.is_well());
    let memory = container.path().join("shm/milvus-session");
    let text = fs::read_to_string(&memory).unwrap();
    let key = STANDARD.encode("prod/meta/session/rootcoord-12");
    assert_eq!(
        text,
        format!("first 1000\nread 1000 1000\nsession rootcoord 71 {key}\nend\n")
    );
    container.sessions(&[]);
    container.lease("71", "-1");
    fs::write(&memory, text.trim_end_matches("end\n")).unwrap();
    assert!(container.is_well());
}

/// Where nothing can be forked, written or found, nothing is lost.
#[test]
fn without_means_it_says_nothing() {
    let container = Container::new();
    container.sessions(&[own("rootcoord", "71")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("71", "-1");

    let curl = container.path().join("bin/curl");
    let without = container
        .command()
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert!(without.status.success(), "{without:?}");
    fs::set_permissions(&curl, Permissions::from_mode(0o644)).unwrap();
    let mut forbidden = container.command();
    forbidden.env("PATH", container.path().join("bin"));
    assert!(forbidden.output().unwrap().status.success());
    fs::set_permissions(&curl, Permissions::from_mode(0o755)).unwrap();
    assert!(!container.is_well());

    fs::remove_dir_all(container.path().join("shm")).unwrap();
    assert!(container.look().status.success());
}

/// Bash tries again for 15 s, and ends with a status of its own.
#[test]
fn without_a_fork_it_says_nothing() {
    let container = Container::new();
    container.sessions(&[own("rootcoord", "71")]);
    assert!(container.is_well());
    container.sessions(&[]);
    container.lease("71", "-1");
    let everybody = Permissions::from_mode(0o777);
    for path in ["", "shm", "shm/milvus-session"] {
        fs::set_permissions(container.path().join(path), everybody.clone()).unwrap();
    }
    fs::remove_file(container.path().join("asked")).unwrap();
    // Root may have as many processes as it likes.
    let words = format!(
        "ulimit -u 1; exec bash '{}'",
        container.path().join("check-session.sh").display()
    );
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups", "bash", "-c", &words]);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if told.starts_with("setpriv") {
        println!("only root can become somebody else: {told}");
        return;
    }
    assert!(told.contains("fork: "), "{told}");
    assert!(output.status.success(), "{output:?}");
    assert!(!container.path().join("asked").exists());
}
