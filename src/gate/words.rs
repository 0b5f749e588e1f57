//! What a gate waits for, in words.

use std::fmt;

use super::{Gate, short};
use crate::system::FRONT;
use crate::system::etcd::ETCD;
use crate::system::minio::MINIO;
use crate::system::pulsar::{BOOKIE, BROKER, INIT, ZOOKEEPER};

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EtcdQuorum { members } => {
                write!(f, "{}: {} healthy, one leader", ETCD.title, of(members))
            }
            Self::MinioWriteQuorum { members } => {
                write!(f, "{}: {} live, write quorum", MINIO.title, of(members))
            }
            Self::ZookeeperQuorum { members } => {
                let title = ZOOKEEPER.title;
                write!(f, "{title}: {} serving, one leader", of(members))
            }
            Self::PulsarMetadata { cluster, .. } => {
                write!(f, "{} of `{cluster}` in {}", INIT.title, ZOOKEEPER.title)
            }
            Self::BookiesWritable { at_least, .. } => {
                write!(f, "{}: {at_least} writable and registered", BOOKIE.title)
            }
            Self::BrokersHealthy { at_least, .. } => {
                write!(f, "{}: {at_least} produce and consume", BROKER.title)
            }
            Self::SessionsRegistered { role, tasks, .. } => {
                write!(f, "{role}: {tasks} registered in {}", ETCD.title)
            }
            Self::CoordinatorLeads { role, .. } => write!(f, "{role}: one leads"),
            Self::MilvusHealthy { service, tasks } => {
                write!(f, "{}: {tasks} healthy", short(service))
            }
            Self::ProxiesServe { tasks, .. } => {
                write!(
                    f,
                    "{}: {tasks} answer an authenticated request",
                    FRONT.title
                )
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
