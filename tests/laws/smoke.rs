//! The smoke check does what a user does first, leaves nothing behind whatever fails, and stands
//! at the end of every plan that touches Milvus and of no other.

use std::cell::RefCell;
use std::time::Duration;

use milvus_swarm::component::Component;
use milvus_swarm::gate::ROOT_TOKEN;
use milvus_swarm::inventory::Image;
use milvus_swarm::milvus::{Ask, SmokeError, smoke};
use milvus_swarm::plan::{Action, Plan, Step};
use milvus_swarm::question::{Answer, Question};
use milvus_swarm::system;
use milvus_swarm::system::milvus::rest::Rest;
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

/// The versions of the API that are asked for.
const SPOKEN: [Rest; 2] = [Rest::V1, Rest::V2];

/// A proxy's REST API with room for one collection.
struct Api {
    speaks: Rest,
    /// So often making the collection is given up, and goes on.
    late: usize,
    /// Which call goes wrong: its name in the log.
    faults: Vec<(&'static str, Fault)>,
    /// Creations that Milvus refuses after it made the collection.
    halves: usize,
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

impl Api {
    fn of(speaks: Rest) -> Self {
        Self {
            speaks,
            late: 0,
            faults: Vec::new(),
            loads: 0,
            wants_keys: speaks == Rest::V2,
            halves: 0,
            drops: 0,
            blind: false,
            rows: None,
            log: Vec::new(),
            waited: Duration::ZERO,
        }
    }

    /// A path below that of the version, in the words of version 1.
    fn path<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.speaks {
            Rest::V1 => path.strip_prefix("/v1/vector/"),
            Rest::V2 => {
                let path = path.strip_prefix("/v2/vectordb/")?;
                Some(path.strip_prefix("entities/").unwrap_or(path))
            }
        }
    }

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
        let call = match self.path(path) {
            Some("collections/create") => "create",
            Some("insert") if body["data"][0]["text"].is_string() => "large insert",
            Some("insert") => "insert",
            Some("search") if body["outputFields"][1] == "text" => "large search",
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
        if call == "create" && self.late > 0 {
            self.late -= 1;
            return Answer::Http {
                status: 408,
                body: b"timeout".to_vec(),
            };
        }
        // Milvus says 200 whatever comes of it.
        let done = if self.speaks == Rest::V1 { 200 } else { 0 };
        let body = match result {
            Ok(data) => json!({ "code": done, "data": data }),
            Err(why) => json!({ "code": 1100, "message": why }),
        };
        Answer::Http {
            status: 200,
            body: body.to_string().into_bytes(),
        }
    }

    fn act(&mut self, call: &str, body: &Value) -> Result<Value, String> {
        if call == "create" {
            let said = self.log.len().saturating_sub(2);
            let is_again = self.log[said..] == ["create", "create"];
            let before = self.rows.replace(Vec::new());
            assert_eq!(before.is_some(), is_again, "created twice");
            if self.halves > 0 {
                self.halves -= 1;
                return Err("unrecoverable error".to_owned());
            }
            return Ok(json!({}));
        }
        let rows = self.rows.as_mut().ok_or("can't find collection")?;
        match call {
            "insert" | "large insert" => {
                let new = body["data"].as_array().expect("rows");
                if self.wants_keys && new.iter().any(|row| row["id"].is_null()) {
                    return Err("the id of a row is missing".to_owned());
                }
                let before = rows.len();
                for row in new.iter().skip(self.drops) {
                    let mut row = row.clone();
                    // Numbers beyond those of JavaScript are given as text.
                    row["id"] = match self.speaks {
                        Rest::V1 => format!("4500000000000000{:02}", rows.len()).into(),
                        Rest::V2 => row["id"].to_string().into(),
                    };
                    rows.push(row);
                }
                let ids: Vec<&Value> = rows[before..].iter().map(|row| &row["id"]).collect();
                Ok(json!({ "insertCount": ids.len(), "insertIds": ids }))
            }
            "delete" => {
                let is_named: Box<dyn Fn(&Value) -> bool> = match self.speaks {
                    Rest::V1 => {
                        let ids = body["id"].as_array().expect("keys").clone();
                        Box::new(move |id| ids.contains(id))
                    }
                    Rest::V2 => {
                        let filter = body["filter"].as_str().expect("a filter");
                        let ids = filter.strip_prefix("id in [").expect("keys");
                        let ids = ids.strip_suffix(']').expect("an end");
                        let ids: Vec<Value> = ids.split(", ").map(Value::from).collect();
                        Box::new(move |id| ids.contains(id))
                    }
                };
                assert!(rows.iter().all(|row| is_named(&row["id"])));
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
        let wanted = match self.speaks {
            Rest::V1 => numbers(&body["vector"]),
            Rest::V2 => {
                assert_eq!(body["annsField"], "vector");
                numbers(&body["data"][0])
            }
        };
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
            .map(|row| {
                let mut found = json!({});
                for field in body["outputFields"].as_array().into_iter().flatten() {
                    let field = field.as_str().expect("a name");
                    found[field] = row[field].clone();
                }
                json!([found])
            })
            .unwrap_or(json!([])))
    }
}

/// The API as the check knows it; pauses take no time.
struct Play(RefCell<Api>);

impl Ask for Play {
    async fn ask(&self, question: Question) -> Answer {
        self.0.borrow_mut().answer(&question)
    }

    async fn pause(&self, time: Duration) {
        self.0.borrow_mut().waited += time;
    }
}

fn check(api: Api) -> (Result<(), SmokeError>, Api) {
    let speaks = api.speaks;
    let play = Play(RefCell::new(api));
    let result = run(smoke(&play, speaks, PROXY, NAME));
    (result, play.0.into_inner())
}

/// Each call in its order, with the step that an error names.
const CALLS: [(&str, &str); 8] = [
    ("create", "create, index and load"),
    ("insert", "insert"),
    ("large insert", "insert of a large row"),
    ("search", "search"),
    ("filtered search", "filtered search"),
    ("large search", "search for a large row"),
    ("delete", "delete"),
    ("drop", "drop"),
];

#[test]
fn a_collection_is_made_filled_searched_emptied_and_dropped() {
    for speaks in SPOKEN {
        let (result, api) = check(Api::of(speaks));
        assert_eq!(result, Ok(()));
        assert_eq!(api.log, CALLS.map(|(call, _)| call));
        assert_eq!(api.rows, None);
        assert_eq!(api.waited, Duration::ZERO);
    }
}

#[test]
fn whichever_call_fails_is_named_and_the_collection_is_dropped() {
    for (at, (call, step)) in CALLS.into_iter().enumerate() {
        for fault in [Fault::Refused, Fault::Lost] {
            for speaks in SPOKEN {
                fails(speaks, at, call, step, fault);
            }
        }
    }
}

fn fails(speaks: Rest, at: usize, call: &'static str, step: &str, fault: Fault) {
    let (result, api) = check(Api {
        faults: vec![(call, fault)],
        ..Api::of(speaks)
    });
    let error = result.expect_err(call);
    assert_eq!(error.step, step, "{error}");
    let mut why = match fault {
        Fault::Refused => format!("no {call} today"),
        Fault::Lost => "timed out".to_owned(),
    };
    // What passed with less before is told as what it may be.
    if call.starts_with("large") {
        why += "; small rows pass, so large packets between hosts may not: `network.mtu` is to \
                be what the hosts' network carries (`ip link` on each host)";
    }
    assert_eq!(error.to_string(), format!("smoke check: {step}: {why}"));
    let mut done: Vec<&str> = CALLS[..=at].iter().map(|(call, _)| *call).collect();
    if call != "drop" {
        done.push("drop");
    }
    if (call, fault) == ("create", Fault::Refused) {
        done = ["create", "drop"].repeat(3);
    }
    // Searches are tried again, and nothing comes in between.
    let mut log = api.log.clone();
    log.dedup();
    assert_eq!(log, done);
    let stays = (call, fault) == ("drop", Fault::Refused);
    assert_eq!(api.rows.is_some(), stays, "{call} {fault:?}");
}

#[test]
fn what_milvus_made_by_half_is_dropped_and_made_again_but_not_for_ever() {
    for speaks in SPOKEN {
        let (result, api) = check(Api {
            halves: 2,
            ..Api::of(speaks)
        });
        assert_eq!(result, Ok(()));
        assert_eq!(api.log[..4], ["create", "drop", "create", "drop"]);
        assert_eq!(api.log[4..], CALLS.map(|(call, _)| call));
        assert_eq!(api.waited, Duration::from_secs(10));

        let (result, api) = check(Api {
            halves: 3,
            ..Api::of(speaks)
        });
        assert_eq!(
            result.expect_err("Milvus says no").to_string(),
            "smoke check: create, index and load: unrecoverable error"
        );
        assert_eq!(api.rows, None);
    }
}

#[test]
fn what_failed_first_is_told_though_the_drop_fails_too() {
    for speaks in SPOKEN {
        let (result, api) = check(Api {
            faults: vec![("insert", Fault::Refused), ("drop", Fault::Lost)],
            ..Api::of(speaks)
        });
        assert_eq!(result.expect_err("no insert").step, "insert");
        assert_eq!(api.log, ["create", "insert", "drop"]);
    }
}

#[test]
fn a_search_waits_for_a_collection_that_loads_late_but_not_for_ever() {
    for speaks in SPOKEN {
        let (result, api) = check(Api {
            loads: 8,
            ..Api::of(speaks)
        });
        assert_eq!(result, Ok(()));
        assert_eq!(api.waited, Duration::from_secs(4));

        let (result, api) = check(Api {
            loads: usize::MAX,
            ..Api::of(speaks)
        });
        let error = result.expect_err("it never loads");
        assert_eq!(
            error.to_string(),
            "smoke check: search: collection not loaded"
        );
        assert_eq!(api.waited, Duration::from_secs(60));
        assert_eq!(api.rows, None);
    }
}

#[test]
fn a_proxy_that_gives_up_on_a_collection_is_asked_again_but_not_for_ever() {
    let (result, api) = check(Api {
        late: 1,
        ..Api::of(Rest::V2)
    });
    assert_eq!(result, Ok(()));
    assert_eq!(api.log[..3], ["create", "create", "insert"]);

    let (result, api) = check(Api {
        late: usize::MAX,
        ..Api::of(Rest::V2)
    });
    let error = result.expect_err("it never comes");
    assert_eq!(
        error.to_string(),
        "smoke check: create, index and load: HTTP 408: timeout"
    );
    // Each takes half a minute.
    assert_eq!(api.log, ["create", "create", "create", "drop"]);
    assert_eq!(api.rows, None);
}

#[test]
fn a_wrong_answer_is_no_answer() {
    for speaks in SPOKEN {
        let (result, api) = check(Api {
            blind: true,
            ..Api::of(speaks)
        });
        let error = result.expect_err("the first row is not the nearest");
        assert_eq!(error.step, "search");
        assert!(error.why.starts_with("expected row 3, found "), "{error}");
        assert_eq!(api.rows, None);

        let (result, api) = check(Api {
            drops: 1,
            ..Api::of(speaks)
        });
        let error = result.expect_err("a row is missing");
        assert_eq!(
            error.to_string(),
            "smoke check: insert: 9 of 10 rows went in"
        );
        assert_eq!(api.rows, None);
    }
}

#[test]
fn a_release_that_wants_keys_gets_them() {
    let (result, api) = check(Api {
        wants_keys: true,
        ..Api::of(Rest::V1)
    });
    assert_eq!(result, Ok(()));
    let keyed = ["create", "insert", "insert", "large insert", "large insert"];
    assert_eq!(api.log[..5], keyed);
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
    // What only the smoke check makes sure that nobody needs goes after it.
    let is_former = |step: &&Step| {
        matches!(
            step.action,
            Action::RemoveSecret { .. } | Action::RemoveUser { .. }
        )
    };
    let last = plan.steps.len() - 1 - plan.steps.iter().rev().take_while(is_former).count();
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
            let (store, _) = plan_up(&sim, &change(system::etcd::IMAGE)).await;
            assert!(store.touches(&["etcd"]), "{:?}", titles(&store));
            assert!(!store.steps.iter().any(|step| is_smoke(&step.action)));
            let (milvus, _) = plan_up(&sim, &change(system::milvus::IMAGE)).await;
            assert!(milvus.steps.iter().any(|step| is_smoke(&step.action)));
        });
    }
}
