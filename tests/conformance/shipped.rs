//! The inventories that come with the tool, rendered.

use milvus_swarm::inventory::{Inventory, LOCAL, PRODUCTION_26, Source, THIS_HOST, THREE_HOST};
use milvus_swarm::render::{Sources, StackFile};
use milvus_swarm::source::write_tree;
use milvus_swarm::wanted::Cluster;

/// Each with its name.
pub fn clusters() -> [(&'static str, Cluster); 3] {
    [
        ("local", LOCAL),
        ("three-host", THREE_HOST),
        ("production-26", PRODUCTION_26),
    ]
    .map(|(name, text)| (name, cluster(&[text])))
}

/// A cluster of inventories that lie over one another.
pub fn cluster(texts: &[&str]) -> Cluster {
    Cluster::work_out(&inventory(texts), None, &Sources::shipped()).unwrap()
}

/// Inventories that lie over one another.
pub fn inventory(texts: &[&str]) -> Inventory {
    let source = |text: &&str| Source {
        name: "shipped.yml".to_owned(),
        text: (*text).to_owned(),
    };
    let sources: Vec<Source> = texts.iter().map(source).collect();
    let mut inventory = Inventory::parse(&sources).unwrap();
    for host in &mut inventory.hosts {
        // As the program does with the name of the node that it talks to.
        if host.name == THIS_HOST {
            "node01".clone_into(&mut host.name);
        }
    }
    inventory
}

/// A stack file as `stack.yml`, with its configs beside it.
pub fn written(file: &StackFile) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut files = file.files.clone();
    files.insert("stack.yml".to_owned(), file.text.clone());
    write_tree(directory.path(), &files).unwrap();
    directory
}
