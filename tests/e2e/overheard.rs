//! What is to be read on the cables between hosts.

use crate::client::Client;
use crate::cluster::Cluster;

/// Root's password is on none of them while something is done: a network that is not encrypted shows
/// it to whoever listens. Nobody else may use Milvus as root meanwhile.
pub fn never_is_the_password(cluster: &Cluster, done: impl FnOnce(&Cluster)) {
    let client = cluster.client("node01");
    let ear = client.listen();
    done(cluster);
    let heard = ear.stop();
    println!("overheard: {heard}");
    assert!(heard["overlay"].as_u64() > Some(0), "{heard}");
    assert_eq!(heard["found"], 0, "{heard}");

    let ear = client.listen();
    said_from_host_to_host(cluster, &client);
    let heard = ear.stop();
    assert_eq!(heard["where"][0], "overlay", "it hears nothing: {heard}");
}

/// What the tool does not do: one proxy is asked as root from another.
fn said_from_host_to_host(cluster: &Cluster, client: &Client) {
    let proxy = cluster.services_of("proxy")[0].clone();
    let filter = format!("name={proxy}");
    let container = |host| {
        let found = cluster.docker_of(host, &["ps", "--quiet", "--filter", &filter]);
        found.trim().to_owned()
    };
    let networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    let there = cluster.docker_of("node02", &["inspect", "-f", networks, &container("node02")]);
    let address = there.split_whitespace().next().expect("an address");
    let url = format!("http://{address}:19530/v1/vector/collections");
    let header = format!("Authorization: Bearer root:{}", client.password);
    let from = container("node01");
    let ask = ["exec", &from, "curl", "--silent", "--output", "/dev/null"];
    cluster.docker(&[&ask[..], &["--header", &header, &url]].concat());
}
