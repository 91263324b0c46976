//! Regression test: runs the fuzz targets on the stored corpus, without cargo-fuzz.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fuzz").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_the_fuzzers_have_kept_breaks_no_promise() {
    for (name, target) in fuzz::TARGETS {
        let text = std::fs::read_to_string(folder("inputs").join(format!("{name}.txt"))).unwrap();
        let inputs = fuzz::inputs::unpack(&text).unwrap();
        assert!(!inputs.is_empty(), "{name}");
        for (line, bytes) in inputs.iter().enumerate() {
            let held = std::panic::catch_unwind(|| target(bytes));
            assert!(held.is_ok(), "line {} of fuzz/inputs/{name}.txt breaks a promise of {name}", line + 1);
        }
    }
}

#[test]
fn every_target_has_a_program_and_keeps_what_it_finds() {
    let named: BTreeSet<_> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &Path| -> BTreeSet<String> {
        files(folder).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems(&folder("fuzz_targets")), named);
    assert_eq!(stems(&folder("inputs")), named);
}

#[test]
fn inputs_of_any_bytes_are_kept_as_lines() {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let inputs = vec![Vec::new(), every_byte, b"{\"a\":\"\\n\n\"}".to_vec(), "한".into()];
    let packed = fuzz::inputs::pack(inputs.clone());
    assert_eq!(packed.lines().count(), inputs.len());
    let sorted: BTreeSet<_> = inputs.into_iter().collect();
    assert_eq!(fuzz::inputs::unpack(&packed).unwrap(), Vec::from_iter(sorted));
    for broken in ["\\", "\\q", "\\x1", "\\xzz"] {
        assert_eq!(fuzz::inputs::unpack(&format!("whole\n{broken}\n")), Err(2), "{broken}");
    }
}

/// Random input seldom passes the first checks: without these inputs, a target could check nothing unnoticed.
#[test]
fn the_targets_reach_what_they_make_promises_about() {
    let taken = |bytes: &[u8]| std::panic::catch_unwind(|| fuzz::sign_up(bytes)).is_ok();
    assert!(taken(
        br#"{"email":" ada@example.org ","password":"correct horse battery staple","display_name":"Ada"}"#
    ));
    // The valid tokens themselves, unchanged and correctly signed.
    for shape in 0..4 {
        fuzz::access_token(&[shape]);
        fuzz::refresh_token(&[shape]);
        fuzz::proof(&[shape]);
    }
}
