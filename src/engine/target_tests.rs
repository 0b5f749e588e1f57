use super::*;

fn read(host: &str) -> Result<String, String> {
    Target::parse(host, "--host", None)
        .map(|target| target.endpoint.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn addresses_are_read_and_written_alike() {
    for (host, same) in [
        ("unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
        ("tcp://", "tcp://127.0.0.1:2375"),
        ("tcp://[::1]:1234/", "tcp://[::1]:1234"),
        ("ssh://root@h1", "ssh://root@h1"),
        ("ssh://h1:2222/run/a.sock", "ssh://h1:2222/run/a.sock"),
        ("ssh://h1/", "ssh://h1"),
    ] {
        assert_eq!(read(host).as_deref(), Ok(same), "{host}");
    }
}

#[test]
fn addresses_that_could_do_harm_are_refused() {
    for host in [
        "/var/run/docker.sock",
        "unix://run/docker.sock",
        "npipe:////./pipe/docker_engine",
        "tcp://10.0.0.1:99999",
        "tcp://::1:2375",
        "tcp://a b",
        "ssh://-oProxyCommand=x",
        "ssh://-l@host",
        "ssh://root:secret@host",
        "ssh://host/run/$(reboot)",
        "ssh://host;reboot",
        "ssh://",
    ] {
        assert!(read(host).is_err(), "{host}");
    }
}

fn discover(
    flag: Option<&str>,
    env: &[(&str, &str)],
    folder: &Path,
) -> Result<Target, EngineError> {
    let lookup = |name: &str| {
        env.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Target::discover(flag, lookup, folder)
}

#[test]
fn the_nearest_word_wins() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, json: &str| {
        let hash = crate::digest::sha256(name.as_bytes());
        let meta = folder.path().join("contexts/meta").join(&hash);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(meta.join("meta.json"), json).unwrap();
        folder.path().join("contexts/tls").join(hash).join("docker")
    };
    write(
        "far",
        r#"{"Name":"far","Endpoints":{"docker":{"Host":"ssh://far"}}}"#,
    );
    let pem = write(
        "tls",
        r#"{"Name":"tls","Endpoints":{"docker":{"Host":"tcp://h"}}}"#,
    );
    std::fs::create_dir_all(&pem).unwrap();
    std::fs::write(pem.join("ca.pem"), "").unwrap();
    write(
        "lax",
        r#"{"Name":"lax","Endpoints":{"docker":{"Host":"tcp://h","SkipTLSVerify":true}}}"#,
    );

    let place = |flag, env: &[(&str, &str)]| {
        discover(flag, env, folder.path())
            .map(|target| (target.endpoint.to_string(), target.origin))
    };
    let host = ("DOCKER_HOST", "tcp://env");
    let context = ("DOCKER_CONTEXT", "far");
    let words = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
    assert_eq!(
        place(None, &[("DOCKER_HOST", "")]),
        words("unix:///var/run/docker.sock", "default")
    );
    assert_eq!(
        place(Some("tcp://flag"), &[host, context]),
        words("tcp://flag:2375", "--host")
    );
    assert_eq!(
        place(None, &[host, context]),
        words("tcp://env:2375", "DOCKER_HOST")
    );
    assert_eq!(
        place(None, &[context]),
        words("ssh://far", "DOCKER_CONTEXT context `far`")
    );
    std::fs::write(
        folder.path().join("config.json"),
        r#"{"currentContext":"tls"}"#,
    )
    .unwrap();
    assert_eq!(
        place(None, &[]),
        words("tcp://h:2376", "current context `tls`")
    );
    let target = discover(None, &[], folder.path()).unwrap();
    assert!(matches!(
        target.endpoint,
        Endpoint::Tcp {
            tls: Some(TlsFiles { client: None, .. }),
            ..
        }
    ));

    for name in ["lax", "none"] {
        let error = place(None, &[("DOCKER_CONTEXT", name)]).unwrap_err();
        assert!(matches!(error, EngineError::BadTarget { .. }), "{error}");
    }
}

#[test]
fn tls_is_asked_for_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cert.pem"), "").unwrap();
    let path = folder.path().to_str().unwrap();
    let env = [
        ("DOCKER_HOST", "tcp://h"),
        ("DOCKER_TLS_VERIFY", "1"),
        ("DOCKER_CERT_PATH", path),
    ];
    let target = discover(None, &env, Path::new("/nowhere")).unwrap();
    let Endpoint::Tcp {
        port: 2376,
        tls: Some(files),
        ..
    } = target.endpoint
    else {
        panic!("not TLS");
    };
    assert_eq!(files.ca, folder.path().join("ca.pem"));
    assert!(files.client.is_some());

    let lax = [("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS", "1")];
    assert!(discover(None, &lax, Path::new("/nowhere")).is_err());
}
