//! All of etcd's volumes are emptied under a cluster that runs: it is told, nobody gets in with the password
//! that everybody knows, and the way out that the refusal names works.

use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;

const HOSTS: [&str; 3] = ["node01", "node02", "node03"];
/// How long nothing may come up on an etcd that was emptied: longer than any process takes to start.
const NOTHING: Duration = Duration::from_secs(90);
/// How long etcd may take to serve again.
const SERVES: Duration = Duration::from_secs(60);
/// How long a look of the health check may take to end what runs.
const ENDS: Duration = Duration::from_secs(40);

pub fn of_an_emptied_etcd(cluster: &Cluster) {
    let (label, first) = remembered(cluster, "node01");
    for host in HOSTS {
        assert_eq!(remembered(cluster, host).1, first, "{host}");
    }
    assert!(cluster.must(&["plan", "--probe"]).contains("nothing to do"));
    let addresses = HOSTS.map(|host| cluster.client(host).host);
    let knocking = cluster.client("node01").knock(&addresses[1..]);
    thread::sleep(Duration::from_secs(5));

    empty(cluster);
    let start = Instant::now();
    let said = loop {
        let status = cluster.run(&["status"]);
        let said = String::from_utf8_lossy(&status.stdout).into_owned();
        if said.contains("another birth") {
            assert_eq!(status.status.code(), Some(6), "{said}");
            break said;
        }
        assert!(start.elapsed() < SERVES, "{said}");
    };
    println!(
        "told {:.0}s after it was emptied",
        start.elapsed().as_secs_f64()
    );
    let way_out = format!("docker node update --label-rm {label} node01");
    assert!(said.contains(&way_out), "{said}");
    let plan = cluster.run(&["plan", "--probe"]);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("[other-birth]"), "{plan}");
    let up = cluster.run(&["up", "--yes"]);
    assert_eq!(up.status.code(), Some(4), "it is refused");

    thread::sleep(ENDS);
    let waits = sessions(cluster);
    assert_eq!(waits, "", "nothing of Milvus came up on it");
    thread::sleep(NOTHING - ENDS);
    assert_eq!(sessions(cluster), "");

    for host in HOSTS {
        cluster.docker(&["node", "update", "--label-rm", &label, host]);
    }
    let start = Instant::now();
    cluster.up();
    println!("up again after {:.0}s", start.elapsed().as_secs_f64());
    cluster.assert_healthy();
    assert_ne!(remembered(cluster, "node01").1, first);
    thread::sleep(Duration::from_secs(5));
    let counted = knocking.stop();
    println!("knocked at three proxies: {counted}");
    assert_eq!(counted["known"], 0, "{counted}");
    assert!(counted["own"].as_u64() > Some(20), "{counted}");
    assert!(counted["tries"].as_u64() > Some(500), "{counted}");
}

/// The label of a node that remembers etcd's birth, and what it says.
fn remembered(cluster: &Cluster, host: &str) -> (String, String) {
    let template = "{{range $k, $v := .Spec.Labels}}{{$k}} {{$v}}\n{{end}}";
    let labels = cluster.docker(&["node", "inspect", "-f", template, host]);
    let birth = labels.lines().find(|line| line.contains(".birth.etcd "));
    let (label, birth) = birth
        .and_then(|line| line.split_once(' '))
        .expect("a label");
    (label.to_owned(), birth.to_owned())
}

/// What Milvus has there but the time, which a coordinator may write down that is about to end.
fn sessions(cluster: &Cluster) -> String {
    let member = cluster.services_of("etcd")[0].clone();
    let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
    let host = cluster.docker(&[&["service", "ps", &member], &running[..]].concat());
    let name = format!("name={member}");
    let container = cluster.docker_of(host.trim(), &["ps", "--quiet", "--filter", &name]);
    let get = ["etcdctl", "get", "--prefix", "--keys-only", "milvus/meta/"];
    let asked = [&["exec", container.trim()], &get[..]].concat();
    cluster.docker_of(host.trim(), &asked).trim().to_owned()
}

/// Empties the volumes of all members while none runs, and starts them again.
fn empty(cluster: &Cluster) {
    let members = cluster.services_of("etcd");
    let image = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
    let proxy = &cluster.services_of("proxy")[0];
    let image = cluster.docker(&["service", "inspect", "-f", image, proxy]);
    let homes: Vec<String> = members
        .iter()
        .map(|member| {
            let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
            let host = cluster.docker(&[&["service", "ps", member], &running[..]].concat());
            host.trim().to_owned()
        })
        .collect();
    for member in &members {
        cluster.docker(&["service", "scale", &format!("{member}=0")]);
    }
    for (member, host) in members.iter().zip(&homes) {
        let source = "{{range .Spec.TaskTemplate.ContainerSpec.Mounts}}{{.Source}}{{end}}";
        let volume = cluster.docker(&["service", "inspect", "-f", source, member]);
        let mount = format!("{}:/data", volume.trim());
        let command = "rm -rf /data/* && ls -A /data";
        let run = ["run", "--rm", "--network", "none", "--entrypoint", "bash"];
        let run = [&run[..], &["-v", &mount, image.trim(), "-c", command]].concat();
        assert_eq!(cluster.docker_of(host, &run), "", "{member}");
    }
    for member in &members {
        cluster.docker(&["service", "scale", "--detach", &format!("{member}=1")]);
    }
}
