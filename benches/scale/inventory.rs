//! Inventories of any size, as a site would write them: every host by name, address and zone.

use std::fmt::Write as _;

/// What a host does; of a hundred hosts about fifty hold a member of a stateful role.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Manager,
    Etcd,
    Coord,
    Broker,
    Minio,
    Bookie,
    Query,
    Index,
    Data,
    Proxy,
}

impl Kind {
    const fn roles(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Etcd => "etcd, zookeeper",
            Self::Coord => "coord",
            Self::Broker => "broker",
            Self::Minio => "minio",
            Self::Bookie => "bookie",
            Self::Query => "query",
            Self::Index => "index",
            Self::Data => "data",
            Self::Proxy => "proxy",
        }
    }
}

/// How many hosts of each kind, in sum `hosts`.
fn mix(hosts: usize) -> Vec<(Kind, usize)> {
    if hosts < 20 {
        return small(hosts);
    }
    let part = |percent: usize| (hosts * percent / 100).max(1);
    let voters = if hosts < 100 { 3 } else { 5 };
    let mut mix = vec![
        (Kind::Manager, voters),
        (Kind::Etcd, voters),
        (Kind::Coord, 2),
        (Kind::Broker, part(5)),
        // MinIO's sets of four spread evenly over its hosts.
        (Kind::Minio, part(25) / 4 * 4),
        (Kind::Bookie, part(20)),
        (Kind::Index, part(10)),
        (Kind::Data, part(3)),
        (Kind::Proxy, part(2)),
    ];
    let taken: usize = mix.iter().map(|(_, count)| count).sum();
    mix.push((Kind::Query, hosts - taken));
    mix
}

/// Too few hosts for one of each kind and four of MinIO: the workers share.
fn small(hosts: usize) -> Vec<(Kind, usize)> {
    vec![
        (Kind::Manager, 1),
        (Kind::Etcd, 1),
        (Kind::Coord, 1),
        (Kind::Broker, 1),
        (Kind::Minio, 1),
        (Kind::Bookie, 1),
        (Kind::Index, 1),
        (Kind::Query, hosts - 7),
    ]
}

/// What an inventory asks for beyond its hosts.
#[derive(Clone, Copy, Default)]
pub struct Change {
    /// One more Milvus setting.
    pub key: bool,
    /// One more query node.
    pub replica: bool,
}

/// Hosts that have the role `query`.
pub fn query_hosts(hosts: usize) -> usize {
    let mix = mix(hosts);
    mix.iter()
        .filter(|(kind, _)| *kind == Kind::Query)
        .map(|(_, count)| count)
        .sum()
}

/// An inventory of so many hosts; the kinds are spread over it, as racks are filled.
pub fn text(hosts: usize, change: Change) -> String {
    let mut left = mix(hosts);
    let totals = left.clone();
    let mut text = String::from("name: scale\nmilvus: \"2.3\"\naccept: CVE-2025-64513\nhosts:\n");
    for number in 0..hosts {
        // The kind that is furthest behind its share.
        let next = (0..left.len())
            .filter(|&at| left[at].1 > 0)
            .max_by_key(|&at| (left[at].1 * 1_000_000 / totals[at].1, left.len() - at))
            .unwrap_or_default();
        left[next].1 -= 1;
        let (high, low) = (number / 250, number % 250 + 1);
        let _ = writeln!(
            text,
            "  - {{ name: host{number:05}.example.com, address: 10.{}.{}.{low}, zone: z{}, roles: [{}] }}",
            high / 250,
            high % 250,
            number % 3,
            left[next].0.roles()
        );
    }
    let queries = query_hosts(hosts) - usize::from(!change.replica);
    let _ = write!(
        text,
        "roles:\n  \
         query: {{ replicas: {queries}, cpus: {{ reserve: 14, limit: 16 }}, memory: {{ reserve: 56GiB, limit: 60GiB }} }}\n  \
         etcd: {{ cpus: {{ reserve: 2, limit: 4 }}, memory: {{ reserve: 4GiB, limit: 8GiB }} }}\n  \
         minio: {{ cpus: {{ reserve: 4, limit: 8 }}, memory: {{ reserve: 16GiB, limit: 28GiB }} }}\n  \
         bookie: {{ heap: 8GiB, direct: 16GiB, memory: {{ reserve: 26GiB, limit: 28GiB }} }}\n  \
         broker: {{ heap: 8GiB, direct: 16GiB, memory: {{ reserve: 26GiB, limit: 28GiB }} }}\n\
         network: {{ subnet: 10.128.0.0/16 }}\n"
    );
    if change.key {
        text.push_str("config: { queryNode: { gracefulStopTimeout: 900 } }\n");
    }
    text
}
