//! What the oracle of `tests/conformance` cannot tell: places, words, warnings, refusals that
//! are stricter than the CLI's.

use super::image::{Distribution, Platform, ResolveImage, normalize, pinned};
use super::{Quirk, Stack, StackError, read};

fn files(name: &str) -> Option<Vec<u8>> {
    match name {
        "a.conf" => Some(b"a".to_vec()),
        "empty" => Some(Vec::new()),
        _ => None,
    }
}

fn stack(text: &str) -> Result<Stack, StackError> {
    read("st", text, &files)
}

fn error(text: &str) -> String {
    stack(text).unwrap_err().to_string()
}

/// A file with one service whose keys are `body`, each line indented by four blanks.
fn web(body: &str) -> String {
    format!("version: \"3.9\"\nservices:\n  web:\n    image: nginx\n{body}")
}

#[test]
fn errors_name_the_place_the_path_and_the_remedy() {
    let case = |text: &str, expected: &str| assert_eq!(error(text), expected);
    case(
        &web("    hostnam: x\n"),
        "line 5 column 5: `services.web` has the unknown key `hostnam`; did you mean `hostname`?",
    );
    case(
        &web("    deploy:\n      replicas: two\n"),
        "line 6 column 17: `services.web.deploy.replicas` must be an integer, not a string",
    );
    case(
        &web("    ports:\n      - {target: 80, published: 70000}\n"),
        "line 6 column 33: `services.web.ports[0].published` has `70000`, which is not a port up to 65535",
    );
    case(
        &web("    healthcheck:\n      test: [\"curl\", \"x\"]\n"),
        "line 6 column 13: `services.web.healthcheck.test` starts with `curl`, so no probe ever runs and the task waits for its health for ever; begin the list with `CMD` or `CMD-SHELL`",
    );
    case(
        &web("    networks: [nowhere]\n"),
        "line 5 column 15: `services.web.networks` refers to the network `nowhere`, which the file does not define",
    );
    case(
        "a: 1\na: 2\n",
        "line 2 column 1: the stack file has `a` twice",
    );
    case(
        "a: 1\n---\nb: 1\n",
        "line 3 column 1: the stack file has a second document, which `docker stack deploy` drops without a word",
    );
    case(
        &web("    environment:\n      A: 2024-01-01\n"),
        "line 6 column 10: `services.web.environment.A` is a date to YAML; write it in quotes",
    );
    case(
        &web("    mem_limit: 1g\n"),
        "line 5 column 16: `services.web.mem_limit` is a key that `docker stack deploy` forbids: set `deploy.resources`",
    );
}

#[test]
fn what_the_engine_would_refuse_is_refused_here() {
    for body in [
        "    deploy: {endpoint_mode: dnsrr}\n    ports: [\"80:80\"]\n",
        "    volumes: [\"/a:/x\", \"/b:/x\"]\n",
        "    volumes: [\"d:/d\"]\n",
        "    volumes: [\"./rel:/d\"]\n",
        "    deploy: {restart_policy: {condition: always}}\n",
        "    deploy: {update_config: {failure_action: stop}}\n",
        "    deploy: {mode: replicated-job, update_config: {}}\n",
        "    dns: \"not an address\"\n",
        "    stop_grace_period: \"-1s\"\n",
        "    ports: [{target: 80, protocol: tpc}]\n",
        "    credential_spec: {file: x}\n",
    ] {
        assert!(stack(&web(body)).is_err(), "{body}");
    }
    let case = |text: &str| assert!(stack(text).is_err(), "{text}");
    case("version: \"3.9\"\nservices:\n  a.b: {image: x}\n");
    case("version: \"3.9\"\nconfigs: {c: {file: empty}}\n");
    case("version: \"3.9\"\nconfigs: {c: {file: nowhere}}\n");
    case("version: \"3.7\"\nservices: {a: {image: x}}\n");
    case("version: 3.9\nservices: {a: {image: x}}\n");
    case("version: \"3.9\"\nnetworks: {n: {ipam: {config: [{subnet: \"10.0.0.0\"}]}}}\n");
}

#[test]
fn what_swarm_drops_is_a_warning() {
    let case = |body: &str, path: &str| {
        let text = web(&format!("    deploy: {{replicas: 1}}\n{body}"));
        let warnings = stack(&text).unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].path.0, path);
        assert_eq!(warnings[0].quirk, Quirk::Ignored);
    };
    case("    depends_on: [db]\n", "services.web.depends_on");
    case("    tmpfs: /run\n", "services.web.tmpfs");
    case("    privileged: true\n", "services.web.privileged");
    case(
        "    networks: {default: {ipv4_address: 10.0.0.2}}\n",
        "services.web.networks.default.ipv4_address",
    );
    case(
        "    volumes: [{type: tmpfs, target: /t, tmpfs: {mode: 0700}}]\n",
        "services.web.volumes[0].tmpfs.mode",
    );
    case(
        "    volumes: [{type: bind, source: /a, target: /t, bind: {create_host_path: true}}]\n",
        "services.web.volumes[0].bind.create_host_path",
    );
    let quirks = |text: &str| {
        let warnings = stack(text).unwrap().warnings.into_iter();
        warnings.map(|warning| warning.quirk).collect::<Vec<_>>()
    };
    assert_eq!(quirks(&web("")), [Quirk::ReplicasReset]);
    assert_eq!(quirks("services: {}\n"), [Quirk::NoVersion]);
    assert_eq!(
        quirks(&web("    deploy: {replicas: 1}\n    user: $USER-0\n")),
        [Quirk::UnbracedDefault {
            text: "$USER-0".to_owned()
        }]
    );
}

#[test]
fn secrets_do_not_show_their_bytes() {
    let text = "version: \"3.9\"\nsecrets: {s: {file: a.conf}}\n";
    let stack = stack(text).unwrap();
    assert_eq!(stack.secrets["s"].data, b"a");
    assert!(!format!("{stack:?}").contains("data: [97"));
}

#[test]
fn images_normalize() {
    let case = |text: &str, expected: &str| assert_eq!(normalize(text).unwrap(), expected);
    case("nginx", "nginx:latest");
    case("docker.io/library/nginx", "nginx:latest");
    case("index.docker.io/foo/bar:2", "foo/bar:2");
    case("localhost/x", "localhost/x:latest");
    case("reg:5000/a/b:1", "reg:5000/a/b:1");
    for text in [
        "",
        "Nginx",
        "a//b",
        "a/",
        "x:",
        "x:-t",
        "-x",
        "a__b___c",
        "x@sha256:12",
        "a b",
    ] {
        assert!(normalize(text).is_err(), "{text}");
    }
}

#[test]
fn images_are_asked_for_only_when_needed() {
    let web = |image: &str| {
        let text = format!("version: \"3.9\"\nservices: {{web: {{image: \"{image}\"}}}}\n");
        stack(&text).unwrap().services.remove("web").unwrap()
    };
    let (old, new) = (web("nginx:1"), web("nginx:2"));
    let answer = Distribution {
        digest: "sha256:ab".to_owned(),
        platforms: vec![Platform {
            architecture: "arm".to_owned(),
            os: "linux".to_owned(),
        }],
    };
    let mode = ResolveImage::Changed;
    assert!(mode.asks(&old, None));
    let mut there = pinned(mode, &old, None, Some(&answer));
    let image = |spec: &crate::spec::ServiceSpec| spec.task_template.container_spec.image.clone();
    assert_eq!(image(&there), "nginx:1@sha256:ab");
    assert_eq!(
        there.task_template.placement.platforms,
        [serde_json::json!({"OS": "linux"})]
    );
    there.task_template.force_update = 4;
    assert!(!mode.asks(&old, Some(&there)));
    let again = pinned(mode, &old, Some(&there), None);
    assert_eq!(image(&again), "nginx:1@sha256:ab");
    assert_eq!(again.task_template.force_update, 4);
    assert!(mode.asks(&new, Some(&there)));
    assert!(ResolveImage::Always.asks(&old, Some(&there)));
    assert!(!ResolveImage::Never.asks(&new, Some(&there)));
    assert_eq!(image(&pinned(mode, &new, Some(&there), None)), "nginx:2");
}

#[test]
fn ports_of_thousands_of_services_are_counted() {
    let mut text = "version: \"3.9\"\nservices:\n".to_owned();
    for n in 0..20 {
        text.push_str(&format!(
            "  s{n}: {{ image: i, ports: [\"1-65535:1-65535\"] }}\n"
        ));
    }
    let told = read("ns", &text, &|_| None).unwrap_err().to_string();
    assert!(told.contains("services.s7.ports"), "{told}");
    assert!(told.ends_with("to more than 500000"), "{told}");
}
