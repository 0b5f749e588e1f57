//! Ranges in names and addresses: `node[01-05,09]` stands for six hosts.

/// The most names that one pattern may stand for.
pub const MAX_NAMES: usize = 20_000;

/// The names that a pattern stands for, in order; a text without brackets stands for itself.
///
/// Several brackets multiply, the last one turning fastest. A bracket with a colon in it is an
/// IPv6 address and stays as it is.
///
/// # Errors
/// What is wrong with the pattern.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some(open) = rest.find('[') {
        let (literal, inside) = rest.split_at(open);
        let Some(close) = inside.find(']') else {
            return Err("a `[` is never closed".into());
        };
        check_literal(literal)?;
        let body = &inside[1..close];
        rest = &inside[close + 1..];
        let parts = if body.contains(':') {
            vec![format!("[{body}]")]
        } else {
            bracket(body)?
        };
        if names.len() * parts.len() > MAX_NAMES {
            return Err(too_many(names.len() * parts.len()));
        }
        names = names
            .iter()
            .flat_map(|name| {
                parts
                    .iter()
                    .map(move |part| format!("{name}{literal}{part}"))
            })
            .collect();
    }
    check_literal(rest)?;
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// Whether a text stands for more than itself.
#[must_use]
pub fn is_range(text: &str) -> bool {
    expand(text).is_ok_and(|names| names != [text])
}

fn check_literal(text: &str) -> Result<(), String> {
    if text.contains(']') {
        return Err("a `]` was never opened".into());
    }
    Ok(())
}

fn too_many(count: usize) -> String {
    format!("it stands for {count} names, {MAX_NAMES} is the most")
}

/// The words between two brackets.
fn bracket(body: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for part in body.split(',') {
        let part = part.trim();
        match part.split_once('-') {
            _ if part.is_empty() => return Err("a part of the range is empty".into()),
            None if part.chars().all(|c| c.is_ascii_alphanumeric()) => words.push(part.to_owned()),
            None => return Err(format!("`{part}` is no number or word")),
            Some((from, to)) => words.extend(range(part, from.trim(), to.trim())?),
        }
        if words.len() > MAX_NAMES {
            return Err(too_many(words.len()));
        }
    }
    Ok(words)
}

/// `01-05` or `a-c`, both ends included; leading zeros are kept.
fn range(part: &str, from: &str, to: &str) -> Result<Vec<String>, String> {
    if let ([first], [last]) = (from.as_bytes(), to.as_bytes())
        && first.is_ascii_lowercase()
        && last.is_ascii_lowercase()
    {
        if first > last {
            return Err(backwards(part));
        }
        return Ok((*first..=*last)
            .map(|c| char::from(c).to_string())
            .collect());
    }
    let number = |text: &str| match text.parse::<usize>() {
        Ok(number) if text.len() <= 9 && text.chars().all(|c| c.is_ascii_digit()) => Ok(number),
        _ => Err(format!("`{part}` is no range such as 01-05")),
    };
    let (first, last) = (number(from)?, number(to)?);
    if first > last {
        return Err(backwards(part));
    }
    if last - first >= MAX_NAMES {
        return Err(too_many(last - first + 1));
    }
    let padded = (from.starts_with('0') && from.len() > 1) || (to.starts_with('0') && to.len() > 1);
    if padded && from.len() != to.len() {
        return Err(format!("`{part}` has ends of different lengths"));
    }
    let width = if padded { from.len() } else { 0 };
    Ok((first..=last)
        .map(|number| format!("{number:0width$}"))
        .collect())
}

fn backwards(part: &str) -> String {
    format!("`{part}` runs backwards")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_expand() {
        for (pattern, expected) in [
            ("node01", "node01"),
            ("node[01-03]", "node01 node02 node03"),
            ("node[8-11]", "node8 node9 node10 node11"),
            ("node[08-10,20].x", "node08.x node09.x node10.x node20.x"),
            ("r[1-2]n[a-b]", "r1na r1nb r2na r2nb"),
            (
                "tcp://10.0.0.[1-2]:2375",
                "tcp://10.0.0.1:2375 tcp://10.0.0.2:2375",
            ),
            ("tcp://[::1]:2375", "tcp://[::1]:2375"),
        ] {
            assert_eq!(expand(pattern).unwrap().join(" "), expected);
        }
    }

    #[test]
    fn bad_ranges_say_why() {
        for (pattern, why) in [
            ("n[1-", "a `[` is never closed"),
            ("n1]", "a `]` was never opened"),
            ("n[[1-2]]", "`[1-2` is no range such as 01-05"),
            ("n[]", "a part of the range is empty"),
            ("n[1,,2]", "a part of the range is empty"),
            ("n[5-1]", "`5-1` runs backwards"),
            ("n[c-a]", "`c-a` runs backwards"),
            ("n[01-100]", "`01-100` has ends of different lengths"),
            ("n[1-2-3]", "`1-2-3` is no range such as 01-05"),
            (
                "n[1-999999999]",
                "it stands for 999999999 names, 20000 is the most",
            ),
            (
                "n[1-9999][1-9999]",
                "it stands for 99980001 names, 20000 is the most",
            ),
        ] {
            assert_eq!(expand(pattern).unwrap_err(), why, "{pattern}");
        }
    }
}
