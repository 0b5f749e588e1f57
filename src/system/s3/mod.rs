//! S3-compatible storage that is there without this tool, in place of MinIO.

mod answers;
mod grammar;
mod iam;
mod refuse;
mod talk;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Choice, Elsewhere, Filler, Filling, Plot, Slot, System};
use crate::component::Secret;
use crate::inventory::{Inventory, NamedPath};

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "s3",
    title: "S3",
    fills: Some(Filler {
        slot: Slot::Storage,
        choice: Some(Choice {
            key: grammar::SETTINGS,
            check: grammar::check,
            identity: |filling| {
                let place = Place::of(&filling.settings);
                format!("s3:{}", place.shown())
            },
            needs: &[],
            demands: &[],
            asks: &[],
            hangs_on: &[],
        }),
    }),
    runs: None,
    only_with: None,
    elsewhere: Some(Elsewhere {
        takes: 2_000,
        says: |_, _| Vec::new(),
        words: |settings| {
            let place = Place::of(settings);
            format!("writes, reads, lists and deletes in {}", place.shown())
        },
        lead: talk::lead,
    }),
    templates: &[],
    files: &[],
    values,
    secrets: &[
        Secret {
            key: ACCESS_KEY,
            variable: "s3_access_key",
            first: None,
            user: None,
            file: |inventory| file(inventory, grammar::ACCESS_KEY),
            is_of: |inventory| file(inventory, grammar::ACCESS_KEY).is_some(),
            milvus_mounts_it: true,
            is_text: false,
            bytes: (1, 256),
            known: None,
        },
        Secret {
            key: SECRET_KEY,
            variable: "s3_secret_key",
            first: None,
            user: None,
            file: |inventory| file(inventory, grammar::SECRET_KEY),
            is_of: |inventory| file(inventory, grammar::SECRET_KEY).is_some(),
            milvus_mounts_it: true,
            is_text: false,
            bytes: (1, 1024),
            known: None,
        },
        Secret {
            key: CA,
            variable: "s3_ca",
            first: None,
            user: None,
            file: |inventory| file(inventory, grammar::CA),
            is_of: |inventory| file(inventory, grammar::CA).is_some(),
            milvus_mounts_it: true,
            is_text: true,
            bytes: (1, usize::MAX),
            known: None,
        },
    ],
    owned: &[],
    kept: &[],
    advisories: &[],
    advice: &[],
    rules_of_data: &[refuse::AUTHORITY],
    rules_of_images: &[],
};

/// Keys of the secrets that a store is asked with.
const ACCESS_KEY: &str = "s3-access-key";
const SECRET_KEY: &str = "s3-secret-key";
/// Key of the secret that holds the certificates of who vouches for the store. It is no secret; it
/// reaches hosts the way that keys do.
const CA: &str = "s3-ca";

fn filling(inventory: &Inventory) -> Option<&Filling> {
    let filling = inventory.fillers.get(&Slot::Storage)?;
    (filling.system == SYSTEM.name).then_some(filling)
}

fn file<'a>(inventory: &'a Inventory, key: &str) -> Option<&'a NamedPath> {
    filling(inventory)?.files.get(key)
}

/// Where objects are, as an inventory says it.
struct Place {
    host: String,
    port: u16,
    tls: bool,
    /// Whether the inventory names a port.
    has_port: bool,
    region: String,
    bucket: String,
    root_path: String,
    provider: String,
    virtual_host: bool,
    iam: bool,
}

impl Place {
    fn of<K: Ord + std::borrow::Borrow<str>>(settings: &BTreeMap<K, String>) -> Self {
        let text = |key: &str| settings.get(key).cloned();
        let is = |key: &str, default: bool| text(key).map_or(default, |text| text == "true");
        let endpoint = text(grammar::ENDPOINT).unwrap_or_default();
        let tls = is(grammar::TLS, true);
        let (host, port) = match endpoint.split_once(':') {
            Some((host, port)) => (host.to_owned(), port.parse().ok()),
            None => (endpoint, None),
        };
        Self {
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            tls,
            has_port: port.is_some(),
            region: text(grammar::REGION).unwrap_or_else(|| "us-east-1".to_owned()),
            bucket: text(grammar::BUCKET).unwrap_or_default(),
            root_path: text(grammar::ROOT_PATH).unwrap_or_else(|| "files".to_owned()),
            provider: text(grammar::PROVIDER).unwrap_or_else(|| "aws".to_owned()),
            virtual_host: is(grammar::VIRTUAL_HOST, false),
            iam: is(grammar::IAM, false),
        }
    }

    fn endpoint(&self) -> String {
        if self.has_port {
            format!("{}:{}", self.host, self.port)
        } else {
            self.host.clone()
        }
    }

    /// Endpoint, bucket and root path as one word.
    fn shown(&self) -> String {
        format!("{}/{}/{}", self.endpoint(), self.bucket, self.root_path)
    }
}

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let Some(filling) = filling(plot.inventory) else {
        return Vec::new();
    };
    let place = Place::of(&filling.settings);
    // The node puts it in; no text that is made here has it.
    let secret = |key: &str, name: &str| {
        let there = filling.files.contains_key(name);
        json!(if there {
            format!("{{{{ secret `{key}` }}}}")
        } else {
            String::new()
        })
    };
    let mut storage = json!({
        "address": place.host,
        "port": place.port,
        "accessKeyID": secret(ACCESS_KEY, grammar::ACCESS_KEY),
        "secretAccessKey": secret(SECRET_KEY, grammar::SECRET_KEY),
        "useSSL": place.tls,
        "bucketName": place.bucket,
        "rootPath": place.root_path,
        "useIAM": place.iam,
        "cloudProvider": place.provider,
        "region": place.region,
        "useVirtualHost": place.virtual_host,
    });
    let mut environment = json!({});
    if filling.files.contains_key(grammar::CA) {
        let path = ca();
        storage["ssl"] = json!({ "tlsCACert": path });
        // Of what is written in Go; the setting is for what is written in C++.
        environment["SSL_CERT_FILE"] = json!(path);
    }
    let mut values = vec![("storage", storage), ("milvus_environment", environment)];
    for secret in SYSTEM.secrets_of(plot.inventory) {
        values.push((secret.variable, plot.secret(secret.key)));
    }
    values
}

/// Where tasks find the certificates of who vouches for the store.
fn ca() -> String {
    format!("/run/secrets/{CA}")
}
