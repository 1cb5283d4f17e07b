//! The template library, as it stands in this repository.

/// Templates by id, each its exact text.
pub const TEMPLATES: [(&str, &str); 8] = [
    (
        "depression-with-long-term-condition",
        include_str!("../../../templates/depression-with-long-term-condition.toml"),
    ),
    ("emergency-admissions-75-plus", include_str!("../../../templates/emergency-admissions-75-plus.toml")),
    ("frequent-emergency-users", include_str!("../../../templates/frequent-emergency-users.toml")),
    ("long-term-condition-activity", include_str!("../../../templates/long-term-condition-activity.toml")),
    ("long-term-condition-cost", include_str!("../../../templates/long-term-condition-cost.toml")),
    ("long-term-condition-rate", include_str!("../../../templates/long-term-condition-rate.toml")),
    ("respiratory-emergency-admissions", include_str!("../../../templates/respiratory-emergency-admissions.toml")),
    ("stroke-length-of-stay", include_str!("../../../templates/stroke-length-of-stay.toml")),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_library_is_a_template_of_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(files, TEMPLATES.map(|(id, _)| id.to_owned()));
        for (id, text) in TEMPLATES {
            assert_eq!(template::Template::parse(text.as_bytes()).unwrap().id, id);
        }
    }
}
