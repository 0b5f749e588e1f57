//! What is told of a registry that wants a token and has tags missing, denied and never answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use milvus_swarm_pins::registry::{Answer, Registries};
use milvus_swarm_pins::{ask, defaults, exit_code, table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";
const MANIFEST: &str = r#"{"schemaVersion":2,"manifests":[]}"#;
/// What `sha256sum` says of it.
const OF_MANIFEST: &str = "sha256:bc5857ac9458293d5111ab85c952172cd7f56bceb4e3014ddc4cafac8927b313";

/// How many requests there are now, and the most that there ever were.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Serves on a port of its own and returns its URL.
async fn registry(load: Arc<Load>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let own = url.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (own, load) = (own.clone(), load.clone());
            tokio::spawn(async move { serve(stream, &own, &load).await });
        }
    });
    Ok(url)
}

/// One request for each connection.
async fn serve(mut stream: TcpStream, own: &str, load: &Load) -> Result<()> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(stream.read_u8().await?.into());
    }
    let head = head.to_lowercase();
    let mut line = head.split(' ');
    let method = line.next().context("method")?;
    let path = line.next().context("path")?;
    let (status, headers, body) = answer(method, path, &head, own);
    if path.contains("hangs") {
        std::future::pending::<()>().await;
    }
    let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
    load.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(10)).await;
    load.now.fetch_sub(1, Ordering::SeqCst);
    let endless = path.starts_with("/v2/bomb/") || path.ends_with("%3atoken-bomb%3apull");
    let length = if endless { 1 << 40 } else { body.len() };
    let reply = format!(
        "HTTP/1.1 {status} said so\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(reply.as_bytes()).await?;
    if method != "head" {
        stream.write_all(body.as_bytes()).await?;
        if endless {
            loop {
                stream.write_all(&[b' '; 65536]).await?;
            }
        }
    }
    Ok(())
}

fn answer(method: &str, path: &str, head: &str, own: &str) -> (u16, String, String) {
    let none = String::new();
    if let Some(query) = path.strip_prefix("/token?") {
        let name = query
            .strip_prefix("service=stand-in%2cx&scope=repository%3a")
            .and_then(|rest| rest.strip_suffix("%3apull"))
            .map(|name| name.replace("%2f", "/"));
        return match name {
            Some(name) if name.contains("secret") => (401, none, no_reason()),
            Some(name) => (200, none, format!(r#"{{"token":"for-{name}"}}"#)),
            None => (400, none, format!("asked for {query}")),
        };
    }
    let Some((name, tag)) = path
        .strip_prefix("/v2/")
        .and_then(|rest| rest.split_once("/manifests/"))
    else {
        return (404, none, "no registry".into());
    };
    if name == "basic" {
        return (401, "WWW-Authenticate: Basic realm=\"x\"\r\n".into(), none);
    }
    if !head.contains(&format!("authorization: bearer for-{name}\r\n")) {
        let challenge = format!(
            "WWW-Authenticate: Bearer realm=\"{own}/token\",service=\"stand-in,x\",scope=\"repository:{name}:pull\"\r\n"
        );
        return (401, challenge, none);
    }
    if !head.contains("application/vnd.oci.image.index.v1+json") {
        return (400, none, no_reason());
    }
    let digest = format!("Docker-Content-Digest: {DIGEST}\r\n");
    match (name, tag) {
        ("moved", "1") => (
            307,
            format!("Location: {own}/v2/moved/manifests/2\r\n"),
            none,
        ),
        ("undigested", _) | ("bomb", _) => (200, none, MANIFEST.into()),
        ("unheaded", _) if method == "head" => (405, none, no_reason()),
        ("unheaded", _) => (200, none, MANIFEST.into()),
        ("lies", _) => (
            200,
            "Docker-Content-Digest: sha256:<b>\r\n".into(),
            "<html>".into(),
        ),
        ("private", _) => (403, none, no_reason()),
        ("busy", _) => (429, none, no_reason()),
        ("broken", _) => (500, none, no_reason()),
        ("portal", _) => (404, none, "<html>".into()),
        (_, "missing") => (
            404,
            none,
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#.into(),
        ),
        _ => (200, digest, MANIFEST.into()),
    }
}

fn no_reason() -> String {
    r#"{"errors":[{"code":"DENIED","message":"no"}]}"#.into()
}

fn registries(url: &str) -> Result<Registries> {
    let mut elsewhere = BTreeMap::new();
    for host in ["docker.io", "quay.io", "r:1"] {
        elsewhere.insert(host.to_owned(), url.parse()?);
    }
    Registries::new(elsewhere, Duration::from_secs(2))
}

#[tokio::test]
async fn each_answer() -> Result<()> {
    let registries = registries(&registry(Arc::default()).await?)?;
    let there = |digest: &str| Answer::There {
        digest: digest.to_owned(),
    };
    for (image, expected) in [
        // `library/` is what the token is for.
        ("redis:7", there(DIGEST)),
        ("r:1/a/b:1", there(DIGEST)),
        ("r:1/moved:1", there(DIGEST)),
        ("r:1/undigested:1", there(OF_MANIFEST)),
        ("r:1/unheaded:1", there(OF_MANIFEST)),
        ("r:1/a/b:missing", Answer::NotThere),
    ] {
        assert_eq!(registries.ask(image).await, expected, "{image}");
    }
    for (image, expected) in [
        ("r:1/private:1", "denied 403: no such repository"),
        ("r:1/secret:1", "denied 401: no token"),
        ("r:1/basic:1", "denied it wants a password"),
        ("r:1/hangs:1", "unreachable no answer within 2s"),
        ("r:1/busy:1", "unreachable 429"),
        ("r:1/broken:1", "unreachable it answers 500"),
        (
            "r:1/portal:1",
            "unreachable what answers there is no registry: 404",
        ),
        (
            "r:1/lies:1",
            "unreachable what answers there is no registry: 200",
        ),
        ("r:1/bomb:1", "unreachable its answer is over 4 MiB"),
        (
            "r:1/token-bomb:1",
            "unreachable token: its answer is over 4 MiB",
        ),
        ("r:1/a b", "unreachable not the name of an image"),
    ] {
        let said = match registries.ask(image).await {
            Answer::Denied { reason } => format!("denied {reason}"),
            Answer::Unreachable { reason } => format!("unreachable {reason}"),
            other => format!("{other:?}"),
        };
        assert!(said.starts_with(expected), "{image}: {said}");
    }
    Ok(())
}

/// HTTP is for registries that are said to answer there, and for no other.
#[tokio::test]
async fn nobody_listens_and_plain_text() -> Result<()> {
    let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let registries = registries(&format!("http://{closed}"))?;
    let plain = registry(Arc::default()).await?.replace("http://", "");
    for image in ["r:1/a:1".to_owned(), format!("{plain}/a:1")] {
        let answer = registries.ask(&image).await;
        assert!(matches!(answer, Answer::Unreachable { .. }), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn defaults_each_once_and_few_at_a_time() -> Result<()> {
    let load = Arc::new(Load::default());
    let registries = registries(&registry(load.clone()).await?)?;
    let images = defaults();
    let all = images.len();
    let etcd = images.iter().find(|(image, _)| image.contains("/etcd:"));
    assert!(etcd.is_some_and(|(_, minors)| minors.len() > 1));
    let mut pins = ask(&registries, images).await;
    assert_eq!(pins.len(), all);
    assert_eq!(exit_code(&pins), 0, "{}", table(&pins));
    assert!((2..=4).contains(&load.most.load(Ordering::SeqCst)));

    pins[0].answer = Answer::Denied {
        reason: "403".into(),
    };
    assert_eq!(exit_code(&pins), 2);
    pins[1].answer = Answer::NotThere;
    assert_eq!(exit_code(&pins), 1);
    let text = table(&pins);
    assert_eq!(text.lines().count(), all + 1);
    assert!(
        text.contains("NOT THERE\n") && text.contains("denied"),
        "{text}"
    );
    let json = serde_json::to_value(&pins)?;
    assert_eq!(json[1]["answer"], "not-there");
    assert_eq!(json[2]["digest"], DIGEST);
    Ok(())
}
