//! What a gate waits for, in words.

use std::fmt;

use super::{Gate, short};

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EtcdQuorum { members } => write!(f, "etcd: {} healthy, one leader", of(members)),
            Self::MinioWriteQuorum { members } => {
                write!(f, "MinIO: {} live, write quorum", of(members))
            }
            Self::ZookeeperQuorum { members } => {
                write!(f, "ZooKeeper: {} serving, one leader", of(members))
            }
            Self::PulsarMetadata { cluster, .. } => {
                write!(f, "Pulsar metadata of `{cluster}` in ZooKeeper")
            }
            Self::BookiesWritable { at_least, .. } => {
                write!(f, "bookies: {at_least} writable and registered")
            }
            Self::BrokersHealthy { at_least, .. } => {
                write!(f, "brokers: {at_least} produce and consume")
            }
            Self::SessionsRegistered { role, tasks, .. } => {
                write!(f, "{role}: {tasks} registered in etcd")
            }
            Self::CoordinatorLeads { role, .. } => write!(f, "{role}: one leads"),
            Self::MilvusHealthy { service, tasks } => {
                write!(f, "{}: {tasks} healthy", short(service))
            }
            Self::ProxiesServe { tasks, .. } => {
                write!(f, "proxies: {tasks} answer an authenticated request")
            }
            Self::Converged { service } => write!(f, "{}: converged", short(service)),
            Self::TaskGone { service, node, .. } => {
                write!(f, "{}: gone from {node}", short(service))
            }
            Self::Replaced { service, node } => {
                write!(f, "{}: turned away from {node}", short(service))
            }
            Self::Renewed {
                service,
                tasks,
                renewed,
                ..
            } => write!(f, "{}: {renewed} of {tasks} renewed", short(service)),
            Self::ServicesGone { services } => match services.as_slice() {
                [one] if one.is_empty() => f.write_str("the last tasks of removed services gone"),
                [one] => write!(f, "{} gone", short(one)),
                many => write!(f, "{} services gone", many.len()),
            },
            Self::LeadsNoShard { node, .. } => {
                write!(f, "query node on {node}: leads no shard")
            }
        }
    }
}

fn of(members: &[String]) -> String {
    match members.len() {
        1 => "1 member".to_owned(),
        n => format!("{n} members"),
    }
}
