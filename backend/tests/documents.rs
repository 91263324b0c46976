//! Checks that the documents agree with the code: the tests and error codes they name exist, and a test runs each
//! sample.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use latchkey_shared::ErrorCode;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the content of every text file below `folder` whose name ends with `ending`, concatenated.
fn all(folder: &str, ending: &str) -> String {
    let mut found = String::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// Returns the names of all test functions.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for code in ["backend/src", "backend/tests", "shared/src"].map(|folder| all(folder, ".rs")) {
        let mut is_test = false;
        for line in code.lines().map(str::trim) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let named = line.trim_start_matches("async ").strip_prefix("fn ");
            if let Some((name, _)) = named.and_then(|rest| rest.split_once('(')) {
                if is_test {
                    names.insert(name.to_owned());
                }
                is_test = false;
            }
        }
    }
    names
}

/// Returns the words in backticks that look like the name of a test, and the titles in quotes after `e2e`.
fn named(document: &str) -> (Vec<&str>, Vec<&str>) {
    let ticked = document.split('`').skip(1).step_by(2);
    let is_name = |text: &&str| {
        text.matches('_').count() > 2 && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    };
    let quoted = document.split("e2e \"").skip(1).filter_map(|rest| rest.split('"').next());
    (ticked.filter(is_name).collect(), quoted.collect())
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (tests, browser) = (tests(), all("e2e/tests", ".spec.ts"));
    let (functions, titles) = named(&page);
    assert!(functions.len() > 50 && titles.len() > 2, "{} and {}", functions.len(), titles.len());
    let missing: Vec<_> = functions.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert!(missing.is_empty(), "no such test: {missing:#?}");
    for title in titles {
        let titled = ['\'', '"', '`'].map(|quote| format!("test({quote}{title}{quote}"));
        assert!(titled.iter().any(|test| browser.contains(test)), "no such test: {title}");
    }
}

#[test]
fn names_are_told_from_other_words() {
    let page = "`a_b_c_d` and `x_y` and `docs/a_b_c_d.md`, e2e \"what is seen\"";
    assert_eq!(named(page), (vec!["a_b_c_d"], vec!["what is seen"]));
    let tests = tests();
    assert!(tests.contains("names_are_told_from_other_words") && !tests.contains("named"));
}

/// Documents whose samples readers copy and run.
const GUIDES: [&str; 9] = [
    "deploy/README.md",
    "docs/checking-tokens.md",
    "docs/configuration.md",
    "docs/errors.md",
    "docs/integrating.md",
    "docs/operating.md",
    "docs/security.md",
    "docs/several-servers.md",
    "docs/upgrading.md",
];

/// Returns the names of a document's fenced blocks: the text after the language on their first line.
fn samples(document: &str) -> Vec<&str> {
    let fences = document.lines().filter_map(|line| line.strip_prefix("```"));
    fences.step_by(2).map(|opening| opening.split_once(' ').map_or("", |(_, name)| name)).collect()
}

#[test]
fn every_sample_of_the_guides_has_a_name_and_is_run_by_a_test() {
    let tests = all("e2e/tests", ".spec.ts");
    let mut count = 0;
    for guide in GUIDES {
        let text = std::fs::read_to_string(root().join(guide)).unwrap();
        for name in samples(&text) {
            let run = format!("sample('{guide}', '{name}')");
            assert!(
                !name.is_empty() && tests.contains(&run),
                "{guide}: no test runs the sample {name:?}: {run}"
            );
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn samples_are_found_by_their_first_line() {
    let document = "text\n```sh run.sh\necho\n```\n\n```js\n1\n```\n";
    assert_eq!(samples(document), ["run.sh", ""]);
}

/// Returns codes and statuses from the rows of a table that begin with both.
fn codes(document: &str) -> Vec<(&str, &str)> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let both = rows.filter_map(|(code, rest)| Some((code, rest.split_once(" | ")?.0)));
    both.filter(|(_, status)| status.parse::<u16>().is_ok()).collect()
}

#[test]
fn the_table_of_errors_holds_every_code_with_its_status_and_no_other() {
    let page = std::fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let expected = ErrorCode::ALL.map(|code| {
        let name = serde_json::to_value(code).unwrap();
        (name.as_str().unwrap().to_owned(), code.status().to_string())
    });
    let told: Vec<_> =
        codes(&page).into_iter().map(|(code, status)| (code.to_owned(), status.to_owned())).collect();
    assert_eq!(told, expected);
}

/// Returns a heading's anchor as GitHub generates it.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase().replace(' ', "-");
    letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Returns the targets of a document's links to other files and headings of the repository.
fn links(document: &str) -> impl Iterator<Item = &str> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.contains(' '))
}

#[test]
fn every_link_between_documents_leads_to_a_heading_that_is_there() {
    let others = [
        "README.md",
        "docs/ARCHITECTURE.md",
        "docs/adr/README.md",
        "docs/benchmarks.md",
        "docs/page-size.md",
    ];
    let mut count = 0;
    for document in GUIDES.into_iter().chain(others) {
        let path = root().join(document);
        for link in links(&std::fs::read_to_string(&path).unwrap()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{document}: there is no {link}");
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(is_there, "{document}: there is no heading for {link}");
            }
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_index_of_decisions_lists_each_of_them_by_its_title() {
    let folder = root().join("docs/adr");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut listed: Vec<_> = index.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let mut expected = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file == "README.md" {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let (number, title) = text.lines().next().unwrap().trim_start_matches("# ").split_once(". ").unwrap();
        expected.push(format!("{number}. [{title}]({file})"));
    }
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

/// Returns `true` for a version of at least two numbers, such as `postgres:17.5-alpine3.21`, or a digest.
fn is_pinned(image: &str) -> bool {
    let version = image.rsplit_once(':').map_or("", |(_, version)| version);
    let digits = version.split('-').next().unwrap_or_default();
    let is_exact = digits.split('.').count() > 1 && digits.split('.').all(|part| part.parse::<u32>().is_ok());
    image.contains("@sha256:") || is_exact
}

#[test]
fn images_are_pinned_to_exact_versions() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (compose, dockerfile) = (read("deploy/compose.yaml"), read("deploy/Dockerfile"));
    let pulled = compose.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    // Images that are built here have no upstream version.
    let pulled = pulled.filter(|image| !image.starts_with("latchkey-"));
    let bases = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split(' ').next());
    let images: Vec<_> = pulled.chain(bases).collect();
    assert_eq!(images.len(), 3, "{images:?}");
    for image in images {
        assert!(is_pinned(image), "{image}");
    }
    for loose in ["postgres", "postgres:17", "postgres:17-alpine", "caddy:latest", "caddy:2.x"] {
        assert!(!is_pinned(loose), "{loose}");
    }
}

/// Returns the rows of the table of settings: key, variable and default.
fn settings(page: &str) -> Vec<[&str; 3]> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | `LATCHKEY_"));
    let columns = rows.filter_map(|(key, rest)| {
        let (variable, rest) = rest.split_once("` | ")?;
        Some([key, variable, rest.split_once(" | ")?.0])
    });
    columns.collect()
}

/// Returns the keys of all settings, from the structs that they are read into.
fn keys_in(code: &str) -> BTreeSet<String> {
    let fields = |name: &str| -> Vec<(String, String)> {
        let body = code.split(&format!("pub struct {name} {{")).nth(1).unwrap().split('}').next().unwrap();
        let fields = body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "));
        fields.map(|(field, kind)| (field.to_owned(), kind.trim_end_matches(',').to_owned())).collect()
    };
    let mut keys = BTreeSet::new();
    for (field, kind) in fields("RawConfig") {
        if code.contains(&format!("pub struct {kind} {{")) {
            keys.extend(fields(&kind).into_iter().map(|(inner, _)| format!("{field}.{inner}")));
        } else {
            keys.insert(field);
        }
    }
    keys
}

#[test]
fn the_table_of_settings_holds_every_setting_with_its_variable_and_its_default() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (page, code) = (read("docs/configuration.md"), read("backend/src/config/raw_config.rs"));
    let rows = settings(&page);
    assert_eq!(BTreeSet::from_iter(rows.iter().map(|[key, ..]| (*key).to_owned())), keys_in(&code));
    assert_eq!(rows.len(), keys_in(&code).len(), "one row each");
    let config = |settings: Vec<(String, String)>| {
        format!("{:?}", latchkey::config::from_pairs(None, settings).unwrap())
    };
    let without = config(Vec::new());
    let mut compared = 0;
    for [key, variable, default] in rows {
        assert_eq!(variable, key.to_uppercase().replace('.', "__"), "{key}");
        // The others are described in words.
        if let Some(value) = default.strip_prefix('`').and_then(|default| default.strip_suffix('`')) {
            let with = config(vec![(format!("LATCHKEY_{variable}"), value.to_owned())]);
            assert_eq!(with, without, "{key} is not {value} without the setting");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn settings_are_found_in_the_table_and_in_the_code() {
    let page = "| setting | variable | default | meaning |\n| `a.b` | `LATCHKEY_A__B` | `1` | text |\n";
    assert_eq!(settings(page), [["a.b", "A__B", "`1`"]]);
    let code =
        "pub struct RawConfig {\n    pub a: A,\n    pub c: Other,\n}\npub struct A {\n    pub b: u32,\n}\n";
    assert_eq!(keys_in(code), BTreeSet::from(["a.b", "c"].map(str::to_owned)));
}
