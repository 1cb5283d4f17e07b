//! Looking at, and changing, what lies in a world's folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{DIAGNOSIS_MARK, PERSON_MARK};

/// Replaces the one occurrence of `from` in a text file.
pub fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {}", file.display());
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// The files under `root` that hold a mark of the records and must not: everything but a provider's own tables may hold
/// no person's id, and nothing outside its tables and snapshots a diagnosis.
pub fn find_marks(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "tables") {
                    folders.push(path);
                }
                continue;
            }
            let bytes = match std::fs::read(&path) {
                // What a running process has just removed holds nothing any more.
                Err(gone) if gone.kind() == ErrorKind::NotFound => continue,
                bytes => bytes.unwrap(),
            };
            let frozen = path.components().any(|part| part.as_os_str() == "snapshot");
            let holds = |mark: &str| bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
            if holds(PERSON_MARK) || (!frozen && holds(DIAGNOSIS_MARK)) {
                found.push(path);
            }
        }
    }
    found
}
