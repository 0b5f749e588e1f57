//! The channels of Milvus' log have the names that Milvus itself gives them. Where it misses its
//! settings it gives several channels one name, and reads what was written for another.

use std::collections::BTreeMap;

use crate::cluster::Cluster;

/// Names of Milvus 2.3.5 (milvus: `configs/milvus.yaml`, `msgChannel.chanNamePrefix`), each behind
/// the name of the cluster; of the first as many as `rootCoord.dmlChannelNum`.
const NAMES: &[(&str, usize)] = &[("rootcoord-dml", 16), ("replicate-msg", 1)];

/// Asks a broker for its topics.
pub fn have_their_names(cluster: &Cluster) {
    let broker = cluster.docker(&["ps", "--quiet", "--filter", "name=_broker"]);
    let broker = broker.lines().next().expect("a broker on the first host");
    let topics = "http://localhost:8080/admin/v2/persistent/public/default";
    let topics = cluster.docker(&["exec", broker, "curl", "--silent", "--fail", topics]);
    let topics: Vec<String> = serde_json::from_str(&topics).expect("a list of topics");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in &topics {
        let name = topic.strip_prefix("persistent://public/default/milvus-");
        let name = name.unwrap_or_else(|| panic!("not of this cluster: {topic}"));
        let is_numbered = |(_, number): &(&str, &str)| number.parse::<u16>().is_ok();
        let numbered = name.rsplit_once('_').filter(is_numbered);
        *counts
            .entry(numbered.map_or(name, |(stem, _)| stem))
            .or_default() += 1;
    }
    assert_eq!(counts, NAMES.iter().copied().collect(), "{topics:?}");
}
