//! Members stay on their data, whatever happens to the order of hosts in the file.

use std::collections::BTreeMap;
use std::fs;

use crate::cluster::Cluster;

/// `etcd-0` and the like, by the node that carries its label.
pub fn members(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut members = BTreeMap::new();
    for node in cluster
        .docker(&["node", "ls", "--format", "{{.Hostname}}"])
        .lines()
    {
        let labels = cluster.docker(&["node", "inspect", "-f", "{{json .Spec.Labels}}", node]);
        let labels: BTreeMap<String, String> = serde_json::from_str(&labels).expect("labels");
        for key in labels.into_keys() {
            if let Some((_, member)) = key.split_once(".member.") {
                members.insert(member.to_owned(), node.to_owned());
            }
        }
    }
    members
}

/// Takes the cluster down, turns the inventory's list of hosts around, and brings it up again.
pub fn back_on_its_data(cluster: &Cluster) {
    let before = members(cluster);
    assert!(!before.is_empty());
    cluster.must(&["down", "--yes"]);
    assert_eq!(before, members(cluster), "`down` keeps member labels");

    let file = &cluster.files[0];
    let text = fs::read_to_string(file).expect("the inventory is there");
    let turned = turned(&text);
    assert_ne!(text, turned);
    fs::write(file, turned).expect("the inventory can be written");

    cluster.up();
    assert_eq!(before, members(cluster), "a member moved");
    cluster.assert_healthy();
    cluster.check();
}

/// The entries of the top-level lists `groups` and `hosts` in reverse order.
fn turned(text: &str) -> String {
    let mut out = String::new();
    let mut entries: Vec<String> = Vec::new();
    let mut in_list = false;
    for line in text.lines() {
        let top = !line.starts_with([' ', '-', '#']) && !line.trim().is_empty();
        if top {
            out.extend(entries.drain(..).rev());
            in_list = line.starts_with("groups:") || line.starts_with("hosts:");
        } else if in_list && line.trim_start().starts_with("- ") && indent(line) <= 2 {
            entries.push(format!("{line}\n"));
            continue;
        } else if let Some(entry) = entries.last_mut() {
            entry.push_str(line);
            entry.push('\n');
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.extend(entries.drain(..).rev());
    out
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
