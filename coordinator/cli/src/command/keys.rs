//! `keys new` and `keys show`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use template::SigningKey;

use crate::arguments::KeysVerb;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::key;
use crate::output::on_stdout;

/// Does what `verb` says.
pub(super) fn perform(verb: &KeysVerb) -> Result<Exit, Failure> {
    let key = match verb {
        KeysVerb::New { file } => new(file)?,
        KeysVerb::Show { file } => key::read(file).ends(Exit::Usage)?,
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::key::read;

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
