//! Two operators at once: one works, the other is told who, and who dies or sleeps is replaced.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, one_at_a_time};

fn start(cluster: &Cluster, arguments: &[&str]) -> Child {
    cluster
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn end(child: Child) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = child.wait_with_output().expect("the program ends");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    (status.code(), said)
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.expect("there is a `kill`").success());
}

/// Up, healthy, nothing doubled and no lock left.
fn assert_well(cluster: &Cluster) {
    assert_eq!(cluster.locks(), Vec::<String>::new());
    cluster.assert_healthy();
    cluster.assert_nothing_doubled();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
}

/// Two start in the same moment; one is refused and names the other.
fn at_once(cluster: &Cluster) {
    let both = [
        start(cluster, &["up", "--yes"]),
        start(cluster, &["up", "--yes"]),
    ];
    sleep(Duration::from_secs(6));
    assert_eq!(cluster.locks().len(), 1);
    assert_eq!(cluster.status()["lock"]["verb"], "up");
    let mut ended = both.map(end);
    ended.sort_by_key(|(code, _)| *code);
    let codes = [ended[0].0, ended[1].0];
    assert_eq!(codes, [Some(0), Some(8)], "{ended:#?}");
    let refused = &ended[1].1;
    assert!(refused.contains("`up` of "), "{refused}");
    assert!(refused.contains("--lock-wait"), "{refused}");
    assert_well(cluster);
}

/// One takes the cluster down while the other looks at it all the time.
fn looked_at(cluster: &Cluster) {
    let mut down = start(cluster, &["down", "--yes"]);
    let mut looks = 0;
    while down.try_wait().expect("it can be waited for").is_none() {
        // Healthy or not: it has no task left to ask through, and must not start one.
        end(start(cluster, &["status"]));
        looks += 1;
    }
    let (code, said) = end(down);
    assert_eq!(code, Some(0), "{said}");
    assert!(looks > 3, "nobody looked");
}

/// One waits for the other, finds everything done and says so.
fn one_after_the_other(cluster: &Cluster) {
    let both = ["900", "900"].map(|wait| start(cluster, &["up", "--yes", "--lock-wait", wait]));
    let mut ended = both.map(end);
    ended.sort_by_key(|(code, _)| *code);
    let codes = [ended[0].0, ended[1].0];
    assert_eq!(codes, [Some(0), Some(7)], "{ended:#?}");
    assert_well(cluster);
}

/// One after the other begins what the one before left in the middle: whoever is asked to end lets
/// the lock go, of one that is killed somebody removes it, the lock of the next is taken over by
/// one that falls asleep, whose lock is taken over by the last; and who slept stops when it wakes.
fn left_in_the_middle(cluster: &Cluster) {
    cluster.must(&["down", "--yes"]);
    for how in ["-INT", "-TERM"] {
        let child = start(cluster, &["up", "--yes"]);
        // Before it has its lock there is nothing to let go, and a signal simply ends it.
        until_locked(cluster);
        sleep(A_MOMENT);
        signal(&child, how);
        let (code, said) = end(child);
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(cluster.locks(), Vec::<String>::new());
    }

    killed_with_the_lock(cluster);
    assert_eq!(cluster.locks().len(), 1, "a killed holder leaves its lock");
    cluster.must(&["unlock", "--yes"]);
    assert_eq!(cluster.locks(), Vec::<String>::new());

    killed_with_the_lock(cluster);
    let sleeper = taking_over(cluster);
    sleep(Duration::from_secs(3));
    signal(&sleeper, "-STOP");
    let (code, said) = end(start(cluster, &["up", "--yes"]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("taking its lock over"), "{said}");
    let before = cluster.tasks();
    signal(&sleeper, "-CONT");
    let (code, said) = end(sleeper);
    assert_eq!(code, Some(8), "{said}");
    assert_eq!(before, cluster.tasks(), "it acted after it was taken over");
    assert_well(cluster);
}

/// From the lock to the end of a run that is left in the middle: all of them together must leave
/// something to do to the one that takes over.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Waits until somebody has the lock, however long a busy machine takes to make a plan.
fn until_locked(cluster: &Cluster) {
    let until = Instant::now() + Duration::from_secs(120);
    while cluster.locks().is_empty() {
        assert!(Instant::now() < until, "nobody takes the lock");
        sleep(Duration::from_millis(500));
    }
}

/// `up` that dies at work.
fn killed_with_the_lock(cluster: &Cluster) {
    let child = start(cluster, &["up", "--yes"]);
    until_locked(cluster);
    sleep(A_MOMENT);
    signal(&child, "-KILL");
    end(child);
}

/// `up` that has found a holder dead and goes on in its place.
fn taking_over(cluster: &Cluster) -> Child {
    let mut child = start(cluster, &["up", "--yes"]);
    let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut heard = String::new();
    while !heard.contains("taking its lock over") {
        let read = said.read_line(&mut heard).expect("it says text");
        assert!(read > 0, "it took nothing over:\n{heard}");
    }
    child.stderr = Some(said.into_inner());
    child
}

#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn two_operators() {
    let _turn = one_at_a_time("two_operators");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    at_once(&cluster);
    looked_at(&cluster);
    one_after_the_other(&cluster);
    left_in_the_middle(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}
