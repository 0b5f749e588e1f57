//! The task that gives a member's data to another user, and when it is not started.

use milvus_swarm::drive::Swarm as _;
use milvus_swarm::live::Live;
use milvus_swarm::plan::Action;
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};

const SERVICE: &str = "c-pulsar_zookeeper-0";

/// A Swarm with the member's service, a task of it in this state, and one-shots that end well.
fn swarm(state: &'static str) -> Fake {
    let services = json!([{
        "ID": "z0", "Version": { "Index": 7 },
        "Spec": { "Name": SERVICE, "Labels": { "milvus-swarm.cluster": "c" } },
    }]);
    Fake::manager(move |heard| {
        let (path, query) = heard.line.split_once('?').unwrap_or((&heard.line, ""));
        let task = |service: &str, state: &str| {
            json!([{
                "ID": "t", "ServiceID": service, "DesiredState": "remove",
                "Status": { "State": state, "ContainerStatus": { "ContainerID": "" } },
            }])
        };
        let said = match path {
            "GET /v1.41/services" => services.clone(),
            "GET /v1.41/tasks" if query.contains("ours") => task("ours", "complete"),
            "GET /v1.41/tasks" => task("z0", state),
            "POST /v1.41/services/create" => return Reply::Say(201, r#"{"ID":"ours"}"#.into()),
            _ => json!([]),
        };
        Reply::Say(200, said.to_string())
    })
}

fn gift() -> Action {
    Action::GiveVolumes {
        node_id: "n2".into(),
        hostname: "node02".into(),
        service: SERVICE.into(),
        volumes: vec!["c-pulsar_zookeeper-0".into(), "/mnt/$(data)".into()],
        uid: 10_000,
        image: "apachepulsar/pulsar:2.8.2".into(),
    }
}

/// What came of it, and the specs that were posted.
async fn given(state: &'static str) -> (Result<(), String>, Vec<Value>) {
    let fake = swarm(state);
    let live = Live::new(fake.connect().await.unwrap(), "c", false);
    let done = live.act(&gift()).await.map_err(|failure| failure.message);
    let heard = fake.log.heard.lock().unwrap();
    let posted = heard.iter().filter(|one| one.line.starts_with("POST"));
    let posted = posted.map(|one| serde_json::from_str(&one.body).unwrap());
    (done, posted.collect())
}

#[tokio::test]
async fn root_gives_on_the_host_of_the_member_and_no_shell_reads_a_name() {
    let (done, posted) = given("shutdown").await;
    assert_eq!(done, Ok(()));
    let [spec] = posted.as_slice() else {
        panic!("{posted:#?}");
    };
    assert_eq!(spec["Name"], "c-give-zookeeper-0");
    let template = &spec["TaskTemplate"];
    let constraints = &template["Placement"]["Constraints"];
    assert_eq!(*constraints, json!(["node.hostname == node02"]));
    let container = &template["ContainerSpec"];
    assert_eq!(container["Image"], "apachepulsar/pulsar:2.8.2");
    assert_eq!(container["User"], "0");
    let words: Vec<&str> = container["Command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    assert_eq!(
        words.join(" "),
        "find /give ( ! -uid 10000 -o ! -gid 0 ) -exec chown -h 10000:0 {} +"
    );
    let mounts: Vec<_> = container["Mounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| ["Type", "Source", "Target"].map(|key| mount[key].as_str().unwrap()))
        .collect();
    assert_eq!(
        mounts,
        [
            ["volume", "c-pulsar_zookeeper-0", "/give/0"],
            ["bind", "/mnt/$(data)", "/give/1"],
        ]
    );
}

#[tokio::test]
async fn nothing_is_given_while_a_task_of_the_member_is_left() {
    for state in ["running", "preparing", "ready"] {
        let (done, posted) = given(state).await;
        let why = done.unwrap_err();
        assert!(
            why.contains(SERVICE) && why.contains("was started"),
            "{why}"
        );
        assert_eq!(posted, Vec::<Value>::new());
    }
}
