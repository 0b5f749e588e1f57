//! The lock over the wire: an engine that keeps configs as SwarmKit does, and runs that want the
//! lock of one cluster at the same time.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use milvus_swarm::drive::Swarm;
use milvus_swarm::engine::Engine;
use milvus_swarm::live::{Guarded, Held, Live, NotTaken, end_lock, watch_lock};
use milvus_swarm::lock::{BEAT, DEAD, Holder, Loss, Pulse};
use milvus_swarm::plan::Action;
use serde_json::{Value, json};

use crate::fake::{Fake, Heard, Reply};

/// Configs as SwarmKit keeps them.
#[derive(Default)]
pub struct Store {
    pub configs: Vec<Value>,
    index: u64,
    /// The next creation is done, but its answer is lost.
    lose_an_answer: bool,
    /// How the engine says that a name is taken.
    conflict: Option<(u16, &'static str)>,
}

type Shared = Arc<Mutex<Store>>;

impl Store {
    pub fn find(&self, word: &str) -> Option<usize> {
        self.configs
            .iter()
            .position(|one| one["ID"] == word || one["Spec"]["Name"] == word)
    }

    fn create(&mut self, spec: Value) -> Reply {
        if self.find(spec["Name"].as_str().unwrap()).is_some() {
            let (status, text) = self.conflict.unwrap_or((409, "config already exists"));
            return Reply::Say(status, json!({ "message": text }).to_string());
        }
        self.index += 1;
        let id = format!("object{}", self.index);
        self.configs
            .push(json!({ "ID": id, "Version": { "Index": self.index }, "Spec": spec }));
        if std::mem::take(&mut self.lose_an_answer) {
            return Reply::Raw(Vec::new());
        }
        Reply::Say(201, json!({ "ID": id }).to_string())
    }

    fn update(&mut self, id: &str, version: &str, spec: Value) -> Reply {
        let Some(at) = self.find(id) else {
            return Reply::Say(404, r#"{"message":"config not found"}"#.into());
        };
        let found = &mut self.configs[at];
        if found["Version"]["Index"].as_u64() != version.parse().ok() {
            let text = r#"{"message":"rpc error: code = Unknown desc = update out of sequence"}"#;
            return Reply::Say(500, text.into());
        }
        if found["Spec"]["Name"] != spec["Name"] || found["Spec"]["Data"] != spec["Data"] {
            return Reply::Say(
                400,
                r#"{"message":"only updates to Labels are allowed"}"#.into(),
            );
        }
        self.index += 1;
        found["Version"]["Index"] = self.index.into();
        found["Spec"] = spec;
        Reply::Say(200, String::new())
    }

    /// Somebody finds the holder of a lock dead and takes it over: `who` has one of their own.
    pub fn take_over(&mut self, name: &str, who: &str) {
        let at = self.find(name).unwrap();
        let mut spec = self.configs.remove(at)["Spec"].take();
        spec["Labels"]["milvus-swarm.lock.who"] = who.into();
        spec["Labels"]["milvus-swarm.lock.token"] = format!("token of {who}").into();
        self.create(spec);
    }

    pub fn answer(&mut self, heard: &Heard) -> Reply {
        let (method, path) = heard.line.split_once(" /v1.41").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let body = || serde_json::from_str(&heard.body).unwrap();
        match (method, parts.as_slice()) {
            ("GET", ["configs"]) => Reply::Say(200, json!(self.configs).to_string()),
            ("GET", ["configs", word]) => match self.find(word) {
                Some(at) => Reply::Say(200, self.configs[at].to_string()),
                None => Reply::Say(404, r#"{"message":"config not found"}"#.into()),
            },
            ("POST", ["configs", "create"]) => self.create(body()),
            ("POST", ["configs", id, "update"]) => {
                self.update(id, query.trim_start_matches("version="), body())
            }
            ("DELETE", ["configs", word]) => match self.find(word) {
                Some(at) => {
                    self.configs.remove(at);
                    Reply::Say(204, String::new())
                }
                None => Reply::Say(404, r#"{"message":"config not found"}"#.into()),
            },
            ("GET", _) => Reply::Say(200, "[]".into()),
            _ => Reply::Say(500, r#"{"message":"not in this play"}"#.into()),
        }
    }
}

fn swarm() -> (Fake, Shared) {
    let store = Shared::default();
    let shared = Arc::clone(&store);
    let fake = Fake::manager(move |heard| shared.lock().unwrap().answer(heard));
    (fake, store)
}

pub fn holder(who: &str) -> Holder {
    Holder {
        who: format!("{who}@desk"),
        since: "2024-05-01T10:00:00Z".into(),
        from: "process 12".into(),
        verb: "up".into(),
        token: format!("token-of-{who}"),
    }
}

pub async fn live(fake: &Fake, cluster: &str) -> Live {
    Live::new(fake.connect().await.unwrap(), cluster, true)
}

async fn take(live: &Live, who: &str, wait: u64) -> Result<Held, NotTaken> {
    live.take_lock(&holder(who), Duration::from_secs(wait), |_, _| {})
        .await
}

async fn look(engine: &Engine) -> Option<String> {
    let found = engine.lock("c").await.unwrap();
    found.map(|lock| lock.holder.who)
}

#[tokio::test]
async fn of_two_at_once_one_gets_it_and_the_other_learns_who_within_two_beats() {
    for conflict in [
        (409, "name conflicts"),
        (500, "config c-lock already exists"),
    ] {
        let (fake, store) = swarm();
        store.lock().unwrap().conflict = Some(conflict);
        let (ann, bob) = (live(&fake, "c").await, live(&fake, "c").await);
        let began = Instant::now();
        let first = async {
            let held = take(&ann, "ann", 0).await;
            match held {
                Ok(held) => held.beside(tokio::time::sleep(BEAT * 2)).await,
                Err(_) => panic!("the first is refused"),
            }
        };
        let second = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let refused = take(&bob, "bob", 0).await;
            let Err(NotTaken::Held(lock)) = refused else {
                panic!("two hold it");
            };
            assert_eq!(lock.holder, holder("ann"));
            assert!(began.elapsed() < BEAT * 2, "{:?}", began.elapsed());
        };
        tokio::join!(first, second);
    }
}

#[tokio::test]
async fn a_dead_holder_is_taken_over_and_cannot_come_back() {
    let (fake, _store) = swarm();
    let (ann, bob, cat) = (
        live(&fake, "c").await,
        live(&fake, "c").await,
        live(&fake, "c").await,
    );
    let Ok(dead) = take(&ann, "ann", 0).await else {
        panic!("nobody else is there");
    };
    dead.beside(dead.sure()).await.unwrap();
    // From here on `ann` is paused. Two find her dead at the same time.
    let began = Instant::now();
    let contend = async |live: &Live, who: &str| match take(live, who, 0).await {
        Ok(held) => {
            held.beside(tokio::time::sleep(BEAT * 2)).await;
            Some(who.to_owned())
        }
        Err(NotTaken::Held(_)) => None,
        Err(error) => panic!("{error:?}"),
    };
    let (one, other) = tokio::join!(contend(&bob, "bob"), contend(&cat, "cat"));
    assert!(began.elapsed() >= DEAD, "{:?}", began.elapsed());
    let winners: Vec<String> = one.into_iter().chain(other).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let engine = fake.connect().await.unwrap();
    let now = look(&engine).await.unwrap();
    assert_eq!(now, format!("{}@desk", winners[0]));

    let loss = tokio::time::timeout(BEAT, dead.beside(dead.lost())).await;
    let Loss::TakenOver(by) = loss.unwrap() else {
        panic!("not told who");
    };
    assert!(by.contains(&now), "{by}");
    let before = fake.lines().len();
    let guarded = Guarded {
        live: &ann,
        lock: &dead,
    };
    let action = Action::RemoveConfig {
        name: "c-x".into(),
        id: "x".into(),
    };
    let refused = guarded.act(&action).await.unwrap_err();
    assert!(refused.message.contains("taken over by"), "{refused:?}");
    assert_eq!(
        fake.lines().len(),
        before,
        "something was said to the engine"
    );

    // What she lets go of is her own object, which is gone.
    dead.release().await.unwrap();
    assert_eq!(look(&engine).await.unwrap(), now);
}

#[tokio::test]
async fn an_action_waits_for_the_first_beat_and_the_lock_goes_when_it_is_let_go_of() {
    let (fake, _store) = swarm();
    let ann = live(&fake, "c").await;
    let Ok(held) = take(&ann, "ann", 0).await else {
        panic!("nobody else is there");
    };
    let guarded = Guarded {
        live: &ann,
        lock: &held,
    };
    let action = Action::RemoveConfig {
        name: "c-x".into(),
        id: "x".into(),
    };
    held.beside(guarded.act(&action)).await.unwrap();
    let lines = fake.lines();
    let at = |start: &str| {
        lines
            .iter()
            .position(|line| line.starts_with(start))
            .unwrap()
    };
    let beat = at("POST /v1.41/configs/object1/update?version=1");
    assert!(beat < at("DELETE /v1.41/configs/x"), "{lines:?}");

    let engine = fake.connect().await.unwrap();
    assert_eq!(look(&engine).await.as_deref(), Some("ann@desk"));
    held.release().await.unwrap();
    assert_eq!(look(&engine).await, None);
    assert!(
        fake.lines()
            .contains(&"DELETE /v1.41/configs/object1".to_owned())
    );
}

#[tokio::test]
async fn who_lost_the_answer_to_the_creation_still_holds_it() {
    let (fake, store) = swarm();
    store.lock().unwrap().lose_an_answer = true;
    let ann = live(&fake, "c").await;
    assert!(take(&ann, "ann", 0).await.is_ok());
    assert_eq!(store.lock().unwrap().configs.len(), 1);
}

#[tokio::test]
async fn who_is_interrupted_while_taking_it_leaves_none_but_those_of_others() {
    let (fake, store) = swarm();
    let (ann, bob) = (live(&fake, "c").await, live(&fake, "c").await);
    assert!(take(&ann, "ann", 0).await.is_ok());
    bob.forgo(&holder("bob")).await;
    assert_eq!(store.lock().unwrap().configs.len(), 1);
    ann.forgo(&holder("ann")).await;
    assert_eq!(store.lock().unwrap().configs.len(), 0);
}

#[tokio::test]
async fn a_living_holder_is_not_unlocked_but_by_force() {
    let (fake, _store) = swarm();
    let ann = live(&fake, "c").await;
    let engine = fake.connect().await.unwrap();
    let Ok(held) = take(&ann, "ann", 0).await else {
        panic!("nobody else is there");
    };
    let work = async {
        let (lock, pulse) = watch_lock(&engine, "c", |_, _| {}).await.unwrap().unwrap();
        assert_eq!(pulse, Pulse::Beats);
        // As it was seen, it moved since.
        tokio::time::sleep(BEAT + BEAT / 2).await;
        let late = end_lock(&engine, "c", &lock, "bob@desk", false).await;
        assert!(late.is_err());
        assert_eq!(held.loss(), None);
        end_lock(&engine, "c", &lock, "bob@desk", true)
            .await
            .unwrap();
        held.lost().await
    };
    assert_eq!(held.beside(work).await, Loss::Removed);
}

#[tokio::test]
async fn the_lock_is_never_among_the_configs_of_the_cluster() {
    let (fake, store) = swarm();
    let ann = live(&fake, "c").await;
    assert!(take(&ann, "ann", 0).await.is_ok());
    store.lock().unwrap().create(json!({
        "Name": "c-milvus-1", "Labels": { "milvus-swarm.cluster": "c" }, "Data": "eA==",
    }));
    let engine = fake.connect().await.unwrap();
    let seen = engine.observe("c").await.unwrap();
    let configs: Vec<&String> = seen.configs.keys().collect();
    assert_eq!(configs, ["c-milvus-1"]);
    assert_eq!(seen.lock.unwrap().holder, holder("ann"));
    // It is labelled as the cluster's.
    let labels = &store.lock().unwrap().configs[0]["Spec"]["Labels"];
    assert_eq!(labels["milvus-swarm.cluster"], "c");
}

#[tokio::test]
async fn a_config_of_that_name_which_is_no_lock_is_left_alone() {
    let (fake, store) = swarm();
    store
        .lock()
        .unwrap()
        .create(json!({ "Name": "c-lock", "Labels": null, "Data": "eA==" }));
    let ann = live(&fake, "c").await;
    let Err(NotTaken::Engine(error)) = take(&ann, "ann", 0).await else {
        panic!("taken");
    };
    assert!(error.to_string().contains("`c-lock` is no lock"), "{error}");
    assert_eq!(store.lock().unwrap().configs.len(), 1);
}
