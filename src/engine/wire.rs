//! Engine API objects as they come over the wire: only what is used, and never an enum.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::spec::{Driver, Labels, PortConfig, ResourceAmount, ServiceSpec, null_is_empty};

macro_rules! wire {
    ($($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $field:ident : $ty:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        pub(super) struct $name {
            $(#[serde(deserialize_with = "null_is_empty")] $(#[$meta])* pub(super) $field: $ty,)*
        }
    )*};
}

wire! {
    Version { index: u64, }
    Service {
        #[serde(rename = "ID")]
        id: String,
        version: Version,
        spec: ServiceSpec,
        previous_spec: Option<Box<ServiceSpec>>,
        update_status: UpdateStatus,
    }
    /// A service of which only the ports matter.
    Publisher {
        #[serde(rename = "ID")]
        id: String,
        spec: PublisherSpec,
        endpoint: Endpoint,
    }
    PublisherSpec {
        name: String,
        labels: Labels,
        endpoint_spec: Endpoint,
        task_template: JoinedTask,
        /// Where they stood before they were a task's.
        networks: Vec<JoinedNetwork>,
    }
    JoinedTask { networks: Vec<JoinedNetwork>, }
    JoinedNetwork { target: String, }
    /// What stands for a container that was started by hand, on each network that it is on.
    Attached {
        #[serde(rename = "NodeID")]
        node_id: String,
        spec: AttachedSpec,
        networks_attachments: Vec<Attachment>,
    }
    AttachedSpec { network_attachment_spec: AttachedContainer, }
    AttachedContainer {
        #[serde(rename = "ContainerID")]
        container_id: String,
    }
    Endpoint { ports: Vec<PortConfig>, }
    UpdateStatus { state: String, message: String, }
    Task {
        #[serde(rename = "ID")]
        id: String,
        created_at: String,
        spec: TaskSpec,
        #[serde(rename = "ServiceID")]
        service_id: String,
        slot: u64,
        #[serde(rename = "NodeID")]
        node_id: String,
        status: TaskStatus,
        desired_state: String,
        networks_attachments: Vec<Attachment>,
    }
    TaskSpec { container_spec: ContainerSpec, resources: Resources, networks: Vec<Joined>, }
    ContainerSpec { image: String, labels: Labels, }
    Joined { aliases: Vec<String>, }
    Resources { reservations: ResourceAmount, }
    TaskStatus {
        timestamp: String,
        state: String,
        message: String,
        err: String,
        container_status: ContainerStatus,
    }
    ContainerStatus {
        #[serde(rename = "ContainerID")]
        container_id: String,
        exit_code: i64,
    }
    Attachment { network: AttachedNetwork, addresses: Vec<String>, }
    AttachedNetwork { spec: Named, }
    /// Data and templating are those of a config: Swarm gives nobody the bytes of a secret.
    Named { name: String, labels: Labels, data: String, templating: Driver, }
    Node {
        #[serde(rename = "ID")]
        id: String,
        version: Version,
        spec: NodeSpec,
        description: Description,
        status: NodeStatus,
        manager_status: ManagerStatus,
    }
    NodeSpec { labels: Labels, role: String, availability: String, }
    Description {
        hostname: String,
        platform: Platform,
        resources: ResourceAmount,
        engine: EngineDescription,
    }
    Platform {
        architecture: String,
        #[serde(rename = "OS")]
        os: String,
    }
    EngineDescription { engine_version: String, }
    NodeStatus { state: String, addr: String, }
    ManagerStatus { leader: bool, reachability: String, addr: String, }
    /// A config or a secret, or a service of which only the name and the labels matter; a config's
    /// bytes stay unread.
    Stored {
        #[serde(rename = "ID")]
        id: String,
        version: Version,
        spec: Named,
    }
    Network {
        id: String,
        name: String,
        driver: String,
        attachable: bool,
        internal: bool,
        #[serde(rename = "IPAM")]
        ipam: Ipam,
        labels: Labels,
        options: BTreeMap<String, String>,
    }
    Ipam { driver: String, config: Vec<Subnet>, }
    Subnet { subnet: String, }
}
