//! Sizes, durations and CPU counts with the units and the rounding of the Go libraries that
//! docker/cli uses. Rust crates for these read some of them differently (`1GB`, `1d`).

/// Nanoseconds of a duration, by Go's `time.ParseDuration`: `1m30s`, `1.5h`, `0`; no days.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let unit = unit_of_time(&after[..end])?;
        rest = &after[end..];
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let part = whole
            .checked_mul(unit)?
            .checked_add(part_of(fraction, unit))?;
        total = total.checked_add(part)?;
    }
    Some(if negative { -total } else { total })
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn unit_of_time(name: &str) -> Option<i64> {
    Some(match name {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `fraction` of a unit, through a float as Go does it, cut off and not rounded.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "go computes `float64(f) * (float64(unit) / scale)`"
)]
fn part_of(fraction: &str, unit: i64) -> i64 {
    let mut value: i64 = 0;
    let mut scale = 1.0;
    for digit in fraction.bytes() {
        let next = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(digit - b'0')));
        let Some(next) = next else { break };
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as i64
}

/// Bytes of a size, by go-units' `RAMInBytes`: every suffix is a power of 1024.
#[expect(clippy::cast_possible_truncation, reason = "go-units cuts off as well")]
pub(super) fn bytes(text: &str) -> Option<i64> {
    let last = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let suffix = text[last + 1..].to_lowercase();
    let number = if text.as_bytes()[last] == b' ' {
        &text[..last]
    } else {
        &text[..=last]
    };
    if !number.starts_with(|c: char| c.is_ascii_digit() || "+.".contains(c)) {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let power = match suffix.as_str() {
        "" | "b" => 0,
        _ => {
            let (unit, rest) = suffix.split_at_checked(1)?;
            if !matches!(rest, "" | "b" | "ib") {
                return None;
            }
            1 + "kmgtp".find(unit)?
        }
    };
    let exponent = i32::try_from(power).ok()?;
    let size = number * 1024f64.powi(exponent);
    (size.is_finite() && size < 9e18).then_some(size as i64)
}

/// Billionths of a CPU, exactly: `0.5`, `.001`, `1/4`, `2e-1`. `None` when it is not a number
/// or has more than nine decimals.
pub(super) fn nano_cpus(text: &str) -> Option<i64> {
    const NANO: i128 = 1_000_000_000;
    let text = text.strip_prefix('+').unwrap_or(text);
    let (numerator, denominator) = match text.split_once('/') {
        Some((numerator, denominator)) => {
            if ![numerator, denominator].iter().all(|part| is_digits(part)) {
                return None;
            }
            (numerator.parse().ok()?, denominator.parse().ok()?)
        }
        None => decimal(text)?,
    };
    let scaled = NANO.checked_mul(numerator)?;
    if denominator == 0 || scaled % denominator != 0 {
        return None;
    }
    i64::try_from(scaled / denominator).ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A decimal number as a fraction.
fn decimal(text: &str) -> Option<(i128, i128)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if !is_digits(&all) {
        return None;
    }
    let value: i128 = all.parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let power = 10i128.checked_pow(places.unsigned_abs())?;
    if places >= 0 {
        Some((value, power))
    } else {
        Some((value.checked_mul(power)?, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_go_durations() {
        let case =
            |text: &str, expected: Option<i64>| assert_eq!(duration(text), expected, "{text}");
        case("1m30s", Some(90_000_000_000));
        case("1.5h2ms", Some(5_400_002_000_000));
        case("0s", Some(0));
        case("0", Some(0));
        case(".5s", Some(500_000_000));
        case("1.s", Some(1_000_000_000));
        case("10µs", Some(10_000));
        case("-1s", Some(-1_000_000_000));
        for text in ["", "1", "1d", "s", ".s", "1m 30s", "1s1", "9999999h", "+"] {
            case(text, None);
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        let case = |text: &str, expected: Option<i64>| assert_eq!(bytes(text), expected, "{text}");
        case("1GB", Some(1 << 30));
        case("512M", Some(512 << 20));
        case("512 MiB", Some(512 << 20));
        case("1.5g", Some(3 << 29));
        case("64", Some(64));
        case("64b", Some(64));
        case("1e3", Some(1000));
        for text in [
            "", "x", "1bb", "1kbb", "1gx", "-1", "1 k b", "inf 1", "nan ",
        ] {
            case(text, None);
        }
    }

    #[test]
    fn cpus_are_exact() {
        let case =
            |text: &str, expected: Option<i64>| assert_eq!(nano_cpus(text), expected, "{text}");
        case("0.5", Some(500_000_000));
        case(".001", Some(1_000_000));
        case("1/4", Some(250_000_000));
        case("2", Some(2_000_000_000));
        case("2e-1", Some(200_000_000));
        case("0.0000000001", None);
        for text in ["", "x", "1/0", "1/3", "-1", "1.2.3", "."] {
            case(text, None);
        }
    }
}
