//! The configuration of a region's coordinator, and the settings with which a person's command line reaches it.

use template::Digest;

use super::authority::COORDINATOR_NAME;

/// The configuration of a coordinator whose folder is the region's `coordinator`, as far as every region has it; what
/// follows may be tables alone.
#[must_use]
pub fn coordinator(listen: &str, trust_root: Digest) -> String {
    format!(
        r#"listen = "{listen}"
signing_key = "signing.key"
roster = "roster.toml"
templates = "templates"
lookups = "lookups"
store = "store.sqlite"

[tls]
certificate = "certificate.pem"
key = "key.pem"
authority = "../authority/certificate.pem"

[trust_root]
file = "../trust-root.json"
sha256 = "{trust_root}"

[catalogue]
key = "catalogue.key"
"#
    )
}

/// Settings of somebody whose certificate lies beside them. `root` leads from their folder to the region's.
#[must_use]
pub fn settings(coordinator: &str, root: &str) -> String {
    format!(
        r#"coordinator = "https://{coordinator}"
server_name = "{COORDINATOR_NAME}"
certificate = "certificate.pem"
key = "key.pem"
authority = "{root}authority/certificate.pem"
"#
    )
}

/// The same of somebody who also signs, under this name and for this organisation.
pub(super) fn signing(coordinator: &str, root: &str, name: &str, organisation: &str) -> String {
    let settings = settings(coordinator, root);
    format!(
        r#"{settings}
# of whoever signs
signing_key = "signing.key"
name = "{name}"
organisation = "{organisation}"
lookups = "{root}coordinator/lookups"
list_sizes = "{root}governance/list-sizes.csv"
"#
    )
}
