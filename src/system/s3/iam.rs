//! The keys of the role that a host has, from the metadata service of its cloud (Amazon EC2 User
//! Guide, "Retrieve security credentials from instance metadata", version 2 of the service).

use rusty_s3::Credentials;
use serde_json::Value;

use crate::question::{Answer, Outcome, Question};

/// Where each host finds its own.
const SERVICE: &str = "169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// How far the asking has come.
#[derive(Debug, Default)]
pub(super) struct Role {
    token: Option<String>,
    name: Option<String>,
}

impl Role {
    /// What to ask next.
    pub(super) fn ask(&self) -> Question {
        let Some(token) = &self.token else {
            let mut question = Question::get(SERVICE, 80, "/latest/api/token")
                .with_header("X-aws-ec2-metadata-token-ttl-seconds", "60".to_owned());
            if let Question::Http { method, .. } = &mut question {
                *method = "PUT";
            }
            return question;
        };
        let path = format!("{ROLES}{}", self.name.as_deref().unwrap_or_default());
        Question::get(SERVICE, 80, path).with_header("X-aws-ec2-metadata-token", token.clone())
    }

    /// Takes an answer; with the last one the keys are known.
    pub(super) fn hear(&mut self, answer: &Answer) -> Result<Option<Credentials>, Outcome> {
        let body = answer.ok().map_err(|why| {
            let why = format!(
                "the metadata service of this manager's cloud gives no keys ({why}): has the host an \
                 IAM role, and may containers reach the service (a hop limit of 2)? else name keys"
            );
            match answer {
                Answer::Http {
                    status: 401 | 403 | 404,
                    ..
                } => Outcome::Wrong(why),
                _ => Outcome::NotYet(why),
            }
        })?;
        let text = String::from_utf8_lossy(body);
        if self.token.is_none() {
            self.token = Some(text.trim().to_owned());
            return Ok(None);
        }
        if self.name.is_none() {
            let name = text.lines().next().unwrap_or_default().trim();
            if name.is_empty()
                || !name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
            {
                return Err(Outcome::Wrong("this manager has no IAM role".to_owned()));
            }
            self.name = Some(name.to_owned());
            return Ok(None);
        }
        let keys: Value = serde_json::from_slice(body).unwrap_or_default();
        let key = |name: &str| keys[name].as_str().unwrap_or_default().to_owned();
        let (id, secret) = (key("AccessKeyId"), key("SecretAccessKey"));
        if id.is_empty() || secret.is_empty() {
            return Err(Outcome::NotYet(
                "the IAM role of this manager has no keys".to_owned(),
            ));
        }
        Ok(Some(Credentials::new_with_token(id, secret, key("Token"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Answer {
        Answer::Http {
            status: 200,
            body: text.as_bytes().to_vec(),
        }
    }

    fn path(question: &Question) -> (&'static str, &str) {
        match question {
            Question::Http { method, path, .. } => (method, path),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_asked_for_as_the_service_wants_it() {
        let mut role = Role::default();
        assert_eq!(path(&role.ask()), ("PUT", "/latest/api/token"));
        assert_eq!(role.hear(&says("t0k3n\n")), Ok(None));
        assert_eq!(path(&role.ask()), ("GET", ROLES));
        assert_eq!(role.hear(&says("milvus-hosts\n")), Ok(None));
        let last = role.ask();
        assert_eq!(path(&last).1, format!("{ROLES}milvus-hosts"));
        let Question::Http { headers, .. } = last else {
            panic!("{last:?}");
        };
        assert_eq!(headers[0].1, "t0k3n");
        let keys = r#"{"AccessKeyId":"a","SecretAccessKey":"s","Token":"t"}"#;
        let credentials = role.hear(&says(keys)).ok().flatten();
        assert_eq!(
            credentials.map(|one| one.key().to_owned()),
            Some("a".to_owned())
        );
    }

    #[test]
    fn a_host_without_a_role_is_told_of() {
        let mut role = Role::default();
        let absent = Answer::Failed("no route to host".to_owned());
        let said = role.hear(&absent);
        assert!(
            matches!(&said, Err(Outcome::NotYet(why)) if why.contains("no route to host")),
            "{said:?}"
        );
        assert_eq!(role.hear(&says("t")), Ok(None));
        assert!(role.hear(&says("")).is_err());
    }
}
