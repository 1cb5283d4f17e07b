//! Who is at the other end: names that stand in certificates.

pub use template::PersonName as GuardianName;
pub(crate) use template::{AnalystName, ProviderCode};

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
