//! Who was stopped for so long that somebody else has the lock sends nothing more that changes
//! anything, wherever they were stopped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use milvus_swarm::drive::Swarm as _;
use milvus_swarm::live::Guarded;
use milvus_swarm::lock::{BEAT, FRESH};
use milvus_swarm::plan::Action;
use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::lock::{Store, holder, live};
use crate::play::{program, said, signal, swarm, until};

#[tokio::test]
async fn who_wakes_up_without_the_lock_sends_no_write_but_for_their_own_lock() {
    let (fake, shared) = swarm();
    let child = program(&fake, &["up", "--yes"]).spawn().unwrap();
    let process = child.id().unwrap();
    until(&shared, |swarm| {
        swarm.locks() == 1 && !swarm.services.is_empty()
    })
    .await;
    signal(process, "-STOP");
    // Bob asks through a probe of his, which looks like one of the first run.
    let labels = json!({ "milvus-swarm.cluster": "milvus", "milvus-swarm.component": "probe" });
    let probe = json!({
        "ID": "of-bob", "Version": { "Index": 1 },
        "Spec": { "Name": "milvus-probe", "Labels": labels },
    });
    let own = {
        let mut swarm = shared.lock().unwrap();
        let at = swarm.store.find("milvus-lock").unwrap();
        let own = swarm.store.configs[at]["ID"].as_str().unwrap().to_owned();
        swarm.services.push(probe);
        swarm.store.take_over("milvus-lock", "bob@desk");
        own
    };
    tokio::time::sleep(FRESH + BEAT).await;
    let before = fake.lines().len();
    signal(process, "-CONT");
    let (code, text) = said(child.wait_with_output().await.unwrap());
    assert_eq!(code, Some(8), "{text}");
    assert!(text.contains("bob@desk"), "{text}");
    let after = fake.lines().split_off(before);
    let writes: Vec<&String> = after
        .iter()
        .filter(|line| !line.starts_with("GET"))
        .collect();
    assert_eq!(writes, [&format!("DELETE /v1.41/configs/{own}")]);
    assert_eq!(shared.lock().unwrap().locks(), 1, "bob's");
}

#[tokio::test]
async fn an_action_of_many_calls_ends_with_the_lock() {
    let store = Arc::new(Mutex::new(Store::default()));
    let shared = Arc::clone(&store);
    let fake = Fake::manager(move |heard| match heard.line.as_str() {
        "DELETE /v1.41/networks/net" => {
            let said = json!({ "message": "network c_net has active endpoints" });
            Reply::Say(403, said.to_string())
        }
        _ => shared.lock().unwrap().answer(heard),
    });
    let ann = live(&fake, "c").await;
    let held = ann
        .take_lock(&holder("ann"), Duration::ZERO, |_, _| {})
        .await
        .unwrap();
    let guarded = Guarded {
        live: &ann,
        lock: &held,
    };
    let remove = Action::RemoveNetwork {
        id: "net".into(),
        name: "c_net".into(),
    };
    let tries = || {
        let is_try = |line: &String| line.starts_with("DELETE /v1.41/networks");
        fake.lines().iter().filter(|line| is_try(line)).count()
    };
    let taken_over = async {
        while tries() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        store.lock().unwrap().take_over("c-lock", "bob@desk");
        held.lost().await;
        tries()
    };
    let both = async { tokio::join!(guarded.act(&remove), taken_over) };
    let ended = tokio::time::timeout(BEAT * 4, held.beside(both)).await;
    let (done, until_then) = ended.expect("it goes on and on");
    let failure = done.unwrap_err();
    assert!(
        failure
            .message
            .contains("was not sent: the lock was taken over"),
        "{failure:?}"
    );
    assert_eq!(tries(), until_then);
}
