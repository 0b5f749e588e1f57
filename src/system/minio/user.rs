//! The user that Milvus is to MinIO: it may do with the cluster's bucket what Milvus does with it, and
//! nothing else.
//!
//! Each generation of its secret is a user, called as the secret is: while tasks of Milvus are
//! renewed, those of before go on with theirs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::admin::{Request, Who};
use super::{MILVUS, SECRET, bucket};
use crate::question::{Answer, Lead, Outcome, Question, Talk, Turn};
use crate::render::secret_name;
use crate::system::{Elsewhere, FORMER, USER};

/// How MinIO is talked with about it.
pub(super) const TALK: Elsewhere = Elsewhere {
    takes: 6_000,
    says: |inventory, generations| {
        let secret = |key| secret_name(&inventory.name, key, generations);
        vec![
            (USER, secret(MILVUS)),
            (ROOT, super::user(inventory)),
            (ROOT_SECRET, secret(SECRET)),
        ]
    },
    words: |settings| {
        let user = settings.get(USER).map_or("", String::as_str);
        format!("Milvus gets in as user {user}")
    },
    lead,
};

/// A setting of the talk: MinIO's root.
const ROOT: &str = "root";
/// And the name of the secret with the password of it.
const ROOT_SECRET: &str = "root_secret";

/// Below this the administration of every supported release is (minio: `cmd/admin-router.go`).
const ADMIN: &str = "/minio/admin/v3";

fn lead(talk: &Talk, _: &BTreeMap<String, String>) -> Box<dyn Lead> {
    let setting = |key: &str| talk.settings.get(key).cloned().unwrap_or_default();
    Box::new(Conversation {
        bucket: bucket(&talk.cluster),
        user: setting(USER),
        key: String::new(),
        root: (setting(ROOT), setting(ROOT_SECRET), String::new()),
        former: talk.settings.get(FORMER).cloned(),
        at: talk.at.parse().ok(),
        writes: talk.writes,
        is_made: false,
        step: Step::Begin,
    })
}

/// What was asked last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Begin,
    /// The key of the user, where it is mounted.
    Mounted,
    /// Whether the user gets to the bucket.
    Look,
    /// The keys by their names.
    Keys,
    Policy,
    User,
    Attach,
    Remove,
}

struct Conversation {
    bucket: String,
    user: String,
    key: String,
    /// Name, name of the secret, password.
    root: (String, String, String),
    former: Option<String>,
    at: Option<Timestamp>,
    writes: bool,
    /// Whether the user was made in this talk.
    is_made: bool,
    step: Step,
}

impl Lead for Conversation {
    fn turn(&mut self, answer: Option<Answer>) -> Result<Turn, Outcome> {
        let Some(answer) = answer else {
            return if self.former.is_some() {
                self.ask(Step::Keys)
            } else {
                self.ask(Step::Mounted)
            };
        };
        match self.step {
            Step::Begin => Err(Outcome::NotYet("was asked nothing".to_owned())),
            // Not mounted: by tasks of before MinIO had the user.
            Step::Mounted => match text(&answer) {
                Some(key) => {
                    self.key = key;
                    self.ask(Step::Look)
                }
                None => self.make("Milvus asks as another user yet"),
            },
            Step::Look => match refusal(&answer)? {
                None => Err(Outcome::Good(format!(
                    "lets Milvus in as user {}",
                    self.user
                ))),
                Some(why) => self.make(&why),
            },
            Step::Keys => {
                let found: BTreeMap<String, String> = answer
                    .json()
                    .and_then(|json| serde_json::from_value(json).map_err(|e| e.to_string()))
                    .map_err(Outcome::NotYet)?;
                let key = |name: &String| found.get(name).cloned().unwrap_or_default();
                self.root.2 = key(&self.root.1);
                self.key = key(&self.user);
                self.ask(if self.former.is_some() {
                    Step::Remove
                } else {
                    Step::Policy
                })
            }
            Step::Policy => self.did("the rights of Milvus", &answer, Step::User),
            Step::User => self.did("the user of Milvus", &answer, Step::Attach),
            Step::Attach => {
                self.is_made = true;
                self.did("which rights the user of Milvus has", &answer, Step::Look)
            }
            Step::Remove => {
                let is_gone = code(&answer).is_some_and(|code| code == "XMinioAdminNoSuchUser");
                if is_gone || answer.ok().is_ok() {
                    return Err(Outcome::Good("the user is gone".to_owned()));
                }
                Err(self.not_told("who is to go", &answer))
            }
        }
    }
}

impl Conversation {
    /// Makes the user, where that may be done and was not.
    fn make(&mut self, why: &str) -> Result<Turn, Outcome> {
        if !self.writes || self.is_made {
            let user = &self.user;
            return Err(Outcome::NotYet(format!(
                "does not let Milvus in as user {user}: {why}"
            )));
        }
        self.ask(Step::Keys)
    }

    fn did(&mut self, what: &str, answer: &Answer, next: Step) -> Result<Turn, Outcome> {
        match answer.ok() {
            Ok(_) => self.ask(next),
            Err(_) => Err(self.not_told(what, answer)),
        }
    }

    fn not_told(&self, what: &str, answer: &Answer) -> Outcome {
        let (root, secret, _) = &self.root;
        let why = match code(answer).as_deref() {
            Some("InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
                format!("it takes not the password of secret `{secret}` for its root user `{root}`")
            }
            Some(code) => code.to_owned(),
            None => answer.ok().err().unwrap_or_default(),
        };
        Outcome::NotYet(format!("was not told {what}: {why}"))
    }

    fn ask(&mut self, step: Step) -> Result<Turn, Outcome> {
        self.step = step;
        let at = self.at.ok_or_else(|| {
            Outcome::NotYet("can't be asked: the engine did not say what time it is".to_owned())
        })?;
        let (root, root_secret, password) = &self.root;
        let root = Who {
            user: root,
            key: password,
            at,
        };
        let milvus = Who {
            user: &self.user,
            key: &self.key,
            at,
        };
        let by_root = |method, path: &str, query: &[(&str, &str)], body| {
            let path = &format!("{ADMIN}{path}");
            root.ask(Request {
                method,
                path,
                query,
                body,
            })
        };
        let question = match step {
            Step::Begin | Step::Mounted => Question::File {
                path: format!("/run/secrets/{MILVUS}"),
            },
            Step::Keys => {
                let mut names = vec![(SECRET.to_owned(), root_secret.clone())];
                if self.former.is_none() {
                    names.push((MILVUS.to_owned(), self.user.clone()));
                }
                return Ok(Turn::Secrets(names));
            }
            Step::Look => milvus.ask(Request {
                method: "GET",
                path: &format!("/{}/", self.bucket),
                query: &[("list-type", "2"), ("max-keys", "1")],
                body: None,
            }),
            Step::Policy => {
                let policy = rights(&self.bucket).to_string().into_bytes();
                let query = [("name", self.bucket.as_str())];
                by_root("PUT", "/add-canned-policy", &query, Some(policy))
            }
            Step::User => {
                let user = json!({ "secretKey": self.key, "status": "enabled" });
                let body = root.sealed(&user.to_string());
                let body = body.ok_or_else(|| {
                    Outcome::Wrong("takes no key that is as long as that of Milvus".to_owned())
                })?;
                let query = [("accessKey", self.user.as_str())];
                by_root("PUT", "/add-user", &query, Some(body))
            }
            Step::Attach => {
                let query = [
                    ("isGroup", "false"),
                    ("policyName", self.bucket.as_str()),
                    ("userOrGroup", self.user.as_str()),
                ];
                by_root("PUT", "/set-user-or-group-policy", &query, None)
            }
            Step::Remove => {
                let former = self.former.as_deref().unwrap_or_default();
                by_root("DELETE", "/remove-user", &[("accessKey", former)], None)
            }
        };
        Ok(Turn::Ask(question))
    }
}

/// What Milvus does with its bucket (milvus: `internal/storage/minio_object_storage.go`,
/// `remote_chunk_manager.go`, `internal/core/src/storage/MinioChunkManager.cpp`): it makes it where
/// it is not there, and lists, reads, writes, copies and deletes objects, also in parts.
fn rights(bucket: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "s3:CreateBucket",
                    "s3:GetBucketLocation",
                    "s3:ListBucket",
                    "s3:ListBucketMultipartUploads",
                ],
                "Resource": [format!("arn:aws:s3:::{bucket}")],
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObject",
                    "s3:PutObject",
                    "s3:DeleteObject",
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                ],
                "Resource": [format!("arn:aws:s3:::{bucket}/*")],
            },
        ],
    })
}

fn text(answer: &Answer) -> Option<String> {
    let text = std::str::from_utf8(answer.ok().ok()?).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

/// The code of an error, in XML by the store and in JSON by its administration.
fn code(answer: &Answer) -> Option<String> {
    let Answer::Http { body, .. } = answer else {
        return None;
    };
    let body = String::from_utf8_lossy(body);
    if let Ok(json) = serde_json::from_str::<Value>(&body) {
        return json["Code"].as_str().map(str::to_owned);
    }
    let (_, rest) = body.split_once("<Code>")?;
    Some(rest.split('<').next()?.to_owned())
}

/// Why the user is not let in, as far as making it anew helps; a bucket that is not there yet is
/// Milvus' to make.
fn refusal(answer: &Answer) -> Result<Option<String>, Outcome> {
    match code(answer).as_deref() {
        Some("NoSuchBucket") => Ok(None),
        Some("InvalidAccessKeyId") => Ok(Some("it does not know that user".to_owned())),
        Some("SignatureDoesNotMatch") => {
            Ok(Some("the key that tasks have is another one".to_owned()))
        }
        Some("AccessDenied") => Ok(Some("the user may not list the bucket".to_owned())),
        _ => match answer.ok() {
            Ok(_) => Ok(None),
            Err(why) if why.starts_with("HTTP 503") => {
                Err(Outcome::NotYet("does not serve objects yet".to_owned()))
            }
            Err(why) => Err(Outcome::NotYet(format!("does not answer: {why}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::admin::opened;
    use super::*;

    const FIRST: &str = "p-minio-milvus-v1";
    const SECOND: &str = "p-minio-milvus-v2";
    const PASSWORD: &str = "password of root";

    /// MinIO, as far as it is asked here.
    #[derive(Default)]
    struct Store {
        /// Users and their keys.
        users: BTreeMap<String, String>,
        policies: BTreeSet<String>,
        attached: BTreeSet<(String, String)>,
        asked: Vec<String>,
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
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let name = path.rsplit('/').find(|word| !word.is_empty());
            self.asked
                .push(format!("{method} {}", name.unwrap_or_default()));
            let signed = headers.iter().find(|(key, _)| key == "Authorization");
            let (_, signed) = signed.expect("it is signed");
            let by = |user: &str| signed.contains(&format!("Credential={user}/"));
            let says = |status, body: &str| Answer::Http {
                status,
                body: body.as_bytes().to_vec(),
            };
            let value = |key: &str| {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .find_map(|(name, value)| (name == key).then(|| value.to_owned()))
                    .expect("it is in the query")
            };
            match name {
                Some("milvus-p") => {
                    let Some(user) = self.users.keys().find(|user| by(user)) else {
                        return says(403, "<Error><Code>InvalidAccessKeyId</Code></Error>");
                    };
                    let rights = (user.clone(), "milvus-p".to_owned());
                    if !self.attached.contains(&rights) {
                        return says(403, "<Error><Code>AccessDenied</Code></Error>");
                    }
                    says(404, "<Error><Code>NoSuchBucket</Code></Error>")
                }
                _ if !by("admin") => says(403, r#"{"Code":"AccessDenied"}"#),
                Some("add-canned-policy") => {
                    self.policies.insert(value("name"));
                    says(200, "")
                }
                Some("add-user") => {
                    let body = opened(PASSWORD, body.as_deref().unwrap_or_default());
                    let body: Value =
                        serde_json::from_str(&body.expect("it is for MinIO")).expect("it is JSON");
                    let key = body["secretKey"].as_str().expect("it has a key").to_owned();
                    self.users.insert(value("accessKey"), key);
                    says(200, "")
                }
                Some("set-user-or-group-policy") => {
                    assert!(self.policies.contains(&value("policyName")));
                    assert!(self.users.contains_key(&value("userOrGroup")));
                    let rights = (value("userOrGroup"), value("policyName"));
                    self.attached.insert(rights);
                    says(200, "")
                }
                Some("remove-user") => match self.users.remove(&value("accessKey")) {
                    Some(_) => says(200, ""),
                    None => says(404, r#"{"Code":"XMinioAdminNoSuchUser"}"#),
                },
                _ => panic!("{method} {path}"),
            }
        }
    }

    /// Talks about a user; a key is mounted or not.
    fn talk(
        store: &mut Store,
        writes: bool,
        mounted: Option<&str>,
        about: &[(&str, &str)],
    ) -> Outcome {
        let about = about
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        let talk = Talk {
            cluster: "p".to_owned(),
            at: "2026-11-29T21:00:00Z".to_owned(),
            settings: BTreeMap::from_iter(about.chain([
                (ROOT.to_owned(), "admin".to_owned()),
                (ROOT_SECRET.to_owned(), "p-minio-root-v1".to_owned()),
            ])),
            writes,
            ..Talk::default()
        };
        let mut lead = lead(&talk, &BTreeMap::new());
        let mut answer = None;
        for _ in 0..20 {
            answer = Some(match lead.next(answer.take()) {
                Turn::Over(outcome) => return outcome,
                Turn::Ask(Question::File { .. }) => match mounted {
                    Some(key) => Answer::Bytes(key.as_bytes().to_vec()),
                    None => Answer::Failed("no such file".to_owned()),
                },
                Turn::Ask(question) => store.answer(&question),
                Turn::Secrets(names) => {
                    assert!(writes, "a look reads no secret");
                    let keys = names.into_iter().map(|(key, name)| {
                        let text = if key == SECRET {
                            PASSWORD.to_owned()
                        } else {
                            format!("key of {name}")
                        };
                        (name, text)
                    });
                    let keys: BTreeMap<String, String> = keys.collect();
                    Answer::Bytes(json!(keys).to_string().into_bytes())
                }
            });
        }
        panic!("it comes to no end: {:?}", store.asked);
    }

    #[test]
    fn a_user_is_made_with_its_own_key_and_rights() {
        let mut store = Store::default();
        for mounted in [None, Some("key of p-minio-milvus-v1")] {
            let outcome = talk(&mut store, true, mounted, &[(USER, FIRST)]);
            assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
        }
        assert_eq!(store.users[FIRST], "key of p-minio-milvus-v1");
        assert_eq!(store.asked.last().map(String::as_str), Some("GET milvus-p"));
        let made = store
            .asked
            .iter()
            .filter(|asked| asked.contains("add-user"));
        assert_eq!(made.count(), 1);
    }

    #[test]
    fn a_look_makes_nobody() {
        let mut store = Store::default();
        for mounted in [None, Some("x")] {
            let outcome = talk(&mut store, false, mounted, &[(USER, FIRST)]);
            assert!(matches!(outcome, Outcome::NotYet(_)), "{outcome:?}");
        }
        assert_eq!(store.users, BTreeMap::new());
        assert_eq!(store.asked, ["GET milvus-p"]);
    }

    /// While tasks are renewed, those of before go on as the user that they are.
    #[test]
    fn another_generation_is_another_user_and_the_former_goes_when_told() {
        let mut store = Store::default();
        talk(&mut store, true, None, &[(USER, FIRST)]);
        let outcome = talk(&mut store, true, Some("key of v1"), &[(USER, SECOND)]);
        assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
        assert_eq!(store.users.len(), 2);
        assert_eq!(store.users[SECOND], "key of p-minio-milvus-v2");
        // The second time it is gone already: a run was killed.
        for _ in 0..2 {
            let about = [(USER, SECOND), (FORMER, FIRST)];
            let outcome = talk(&mut store, true, None, &about);
            assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
            let left: Vec<&String> = store.users.keys().collect();
            assert_eq!(left, [SECOND]);
        }
    }

    #[test]
    fn it_says_who_is_not_let_in() {
        let mut store = Store::default();
        let about = [(USER, FIRST)];
        let talked = talk(&mut store, true, None, &about);
        assert!(matches!(talked, Outcome::Good(_)), "{talked:?}");
        store.attached.clear();
        let Outcome::NotYet(said) = talk(&mut store, false, Some("x"), &about) else {
            panic!("it is let in");
        };
        assert!(said.contains("may not list"), "{said}");
    }
}
