//! Golden files: promises made outward, compared byte for byte.

/// Compares with the file below `tests/golden`. `XINZHI_GOLDEN=1` writes it instead, so that the change shows in the diff.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "whether to write is the one setting of the tests")]
pub fn compare(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("XINZHI_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}; write it with XINZHI_GOLDEN=1"));
    if golden != found {
        let first = (1..).zip(golden.lines().zip(found.lines())).find(|(_, (golden, found))| golden != found);
        panic!("{name} differs first at {first:?}; if that is meant, run with XINZHI_GOLDEN=1 and look at the diff");
    }
}
