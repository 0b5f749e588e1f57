//! The files that services mount as Swarm configs.

use minijinja::Environment;
use serde_json::{Value, json};

use super::{RenderError, render, short_hash, user_yaml};
use crate::component::StackName;
use crate::inventory::Inventory;
use crate::release::Release;
use crate::topology::Topology;

/// A config file as one stack uses it.
#[derive(Clone, Debug)]
pub(super) struct ConfigFile {
    /// Its key in the stack file.
    pub key: &'static str,
    /// Its name as a template variable.
    pub variable: &'static str,
    pub stack: StackName,
    /// Where tasks find it.
    pub target: &'static str,
    pub templated: bool,
    pub text: String,
    /// The Swarm object: content-hashed, since a config cannot be changed.
    pub name: String,
    /// The path in the rendered folder.
    pub file: String,
}

struct Row {
    template: &'static str,
    key: &'static str,
    variable: &'static str,
    stack: StackName,
    target: &'static str,
}

const ROWS: [Row; 4] = [
    Row {
        template: "zookeeper.conf",
        key: "zookeeper-conf",
        variable: "zookeeper_conf",
        stack: StackName::Pulsar,
        target: "/pulsar/conf/zookeeper.conf",
    },
    Row {
        template: "start-zookeeper.sh",
        key: "start-zookeeper",
        variable: "start_zookeeper",
        stack: StackName::Pulsar,
        target: "/pulsar/start-zookeeper.sh",
    },
    Row {
        template: "init-metadata.sh",
        key: "init-metadata",
        variable: "init_metadata",
        stack: StackName::Pulsar,
        target: "/pulsar/init-metadata.sh",
    },
    Row {
        template: "start-pulsar.sh",
        key: "start-pulsar",
        variable: "start_pulsar",
        stack: StackName::Pulsar,
        target: "/pulsar/start-pulsar.sh",
    },
];

/// Every config file of a cluster.
pub(super) fn files(
    environment: &Environment<'_>,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
) -> Result<Vec<ConfigFile>, RenderError> {
    let zookeeper_members: Vec<_> = topology
        .members("zookeeper")
        .iter()
        .map(|member| json!({ "id": member.ordinal + 1, "name": member.name }))
        .collect();
    let values = json!({ "zookeeper_members": zookeeper_members });
    let mut files = Vec::new();
    for row in &ROWS {
        let text = render(environment, row.template, &values)?;
        files.push(file(inventory, row, super::tidy(&text), false));
    }
    let milvus = Row {
        template: "user.yaml",
        key: "user-yaml",
        variable: "user_yaml",
        stack: StackName::Milvus,
        target: if release.reads_user_yaml() {
            "/milvus/configs/user.yaml"
        } else {
            "/milvus/configs/milvus.yaml"
        },
    };
    let text = user_yaml(environment, inventory, release, topology)?;
    files.push(file(inventory, &milvus, text, true));
    Ok(files)
}

fn file(inventory: &Inventory, row: &Row, text: String, templated: bool) -> ConfigFile {
    let name = format!("{}-{}-{}", inventory.name, row.key, short_hash(&text));
    ConfigFile {
        key: row.key,
        variable: row.variable,
        stack: row.stack,
        target: row.target,
        templated,
        text,
        file: format!("configs/{name}"),
        name,
    }
}

fn user_yaml(
    environment: &Environment<'_>,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
) -> Result<String, RenderError> {
    let etcd_endpoints: Vec<String> = topology
        .members("etcd")
        .iter()
        .map(|member| format!("{}:2379", member.name))
        .collect();
    let standby = topology
        .pools
        .iter()
        .any(|(name, pool)| name.ends_with("coord") && pool.replicas > 1);
    let password = format!("{{{{ secret `{}` }}}}", super::MINIO_SECRET);
    let values = json!({
        "cluster": inventory.name,
        "etcd_endpoints": etcd_endpoints,
        "minio_user": super::context::minio_user(inventory),
        "minio_password": password,
        "bucket": super::context::bucket(inventory),
        "standby": standby,
        "release_minor": release.minor,
    });
    let text = render(environment, "user.yaml", &values)?;
    let mut tree: Value =
        serde_saphyr::from_str(&text).map_err(|error| RenderError::UserYaml(error.to_string()))?;
    if !tree.is_object() {
        return Err(RenderError::UserYaml("it is no mapping".to_owned()));
    }
    let mut own = inventory.config.clone();
    user_yaml::escape_templates(&mut own);
    user_yaml::merge(&mut tree, &own);
    Ok(user_yaml::write(&tree))
}

/// The files of one stack.
pub(super) fn used_by(stack: StackName, files: &[ConfigFile]) -> Vec<ConfigFile> {
    files
        .iter()
        .filter(|file| file.stack == stack)
        .cloned()
        .collect()
}
