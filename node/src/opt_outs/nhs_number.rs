//! NHS numbers, with their check digit.

use std::fmt;

/// A ten-digit NHS number whose check digit holds. It is compared, and never shown.
///
/// The check digit is the NHS Data Dictionary's: the first nine digits are weighted 10 down to 2 and summed; eleven minus
/// the remainder by eleven is the tenth digit, eleven counting as nought; ten is no number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NhsNumber(u64);

impl NhsNumber {
    /// Reads a number; spaces and hyphens between the digits are let pass.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut digits = [0u64; 10];
        let mut found = 0;
        for c in text.trim().chars().filter(|c| !matches!(c, ' ' | '-')) {
            *digits.get_mut(found)? = u64::from(c.to_digit(10)?);
            found += 1;
        }
        let sum: u64 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        let check = (11 - sum % 11) % 11;
        let holds = found == digits.len() && check != 10 && digits.last() == Some(&check);
        holds.then(|| Self(digits.iter().fold(0, |number, digit| number * 10 + digit)))
    }
}

/// Says nothing of the number.
impl fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NhsNumber").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_ten_digits_with_their_check_digit() {
        let check = |text: &str, valid: bool| assert_eq!(NhsNumber::parse(text).is_some(), valid, "{text}");
        // Valid and invalid ones of the NHS's own test ranges.
        check("9434765919", true);
        check("4505577104", true);
        check("9876543210", true);
        check("943 476 5919", true);
        check("943-476-5919", true);
        check(" 9434765919 ", true);
        check("9434765918", false);
        check("1234567890", false);
        check("943476591", false);
        check("94347659190", false);
        check("943476591X", false);
        check("９434765919", false);
        check("943.476.5919", false);
        check("", false);
        // The remainder one: no tenth digit fits.
        for last in 0..10 {
            check(&format!("000000006{last}"), false);
        }
    }

    #[test]
    fn the_shared_vectors_hold() {
        let beside = || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        let shared = std::env::var_os("TALLYWARD_SHARED").map_or_else(beside, std::path::PathBuf::from);
        let Ok(text) = std::fs::read_to_string(shared.join("vectors/pseudonymisation.json")) else {
            eprintln!("skipped: no pseudonymisation.json; set TALLYWARD_SHARED to the folder that holds `vectors`");
            return;
        };
        let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vectors = vectors["nhs_check_digit"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let number = vector["n"].as_str().unwrap();
            assert_eq!(NhsNumber::parse(number).is_some(), vector["valid"].as_bool().unwrap(), "{number}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_or_two_swapped_ones_are_always_found_out(
            nine in 0u64..1_000_000_000, place in 0usize..10, other in 0u8..10, swap in 0usize..9,
        ) {
            let tenth = (0..10).map(|d| format!("{nine:09}{d}")).find(|text| NhsNumber::parse(text).is_some());
            let Some(number) = tenth else { return Ok(()) };
            let mut wrong = number.clone().into_bytes();
            wrong[place] = b'0' + other;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(NhsNumber::parse(&wrong).is_some(), wrong == number);
            let mut swapped = number.clone().into_bytes();
            swapped.swap(swap, swap + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            prop_assert_eq!(NhsNumber::parse(&swapped).is_some(), swapped == number);
        }
    }
}
