use super::*;

/// As with `--insecure`, in an environment that says nothing of TLS.
fn insecure() -> Access {
    Access::new(|_| None, Path::new("/nowhere"), true)
}

fn read(host: &str) -> Result<String, String> {
    Target::parse(host, "--host", &insecure())
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
        "tcp://root@host",
        "ssh://host/run/$(reboot)",
        "ssh://host;reboot",
        "ssh://",
    ] {
        assert!(read(host).is_err(), "{host}");
    }
}

#[test]
fn another_machine_is_talked_to_in_clear_only_where_that_is_accepted() {
    let read = |host| Target::parse(host, "--host", &Access::default());
    for host in ["tcp://10.0.0.1:2375", "tcp://h1", "tcp://0.0.0.0:2375"] {
        let error = read(host).unwrap_err();
        assert!(matches!(error, EngineError::InClear { .. }), "{error:?}");
        let said = format!("--host `{host}` is not used without TLS");
        assert!(error.to_string().starts_with(&said), "{error}");
        assert!(error.hint().unwrap().contains("`--insecure`"));
        assert!(Target::parse(host, "--host", &insecure()).is_ok());
    }
    for host in [
        "tcp://",
        "tcp://localhost:2375",
        "tcp://[::1]:2375",
        "ssh://h1",
    ] {
        assert!(read(host).is_ok(), "{host}");
    }
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    for host in [
        "tcp://root:hunter2@10.0.0.1:2375",
        "tcp://root:hunter2@[::1]:2375",
        "tcp://:hunter2@h",
        "tcp://root:hunter2/@h",
        "ssh://root:hun/hunter2@h",
        "https://root:hunter2@h",
        "root:hunter2@h:2375",
    ] {
        for access in [Access::default(), insecure()] {
            let error = Target::parse(host, "DOCKER_HOST", &access).unwrap_err();
            let text = format!("{error} {:?} {error:?}", error.hint());
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("a password does not belong"), "{text}");
        }
    }
}

fn discover(
    flag: Option<&str>,
    env: &[(&str, &str)],
    folder: &Path,
) -> Result<Target, EngineError> {
    discover_as(flag, env, folder, false)
}

fn discover_as(
    flag: Option<&str>,
    env: &[(&str, &str)],
    folder: &Path,
    insecure: bool,
) -> Result<Target, EngineError> {
    let lookup = |name: &str| {
        env.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let access = Access::new(lookup, folder, insecure);
    Target::discover(flag, lookup, folder, &access)
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
        discover_as(flag, env, folder.path(), true)
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
    for insecure in [false, true] {
        let error = discover_as(None, &lax, Path::new("/nowhere"), insecure).unwrap_err();
        assert!(error.to_string().contains("DOCKER_TLS_VERIFY"), "{error}");
    }
}

#[test]
fn a_context_with_half_of_its_tls_is_no_context_without_tls() {
    let all = ["ca.pem", "cert.pem", "key.pem"];
    for (there, missing) in [
        (&all[1..], "`ca.pem`"),
        (&all[1..2], "`ca.pem`"),
        (&all[2..], "`ca.pem`"),
        (&all[..2], "`key.pem`"),
        (&["ca.pem", "key.pem"][..], "`cert.pem`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let hash = crate::digest::sha256(b"prod");
        let contexts = folder.path().join("contexts");
        let (meta, pem) = (
            contexts.join("meta").join(&hash),
            contexts.join("tls").join(&hash).join("docker"),
        );
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::create_dir_all(&pem).unwrap();
        // One on this machine may be dialled in clear, if nothing else speaks against it.
        let json = r#"{"Name":"prod","Endpoints":{"docker":{"Host":"tcp://127.0.0.1:2376"}}}"#;
        std::fs::write(meta.join("meta.json"), json).unwrap();
        for name in there {
            std::fs::write(pem.join(name), "").unwrap();
        }
        let env = [("DOCKER_CONTEXT", "prod")];
        for insecure in [false, true] {
            let error = discover_as(None, &env, folder.path(), insecure).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(missing), "{there:?}: {text}");
            assert!(text.contains("docker context update prod"), "{text}");
        }
    }
}
