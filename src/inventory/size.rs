//! Memory sizes and CPU counts, read the way Docker reads them.

pub use crate::words::{show_bytes, show_cpus};

/// Bytes of a size such as `60GiB`, `512MiB`, `4G` or `1073741824`: every unit is a power of 1024,
/// as in Docker's `RAMInBytes`.
///
/// # Errors
/// What is wrong with the text.
pub fn bytes(text: &str) -> Result<i64, String> {
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(format!("`{}` is none of KiB, MiB, GiB, TiB", unit.trim())),
    };
    let bytes = scaled(number, 1 << shift)?;
    match bytes {
        0 => Err("it is zero".into()),
        1..4_194_304 => Err(format!(
            "{bytes} bytes is less than 4MiB; is the unit missing?"
        )),
        _ => Ok(bytes),
    }
}

/// Billionths of a CPU in a text such as `8` or `0.5`.
///
/// # Errors
/// What is wrong with the text.
pub fn cpus(text: &str) -> Result<i64, String> {
    match scaled(text, 1_000_000_000)? {
        0 => Err("it is zero".into()),
        nanos if nanos < 10_000_000 => Err("it is less than a hundredth of a CPU".into()),
        nanos if nanos > 4_096_000_000_000 => Err("it is more than 4096 CPUs".into()),
        nanos => Ok(nanos),
    }
}

/// A decimal number times a factor, exactly, rounded down.
fn scaled(number: &str, factor: i128) -> Result<i64, String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
        return Err("it does not begin with a number".into());
    }
    let too_large = || "it is too large".to_owned();
    if whole.len() > 19 || fraction.len() > 9 {
        return Err("it has too many digits".into());
    }
    let whole: i128 = whole.parse().map_err(|_| too_large())?;
    let mut total = whole * factor;
    if !fraction.is_empty() {
        let part: i128 = fraction.parse().map_err(|_| too_large())?;
        let digits = u32::try_from(fraction.len()).map_err(|_| too_large())?;
        total += part * factor / 10_i128.pow(digits);
    }
    i64::try_from(total).map_err(|_| too_large())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary() {
        for (text, expected) in [
            ("60GiB", 60 << 30),
            ("4G", 4 << 30),
            ("512MiB", 512 << 20),
            ("1.5g", 3 << 29),
            ("64 mb", 64 << 20),
            ("1073741824", 1 << 30),
            ("8388608b", 8 << 20),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "GiB",
            "-1G",
            "1X",
            "1e9",
            "12",
            "0G",
            "9999999999T",
            "1..5G",
            "1.G",
            "4 GiB B",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cpus_are_billionths() {
        assert_eq!(cpus("8"), Ok(8_000_000_000));
        assert_eq!(cpus("0.25"), Ok(250_000_000));
        for text in ["", "0", "-1", "0.001", "99999", "1e3", "half"] {
            assert!(cpus(text).is_err(), "{text}");
        }
        assert_eq!(show_cpus(250_000_000), "0.25");
        assert_eq!(show_bytes(60 << 30), "60GiB");
    }
}
