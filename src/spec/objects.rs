//! Networks, configs and secrets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// A named driver with options (`Templating`, IPAM, log drivers).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Driver {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A Swarm config: immutable bytes that tasks mount as a file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ConfigSpec {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// The bytes of the file; at most 1000 KiB.
    pub data: Vec<u8>,
    /// `golang` makes the node expand `{{ secret "x" }}` and the like for each task.
    pub template_driver: Option<String>,
}

impl ConfigSpec {
    /// Tells two configs with other bytes, or read in another way, apart.
    #[must_use]
    pub fn digest(&self) -> String {
        let driver = self.template_driver.as_deref().unwrap_or_default();
        sha256(&[driver.as_bytes(), b"\0", &self.data].concat())
    }
}

/// A Swarm secret as it is seen from outside: never its bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SecretSpec {
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

/// IP address management of a network.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ipam {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub driver: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<IpamConfig>,
}

/// One subnet of a network.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IpamConfig {
    pub subnet: String,
}

/// A network as it is created.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkSpec {
    pub name: String,
    pub driver: String,
    pub attachable: bool,
    pub internal: bool,
    #[serde(skip_serializing_if = "Option::is_none", rename = "IPAM")]
    pub ipam: Option<Ipam>,
    #[serde(deserialize_with = "super::null_is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "super::null_is_empty"
    )]
    pub options: BTreeMap<String, String>,
}
