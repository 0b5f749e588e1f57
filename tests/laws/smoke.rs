//! The smoke check does what a user does first, leaves nothing behind whatever fails, and stands
//! at the end of every plan that touches Milvus and of no other.

use std::cell::RefCell;
use std::time::Duration;

use milvus_swarm::component::Component;
use milvus_swarm::gate::ROOT_TOKEN;
use milvus_swarm::inventory::Image;
use milvus_swarm::milvus::{Ask, SmokeError, smoke};
use milvus_swarm::plan::{Action, Plan};
use milvus_swarm::question::{Answer, Question};
use serde_json::{Value, json};

use crate::harness::{parse, plan_up, run, settled, swarm, titles, up_well};
use crate::inventories;
use crate::order::before;

const PROXY: &str = "10.0.0.7";
const NAME: &str = "smoke_x";

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// Milvus says no.
    Refused,
    /// Milvus does it, and nobody hears so.
    Lost,
}

/// A proxy's REST API with room for one collection.
#[derive(Default)]
struct Rest {
    /// Which call goes wrong: its name in the log.
    faults: Vec<(&'static str, Fault)>,
    /// Searches that come before the collection is loaded.
    loads: usize,
    /// Quick collections of this release do not number rows themselves.
    wants_keys: bool,
    /// Rows of an insert that get lost.
    drops: usize,
    /// A search does not look at vectors.
    blind: bool,
    rows: Option<Vec<Value>>,
    log: Vec<&'static str>,
    waited: Duration,
}

impl Rest {
    fn answer(&mut self, question: &Question) -> Answer {
        let Question::Http {
            method: "POST",
            host,
            port: 19530,
            path,
            headers,
            body: Some(body),
            ..
        } = question
        else {
            panic!("{question:?}");
        };
        assert_eq!(host, PROXY);
        let token = ("Authorization".to_owned(), format!("Bearer {ROOT_TOKEN}"));
        assert!(headers.contains(&token), "{headers:?}");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(body["collectionName"], NAME, "somebody else's collection");
        let call = match path.strip_prefix("/v1/vector/") {
            Some("collections/create") => "create",
            Some("insert") => "insert",
            Some("search") if body["filter"].is_null() => "search",
            Some("search") => "filtered search",
            Some("delete") => "delete",
            Some("collections/drop") => "drop",
            _ => panic!("no such call: {path}"),
        };
        self.log.push(call);
        let fault = self.faults.iter().find(|(at, _)| *at == call);
        let fault = fault.map(|(_, fault)| *fault);
        let result = match fault {
            Some(Fault::Refused) => Err(format!("no {call} today")),
            _ => self.act(call, &body),
        };
        if fault == Some(Fault::Lost) {
            return Answer::Failed("timed out".to_owned());
        }
        // Milvus says 200 whatever comes of it.
        let body = match result {
            Ok(data) => json!({ "code": 200, "data": data }),
            Err(why) => json!({ "code": 1100, "message": why }),
        };
        Answer::Http {
            status: 200,
            body: body.to_string().into_bytes(),
        }
    }

    fn act(&mut self, call: &str, body: &Value) -> Result<Value, String> {
        if call == "create" {
            assert_eq!(self.rows.replace(Vec::new()), None, "created twice");
            return Ok(json!({}));
        }
        let rows = self.rows.as_mut().ok_or("can't find collection")?;
        match call {
            "insert" => {
                let new = body["data"].as_array().expect("rows");
                if self.wants_keys && new.iter().any(|row| row["id"].is_null()) {
                    return Err("the id of a row is missing".to_owned());
                }
                for (at, row) in new.iter().enumerate().skip(self.drops) {
                    let mut row = row.clone();
                    // Numbers beyond those of JavaScript are given as text.
                    row["id"] = format!("4500000000000000{at:02}").into();
                    rows.push(row);
                }
                let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
                Ok(json!({ "insertCount": ids.len(), "insertIds": ids }))
            }
            "delete" => {
                let ids = body["id"].as_array().expect("keys");
                assert!(rows.iter().all(|row| ids.contains(&row["id"])));
                rows.clear();
                Ok(json!({}))
            }
            "drop" => {
                self.rows = None;
                Ok(json!({}))
            }
            _ => self.search(body),
        }
    }

    fn search(&mut self, body: &Value) -> Result<Value, String> {
        if self.loads > 0 {
            self.loads -= 1;
            return Err("collection not loaded".to_owned());
        }
        let parity = body["filter"].as_str().map(|filter| {
            let parity = filter.strip_prefix("parity == ").expect("a filter");
            parity.parse::<u64>().expect("a number")
        });
        let numbers = |vector: &Value| -> Vec<f64> {
            let numbers = vector.as_array().expect("a vector").iter();
            numbers.map(|x| x.as_f64().expect("a number")).collect()
        };
        let wanted = numbers(&body["vector"]);
        let distance = |row: &&Value| -> f64 {
            if self.blind {
                return 0.0;
            }
            let vector = numbers(&row["vector"]);
            let pairs = wanted.iter().zip(&vector);
            pairs.map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let rows = self.rows.iter().flatten();
        let nearest = rows
            .filter(|row| parity.is_none() || row["parity"].as_u64() == parity)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        Ok(nearest
            .map(|row| json!([{ "row": row["row"], "parity": row["parity"] }]))
            .unwrap_or(json!([])))
    }
}

/// The API as the check knows it; pauses take no time.
struct Play(RefCell<Rest>);

impl Ask for Play {
    async fn ask(&self, question: Question) -> Answer {
        self.0.borrow_mut().answer(&question)
    }

    async fn pause(&self, time: Duration) {
        self.0.borrow_mut().waited += time;
    }
}

fn check(rest: Rest) -> (Result<(), SmokeError>, Rest) {
    let play = Play(RefCell::new(rest));
    let result = run(smoke(&play, PROXY, NAME));
    (result, play.0.into_inner())
}

/// Each call in its order, with the step that an error names.
const CALLS: [(&str, &str); 6] = [
    ("create", "create, index and load"),
    ("insert", "insert"),
    ("search", "search"),
    ("filtered search", "filtered search"),
    ("delete", "delete"),
    ("drop", "drop"),
];

#[test]
fn a_collection_is_made_filled_searched_emptied_and_dropped() {
    let (result, rest) = check(Rest::default());
    assert_eq!(result, Ok(()));
    assert_eq!(rest.log, CALLS.map(|(call, _)| call));
    assert_eq!(rest.rows, None);
    assert_eq!(rest.waited, Duration::ZERO);
}

#[test]
fn whichever_call_fails_is_named_and_the_collection_is_dropped() {
    for (at, (call, step)) in CALLS.into_iter().enumerate() {
        for fault in [Fault::Refused, Fault::Lost] {
            let (result, rest) = check(Rest {
                faults: vec![(call, fault)],
                ..Rest::default()
            });
            let error = result.expect_err(call);
            assert_eq!(error.step, step, "{error}");
            let why = match fault {
                Fault::Refused => format!("no {call} today"),
                Fault::Lost => "timed out".to_owned(),
            };
            assert_eq!(error.to_string(), format!("smoke check: {step}: {why}"));
            let mut done: Vec<&str> = CALLS[..=at].iter().map(|(call, _)| *call).collect();
            if call != "drop" {
                done.push("drop");
            }
            // Searches are tried again, and nothing comes in between.
            let mut log = rest.log.clone();
            log.dedup();
            assert_eq!(log, done);
            assert_eq!(rest.log.iter().filter(|call| **call == "drop").count(), 1);
            let stays = (call, fault) == ("drop", Fault::Refused);
            assert_eq!(rest.rows.is_some(), stays, "{call} {fault:?}");
        }
    }
}

#[test]
fn what_failed_first_is_told_though_the_drop_fails_too() {
    let (result, rest) = check(Rest {
        faults: vec![("insert", Fault::Refused), ("drop", Fault::Lost)],
        ..Rest::default()
    });
    assert_eq!(result.expect_err("no insert").step, "insert");
    assert_eq!(rest.log, ["create", "insert", "drop"]);
}

#[test]
fn a_search_waits_for_a_collection_that_loads_late_but_not_for_ever() {
    let (result, rest) = check(Rest {
        loads: 8,
        ..Rest::default()
    });
    assert_eq!(result, Ok(()));
    assert_eq!(rest.waited, Duration::from_secs(4));

    let (result, rest) = check(Rest {
        loads: usize::MAX,
        ..Rest::default()
    });
    let error = result.expect_err("it never loads");
    assert_eq!(
        error.to_string(),
        "smoke check: search: collection not loaded"
    );
    assert_eq!(rest.waited, Duration::from_secs(60));
    assert_eq!(rest.rows, None);
}

#[test]
fn a_wrong_answer_is_no_answer() {
    let (result, rest) = check(Rest {
        blind: true,
        ..Rest::default()
    });
    let error = result.expect_err("the first row is not the nearest");
    assert_eq!(error.step, "search");
    assert!(error.why.starts_with("expected row 3, found "), "{error}");
    assert_eq!(rest.rows, None);

    let (result, rest) = check(Rest {
        drops: 1,
        ..Rest::default()
    });
    let error = result.expect_err("a row is missing");
    assert_eq!(
        error.to_string(),
        "smoke check: insert: 9 of 10 rows went in"
    );
    assert_eq!(rest.rows, None);
}

#[test]
fn a_release_that_wants_keys_gets_them() {
    let (result, rest) = check(Rest {
        wants_keys: true,
        ..Rest::default()
    });
    assert_eq!(result, Ok(()));
    assert_eq!(rest.log[..3], ["create", "insert", "insert"]);
}

fn is_smoke(action: &Action) -> bool {
    matches!(action, Action::Smoke { .. })
}

/// One check at the end of a plan that touches Milvus, after all that is waited for; none in any
/// other. Every plan that any law makes comes by here.
pub fn ends(plan: &Plan) {
    let milvus = plan.steps.iter().any(|step| {
        let row = Component::named(&step.part);
        row.is_some_and(|row| row.milvus.is_some())
    });
    let checks: Vec<usize> = plan
        .steps
        .iter()
        .enumerate()
        .filter_map(|(id, step)| is_smoke(&step.action).then_some(id))
        .collect();
    if !milvus {
        assert!(checks.is_empty(), "{:?}", titles(plan));
        return;
    }
    let last = plan.steps.len() - 1;
    assert_eq!(checks, [last], "{:?}", titles(plan));
    let before = before(plan, last);
    for (id, step) in plan.steps.iter().enumerate() {
        if matches!(step.action, Action::Await { .. }) {
            let title = step.action.title();
            assert!(before.contains(&id), "the check comes before: {title}");
        }
    }
}

#[test]
fn a_change_of_the_store_alone_is_not_checked_through_milvus() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        let change = |image: Image| {
            let mut other = inventory.clone();
            let name = format!("registry.example/{image:?}:next").to_lowercase();
            other.images.overrides.insert(image, name);
            other
        };
        run(async {
            let sim = swarm(&inventory, 4);
            let first = up_well(&sim, &inventory).await;
            assert!(first.steps.iter().any(|step| is_smoke(&step.action)));
            settled(&sim, &inventory).await;
            // `plan_up` has `ends` look at both.
            let (store, _) = plan_up(&sim, &change(Image::Etcd)).await;
            assert!(store.touches(&["etcd"]), "{:?}", titles(&store));
            assert!(!store.steps.iter().any(|step| is_smoke(&step.action)));
            let (milvus, _) = plan_up(&sim, &change(Image::Milvus)).await;
            assert!(milvus.steps.iter().any(|step| is_smoke(&step.action)));
        });
    }
}
