//! Dependencies of a crate, apart from those of its tests.

use std::collections::BTreeSet;
use std::path::Path;

pub fn dependencies(manifest: &Path) -> BTreeSet<String> {
    in_text(&std::fs::read_to_string(manifest).unwrap())
}

fn in_text(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    let mut depth = 0;
    for line in manifest.lines().map(str::trim) {
        if depth == 0 && line.starts_with('[') {
            inside = line == "[dependencies]" || line.ends_with(".dependencies]");
            continue;
        }
        if inside && depth == 0 && line.contains('=') && !line.starts_with('#') {
            names.insert(line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"').to_owned());
        }
        // A list of features may span several lines.
        depth += line.matches('[').count();
        depth -= line.matches(']').count();
    }
    names
}

#[test]
fn every_dependency_is_found_but_those_of_the_tests() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# z = 1\na = \"1\"\nb.workspace = true\nc = { features = [\n\"d=e\",\n] }\n\
                    [target.'cfg(unix)'.dependencies]\nf = \"1\"\n[dev-dependencies]\ng = \"1\"\n[build-dependencies]\nh = \"1\"\n";
    assert_eq!(in_text(manifest), BTreeSet::from(["a", "b", "c", "f"].map(str::to_owned)));
}
