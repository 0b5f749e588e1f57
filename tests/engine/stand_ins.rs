//! Images that say of themselves that they are not upstream's.

use milvus_swarm::inventory::LOCAL;
use serde_json::{Value, json};

use crate::play::{program, swarm};

const IMAGES: &str = "
images:
  resolve: never
  milvus: local/milvus:v2.6.24
  minio: local/minio:1
  etcd: local/etcd:3
  pulsar: local/pulsar:2
milvus: 2.6
";

const NOTE: &str = "stand-ins for upstream's images, fit for trying out only: \
                    `local/milvus:v2.6.24`, `local/minio:1`";

#[tokio::test]
async fn stand_ins_are_pointed_out_and_images_that_the_engine_lacks_are_no_error() {
    let (fake, shared) = swarm();
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    std::fs::write(&file, format!("{LOCAL}{IMAGES}")).unwrap();
    let said = async |arguments: &[&str]| {
        let output = program(&fake, arguments).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let warnings = async || {
        let plan: Value = serde_json::from_str(&said(&["plan", "--json"]).await).unwrap();
        assert_eq!(plan["refusals"], json!([]));
        plan["warnings"].clone()
    };
    assert_eq!(warnings().await, json!([]), "it holds none of them");
    let asked = fake.lines();
    for name in ["milvus", "minio", "etcd", "pulsar"] {
        let path = format!("/images/local/{name}");
        assert!(asked.iter().any(|line| line.contains(&path)), "{asked:#?}");
    }

    let stand_in = |is: &str| json!({ "milvus-swarm.stand-in": is });
    shared.lock().unwrap().images = [
        ("local/milvus:v2.6.24", stand_in("true")),
        ("local/minio:1", stand_in("true")),
        ("local/etcd:3", stand_in("false")),
        // An image without labels has none at all, not an empty list.
        ("local/pulsar:2", Value::Null),
    ]
    .map(|(name, labels)| (name.to_owned(), labels))
    .into();
    assert_eq!(warnings().await, json!([NOTE]));

    let plan = said(&["up"]).await;
    let plan = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plan.contains(NOTE), "{plan}");

    let status: Value = serde_json::from_str(&said(&["status", "--json"]).await).unwrap();
    assert_eq!(status["notes"], json!([NOTE]));
}

#[tokio::test]
async fn images_without_a_digest_come_with_the_way_out() {
    let (fake, _) = swarm();
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    let told = async |inventory: &str, what: &str| {
        std::fs::write(&file, inventory).unwrap();
        let output = program(&fake, &["plan", "--json"]).output().await.unwrap();
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        let warnings = plan["warnings"].as_array().unwrap().iter();
        let told = warnings.filter(|one| one.as_str().unwrap().contains(what));
        told.count()
    };
    let never = format!("{LOCAL}{IMAGES}");
    for (what, times) in [("is not pinned to a digest", 4), ("`images.registry`", 1)] {
        assert_eq!(told(LOCAL, what).await, times, "{what}");
        assert_eq!(told(&never, what).await, 0, "{what}");
    }
}
