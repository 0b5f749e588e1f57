//! One Docker engine in a host's namespaces.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::api::Api;
use crate::cgroup;
use crate::host::{Host, MACHINE};
use crate::paths::Paths;
use crate::release::Release;
use crate::{data, net};

/// Runs in the host's network namespace and in mount and UTS namespaces of its
/// own. `/run` is the host's, but for the lab's own folder in it (sockets).
const BOOT: &str = r#"
set -eu
hostname "$NAME"
ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"
mount -n -t tmpfs -o mode=755 tmpfs /mnt
mkdir "/mnt/$(basename "$RUN")"
mount -n --bind "$RUN" "/mnt/$(basename "$RUN")"
mount -n --move /mnt /run
mount -n --bind "$RESOLV" /etc/resolv.conf
{SHARE_LAYERS}
if [ -n "$MEMINFO" ]; then mount -n --bind "$MEMINFO" /proc/meminfo; fi
if [ -n "$CPUS" ]; then exec taskset --cpu-list "$CPUS" "$DOCKERD" --config-file "$CONFIG"; fi
exec "$DOCKERD" --config-file "$CONFIG"
"#;

/// Go's garbage collector in an engine and in what it starts: memory for processor time. While a
/// cluster comes up, 26 engines on a machine of two cores take as much of it as the cluster does.
const GOGC: &str = "400";

/// Starts the engine and returns at once; what runs already is left alone.
pub fn start(paths: &Paths, host: &Host) -> Result<()> {
    let api = Api::new(host.socket(paths));
    if api.answers() {
        return Ok(());
    }
    cgroup::kill(&host.cgroup())?;
    fs::remove_file(host.socket(paths)).ok();
    let name = host.name();
    fs::create_dir_all(host.data(paths))?;
    let config = paths.run.join(format!("{name}.json"));
    fs::write(&config, settings(paths, host))?;
    let resolv = paths.run.join(format!("{name}.resolv"));
    fs::write(&resolv, resolver())?;
    let meminfo = match host.size.memory {
        Some(bytes) => {
            let file = paths.run.join(format!("{name}.meminfo"));
            fs::write(&file, meminfo(&fs::read_to_string("/proc/meminfo")?, bytes))?;
            file.display().to_string()
        }
        None => String::new(),
    };
    let procs = cgroup::make(&format!("{}/engine", host.cgroup()))?;
    let enter: String = procs
        .iter()
        .map(|file| format!("echo $$ > {}\n", file.display()))
        .collect();
    let log = File::options()
        .create(true)
        .append(true)
        .open(host.log(paths))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let programs: String = host
        .engine
        .programs(paths)
        .iter()
        .map(|dir| format!("{}:", dir.display()))
        .collect();
    let status = Command::new("setsid")
        .args(["--fork", "sh", "-c"])
        .arg(format!(
            "{enter}exec nsenter --net={} unshare --mount --uts --propagation slave sh -c '{}'",
            host.netns(paths).display(),
            BOOT.replace("{SHARE_LAYERS}", data::SHARE_LAYERS)
        ))
        .env("NAME", &name)
        .env("RUN", &paths.run)
        .env("SEED", paths.seed())
        .env("DATA", host.data(paths))
        .env("RESOLV", &resolv)
        .env("MEMINFO", meminfo)
        .env(
            "CPUS",
            host.size
                .cpus
                .map_or_else(String::new, |n| format!("0-{}", n - 1)),
        )
        .env("DOCKERD", host.engine.dockerd(paths))
        .env("CONFIG", &config)
        .env("HOME", host.data(paths))
        .env("GOGC", GOGC)
        .env("PATH", format!("{programs}{path}:/usr/sbin:/sbin"))
        .env_remove("DOCKER_HOST")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .context("setsid did not start: install util-linux")?;
    if !status.success() {
        bail!(
            "the engine of {name} did not start: see {}",
            host.log(paths).display()
        );
    }
    Ok(())
}

/// Waits until the engine answers; a dead one is told at once, with its last words.
pub fn wait(paths: &Paths, host: &Host) -> Result<()> {
    let api = Api::new(host.socket(paths));
    let since = Instant::now();
    let until = since + Duration::from_secs(60);
    while !api.answers() {
        let born = since.elapsed() > Duration::from_secs(3);
        let alive = !born || !cgroup::members(&host.cgroup()).is_empty();
        if !alive || Instant::now() > until {
            let log = fs::read_to_string(host.log(paths)).unwrap_or_default();
            let mut tail: Vec<&str> = log.lines().rev().take(5).collect();
            tail.reverse();
            bail!(
                "the engine of {} {}; its log {} ends with:\n{}",
                host.name(),
                if alive { "does not answer" } else { "ended" },
                host.log(paths).display(),
                tail.join("\n")
            );
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Asks the engine to stop: its containers are stopped first, as on a shutdown.
pub fn stop(host: &Host) -> Result<()> {
    let group = host.cgroup();
    let engines: Vec<u32> = cgroup::members(&format!("{group}/engine"))
        .into_iter()
        .filter(|pid| comm(*pid) == "dockerd")
        .collect();
    cgroup::signal("TERM", &engines);
    let until = Instant::now() + Duration::from_secs(60);
    while engines.iter().any(|pid| comm(*pid) == "dockerd") && Instant::now() < until {
        sleep(Duration::from_millis(50));
    }
    cgroup::kill(&group)
}

/// Pulls the plug: every process of the host dies and its network is gone.
pub fn kill(paths: &Paths, host: &Host) -> Result<()> {
    cgroup::kill(&host.cgroup())?;
    net::remove_host(paths, host);
    Ok(())
}

fn comm(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

fn settings(paths: &Paths, host: &Host) -> String {
    let mut settings = json!({
        "bridge": "none",
        "cgroup-parent": format!("/{}", host.cgroup()),
        "data-root": host.data(paths),
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "exec-root": "/run/docker",
        // No TCP: whoever on the machine reached it would be root.
        "hosts": [format!("unix://{}", host.socket(paths).display())],
        "log-level": "info",
        "pidfile": "/run/docker.pid",
        "shutdown-timeout": 20,
        "storage-driver": "overlay2",
    });
    match host.engine {
        Release::V20 => settings["deprecated-key-path"] = json!(host.data(paths).join("key.json")),
        Release::V26 => {}
        // As strict as 29.0 to 29.2; from 29.3 on the default is 1.40 (daemon/config/config.go).
        Release::V29 => settings["min-api-version"] = json!("1.44"),
    }
    settings.to_string()
}

/// The lab's own name server, and no long wait for it where the cable is out.
fn resolver() -> String {
    format!("nameserver {MACHINE}\noptions timeout:1 attempts:1\n")
}

fn meminfo(real: &str, bytes: u64) -> String {
    let mut text = String::new();
    for line in real.lines() {
        if line.starts_with("MemTotal:") {
            text.push_str(&format!("MemTotal:       {:8} kB\n", bytes >> 10));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_total_changes() {
        let text = super::meminfo("MemTotal:  5 kB\nMemFree:  3 kB\n", 64 << 30);
        assert_eq!(text, "MemTotal:       67108864 kB\nMemFree:  3 kB\n");
    }
}
