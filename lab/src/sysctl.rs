//! Kernel limits that 26 engines on one kernel outgrow; put back by `down`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::paths::Paths;

/// Raised to at least this much.
const AT_LEAST: [(&str, u64); 6] = [
    ("fs/inotify/max_user_instances", 8192),
    ("fs/inotify/max_user_watches", 524_288),
    // One neighbour table serves every namespace.
    ("net/ipv4/neigh/default/gc_thresh1", 8192),
    ("net/ipv4/neigh/default/gc_thresh2", 16384),
    ("net/ipv4/neigh/default/gc_thresh3", 32768),
    ("kernel/pid_max", 131_072),
];

/// Set to exactly this, where the kernel has it: the lab's bridge is a cable, no firewall.
const EXACTLY: [(&str, u64); 1] = [("net/bridge/bridge-nf-call-iptables", 0)];

/// Sets the limits, remembering what they were.
pub fn raise(paths: &Paths) -> Result<()> {
    let mut before = remembered(paths);
    for (name, value) in AT_LEAST {
        change(&mut before, name, |now| now < value, value);
    }
    for (name, value) in EXACTLY {
        change(&mut before, name, |now| now != value, value);
    }
    fs::write(record(paths), serde_json::to_string_pretty(&before)?)?;
    Ok(())
}

/// Puts back what [`raise`] changed.
pub fn restore(paths: &Paths) {
    for (name, value) in remembered(paths) {
        fs::write(format!("/proc/sys/{name}"), value.to_string()).ok();
    }
    fs::remove_file(record(paths)).ok();
}

fn change(before: &mut BTreeMap<String, u64>, name: &str, wrong: impl Fn(u64) -> bool, value: u64) {
    let file = format!("/proc/sys/{name}");
    let Some(now) = fs::read_to_string(&file)
        .ok()
        .and_then(|text| text.trim().parse().ok())
    else {
        return;
    };
    if wrong(now) && fs::write(&file, value.to_string()).is_ok() {
        before.entry(name.to_owned()).or_insert(now);
    }
}

fn record(paths: &Paths) -> PathBuf {
    paths.run.join("sysctl.json")
}

fn remembered(paths: &Paths) -> BTreeMap<String, u64> {
    fs::read_to_string(record(paths))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}
