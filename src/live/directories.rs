//! Making the directories of members: Swarm turns a task away whose bind mount has no source.

use super::Live;
use super::one_shot::OneShot;
use crate::execute::Failure;
use crate::plan::Directory;
use crate::spec::Mount;

/// Makes each directory that is not there. One that is there keeps its owner and its mode: it
/// may hold data. Runs in the host's own root, so that its links mean what they mean there.
const MAKE: &str = r#"set -e
for entry; do
    owner=${entry%%:*} path=${entry#*:}
    if [ -e "$path" ] && [ ! -d "$path" ]; then
        echo "$path is there and is no directory" >&2
        exit 1
    fi
    if [ ! -d "$path" ]; then
        mkdir -p -- "$path"
        chmod 0700 -- "$path"
        chown "$owner:0" -- "$path"
    fi
done"#;

impl Live {
    /// Makes directories on one node.
    pub(super) async fn make_directories(
        &self,
        hostname: &str,
        directories: &[Directory],
    ) -> Result<(), Failure> {
        let mut command: Vec<String> = ["chroot", "/host", "/bin/sh", "-c", MAKE, "sh"]
            .map(str::to_owned)
            .to_vec();
        command.extend(
            directories
                .iter()
                .map(|directory| format!("{}:{}", directory.uid, directory.path)),
        );
        let what = OneShot {
            verb: "directories",
            of: hostname,
            hostname,
            image: &self.probe.image,
            command,
            mounts: vec![Mount {
                kind: "bind".to_owned(),
                source: "/".to_owned(),
                target: "/host".to_owned(),
                ..Mount::default()
            }],
        };
        self.run_once(what).await.map_err(|failure| Failure {
            hint: failure.hint.or_else(|| {
                Some(format!(
                    "make the directories on `{hostname}` by hand and run the same command again"
                ))
            }),
            ..failure
        })
    }
}
