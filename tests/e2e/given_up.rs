//! What can never come up is given up at once, with the reason.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::Cluster;

/// A registry on the first manager, where `localhost` needs no TLS.
struct Registry(Child);

impl Registry {
    /// Debian's `docker-registry`, empty.
    fn start(cluster: &Cluster) -> Self {
        let folder = cluster.folder().join("registry");
        fs::create_dir(&folder).expect("a folder can be made");
        // The user that apt downloads as may not see the folder.
        let sandbox = "APT::Sandbox::User=root";
        run(
            &folder,
            &[
                "apt-get",
                "-q",
                "-o",
                sandbox,
                "download",
                "docker-registry",
            ],
        );
        run(
            &folder,
            &["sh", "-c", "dpkg-deb -x docker-registry_*.deb ."],
        );
        let config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"127.0.0.1:5000\" }}\n",
            folder.join("data").display()
        );
        fs::write(folder.join("config.yml"), config).expect("a file can be written");
        let mut command = cluster.lab.command("node01").expect("the host is there");
        command.arg(folder.join("usr/bin/docker-registry"));
        command.arg("serve").arg(folder.join("config.yml"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let registry = Self(child.expect("the registry starts"));
        for _ in 0..100 {
            let mut curl = cluster.lab.command("node01").expect("the host is there");
            curl.args([
                "curl",
                "-sf",
                "-o",
                "/dev/null",
                "http://localhost:5000/v2/",
            ]);
            if curl.status().expect("curl runs").success() {
                return registry;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the registry does not answer");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(folder: &Path, command: &[&str]) {
    let mut program = Command::new(command[0]);
    let status = program.args(&command[1..]).current_dir(folder).status();
    assert!(status.expect("it runs").success(), "{command:?}");
}

/// An image that its registry has not: `up` says so within seconds, though a gate may take ten
/// minutes.
pub fn an_absent_image(cluster: &mut Cluster) {
    let registry = Registry::start(cluster);
    let image = "localhost:5000/etcd:v3.5.99";
    cluster.overlay("absent.yml", &format!("images: {{ etcd: \"{image}\" }}\n"));
    let begun = Instant::now();
    let failed = cluster.run(&["up", "--yes"]);
    let took = begun.elapsed();
    let said = String::from_utf8_lossy(&failed.stderr);
    println!("{said}\ngiven up after {} s", took.as_secs());
    assert_eq!(failed.status.code(), Some(6), "{said}");
    let why = format!("can't start: its registry has no `{image}`; 3 tries failed");
    assert!(said.contains(&why), "{said}");
    assert!(said.contains("the nodes can't get the image"), "{said}");
    assert!(took < Duration::from_secs(60), "{} s", took.as_secs());

    // The registry is gone: nobody knows whether it has the image, so `up` is patient.
    drop(registry);
    let failed = cluster.run(&["up", "--yes", "--gate-timeout", "20"]);
    let said = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(6), "{said}");
    assert!(said.contains("whose registry can't be asked"), "{said}");
    cluster.down_with_data();
    cluster.files.pop();
}
