//! The same bodies: what versions of the CLI write differently and means the same is made equal.

use serde_json::{Map, Value, json};

use crate::engine::Posted;

/// The bodies in one spelling, as text that differs where they differ.
pub fn normal(posted: &Posted) -> Value {
    let all = |bodies: &std::collections::BTreeMap<String, Value>, f: fn(&mut Value)| -> Value {
        let bodies = bodies.iter().map(|(name, body)| {
            let mut body = body.clone();
            f(&mut body);
            (name.clone(), body)
        });
        Value::Object(bodies.collect())
    };
    let mut asked = posted.asked.clone();
    asked.sort();
    json!({
        "services": all(&posted.services, service),
        "networks": all(&posted.networks, network),
        "configs": all(&posted.configs, drop_empty),
        "secrets": all(&posted.secrets, drop_empty),
        "asked": asked,
    })
}

fn service(body: &mut Value) {
    let container = &mut body["TaskTemplate"]["ContainerSpec"];
    // Before 25.0 the field did not exist.
    if let Some(Value::Object(privileges)) = container.get_mut("Privileges") {
        privileges.entry("NoNewPrivileges").or_insert(json!(false));
    }
    // 28 posts `dns: []` as an empty object.
    if container.get("DNSConfig") == Some(&json!({})) {
        container.as_object_mut().unwrap().remove("DNSConfig");
    }
    if let Some(Value::Array(mounts)) = container.get_mut("Mounts") {
        for mount in mounts {
            if let Some(driver) = mount.pointer_mut("/VolumeOptions/DriverConfig") {
                drop_empty(driver);
            }
        }
    }
    // The CLI sorts these by name only, starting from a random order.
    for (kind, name) in [("Configs", "ConfigName"), ("Secrets", "SecretName")] {
        if let Some(Value::Array(refs)) = container.get_mut(kind) {
            for same in refs.chunk_by_mut(|a, b| a[name] == b[name]) {
                same.sort_by_key(ToString::to_string);
            }
        }
    }
    if let Some(driver) = body.pointer_mut("/TaskTemplate/LogDriver") {
        drop_empty(driver);
    }
    // Before 29 platforms are repeated and attestations among them, and ports are sorted by
    // their published number only.
    if let Some(Value::Array(platforms)) = body.pointer_mut("/TaskTemplate/Placement/Platforms") {
        let mut seen = Vec::new();
        platforms.retain(|platform| {
            let new = platform["OS"] != "unknown" && !seen.contains(platform);
            seen.push(platform.clone());
            new
        });
    }
    // Before 29 `restart: on-failure` had no attempts in it, which means the same as 0.
    if let Some(Value::Object(policy)) = body.pointer_mut("/TaskTemplate/RestartPolicy")
        && policy.get("MaxAttempts") == Some(&json!(0))
    {
        policy.remove("MaxAttempts");
    }
    for config in ["UpdateConfig", "RollbackConfig"] {
        if let Some(ratio) = body
            .get_mut(config)
            .and_then(|c| c.get_mut("MaxFailureRatio"))
        {
            *ratio = json!(ratio.as_f64());
        }
    }
    if let Some(Value::Array(ports)) = body.pointer_mut("/EndpointSpec/Ports") {
        let published = |port: &Value| port["PublishedPort"].as_u64();
        for same in ports.chunk_by_mut(|a, b| published(a) == published(b)) {
            same.sort_by_key(|port| (port["TargetPort"].as_u64(), port.to_string()));
        }
    }
}

/// The CLI also sends what our version of the API's network does not have and nobody sets.
fn network(body: &mut Value) {
    let known = [
        "Name",
        "Driver",
        "Options",
        "Internal",
        "Attachable",
        "Labels",
        "IPAM",
    ];
    if let Value::Object(members) = body {
        for (key, value) in members.iter() {
            let empty = matches!(value, Value::Null | Value::Bool(false)) || value == "";
            let old = key == "CheckDuplicate";
            assert!(
                known.contains(&key.as_str()) || empty || old,
                "{key}: {value}"
            );
        }
        members.retain(|key, _| known.contains(&key.as_str()));
    }
    drop_empty(body);
}

/// Drops null, empty text, empty lists and empty objects.
fn drop_empty(value: &mut Value) {
    let Value::Object(members) = value else {
        return;
    };
    let kept = std::mem::take(members)
        .into_iter()
        .filter_map(|(key, mut value)| {
            drop_empty(&mut value);
            if let Value::Array(items) = &mut value {
                items.iter_mut().for_each(drop_empty);
            }
            let empty = match &value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            (!empty).then_some((key, value))
        });
    *members = kept.collect::<Map<_, _>>();
}

/// Both sides where they differ.
pub fn differences(ours: &Value, theirs: &Value, path: &str, out: &mut Vec<String>) {
    if ours == theirs {
        return;
    }
    if let (Value::Object(a), Value::Object(b)) = (ours, theirs) {
        let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let null = Value::Null;
            let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
            differences(a, b, &format!("{path}/{key}"), out);
        }
    } else {
        out.push(format!("{path}\n    ours:   {ours}\n    docker: {theirs}"));
    }
}
