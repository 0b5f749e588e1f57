//! The store is asked for all that Milvus does with it, from the cluster's own network: list, write,
//! read, delete, and a write that must not replace anything.
//!
//! An object of ours tells whose the objects beside it are. It is written where nothing else is,
//! and read before anything is written.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusty_s3::actions::{DeleteObject, GetObject, ListObjectsV2, PutObject, S3Action};
use rusty_s3::{Bucket, Credentials, Method, UrlStyle};
use serde_json::{Value, json};

use super::answers::{self, Deed};
use super::{ACCESS_KEY, Place, SECRET_KEY, ca, grammar, iam};
use crate::question::{Answer, Lead, Outcome, Question, Talk, Trust, Turn};
use crate::system::CONDITIONS;

/// How long a signature counts: as far as clocks may differ for any other request (Amazon S3 API
/// Reference, `RequestTimeTooSkewed`).
const VALID: Duration = Duration::from_secs(15 * 60);
/// Of each question.
const LIMIT: Duration = Duration::from_secs(5);
/// Of other objects that are looked at to see whether somebody else is there.
const MOST: usize = 10;

/// Below the root path.
const OURS: &str = "milvus-swarm/";
const OWNER: &str = "milvus-swarm/owner.json";
/// With the time after it: two who ask at once do not take each other's away.
const TRY: &str = "milvus-swarm/try-";

pub(super) fn lead(talk: &Talk, secrets: &BTreeMap<String, String>) -> Box<dyn Lead> {
    let place = Place::of(&talk.settings);
    let key = |name: &str| secrets.get(name).cloned().unwrap_or_default();
    let style = if place.virtual_host {
        UrlStyle::VirtualHost
    } else {
        UrlStyle::Path
    };
    let scheme = if place.tls { "https" } else { "http" };
    let endpoint = format!("{scheme}://{}:{}", place.host, place.port).parse();
    let bucket = endpoint.ok().and_then(|endpoint| {
        let (name, region) = (place.bucket.clone(), place.region.clone());
        Bucket::new(endpoint, style, name, region).ok()
    });
    let has_ca = talk.secrets.iter().any(|secret| secret == super::CA);
    Box::new(Conversation {
        credentials: Credentials::new(key(ACCESS_KEY), key(SECRET_KEY)),
        iam: place.iam.then(iam::Role::default),
        trust: place.tls.then(|| Trust {
            ca: has_ca.then(ca),
        }),
        owner: json!({ "cluster": talk.cluster, "swarm": talk.swarm }),
        at: talk.at.parse().ok(),
        bucket,
        place,
        step: Step::Begin,
        writes: talk.writes,
        is_conditional: true,
        is_claimed: false,
        keeps_conditions: false,
        must_keep: talk.settings.contains_key(CONDITIONS),
    })
}

/// What was asked last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Begin,
    Iam,
    List,
    Owner,
    Claim,
    Write,
    Read,
    Delete,
    Again,
}

struct Conversation {
    place: Place,
    /// None where the endpoint makes no address.
    bucket: Option<Bucket>,
    credentials: Credentials,
    iam: Option<iam::Role>,
    trust: Option<Trust>,
    /// Whose the objects are.
    owner: Value,
    at: Option<Timestamp>,
    step: Step,
    writes: bool,
    /// Whether the owner is written on the condition that there is none.
    is_conditional: bool,
    /// Whether other objects are there.
    is_claimed: bool,
    keeps_conditions: bool,
    /// Whether that is wanted of it.
    must_keep: bool,
}

impl Lead for Conversation {
    fn turn(&mut self, answer: Option<Answer>) -> Result<Turn, Outcome> {
        let Some(answer) = answer else {
            return self.ask(if self.iam.is_some() {
                Step::Iam
            } else {
                Step::List
            });
        };
        let missing = || Outcome::NotYet("was asked nothing".to_owned());
        match self.step {
            Step::Begin => Err(missing()),
            Step::Iam => {
                let role = self.iam.as_mut().ok_or_else(missing)?;
                if let Some(credentials) = role.hear(&answer)? {
                    self.credentials = credentials;
                    return self.ask(Step::List);
                }
                self.ask(Step::Iam)
            }
            Step::List => {
                let body = answers::good(&self.place, self.at, Deed::List, &answer)?;
                let keys = answers::keys(&body).ok_or_else(|| {
                    Outcome::Wrong(format!(
                        "`{}` answers a list of objects with something else: is it the endpoint of a \
                         store of objects?",
                        self.place.endpoint()
                    ))
                })?;
                let ours = format!("{}/{OURS}", self.place.root_path);
                self.is_claimed = keys.iter().any(|key| !key.starts_with(&ours));
                self.ask(Step::Owner)
            }
            Step::Owner => {
                if answers::is_absent(&answer) {
                    if self.is_claimed {
                        return Err(Outcome::Wrong(self.unclaimed()));
                    }
                    if !self.writes {
                        return Err(Outcome::NotYet(format!(
                            "has nothing of this cluster in `{}` yet",
                            self.place.shown()
                        )));
                    }
                    return self.ask(Step::Claim);
                }
                let body = answers::good(&self.place, self.at, Deed::Read, &answer)?;
                self.is_ours(&body)?;
                if !self.writes {
                    return Err(Outcome::Good("lists and reads".to_owned()));
                }
                self.ask(Step::Write)
            }
            // Who was faster, if somebody was, is read.
            Step::Claim if answers::was_there(&answer) => self.ask(Step::Owner),
            Step::Claim if self.is_conditional && answers::is_unknown(&answer) => {
                self.is_conditional = false;
                self.ask(Step::Claim)
            }
            Step::Claim => {
                answers::good(&self.place, self.at, Deed::Write, &answer)?;
                self.ask(Step::Owner)
            }
            Step::Write => {
                answers::good(&self.place, self.at, Deed::Write, &answer)?;
                self.ask(Step::Read)
            }
            // Some stores show what was written a moment later.
            Step::Read if answers::is_absent(&answer) => Err(Outcome::NotYet(format!(
                "`{}` does not give back what was written",
                self.place.shown()
            ))),
            Step::Read => {
                let body = answers::good(&self.place, self.at, Deed::Read, &answer)?;
                if body != self.owner.to_string().as_bytes() {
                    return Err(Outcome::NotYet(format!(
                        "`{}` gives back something else than was written",
                        self.place.shown()
                    )));
                }
                self.ask(Step::Again)
            }
            Step::Again => {
                self.keeps_conditions = answers::was_there(&answer);
                if !self.keeps_conditions && !answers::is_unknown(&answer) {
                    answers::good(&self.place, self.at, Deed::Write, &answer)?;
                }
                self.ask(Step::Delete)
            }
            Step::Delete => {
                answers::good(&self.place, self.at, Deed::Delete, &answer)?;
                if self.must_keep && !self.keeps_conditions {
                    return Err(Outcome::Wrong(self.replaces()));
                }
                Err(Outcome::Good(self.saw()))
            }
        }
    }
}

impl Conversation {
    /// Other objects are there, and nothing that tells whose.
    fn unclaimed(&self) -> String {
        let (place, root) = (self.place.shown(), &self.place.root_path);
        format!(
            "there are objects in `{place}` that are of no cluster of milvus-swarm: name another `{}` or \
             `{}`; if they are this cluster's, put `{}` into `{root}/{OWNER}`",
            grammar::BUCKET,
            grammar::ROOT_PATH,
            self.owner
        )
    }

    /// What a store without conditional writes is no store for.
    fn replaces(&self) -> String {
        format!(
            "replaces what it was told to keep in `{}`, and the log that `log` chooses needs a store that \
             does not (`If-None-Match`): take another store, or leave `log` out",
            self.place.shown()
        )
    }

    fn saw(&self) -> String {
        let conditions = if self.keeps_conditions {
            ""
        } else {
            ", and replaces what it was told to keep"
        };
        format!("writes, reads, lists and deletes{conditions}")
    }

    /// Whether what stands in our object is this cluster.
    fn is_ours(&self, body: &[u8]) -> Result<(), Outcome> {
        let owner: Value = serde_json::from_slice(body).unwrap_or_default();
        if owner == self.owner {
            return Ok(());
        }
        let cluster = owner["cluster"].as_str().unwrap_or("?");
        let cluster: String = cluster
            .chars()
            .filter(|c| !c.is_control())
            .take(64)
            .collect();
        let other = if owner["cluster"] == self.owner["cluster"] {
            format!("another cluster `{cluster}`, on another Swarm")
        } else {
            format!("the cluster `{cluster}`")
        };
        Err(Outcome::Wrong(format!(
            "`{}` is of {other}: name another `{}` or `{}`; if that cluster is gone and this one has \
             its data, put `{}` into `{}/{OWNER}`",
            self.place.shown(),
            grammar::BUCKET,
            grammar::ROOT_PATH,
            self.owner,
            self.place.root_path
        )))
    }

    fn ask(&mut self, step: Step) -> Result<Turn, Outcome> {
        self.step = step;
        if step == Step::Iam {
            let role = self.iam.as_ref();
            let question = role.map(iam::Role::ask);
            return question
                .map(Turn::Ask)
                .ok_or_else(|| Outcome::NotYet("has no role to ask as".to_owned()));
        }
        let at = self.at.ok_or_else(|| {
            Outcome::NotYet("can't be asked: the engine did not say what time it is".to_owned())
        })?;
        let bucket = self.bucket.as_ref().ok_or_else(|| {
            Outcome::Wrong(format!(
                "`{}` makes no address of a bucket; with an IP address `{}` is false",
                self.place.endpoint(),
                grammar::VIRTUAL_HOST
            ))
        })?;
        let credentials = Some(&self.credentials);
        let key = |name: &str| format!("{}/{name}", self.place.root_path);
        let (owner, attempt) = (key(OWNER), key(TRY) + &at.as_second().to_string());
        let body = || Some(self.owner.to_string().into_bytes());
        let keep = || vec![("If-None-Match".to_owned(), "*".to_owned())];
        let claim = || {
            if self.is_conditional {
                keep()
            } else {
                Vec::new()
            }
        };
        let (url, method, headers, body) = match step {
            Step::Begin | Step::Iam | Step::List => {
                let mut action = ListObjectsV2::new(bucket, credentials);
                action.with_prefix(key(""));
                action.with_max_keys(MOST);
                let url = action.sign_with_time(VALID, &at);
                (url, Method::Get, Vec::new(), None)
            }
            Step::Owner => {
                let action = GetObject::new(bucket, credentials, &owner);
                (
                    action.sign_with_time(VALID, &at),
                    Method::Get,
                    Vec::new(),
                    None,
                )
            }
            Step::Claim => {
                let action = PutObject::new(bucket, credentials, &owner);
                let url = action.sign_with_time(VALID, &at);
                (url, Method::Put, claim(), body())
            }
            Step::Again => {
                let action = PutObject::new(bucket, credentials, &attempt);
                (
                    action.sign_with_time(VALID, &at),
                    Method::Put,
                    keep(),
                    body(),
                )
            }
            Step::Write => {
                let action = PutObject::new(bucket, credentials, &attempt);
                (
                    action.sign_with_time(VALID, &at),
                    Method::Put,
                    Vec::new(),
                    body(),
                )
            }
            Step::Read => {
                let action = GetObject::new(bucket, credentials, &attempt);
                (
                    action.sign_with_time(VALID, &at),
                    Method::Get,
                    Vec::new(),
                    None,
                )
            }
            Step::Delete => {
                let action = DeleteObject::new(bucket, credentials, &attempt);
                (
                    action.sign_with_time(VALID, &at),
                    Method::Delete,
                    Vec::new(),
                    None,
                )
            }
        };
        let query = url.query().unwrap_or_default();
        Ok(Turn::Ask(Question::Http {
            method: method.to_str(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: self.place.port,
            tls: self.trust.clone(),
            path: format!("{}?{query}", url.path()),
            headers,
            body,
            timeout: LIMIT,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store that knows no rights: objects by their keys.
    #[derive(Default)]
    struct Store {
        objects: BTreeMap<String, Vec<u8>>,
        /// Answers conditions with 501, as some stores do.
        knows_no_conditions: bool,
        wants: &'static [(&'static str, &'static str)],
        asked: Vec<(&'static str, String)>,
    }

    impl Store {
        fn answer(&mut self, question: &Question) -> Answer {
            let Question::Http {
                method,
                path,
                headers,
                body,
                ..
            } = question
            else {
                panic!("{question:?}");
            };
            let path = path.split('?').next().unwrap_or_default();
            let key = path.trim_start_matches("/vectors").trim_start_matches('/');
            self.asked.push((method, key.to_owned()));
            let says = |status, body: &[u8]| Answer::Http {
                status,
                body: body.to_vec(),
            };
            let is_conditional = !headers.is_empty();
            match (*method, self.objects.get(key)) {
                ("GET", _) if key.is_empty() => {
                    let keys = self.objects.keys().map(|key| format!("<Key>{key}</Key>"));
                    let keys: String = keys.collect();
                    says(
                        200,
                        format!("<ListBucketResult>{keys}</ListBucketResult>").as_bytes(),
                    )
                }
                ("GET", Some(body)) => says(200, body),
                ("GET", None) => says(404, b"<Error><Code>NoSuchKey</Code></Error>"),
                ("PUT", _) if is_conditional && self.knows_no_conditions => says(501, b""),
                ("PUT", Some(_)) if is_conditional => says(412, b""),
                ("PUT", _) => {
                    let body = body.clone().unwrap_or_default();
                    self.objects.insert(key.to_owned(), body);
                    says(200, b"")
                }
                ("DELETE", _) => {
                    self.objects.remove(key);
                    says(204, b"")
                }
                other => panic!("{other:?}"),
            }
        }

        fn talk(&mut self, cluster: &str, writes: bool) -> Outcome {
            let settings = [("endpoint", "s3.example.com"), ("bucket", "vectors")];
            let talk = Talk {
                system: "s3".to_owned(),
                cluster: cluster.to_owned(),
                swarm: "swarm-1".to_owned(),
                at: "2026-01-01T00:00:00Z".to_owned(),
                settings: settings
                    .iter()
                    .chain(self.wants)
                    .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
                    .collect(),
                secrets: Vec::new(),
                writes,
            };
            let mut lead = lead(&talk, &BTreeMap::new());
            let mut answer = None;
            for _ in 0..20 {
                match lead.next(answer.take()) {
                    Turn::Ask(question) => answer = Some(self.answer(&question)),
                    Turn::Over(outcome) => return outcome,
                    Turn::Secrets(names) => panic!("{names:?}"),
                }
            }
            panic!("no end: {:?}", self.asked);
        }
    }

    #[test]
    fn a_look_writes_nothing() {
        let mut store = Store::default();
        assert!(matches!(store.talk("prod", false), Outcome::NotYet(_)));
        assert!(store.asked.iter().all(|(method, _)| *method == "GET"));
        assert!(matches!(store.talk("prod", true), Outcome::Good(_)));
        store.asked.clear();
        assert_eq!(
            store.talk("prod", false),
            Outcome::Good("lists and reads".to_owned())
        );
        assert!(store.asked.iter().all(|(method, _)| *method == "GET"));
    }

    /// Whoever keeps a log there wants it so; the object of the trial is taken away again.
    #[test]
    fn a_store_without_conditions_is_none_for_who_wants_them() {
        for knows_no_conditions in [false, true] {
            let mut store = Store {
                knows_no_conditions,
                wants: &[(CONDITIONS, "true")],
                ..Store::default()
            };
            let outcome = store.talk("prod", true);
            if !knows_no_conditions {
                assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
                continue;
            }
            let why = "replaces what it was told to keep in `s3.example.com/vectors/files`, and the log \
                       that `log` chooses needs a store that does not (`If-None-Match`): take another \
                       store, or leave `log` out";
            assert_eq!(outcome, Outcome::Wrong(why.to_owned()));
            assert_eq!(store.objects.len(), 1);
        }
    }

    #[test]
    fn a_store_is_of_who_came_first() {
        for knows_no_conditions in [false, true] {
            let mut store = Store {
                knows_no_conditions,
                ..Store::default()
            };
            let Outcome::Good(saw) = store.talk("prod", true) else {
                panic!("{:?}", store.asked);
            };
            assert_eq!(saw.contains("replaces"), knows_no_conditions, "{saw}");
            assert_eq!(
                store.objects.keys().collect::<Vec<_>>(),
                ["files/milvus-swarm/owner.json"]
            );
            let before = store.objects.clone();
            let Outcome::Wrong(why) = store.talk("other", true) else {
                panic!("{:?}", store.asked);
            };
            assert!(why.contains("is of the cluster `prod`"), "{why}");
            assert_eq!(
                store.objects, before,
                "somebody else's store was written to"
            );
            assert!(matches!(store.talk("prod", true), Outcome::Good(_)));
        }
    }

    #[test]
    fn objects_of_nobody_are_left_alone() {
        let mut store = Store::default();
        store
            .objects
            .insert("files/insert_log/1".to_owned(), Vec::new());
        let Outcome::Wrong(why) = store.talk("prod", true) else {
            panic!("{:?}", store.asked);
        };
        assert!(why.contains("of no cluster of milvus-swarm"), "{why}");
        assert_eq!(store.objects.len(), 1);
    }
}
