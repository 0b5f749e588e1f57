//! What a new service runs on its hosts, in lines: its process, its user, what it sees of them.

use crate::spec::{Mount, ServiceSpec};

/// The lines; what a service leaves to its image is not told.
pub(super) fn made_lines(spec: &ServiceSpec) -> Vec<String> {
    let container = &spec.task_template.container_spec;
    let mut lines = Vec::new();
    let words = container.command.iter().chain(&container.args);
    let words: Vec<String> = words.map(|text| word(text)).collect();
    if !words.is_empty() {
        lines.push(format!("runs {}", words.join(" ")));
    }
    if !container.user.is_empty() {
        lines.push(format!("as user {}", word(&container.user)));
    }
    let mounts: Vec<String> = container.mounts.iter().map(mount).collect();
    if !mounts.is_empty() {
        lines.push(format!("mounts {}", mounts.join(", ")));
    }
    lines
}

fn mount(mount: &Mount) -> String {
    let what = match mount.kind.as_str() {
        "bind" => "the host's",
        other => other,
    };
    let how = if mount.read_only { " (read only)" } else { "" };
    let (from, at) = (word(&mount.source), word(&mount.target));
    if mount.source.is_empty() {
        let own = if what == "volume" {
            "a volume of its own"
        } else {
            what
        };
        return format!("{own} at {at}{how}");
    }
    format!("{what} {from} at {at}{how}")
}

/// A word as a shell would need it, so that one argument is told from two.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_a_host_is_not_overlooked() {
        let mut spec = ServiceSpec::default();
        assert_eq!(made_lines(&spec), Vec::<String>::new());
        let container = &mut spec.task_template.container_spec;
        container.command = ["sh", "-c", "cp it /host"].map(str::to_owned).into();
        container.user = "root".to_owned();
        let mount = |kind: &str, source: &str, target: &str, read_only| Mount {
            kind: kind.to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            read_only,
            ..Mount::default()
        };
        container.mounts = vec![
            mount("bind", "/", "/host", false),
            mount("volume", "prod_etcd-0", "/data", true),
            mount("tmpfs", "", "/tmp", false),
        ];
        assert_eq!(
            made_lines(&spec),
            [
                "runs sh -c 'cp it /host'",
                "as user root",
                "mounts the host's / at /host, volume prod_etcd-0 at /data (read only), tmpfs at /tmp"
            ]
        );
    }
}
