//! HTTP questions in curl's own language, which keeps them out of its arguments.

use std::time::Duration;

use super::CONNECTING;
use crate::question::Trust;

/// The lines of a curl configuration.
///
/// # Errors
/// Words that could mean something else to curl.
pub(super) fn configuration(
    method: &str,
    url: &Url<'_>,
    headers: &[(String, String)],
    has_body: bool,
    limit: Duration,
) -> Result<String, String> {
    let mut lines = String::new();
    let mut line = |key: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        lines.extend([key, " = \"", &value, "\"\n"]);
    };
    line("url", &url.text()?);
    if let Some(ca) = url.tls.and_then(|trust| trust.ca.as_deref()) {
        if ca.contains(char::is_control) {
            return Err(format!("`{ca}` is not a file"));
        }
        line("cacert", ca);
    }
    let seconds = |time: Duration| format!("{:.3}", time.as_secs_f64());
    line("connect-timeout", &seconds(limit.min(CONNECTING)));
    line("max-time", &seconds(limit));
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("`{method}` is not an HTTP method"));
    }
    let mut typed = false;
    for (name, value) in headers {
        let token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(token) || value.contains(char::is_control) {
            return Err(format!("`{name}` is not a header"));
        }
        typed |= name.eq_ignore_ascii_case("content-type");
        // An empty value means "do not send" to curl, unless a semicolon stands for the colon.
        if value.is_empty() {
            line("header", &format!("{name};"));
        } else {
            line("header", &format!("{name}: {value}"));
        }
    }
    if has_body || matches!(method, "POST" | "PUT" | "PATCH") {
        line("data-binary", "@-");
        line("header", "Expect:");
        if !typed {
            line("header", "Content-Type:");
        }
    }
    if method == "HEAD" {
        lines.push_str("head\n");
    } else {
        line("request", method);
    }
    Ok(lines)
}

/// Where a question goes.
pub(super) struct Url<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) tls: Option<&'a Trust>,
    pub(super) path: &'a str,
}

impl Url<'_> {
    fn text(&self) -> Result<String, String> {
        let Self {
            host,
            port,
            tls,
            path,
        } = self;
        host_is_plain(host)?;
        if !path.starts_with('/') || path.contains(|c: char| c.is_control() || c == ' ') {
            return Err(format!("`{path}` is not a path of a URL"));
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        Ok(if host.contains(':') {
            format!("{scheme}://[{host}]:{port}{path}")
        } else {
            format!("{scheme}://{host}:{port}{path}")
        })
    }
}

/// An address or a DNS name and nothing else.
///
/// # Errors
/// Any other character.
pub(super) fn host_is_plain(host: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
        return Err(format!("`{host}` is not a host name"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn lines(method: &str, path: &str, headers: &[(&str, &str)]) -> Result<String, String> {
        let url = Url {
            host: "10.0.0.1",
            port: 80,
            tls: None,
            path,
        };
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        configuration(method, &url, &headers, false, Duration::from_millis(1500))
    }

    #[test]
    fn a_question_is_spelled_out() {
        let text = lines("POST", "/a?b=\"c\"", &[("Authorization", "Basic a\\b\"")]).unwrap();
        let expected = "url = \"http://10.0.0.1:80/a?b=\\\"c\\\"\"\n\
                        connect-timeout = \"1.500\"\n\
                        max-time = \"1.500\"\n\
                        header = \"Authorization: Basic a\\\\b\\\"\"\n\
                        data-binary = \"@-\"\n\
                        header = \"Expect:\"\n\
                        header = \"Content-Type:\"\n\
                        request = \"POST\"\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_server_with_tls_is_trusted_by_its_own_authority() {
        let trust = Trust {
            ca: Some("/run/secrets/ca".into()),
        };
        let url = Url {
            host: "store",
            port: 443,
            tls: Some(&trust),
            path: "/",
        };
        let text = configuration("GET", &url, &[], false, Duration::from_secs(1)).unwrap();
        assert!(text.starts_with("url = \"https://store:443/\"\ncacert = \"/run/secrets/ca\"\n"));
    }

    #[test]
    fn a_host_that_is_gone_is_not_waited_for_as_long_as_an_answer() {
        let url = Url {
            host: "10.0.0.1",
            port: 80,
            tls: None,
            path: "/",
        };
        let text = configuration("GET", &url, &[], false, Duration::from_secs(60)).unwrap();
        assert!(text.contains("connect-timeout = \"2.000\"\nmax-time = \"60.000\"\n"));
    }

    #[test]
    fn nothing_slips_into_another_line() {
        assert!(lines("GET", "/a\nurl = \"file:///etc/shadow\"", &[]).is_err());
        assert!(lines("GET", "/", &[("@/etc/shadow", "")]).is_err());
        assert!(lines("GET", "/", &[("X", "a\nb")]).is_err());
        assert!(lines("GET\n", "/", &[]).is_err());
        assert!(host_is_plain("a b").is_err());
        assert!(host_is_plain("$(reboot)").is_err());
        assert!(host_is_plain("user@host").is_err());
        assert!(host_is_plain("fe80::1").is_ok());
    }
}
