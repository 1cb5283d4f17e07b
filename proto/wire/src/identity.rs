//! Who is at the other end: names that stand in certificates.

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

/// A guardian's name as in the trust root, 1 to 60 of a-z, 0-9, `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuardianName(String);

/// The text is not a name of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not an analyst's name.
    #[error("an analyst's name is 1 to 60 of a-z, 0-9, `.` and `-`")]
    Analyst,
    /// Not a guardian's name.
    #[error("a guardian's name is 1 to 60 of a-z, 0-9, `.` and `-`")]
    Guardian,
    /// Not a provider's code.
    #[error("a provider's code is 2 to 12 of A-Z and 0-9")]
    Provider,
}

/// Who calls, as the certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person who asks.
    Analyst(AnalystName),
    /// A person of the trust root.
    Guardian(GuardianName),
    /// A provider's node.
    Provider(ProviderCode),
}

const PROVIDER: &str = "urn:tallyward:provider:";
const ANALYST: &str = "urn:tallyward:analyst:";
const GUARDIAN: &str = "urn:tallyward:guardian:";

impl Caller {
    /// The caller that a URI of a certificate's subject alternative names names, if it is one.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        if let Some(code) = uri.strip_prefix(PROVIDER) {
            return code.parse().ok().map(Self::Provider);
        }
        if let Some(name) = uri.strip_prefix(GUARDIAN) {
            return name.parse().ok().map(Self::Guardian);
        }
        uri.strip_prefix(ANALYST)?.parse().ok().map(Self::Analyst)
    }

    /// The URI that stands in the certificate.
    #[must_use]
    pub fn uri(&self) -> String {
        match self {
            Self::Analyst(name) => format!("{ANALYST}{name}"),
            Self::Guardian(name) => format!("{GUARDIAN}{name}"),
            Self::Provider(code) => format!("{PROVIDER}{code}"),
        }
    }
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

name!(ProviderCode, NameError::Provider, (2..=12), |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit());
name!(AnalystName, NameError::Analyst, (1..=60), of_a_person);
name!(GuardianName, NameError::Guardian, (1..=60), of_a_person);

const fn of_a_person(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_uris_name_a_caller() {
        for uri in
            ["urn:tallyward:provider:Y00001", "urn:tallyward:analyst:ada.l-1", "urn:tallyward:guardian:bryn.okafor"]
        {
            assert_eq!(Caller::from_uri(uri).unwrap().uri(), uri);
        }
        for uri in [
            "",
            "urn:tallyward:provider:",
            "urn:tallyward:provider:y1",
            "urn:tallyward:analyst:a b",
            "urn:tallyward:guardian:Bryn",
            "urn:tallyward:guardian:",
            "urn:other:provider:Y00001",
        ] {
            assert_eq!(Caller::from_uri(uri), None, "{uri}");
        }
    }
}
