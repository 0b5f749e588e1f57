//! Ways in which an engine cannot be reached, and what is said of each.

use milvus_swarm::engine::{Access, Engine, EngineError, Target};
use milvus_swarm::inventory::LOCAL;
use serde_json::json;

use crate::fake::{Fake, INFO, Reply, VERSION};
use crate::play::{made, network, run, said as told, swarm};

async fn connect(address: &str) -> EngineError {
    let target = Target::parse(address, "DOCKER_HOST", &Access::default()).unwrap();
    match Engine::connect(target).await {
        Ok(_) => panic!("{address} answered"),
        Err(error) => error,
    }
}

/// A fake that speaks this version and says this of itself.
async fn said(version: &'static str, info: &'static str) -> Result<Engine, EngineError> {
    let fake = Fake::new(move |heard| {
        Reply::Say(
            200,
            if heard.line == "GET /version" {
                version
            } else {
                info
            }
            .into(),
        )
    });
    fake.connect().await
}

#[tokio::test]
async fn nothing_there() {
    let error = connect("unix:///nowhere/docker.sock").await;
    assert_eq!(
        error.to_string(),
        "no Docker engine answers at `unix:///nowhere/docker.sock` (DOCKER_HOST): \
         there is no such socket; is Docker installed?"
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains("docker --host unix:///nowhere/docker.sock version")
    );

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let error = connect(&format!("unix://{}", socket.display())).await;
    assert!(
        error
            .to_string()
            .ends_with("nothing listens there; is Docker started?")
    );

    let error = connect("tcp://127.0.0.1:1").await;
    assert!(error.to_string().ends_with("connection refused"), "{error}");
    assert!(matches!(error, EngineError::Unreachable { .. }));
}

#[tokio::test]
async fn ssh_passes_on_what_ssh_says() {
    let error = connect("ssh://127.0.0.1:1").await;
    let EngineError::Unreachable { why, .. } = &error else {
        panic!("{error:?}");
    };
    // Where there is no `ssh`, that is what is said.
    assert!(
        why.contains("refused") || why.contains("no program `ssh`"),
        "{why}"
    );
}

#[tokio::test]
async fn something_else_there() {
    let fake = Fake::new(|_| Reply::Say(200, "{}".into()));
    let error = fake.connect().await.err().unwrap();
    assert!(error.to_string().contains("is something else"), "{error}");

    let fake = Fake::new(|_| Reply::Say(404, "<html>".into()));
    let error = fake.connect().await.err().unwrap();
    assert!(error.to_string().contains("is something else"), "{error}");

    let fake = Fake::new(|_| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".into()));
    let error = fake.connect().await.err().unwrap();
    assert!(matches!(error, EngineError::CutOff { .. }), "{error:?}");
}

#[tokio::test]
async fn a_port_may_want_tls() {
    let fake = Fake::new(|_| {
        let said = "Client sent an HTTP request to an HTTPS server.\n";
        Reply::Say(400, said.into())
    });
    let error = fake.connect().await.err().unwrap();
    assert!(error.to_string().contains("DOCKER_TLS_VERIFY"), "{error}");
}

#[tokio::test]
async fn the_older_version_of_both_is_spoken() {
    for (version, path) in [
        (VERSION, "GET /v1.41/info"),
        (
            r#"{"ApiVersion":"1.45","MinAPIVersion":"1.24"}"#,
            "GET /v1.45/info",
        ),
        (
            r#"{"ApiVersion":"1.56","MinAPIVersion":"1.44"}"#,
            "GET /v1.47/info",
        ),
        (
            r#"{"ApiVersion":"1.70","MinAPIVersion":"1.60"}"#,
            "GET /v1.60/info",
        ),
    ] {
        let fake = Fake::new(move |heard| {
            Reply::Say(
                200,
                if heard.line == "GET /version" {
                    version
                } else {
                    INFO
                }
                .into(),
            )
        });
        let engine = fake.connect().await.unwrap();
        assert_eq!(fake.lines(), ["GET /version", path]);
        assert!(path.contains(engine.api_version()));
    }
    let error = said(r#"{"ApiVersion":"1.40"}"#, INFO).await.err().unwrap();
    assert!(matches!(error, EngineError::TooOld { .. }), "{error:?}");
}

#[tokio::test]
async fn a_proxy_may_hide_the_version() {
    let fake = Fake::new(|heard| match heard.line.as_str() {
        "GET /version" => Reply::Say(403, "forbidden".into()),
        "GET /_ping" => Reply::With(200, "Api-Version: 1.43\r\n", "OK".into()),
        _ => Reply::Say(200, INFO.into()),
    });
    assert_eq!(fake.connect().await.unwrap().api_version(), "1.43");
}

#[tokio::test]
async fn each_state_of_a_swarm_has_its_own_words() {
    let no_swarm =
        r#"{"Swarm":{"NodeID":"","LocalNodeState":"inactive","ControlAvailable":false}}"#;
    let error = said(VERSION, no_swarm).await.err().unwrap();
    assert!(matches!(error, EngineError::NotASwarm { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("swarm init"));

    let locked = r#"{"Swarm":{"LocalNodeState":"locked","ControlAvailable":false}}"#;
    let error = said(VERSION, locked).await.err().unwrap();
    assert!(error.hint().unwrap().contains("swarm unlock"), "{error:?}");

    let worker = r#"{"Swarm":{"NodeID":"n","LocalNodeState":"active","ControlAvailable":false,
        "RemoteManagers":[{"NodeID":"a","Addr":"10.0.0.1:2377"},{"NodeID":"b","Addr":"[::1]:2377"}]}}"#;
    let EngineError::NotAManager { managers, .. } = said(VERSION, worker).await.err().unwrap()
    else {
        panic!("not told to be a worker");
    };
    assert_eq!(managers, ["10.0.0.1", "::1"]);

    let lost = r#"{"Swarm":{"NodeID":"n","LocalNodeState":"active","ControlAvailable":true,
        "Error":"rpc error: code = Unknown desc = The swarm does not have a leader."}}"#;
    let error = said(VERSION, lost).await.err().unwrap();
    assert!(matches!(error, EngineError::NoLeader { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("leader: The swarm does not have a leader."),
        "{error}"
    );
}

#[tokio::test]
async fn a_socket_may_be_forbidden() {
    let uid = std::process::Command::new("id").arg("-u").output().unwrap();
    if uid.stdout == b"0\n" {
        return; // Nothing is forbidden to root.
    }
    let fake = Fake::new(|_| Reply::Say(200, String::new()));
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&fake.socket, closed).unwrap();
    let error = fake.connect().await.err().unwrap();
    assert!(
        matches!(error, EngineError::PermissionDenied { .. }),
        "{error:?}"
    );
}

/// What `status` says of an engine that the environment names.
async fn status(host: &str, flags: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
        .args(flags)
        .arg("status")
        .current_dir(&folder)
        .env("DOCKER_HOST", host)
        .env_remove("DOCKER_TLS")
        .env_remove("DOCKER_TLS_VERIFY")
        .env_remove("MILVUS_SWARM_INVENTORY")
        .output();
    told(output.await.unwrap())
}

#[tokio::test]
async fn another_machine_in_clear_and_passwords_in_addresses_are_refused() {
    let (code, text) = status("tcp://192.0.2.1:2375", &[]).await;
    assert_eq!(code, Some(5), "{text}");
    let refused = "DOCKER_HOST `tcp://192.0.2.1:2375` is not used without TLS";
    assert!(
        text.contains(refused) && text.contains("`--insecure`"),
        "{text}"
    );

    for flags in [&[][..], &["--insecure"], &["--json"]] {
        let (code, text) = status("tcp://ann:hunter2@192.0.2.1:2375", flags).await;
        assert_eq!(code, Some(5), "{text}");
        assert!(text.contains("a password does not belong"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    // On this machine nobody is in between: it is dialled, and nothing listens there.
    let (_, text) = status("tcp://127.0.0.1:1", &[]).await;
    assert!(text.contains("connection refused"), "{text}");
}

#[tokio::test]
async fn down_refuses_an_engine_in_clear_before_it_does_anything() {
    let (fake, shared) = swarm();
    {
        let mut swarm = shared.lock().unwrap();
        swarm.networks.push(network("milvus_net"));
        swarm.is_drained = true;
        swarm.other_labels = json!({ "milvus.milvus.member.etcd": "1" });
    }
    let engine = "name: node02\n    engine: tcp://192.0.2.1:2375";
    let inventory = LOCAL.replace("name: \"@this\"", engine);
    assert_ne!(inventory, LOCAL);
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    std::fs::write(&file, inventory).unwrap();
    let down = ["down", "--data", "--yes", "--confirm", "milvus"];
    let (code, text) = run(&fake, &down).await;
    assert_eq!(code, Some(5), "{text}");
    let refused = "`engine` of host `node02` in the inventory, `tcp://192.0.2.1:2375` is not used";
    assert!(text.contains(refused), "{text}");
    assert_eq!(made(&fake), Vec::<String>::new());
}

#[tokio::test]
async fn the_first_of_several_managers_that_answers_is_asked() {
    let nobody = |at: &str| format!("unix:///nowhere/{at}.sock");
    let (one, other) = (nobody("a"), nobody("b"));
    let (code, text) = status("unix:///unused.sock", &["-H", &one, "-H", &other]).await;
    assert_eq!(code, Some(5), "{text}");
    let first = text.find("/nowhere/a.sock").expect("the first is named");
    let second = text.find("/nowhere/b.sock").expect("the second is named");
    assert!(first < second, "{text}");
    assert!(text.contains("none of the 2 managers"), "{text}");

    // A manager that has lost its power says nothing, and not that it is gone.
    let silent = Fake::new(|_| Reply::Hang(Vec::new()));
    let silent_at = format!("unix://{}", silent.socket.display());
    let (fake, _) = swarm();
    for dead in [&one, &silent_at] {
        let alive = format!("unix://{}", fake.socket.display());
        let (code, text) = status("unix:///unused.sock", &["-H", dead, "-H", &alive]).await;
        assert_eq!(code, Some(6), "{text}");
    }
}
