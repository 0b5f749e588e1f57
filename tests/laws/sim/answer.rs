//! What components say when gates ask them.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milvus_swarm::gate::{ROOT_TOKEN, short};
use milvus_swarm::question::{Answer, Outcome, Question, Talk};
use milvus_swarm::spec::is_encrypted;
use milvus_swarm::system::USER;
use milvus_swarm::system::milvus::within::is_as_root;
use milvus_swarm::tag::Version;
use serde_json::{Value, json};

use super::world::{SimTask, World};
use super::zk;

fn json_answer(value: &Value) -> Answer {
    Answer::Http {
        status: 200,
        body: value.to_string().into_bytes(),
    }
}

fn http(status: u16, text: &str) -> Answer {
    Answer::Http {
        status,
        body: text.as_bytes().to_vec(),
    }
}

fn refused() -> Answer {
    Answer::Failed("connection refused".to_owned())
}

/// Whether a proxy has a path of the REST API: one version by its minor, though 2.4 to 2.6 still have
/// the first too.
fn speaks(image: &str, path: &str) -> bool {
    let first = path == "/v1/vector/collections";
    let second = path == "/v2/vectordb/collections/list";
    match Version::of_image(image).map(Version::line) {
        Some(line) if line < (2, 4) => first,
        Some(_) => second,
        None => first || second,
    }
}

impl World {
    pub fn answer(&mut self, question: &Question) -> Answer {
        let host = match question {
            Question::Http { host, .. }
            | Question::Tcp { host, .. }
            | Question::Strangers { host }
            | Question::ShardLeaders { host } => host,
            Question::File { .. } => return Answer::Failed("no such file".to_owned()),
            Question::Talk(talk) => return self.elsewhere(talk),
            Question::Image { .. } => return Answer::Failed("no registry here".to_owned()),
        };
        let Some(task) = self.tasks.iter().find(|task| {
            task.seen
                .addresses
                .values()
                .any(|ip| ip.to_string() == *host)
        }) else {
            return Answer::Failed("no route to host".to_owned());
        };
        self.assert_root_stays(question, task);
        if self.is_dark(&task.seen.node_id) {
            return Answer::Failed("timed out".to_owned());
        }
        let Some(process) = task.process.as_ref().filter(|process| process.is_up) else {
            return refused();
        };
        match (process.row.name, question) {
            (
                "etcd",
                Question::Http {
                    port: 2379,
                    path,
                    body,
                    ..
                },
            ) => self.etcd(path, body.as_deref().unwrap_or_default()),
            (
                "minio",
                Question::Http {
                    port: 9000, path, ..
                },
            ) if path == "/minio/health/cluster" => {
                http(if self.has_quorum("minio") { 200 } else { 503 }, "")
            }
            (
                "zookeeper",
                Question::Tcp {
                    port: 2181, send, ..
                },
            ) => self.zookeeper(task, send),
            (
                "bookie",
                Question::Http {
                    port: 8000, path, ..
                },
            ) if path == "/api/v1/bookie/is_ready" => {
                if self.has_quorum("zookeeper") {
                    http(200, "{}")
                } else {
                    http(503, "not registered")
                }
            }
            (
                "broker",
                Question::Http {
                    port: 8080, path, ..
                },
            ) if path == "/admin/v2/brokers/health" => {
                if self.brokers_serve() {
                    http(200, "ok")
                } else {
                    http(500, "not enough bookies")
                }
            }
            (
                "woodpecker",
                Question::Http {
                    port: 9091,
                    path,
                    headers,
                    ..
                },
            ) => self.woodpecker(task, path, headers),
            (
                "proxy",
                Question::Http {
                    port: 19530,
                    headers,
                    path,
                    ..
                },
            ) if speaks(&task.seen.image, path) => {
                let token = format!("Bearer {ROOT_TOKEN}");
                let known = headers
                    .iter()
                    .any(|(key, value)| key == "Authorization" && *value == token);
                json_answer(&if known && self.data.credential {
                    json!({ "code": 200, "data": [] })
                } else {
                    json!({ "code": 1800, "message": "user hasn't authenticated" })
                })
            }
            ("haproxy", Question::Http { port: 9000, .. }) => {
                http(if self.named("minio") > 0 { 200 } else { 503 }, "")
            }
            ("haproxy", Question::Http { port: 19530, .. }) => {
                if self.named("proxy") > 0 {
                    http(
                        401,
                        r#"{"code":1800,"message":"user hasn't authenticated"}"#,
                    )
                } else {
                    http(503, "<html>503 Service Unavailable</html>")
                }
            }
            ("proxy", Question::ShardLeaders { .. }) => self.leaders(),
            ("proxy", Question::Strangers { .. }) => self.strangers(),
            (
                _,
                Question::Http {
                    port: 9091, path, ..
                },
            ) if process.row.milvus.is_some() && path == "/healthz" => http(200, "OK"),
            _ => refused(),
        }
    }

    /// Nobody sends root's password to another host before a plan is agreed to; whoever changes the cluster
    /// does where it has to, to one proxy and not to each.
    fn assert_root_stays(&self, question: &Question, task: &SimTask) {
        let here = self.nodes.first().map(|node| &node.id);
        let mut networks = self.networks.values();
        let is_hidden = networks.all(|network| is_encrypted(&network.spec));
        let may_leave = self.is_carried_out && matches!(question, Question::ShardLeaders { .. });
        assert!(
            !is_as_root(question) || is_hidden || may_leave || here == Some(&task.seen.node_id),
            "root's password goes over the network: {question:?}"
        );
    }

    /// What is not of the cluster is there and well; MinIO has its users.
    fn elsewhere(&mut self, talk: &Talk) -> Answer {
        if let Some(user) = talk.settings.get(USER) {
            let outcome = json!(self.lets_in(user));
            return Answer::Bytes(outcome.to_string().into_bytes());
        }
        let missing = talk.secrets.iter().find(|key| {
            let prefix = format!("{}-{key}-v", talk.cluster);
            !self.secrets.keys().any(|name| name.starts_with(&prefix))
        });
        if let Some(key) = missing {
            return Answer::Failed(format!("no secret `{key}`"));
        }
        let outcome = json!(Outcome::Good("writes and reads".to_owned()));
        Answer::Bytes(outcome.to_string().into_bytes())
    }

    /// A user whom MinIO does not know is made by whoever carries out a plan.
    fn lets_in(&mut self, user: &str) -> Outcome {
        if !self.has_quorum("minio") {
            return Outcome::NotYet("no write quorum".to_owned());
        }
        if self.is_carried_out && self.secrets.contains_key(user) {
            self.data.users.insert(user.to_owned());
        }
        if self.data.users.contains(user) {
            Outcome::Good("lets it in".to_owned())
        } else {
            Outcome::NotYet("does not know it".to_owned())
        }
    }

    /// A server knows those that are up and that it was told of, or that were told of it.
    fn woodpecker(&self, task: &SimTask, path: &str, headers: &[(String, String)]) -> Answer {
        let is_json = headers.contains(&("Accept".to_owned(), "application/json".to_owned()));
        match path {
            "/healthz" => http(200, "OK"),
            "/admin/node/status" => json_answer(&json!({
                "node_id": short(&task.seen.service),
                "state": "active",
            })),
            "/admin/memberlist" if is_json => {
                let servers = self.tasks.iter().filter(|other| {
                    let process = other.process.as_ref();
                    process.is_some_and(|process| process.row.name == "woodpecker" && process.is_up)
                });
                let knows = |one: &SimTask, other: &SimTask| {
                    let env = &one.spec.task_template.container_spec.env;
                    let told = env.iter().find_map(|line| line.strip_prefix("SEEDS="));
                    let name = format!("{}:", short(&other.seen.service));
                    told.is_some_and(|told| told.split(',').any(|seed| seed.starts_with(&name)))
                };
                let known = servers.filter(|other| knows(task, other) || knows(other, task));
                let known =
                    known.map(|other| json!({ "id": short(&other.seen.service), "state": 0 }));
                json_answer(&json!({ "members": known.collect::<Vec<_>>() }))
            }
            _ => http(404, "404 page not found"),
        }
    }

    fn etcd(&self, path: &str, body: &[u8]) -> Answer {
        if !self.has_quorum("etcd") {
            return http(503, r#"{"health":"false","reason":"RAFT NO LEADER"}"#);
        }
        match path {
            "/health" => json_answer(&json!({ "health": "true", "reason": "" })),
            "/v3/maintenance/status" => json_answer(&json!({
                "header": { "cluster_id": "14841639068965178418" },
                "leader": "10276657743932975437",
            })),
            "/v3/kv/range" => self.range(body),
            _ => http(404, "not found"),
        }
    }

    fn range(&self, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let key = body["key"]
            .as_str()
            .and_then(|key| STANDARD.decode(key).ok())
            .unwrap_or_default();
        let key = String::from_utf8_lossy(&key);
        if key.ends_with("/config/") {
            return self.settings(&key);
        }
        if key.starts_with("milvus-swarm.birth/") {
            let births = self.data.births.get("etcd").into_iter();
            let kvs = births.map(|birth| json!({ "value": STANDARD.encode(birth) }));
            let kvs: Vec<Value> = kvs.collect();
            return json_answer(&json!({ "header": {}, "kvs": kvs }));
        }
        if !key.ends_with("/meta/session/") {
            return json_answer(&json!({ "header": {}, "count": "0" }));
        }
        // Beside the sessions there is a counter under the same prefix.
        let mut kvs = vec![
            json!({ "key": STANDARD.encode("x/meta/session/id"), "value": STANDARD.encode("42") }),
        ];
        kvs.extend(self.data.sessions.iter().map(|session| {
            let mut value = json!({
                "ServerID": session.server_id,
                "ServerName": session.role,
                "Address": format!("{}:21123", session.ip),
                "Exclusive": session.role.ends_with("coord"),
                "Version": "2.3.21",
            });
            if session.is_embedded {
                value["ServerLabels"] = json!({ "STREAMING-EMBEDDED": "1" });
            }
            let mut key = format!("x/meta/session/{}", session.role);
            if !session.is_leaders {
                write!(key, "-{}", session.server_id).expect("a text takes all");
            }
            json!({
                "key": STANDARD.encode(key),
                "value": STANDARD.encode(value.to_string()),
            })
        }));
        json_answer(&json!({ "count": kvs.len().to_string(), "kvs": kvs }))
    }

    fn zookeeper(&self, task: &SimTask, send: &[u8]) -> Answer {
        if send != b"srvr\n" {
            if !self.has_quorum("zookeeper") {
                return Answer::Bytes(Vec::new());
            }
            return Answer::Bytes(zk::converse(send, |path| self.znode(path)));
        }
        let members = self.size("zookeeper");
        let first = self
            .tasks
            .iter()
            .filter(|other| {
                other
                    .process
                    .as_ref()
                    .is_some_and(|process| process.row.name == "zookeeper" && process.is_up)
            })
            .map(|other| &other.seen.service)
            .min();
        let mode = if !self.has_quorum("zookeeper") {
            return Answer::Bytes(
                b"This ZooKeeper instance is not currently serving requests\n".to_vec(),
            );
        } else if members == 1 {
            "standalone"
        } else if first == Some(&task.seen.service) {
            "leader"
        } else {
            "follower"
        };
        Answer::Bytes(
            format!("Zookeeper version: 3.6.3\nMode: {mode}\nNode count: 5\n").into_bytes(),
        )
    }

    fn znode(&self, path: &str) -> Option<String> {
        if path == "/ledgers/INSTANCEID" {
            return self.data.births.get("zookeeper").cloned();
        }
        self.is_there(path).then(String::new)
    }

    fn is_there(&self, path: &str) -> bool {
        if let Some(bookie) = path.strip_prefix("/ledgers/available/") {
            return self.tasks.iter().any(|task| {
                task.process
                    .as_ref()
                    .is_some_and(|process| process.row.name == "bookie" && process.is_up)
                    && bookie == format!("{}:3181", short(&task.seen.service))
            });
        }
        let Some(cluster) = &self.data.metadata else {
            return false;
        };
        match path.strip_prefix("/admin/clusters/") {
            Some(name) => name == cluster,
            None => path == "/admin/policies/public/default",
        }
    }

    fn strangers(&self) -> Answer {
        let asks = self.data.config.get("common/security/authorizationEnabled");
        let is_open = asks.is_some_and(|value| value == "false");
        let found = json!({ "without": is_open, "known": is_open || self.data.is_known });
        Answer::Bytes(found.to_string().into_bytes())
    }

    /// Keys alone, as they are asked for.
    fn settings(&self, prefix: &str) -> Answer {
        let keys = self.data.config.keys();
        let kvs: Vec<Value> = keys
            .map(|key| {
                let lease = if self.data.config[key] == "lent" {
                    "7"
                } else {
                    "0"
                };
                json!({ "key": STANDARD.encode(format!("{prefix}{key}")), "lease": lease })
            })
            .collect();
        json_answer(&json!({ "count": kvs.len().to_string(), "kvs": kvs }))
    }

    fn leaders(&self) -> Answer {
        let leader =
            self.data.sessions.iter().find(|session| {
                session.role == "querynode" && Some(session.ip) == self.data.leader
            });
        let leaders: Vec<Value> = leader
            .map(|session| {
                json!({
                    "database": "default",
                    "collection": "vectors",
                    "channel": "dml_0",
                    "leader": session.server_id,
                })
            })
            .into_iter()
            .collect();
        Answer::Bytes(Value::from(leaders).to_string().into_bytes())
    }
}
