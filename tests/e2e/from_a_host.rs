//! What a user of a host who may do nothing there can reach of a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::cluster::Cluster;

/// Local users have the number of `nobody` here.
const NOBODY: &str = "65534";

/// Connects to each address and prints those that answered.
const CONNECTS: &str = r#"
for at in "$@"; do
  { timeout 2 bash -c "exec 3<>/dev/tcp/${at%:*}/${at##*:}" 2>/dev/null && echo "$at"; } &
done
wait
"#;

/// What publishes a port has a way to its host, and the host one to it (docs/security.md).
pub const OF_PROXIES: [&str; 3] = ["proxy 19529", "proxy 19530", "proxy 9091"];

/// Nobody gets to a port of any component, but for these on their own host.
pub fn nobody_reaches_but(cluster: &Cluster, allowed: &[&str]) {
    let mut reached = BTreeSet::new();
    let mut tried = 0;
    for host in cluster.lab.hosts() {
        let host = host.name();
        let listeners = listeners(cluster, &host);
        tried += listeners.len();
        let mut command = cluster.lab.command(&host).expect("the host is in the lab");
        command.args([
            "setpriv",
            "--clear-groups",
            "--reuid",
            NOBODY,
            "--regid",
            NOBODY,
        ]);
        command.args(["bash", "-c", CONNECTS, "connects"]);
        let output = command.args(listeners.keys()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        reached.extend(said.lines().map(|at| {
            let (_, port) = at.rsplit_once(':').expect("a port");
            format!("{} {port}", listeners[at])
        }));
    }
    assert_eq!(Vec::from_iter(&reached), allowed, "of {tried} tried");
}

/// Each address and port at which a task of a host listens, with the component that does.
fn listeners(cluster: &Cluster, host: &str) -> BTreeMap<String, String> {
    let format = "{{.State.Pid}} {{index .Config.Labels \"com.docker.swarm.service.name\"}}";
    let ids = cluster.docker_of(host, &["ps", "--quiet"]);
    let ids: Vec<&str> = ids.lines().collect();
    let inspect = [&["inspect", "--format", format], &ids[..]].concat();
    let mut listeners = BTreeMap::new();
    for line in cluster.docker_of(host, &inspect).lines() {
        let (pid, service) = line.split_once(' ').expect("a process and a service");
        // The probe is in no stack.
        let name = service.split_once('_').map_or(service, |(_, name)| name);
        let component = name
            .split_once('-')
            .map_or(name, |(component, _)| component);
        let of = |file: &str| fs::read_to_string(format!("/proc/{pid}/net/{file}"));
        let addresses = addresses(&of("fib_trie").expect("addresses"));
        for file in ["tcp", "tcp6"] {
            for port in ports(&of(file).unwrap_or_default()) {
                for address in &addresses {
                    listeners.insert(format!("{address}:{port}"), component.to_owned());
                }
            }
        }
    }
    listeners
}

/// Its own addresses, by the kernel's table of routes.
fn addresses(table: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let pairs = lines.windows(2);
    let own = pairs.filter(|pair| pair[1].ends_with("host LOCAL"));
    own.filter_map(|pair| pair[0].strip_prefix("|-- "))
        .filter(|address| !address.starts_with("127."))
        .map(str::to_owned)
        .collect()
}

/// The ports that are listened on, by the kernel's table of sockets.
fn ports(table: &str) -> BTreeSet<u16> {
    const LISTENS: &str = "0A";
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (_, port) = words.next()?.rsplit_once(':')?;
            let state = words.nth(1)?;
            (state == LISTENS).then(|| u16::from_str_radix(port, 16).ok())?
        })
        .collect()
}
