//! `keys new` and `keys show`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use template::SigningKey;

use crate::arguments::KeysVerb;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;

/// No key is longer, in bytes: a PKCS#8 document of an Ed25519 key has some 80.
const KEY_BYTES_MAX: u64 = 4096;

/// Does what `verb` says.
pub(super) fn perform(verb: &KeysVerb) -> Result<Exit, Failure> {
    let key = match verb {
        KeysVerb::New { file } => new(file)?,
        KeysVerb::Show { file } => read(file)?,
    };
    on_stdout(|out| writeln!(out, "{}", key.public())).ends(Exit::Internal)?;
    Ok(Exit::Complete)
}

/// Makes a key in a file that was not there and that only its owner may read.
fn new(file: &Path) -> Result<SigningKey, Failure> {
    let document = SigningKey::generate().ends(Exit::Internal)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let words = |error: std::io::Error| {
        let why = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "it is there already, and a key is never overwritten".to_owned(),
            kind => kind.to_string(),
        };
        Failure::told(Exit::Usage, format!("cannot make the key {}: {why}; name another file", file.display()))
    };
    let mut written = options.open(file).map_err(words)?;
    written.write_all(&document).and_then(|()| written.sync_all()).map_err(words)?;
    SigningKey::from_pkcs8(&document).ends(Exit::Internal)
}

/// The key in a file that only its owner may read.
pub(super) fn read(file: &Path) -> Result<SigningKey, Failure> {
    let told = |why: &str| Failure::told(Exit::Usage, format!("the signing key {}: {why}", file.display()));
    let metadata = fs::metadata(file).map_err(|error| {
        told(&format!("cannot be read ({}); make one with `tallyward keys new FILE`", error.kind()))
    })?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(told("others may read it; run `chmod 600` on it, and think of having it replaced"));
    }
    if metadata.len() > KEY_BYTES_MAX {
        return Err(told("too long to be one"));
    }
    let document = fs::read(file).map_err(|error| told(&format!("cannot be read ({})", error.kind())))?;
    SigningKey::from_pkcs8(&document).map_err(|error| told(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_owners_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ada.key");
        let made = new(&file).unwrap().public();
        assert_eq!(read(&file).unwrap().public(), made);
        assert_eq!(new(&file).unwrap_err().report(), Exit::Usage);
        assert_eq!(read(&file).unwrap().public(), made);
        assert!(read(&folder.path().join("none")).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(read(&file).is_err());
        }
    }
}
