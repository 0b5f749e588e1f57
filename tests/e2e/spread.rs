//! Where the rows of a collection are: a test of leaving query nodes proves something only if
//! they had something to leave.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::Cluster;

/// Rows by Milvus' number of the query node, and the nodes that lead a shard.
#[derive(Debug)]
pub struct Spread {
    rows: BTreeMap<String, u64>,
    leaders: BTreeSet<String>,
}

impl Spread {
    /// Loads the collection anew, so that every query node has a part of it.
    pub fn anew(cluster: &Cluster, collection: &str) -> Self {
        Self::ask(cluster, collection, &["--reload", "1"])
    }

    /// Loads the collection anew, and no other, until every query node leads a shard of it.
    /// Milvus gives the shards out while it loads, and with two for each node it misses a node
    /// at times.
    pub fn until_all_lead(cluster: &Cluster, collection: &str) {
        const TRIES: usize = 5;
        let mut met = Vec::new();
        for _ in 0..TRIES {
            let spread = Self::ask(cluster, collection, &["--reload", "1", "--alone", "1"]);
            if spread.all_lead() {
                return;
            }
            met.push(spread);
        }
        panic!("in each of {TRIES} loads of `{collection}` some node led no shard: {met:?}");
    }

    pub fn now(cluster: &Cluster, collection: &str) -> Self {
        Self::ask(cluster, collection, &[])
    }

    fn ask(cluster: &Cluster, collection: &str, how: &[&str]) -> Self {
        let said = cluster
            .client("node01")
            .run_with("spread.py", &[&["--collection", collection], how].concat());
        let rows = said["rows"].as_object().expect("rows by node");
        let leaders = said["leaders"].as_array().expect("a list of leaders");
        Self {
            rows: rows
                .iter()
                .map(|(node, rows)| (node.clone(), rows.as_u64().expect("a number")))
                .collect(),
            leaders: leaders.iter().map(ToString::to_string).collect(),
        }
    }

    /// The nodes that are in no replica any more: their rows, and whether they led a shard.
    pub fn left(&self, now: &Self) -> Vec<(u64, bool)> {
        self.rows
            .iter()
            .filter(|(node, _)| !now.rows.contains_key(*node))
            .map(|(node, rows)| (*rows, self.leaders.contains(node)))
            .collect()
    }

    /// Whether every query node leads a shard.
    fn all_lead(&self) -> bool {
        self.rows.keys().all(|node| self.leaders.contains(node))
    }
}
