//! Names that stand in certificates and in signed documents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A provider's organisation code (ODS), 2 to 12 of A-Z and 0-9.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderCode(String);

/// An analyst's name, 1 to 60 of a-z, 0-9, `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AnalystName(String);

/// The name of a person of the trust root or of a provider's guardian, 1 to 60 of a-z, 0-9, `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// The text is not a name of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not an analyst's name.
    #[error("an analyst's name is 1 to 60 of a-z, 0-9, `.` and `-`")]
    Analyst,
    /// Not a person's name.
    #[error("a person's name is 1 to 60 of a-z, 0-9, `.` and `-`, like `ada.lovelace`")]
    Person,
    /// Not a provider's code.
    #[error("a provider's code is 2 to 12 of A-Z and 0-9")]
    Provider,
}

macro_rules! name {
    ($name:ident, $error:expr, $length:expr, $character:expr) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                let fits = $length.contains(&text.len()) && text.bytes().all($character);
                fits.then(|| Self(text)).ok_or($error)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

const fn of_a_person(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
}

name!(ProviderCode, NameError::Provider, (2..=12), |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit());
name!(AnalystName, NameError::Analyst, (1..=60), of_a_person);
name!(PersonName, NameError::Person, (1..=60), of_a_person);

impl PersonName {
    /// Whether `written`, as authors write themselves into a template, is this person: case aside, and with a space, `_`
    /// or `.` between its words alike.
    #[must_use]
    pub fn is_written(&self, written: &str) -> bool {
        let fold = |text: &str| {
            let words = text.split(|c: char| c.is_whitespace() || matches!(c, '.' | '-' | '_' | '\''));
            words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>()
        };
        fold(&self.0) == fold(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_known_however_written() {
        let ada: PersonName = "ada.o-neil".parse().unwrap();
        for written in ["ada.o-neil", "Ada O'Neil", " ADA  o neil ", "ada_o.neil"] {
            assert!(ada.is_written(written), "{written}");
        }
        for written in ["", "ada", "ada.neil.o", "eda.o-neil"] {
            assert!(!ada.is_written(written), "{written}");
        }
    }

    #[test]
    fn names_of_other_characters_are_refused() {
        for text in ["", "Ada", "ada l", "../x", "ada%2fl", "ad\u{202e}a", &"a".repeat(61)] {
            assert_eq!(text.parse::<PersonName>(), Err(NameError::Person), "{text}");
        }
        assert_eq!("a.b-1".parse::<PersonName>().unwrap().as_str(), "a.b-1");
    }
}
