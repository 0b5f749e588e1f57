//! A real registry, Debian's `docker-registry`, with one of the default images missing.
//!
//! It asks apt for the package and installs nothing: `--ignored` asks for that.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milvus_swarm_pins::defaults;
use milvus_swarm_pins::reference::Reference;
use reqwest::Client;
use sha2::{Digest, Sha256};

const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

struct Registry {
    process: Child,
    url: String,
    client: Client,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Registry {
    async fn start(folder: &Path) -> Result<Self> {
        let run = |program: &str, arguments: &[&str]| -> Result<()> {
            let mut command = Command::new(program);
            let status = command.args(arguments).current_dir(folder).status()?;
            ensure!(status.success(), "{program} {arguments:?}");
            Ok(())
        };
        // The user that apt downloads as may not see the folder.
        let sandbox = "APT::Sandbox::User=root";
        run(
            "apt-get",
            &["-q", "-o", sandbox, "download", "docker-registry"],
        )?;
        run("sh", &["-c", "dpkg-deb -x docker-registry_*.deb ."])?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = folder.join("data");
        let config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"{address}\" }}\n",
            data.display()
        );
        fs::write(folder.join("config.yml"), config)?;
        let process = Command::new(folder.join("usr/bin/docker-registry"))
            .args(["serve", "config.yml"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let registry = Self {
            process,
            url: format!("http://{address}"),
            client: Client::builder().no_proxy().build()?,
        };
        for _ in 0..100 {
            let asked = registry.client.get(format!("{}/v2/", registry.url));
            if asked.send().await.is_ok() {
                return Ok(registry);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the registry does not start")
    }

    /// Pushes an image of no layers under an index, and returns the index' digest.
    async fn push(&self, image: &str) -> Result<String> {
        let name = Reference::parse(image).context("image")?;
        let repository = format!("{}/v2/{}", self.url, name.repository);
        let config = format!(r#"{{"os":"linux","architecture":"amd64","x":"{image}"}}"#);
        let upload = self.client.post(format!("{repository}/blobs/uploads/"));
        let upload = upload.send().await?.error_for_status()?;
        let place = upload.headers().get("location").context("location")?;
        let place = format!("{}&digest={}", place.to_str()?, digest(&config));
        let put = self.client.put(place).body(config.clone()).send().await?;
        put.error_for_status()?;
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{DOCKER}","config":{{"mediaType":"application/vnd.docker.container.image.v1+json","size":{},"digest":"{}"}},"layers":[]}}"#,
            config.len(),
            digest(&config)
        );
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{{"mediaType":"{DOCKER}","size":{},"digest":"{}","platform":{{"os":"linux","architecture":"amd64"}}}}]}}"#,
            manifest.len(),
            digest(&manifest)
        );
        let named = digest(&manifest);
        for (under, kind, body) in [(&named, DOCKER, &manifest), (&name.wanted, INDEX, &index)] {
            let put = self.client.put(format!("{repository}/manifests/{under}"));
            let put = put.header("content-type", kind).body(body.clone());
            put.send().await?.error_for_status()?;
        }
        Ok(digest(&index))
    }

    fn pins(&self, more: &[&str]) -> Result<Output> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-swarm-pins"));
        for host in ["docker.io", "quay.io"] {
            command.args(["--registry", &format!("{host}={}", self.url)]);
        }
        Ok(command.args(more).output()?)
    }
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hash}")
}

#[tokio::test]
#[ignore = "fetches Debian's docker-registry with apt"]
async fn one_tag_is_missing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut registry = Registry::start(folder.path()).await?;
    let mut images: Vec<String> = defaults().into_iter().map(|(image, _)| image).collect();
    let missing = images.pop().context("no image")?;
    // Its repository is there, its tag is not.
    let (repository, _) = missing.rsplit_once(':').context("tag")?;
    registry.push(&format!("{repository}:other")).await?;
    let mut digests = Vec::new();
    for image in &images {
        digests.push((image, registry.push(image).await?));
    }

    let output = registry.pins(&[])?;
    let text = String::from_utf8(output.stdout)?;
    println!("{text}");
    assert_eq!(output.status.code(), Some(1));
    let row = |image: &str| {
        text.lines()
            .find(|line| line.starts_with(&format!("{image} ")))
    };
    for (image, digest) in &digests {
        let said = row(image).is_some_and(|row| row.contains(" there ") && row.ends_with(digest));
        assert!(said, "{image} {digest}");
    }
    assert!(row(&missing).is_some_and(|row| row.ends_with("NOT THERE")));
    // A repository that nobody pushed to, and a digest in place of a tag.
    assert_eq!(registry.pins(&["nobody/pushed:1"])?.status.code(), Some(1));
    let (image, digest) = digests.first().context("no image")?;
    let pinned = format!("{image}@{digest}");
    assert_eq!(registry.pins(&[&pinned])?.status.code(), Some(0));

    registry.push(&missing).await?;
    assert_eq!(registry.pins(&["--json"])?.status.code(), Some(0));
    registry.process.kill()?;
    registry.process.wait()?;
    assert_eq!(registry.pins(&[])?.status.code(), Some(2));
    Ok(())
}
