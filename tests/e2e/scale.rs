//! Query nodes leave and come while searches run; no search fails and none misses a row.

use crate::cluster::Cluster;

/// Rounds in `make test`; `make soak` asks for more.
const ROUNDS: u32 = 2;

pub fn wanted_rounds() -> u32 {
    std::env::var("MILVUS_SWARM_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// From five query nodes to three and back, with top-1 searches under an exact index.
pub fn rounds(cluster: &Cluster, rounds: u32) {
    for round in 1..=rounds {
        let searching = cluster.client("node01").search();
        let down = cluster.shown(&["scale", "query=3", "--yes"]);
        let up = cluster.shown(&["scale", "query=5", "--yes"]);
        let counted = searching.stop();
        println!("scale round {round}: {counted}");
        assert!(counted["searches"].as_u64() > Some(100), "{counted}");
        assert_eq!(
            counted["failed"], 0,
            "round {round}: {counted}\n{down}\n{up}"
        );
        assert_eq!(
            counted["wrong"], 0,
            "round {round}: {counted}\n{down}\n{up}"
        );
        let status = cluster.status();
        assert_eq!(status["healthy"], true, "{status}");
    }
}
