//! Engines behind TLS and behind `ssh`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use milvus_swarm::drive::Swarm as _;
use milvus_swarm::engine::{Access, Engine, EngineError, Kind, Target, Tunnel};
use milvus_swarm::inventory::Host;
use milvus_swarm::live::Live;
use milvus_swarm::plan::Action;
use milvus_swarm::question::Question;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

use crate::fake::{Fake, Heard, INFO, Log, Reply, VERSION, serve};
use crate::tunnel::here;

/// Makes `ca.pem`, and a key and certificate of a server and a client that it signed.
const CERTIFICATES: &str = r#"
set -e
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1" -subj "/CN=$2" "${@:3}"; }
new ca-key.pem ca -x509 -days 2 -out ca.pem
for who in server client; do
    new "$who-key.pem" "$who" -out "$who.csr"
    openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \
        -extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost) -out "$who.pem"
done
mv client.pem cert.pem; mv client-key.pem key.pem
"#;

fn manager(heard: &Heard) -> Reply {
    let body = match heard.line.as_str() {
        "GET /version" => VERSION,
        "GET /v1.41/info" => INFO,
        _ => "[]",
    };
    Reply::Say(200, body.into())
}

/// A fake engine on TCP that lets nobody in without a certificate. Gives its port, and what it hears.
async fn locked(folder: &Path) -> (u16, Arc<Log>) {
    let read = |name: &str| {
        let read = CertificateDer::pem_file_iter(folder.join(name)).unwrap();
        read.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let mut roots = RootCertStore::empty();
    roots.add(read("ca.pem").remove(0)).unwrap();
    let provider = Arc::new(ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            read("server.pem"),
            PrivateKeyDer::from_pem_file(folder.join("server-key.pem")).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let log = Arc::<Log>::default();
    let shared = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, Arc::new(manager), Arc::clone(&shared)));
            }
        }
    });
    (port, log)
}

fn certificates(folder: &Path) -> bool {
    let made = Command::new("bash")
        .args(["-c", CERTIFICATES])
        .current_dir(folder)
        .output();
    made.is_ok_and(|made| made.status.success())
}

#[tokio::test]
async fn tls_needs_both_sides_to_be_known() {
    let (folder, stranger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    if !certificates(folder.path()) || !certificates(stranger.path()) {
        println!("there is no `openssl` to make certificates with");
        return;
    }
    let (port, _) = locked(folder.path()).await;
    let connect = async |host: &str, pem: &Path| {
        let address = format!("tcp://{host}:{port}");
        let target = Target::parse(&address, "--host", &Access::with_tls(pem)).unwrap();
        Engine::connect(target).await
    };
    let engine = connect("127.0.0.1", folder.path()).await.unwrap();
    assert_eq!(engine.find(Kind::Config, "a").await, Ok(None));
    connect("localhost", folder.path()).await.unwrap();

    let error = connect("127.0.0.1", stranger.path()).await.err().unwrap();
    assert!(
        error.to_string().contains("invalid peer certificate"),
        "{error}"
    );

    // The right authority, but no certificate of one's own.
    for name in ["cert.pem", "key.pem"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let error = connect("127.0.0.1", folder.path()).await.err().unwrap();
    assert!(error.to_string().contains("ertificate"), "{error}");

    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    let error = connect("127.0.0.1", folder.path()).await.err().unwrap();
    assert!(matches!(error, EngineError::BadFile { .. }), "{error:?}");
}

/// A Swarm on which every task ends well at once.
fn obedient(heard: &Heard) -> Reply {
    match heard.line.split('?').next().unwrap() {
        "POST /v1.41/services/create" => Reply::Say(201, r#"{"ID":"s1"}"#.into()),
        "GET /v1.41/tasks" => Reply::Say(
            200,
            r#"[{"ID":"t1","ServiceID":"s1","NodeID":"n2","Status":{"State":"complete"}}]"#.into(),
        ),
        _ => Reply::Say(200, "[]".into()),
    }
}

#[tokio::test]
async fn the_engine_of_a_host_is_reached_through_the_tls_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        println!("there is no `openssl` to make certificates with");
        return;
    }
    let (port, log) = locked(folder.path()).await;
    let fake = Fake::manager(obedient);
    let host = Host {
        name: "node02".into(),
        engine: Some(format!("tcp://127.0.0.1:{port}")),
        address: None,
        roles: BTreeSet::new(),
        zone: None,
    };
    let wipe = Action::RemoveVolumes {
        hostname: "node02".into(),
        volumes: vec!["c_etcd".into()],
    };
    let env = |name: &str| match name {
        "DOCKER_TLS_VERIFY" => Some("1".to_owned()),
        "DOCKER_CERT_PATH" => folder.path().to_str().map(Into::into),
        _ => None,
    };
    let access = Access::new(env, Path::new("/nowhere"), false);
    let live = Live::new(fake.connect().await.unwrap(), "c", false);
    let live = live.with_engines(&[host], access);
    live.act(&wipe).await.unwrap();
    let heard = log.heard.lock().unwrap();
    let removes = |one: &Heard| one.line == "DELETE /v1.41/volumes/c_etcd";
    assert!(heard.iter().any(removes), "{heard:?}");
}

/// Does what `ssh` does after it has logged in, on this machine.
const SSH: &str = r#"#!/bin/bash
echo "$@" >>"$MILVUS_SWARM_TEST_SSH"
while [ "$1" != -- ]; do shift; done
[ "$2" = other ] && { echo "me@other: Permission denied (publickey)." >&2; exit 255; }
exec "${@:3}"
"#;

/// `PATH` cannot be changed under a running test, so this one runs itself again.
#[tokio::test]
async fn ssh_carries_a_tunnel() {
    if std::env::var("MILVUS_SWARM_TEST_SSH").is_ok() {
        return through_ssh().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("ssh");
    std::fs::write(&program, SSH).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, executable).unwrap();
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "carry::ssh_carries_a_tunnel", "--nocapture"])
        .env("PATH", path)
        .env("MILVUS_SWARM_TEST_SSH", folder.path().join("heard"))
        .status();
    assert!(again.unwrap().success());
}

async fn through_ssh() {
    if Command::new("docker").arg("--version").output().is_err() {
        println!("there is no `docker` to dial with");
        return;
    }
    let (fake, place) = here().await;
    let connect = async |host: &str| {
        let address = format!("ssh://me@{host}:22{}", fake.socket.display());
        let target = Target::parse(&address, "--host", &Access::default()).unwrap();
        Engine::connect(target).await
    };
    let engine = connect("manager").await.unwrap();
    let tunnel = Tunnel::open(&engine, &place.container).await.unwrap();
    let path = "/etc/passwd".into();
    assert!(tunnel.ask(Question::File { path }).await.ok().is_ok());
    let heard = std::fs::read_to_string(std::env::var("MILVUS_SWARM_TEST_SSH").unwrap()).unwrap();
    let first = heard.lines().next().unwrap();
    let command = format!(
        "-l me -p 22 -- manager docker --host=unix://{} system dial-stdio",
        fake.socket.display()
    );
    assert!(first.ends_with(&command), "{first}");

    let error = connect("other").await.err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("me@other: Permission denied (publickey)."),
        "{error}"
    );
}
