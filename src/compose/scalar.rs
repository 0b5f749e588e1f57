//! Plain scalars as go-yaml v3 resolves them (`resolve.go`), and numbers as Go prints them.

use super::node::{Text, Value};

/// The value of an unquoted, untagged scalar.
pub(super) fn resolve(plain: &str) -> Value {
    match plain {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Value::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    number(plain).unwrap_or_else(|| text(plain))
}

/// A string that interpolation has not touched.
pub(super) fn text(text: &str) -> Value {
    Value::Text(Text {
        text: text.to_owned(),
        substituted: false,
    })
}

fn number(plain: &str) -> Option<Value> {
    match plain.as_bytes().first()? {
        b'.' => finite(plain).map(Value::Float),
        b'0'..=b'9' | b'+' | b'-' => {
            if is_date(plain) {
                return Some(Value::Date);
            }
            let digits = plain.replace('_', "");
            integer(&digits).or_else(|| {
                is_yaml_float(&digits)
                    .then(|| finite(&digits).map(Value::Float))
                    .flatten()
            })
        }
        _ => None,
    }
}

/// Go's `ParseFloat`, which refuses what does not fit; words such as `inf` never come here.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`: a leading `0` means octal.
fn integer(text: &str) -> Option<Value> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = rest.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if let Some(digits) = lower.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        (8, digits)
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -value } else { value };
    if let Ok(value) = i64::try_from(value) {
        return Some(Value::Int(value));
    }
    let signed = text.starts_with(['+', '-']);
    u64::try_from(value)
        .ok()
        .filter(|_| !signed)
        .map(Value::Uint)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

/// Whether go-yaml makes a timestamp of it: `2024-1-2`, alone or followed by a time of day.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day_length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (day, time) = rest.split_at(day_length);
    let within = |text: &str, most: u8| {
        (1..=2).contains(&text.len())
            && text
                .parse::<u8>()
                .is_ok_and(|value| (1..=most).contains(&value))
    };
    year.len() == 4
        && year.bytes().all(|b| b.is_ascii_digit())
        && within(month, 12)
        && within(day, 31)
        && (time.is_empty() || (time.starts_with(['T', 't', ' ']) && time.contains(':')))
}

/// Go's `fmt.Sprint` of a finite float64 (`strconv`'s `%g`): the shortest digits, with an exponent
/// below 1e-4 and from 1e6 on.
pub(super) fn print_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_resolve_as_in_go_yaml() {
        let case = |plain: &str, expected: Value| assert_eq!(resolve(plain), expected, "{plain}");
        for word in [
            "yes", "no", "on", "off", "y", "nULL", "08x", "1.2.3", "_1", "-", "1e", "0x",
        ] {
            case(word, text(word));
        }
        case("0440", Value::Int(288));
        case("010", Value::Int(8));
        case("0o440", Value::Int(288));
        case("0x10", Value::Int(16));
        case("0b11", Value::Int(3));
        case("-0x10", Value::Int(-16));
        case("1_000", Value::Int(1000));
        case("08", Value::Float(8.0));
        case("1.10", Value::Float(1.1));
        case(".5", Value::Float(0.5));
        case("18446744073709551615", Value::Uint(u64::MAX));
        case("1e999", text("1e999"));
        case("2024-01-01", Value::Date);
        case("2024-01-01 10:00:00", Value::Date);
        case("2024-13-01", text("2024-13-01"));
        case("2024-01-01x", text("2024-01-01x"));
        case("True", Value::Bool(true));
        case("", Value::Null);
    }

    #[test]
    fn floats_print_as_in_go() {
        let case = |value: f64, expected: &str| assert_eq!(print_float(value), expected);
        case(1.1, "1.1");
        case(1000.0, "1000");
        case(123_456.0, "123456");
        case(1_234_567.0, "1.234567e+06");
        case(1e21, "1e+21");
        case(0.00001, "1e-05");
        case(0.5, "0.5");
    }
}
