//! The lab's network: one bridge, and per host a namespace and a cable to it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::host::{Host, MACHINE};
use crate::paths::Paths;
use crate::shell;

/// The bridge that all hosts are on.
pub const BRIDGE: &str = "mslab0";

/// Makes the bridge, with the machine's own address on it.
pub fn make_bridge(mtu: u32) -> Result<()> {
    if exists(BRIDGE) {
        return Ok(());
    }
    refuse_clash()?;
    ip(&format!(
        "link add {BRIDGE} type bridge\naddr add {MACHINE}/24 dev {BRIDGE}\nlink set {BRIDGE} mtu {mtu} up\n"
    ))
}

/// Makes a host's namespace and cable; what is there already stays.
pub fn make_host(paths: &Paths, host: &Host, mtu: u32) -> Result<()> {
    let netns = host.netns(paths);
    if !is_namespace(&netns) {
        fs::create_dir_all(netns.parent().unwrap_or(&paths.run))?;
        fs::write(&netns, "")?;
        let flag = format!("--net={}", netns.display());
        shell::run(
            Command::new("unshare")
                .arg(flag)
                .args(["ip", "link", "set", "lo", "up"]),
        )?;
    }
    let cable = host.cable();
    if host.number == 0 || exists(&cable) {
        return Ok(());
    }
    // Made under a name of its own, so that a half-made cable is never taken for a whole one.
    let far = format!("{cable}x");
    ip(&format!(
        "link add {cable} mtu {mtu} type veth peer name {far} mtu {mtu}\n\
         link set {far} netns {}\nlink set {cable} master {BRIDGE} up\n",
        netns.display()
    ))?;
    let inside = format!(
        "link set {far} name eth0\naddr add {}/24 dev eth0\nlink set eth0 up\n",
        host.address()
    );
    shell::feed(nsenter(&netns).args(["ip", "-batch", "-"]), &inside)?;
    Ok(())
}

/// Takes a host's namespace and cable away.
pub fn remove_host(paths: &Paths, host: &Host) {
    let cable = host.cable();
    if exists(&cable) {
        ip(&format!("link del {cable}\n")).ok();
    }
    remove_namespace(&host.netns(paths));
}

/// Takes every trace of the lab's network away, whatever made it.
pub fn remove_all(paths: &Paths) -> Result<()> {
    for name in links() {
        if name.starts_with("mslab") {
            ip(&format!("link del {name}\n")).ok();
        }
    }
    if let Ok(entries) = fs::read_dir(paths.run.join("netns")) {
        for entry in entries.flatten() {
            remove_namespace(&entry.path());
        }
    }
    if links().iter().any(|name| name.starts_with("mslab")) {
        bail!("the lab's interfaces could not be removed: see `ip link`");
    }
    Ok(())
}

/// Pulls a host's cable out, or puts it back.
pub fn plug(host: &Host, up: bool) -> Result<()> {
    let word = if up { "up" } else { "down" };
    ip(&format!("link set {} {word}\n", host.cable()))
}

/// Whether the host's cable is in.
pub fn plugged(host: &Host) -> bool {
    let flags =
        fs::read_to_string(format!("/sys/class/net/{}/flags", host.cable())).unwrap_or_default();
    u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).is_ok_and(|flags| flags & 1 == 1)
}

/// A command that runs in a network namespace.
pub fn nsenter(netns: &Path) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", netns.display()));
    command
}

fn ip(batch: &str) -> Result<()> {
    shell::feed(Command::new("ip").args(["-batch", "-"]), batch)
        .map(drop)
        .with_context(|| format!("ip said no to:\n{batch}"))
}

fn exists(link: &str) -> bool {
    Path::new("/sys/class/net").join(link).exists()
}

fn links() -> Vec<String> {
    fs::read_dir("/sys/class/net")
        .map(|entries| {
            let names = entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned());
            names.collect()
        })
        .unwrap_or_default()
}

fn is_namespace(file: &Path) -> bool {
    file.exists()
        && nsenter(file)
            .arg("true")
            .output()
            .is_ok_and(|output| output.status.success())
}

fn remove_namespace(file: &Path) {
    if file.exists() {
        // Once per mount that an interrupted `up` may have left on it.
        while Command::new("umount")
            .arg(file)
            .output()
            .is_ok_and(|output| output.status.success())
        {}
        fs::remove_file(file).ok();
    }
}

fn refuse_clash() -> Result<()> {
    let text = shell::run(Command::new("ip").args(["-json", "addr"]))?;
    let links: Vec<Value> = serde_json::from_str(&text)?;
    for link in &links {
        for address in link["addr_info"].as_array().into_iter().flatten() {
            if address["local"]
                .as_str()
                .is_some_and(|local| local.starts_with("10.99.0."))
            {
                bail!(
                    "interface {} already has an address in 10.99.0.0/24, the lab's network: take it away first",
                    link["ifname"]
                );
            }
        }
    }
    Ok(())
}
