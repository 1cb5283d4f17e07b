//! Numbers and bounds as people read them.

/// `number` with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    grouped_decimal(&number.to_string())
}

/// A decimal with a comma between the thousands of its whole part; text that is no decimal stays as it is.
pub(crate) fn grouped_decimal(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Bounds in words; one number where both are the same.
pub(crate) fn bounds(low: Option<String>, high: Option<String>) -> String {
    match (low, high) {
        (Some(low), Some(high)) if low == high => low,
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        let cases = [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("18446744073709551615", "18,446,744,073,709,551,615"),
            ("-1234.5", "-1,234.5"),
            ("0.25", "0.25"),
            ("not a number", "not a number"),
        ];
        for (text, expected) in cases {
            assert_eq!(grouped_decimal(text), expected);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn bounds_read_as_words() {
        let check = |low: Option<u64>, high: Option<u64>, expected: &str| {
            assert_eq!(bounds(low.map(grouped), high.map(grouped)), expected);
        };
        check(Some(1200), Some(1240), "1,200 to 1,240");
        check(Some(0), Some(0), "0");
        check(Some(1234), None, "1,234 or more");
        check(None, Some(7), "7 or less");
        check(None, None, "not known");
    }
}
