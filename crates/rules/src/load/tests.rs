use super::*;

fn files(pairs: &[(&str, &str)]) -> Files {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn the_digest_changes_with_every_byte_and_with_every_boundary() {
    let base = files(&[("a.yaml", "x: 1"), ("b.yaml", "y: 2")]);
    assert_eq!(base.digest(), files(&[("b.yaml", "y: 2"), ("a.yaml", "x: 1")]).digest());
    for other in [
        files(&[("a.yaml", "x: 1"), ("b.yaml", "y: 3")]),
        files(&[("a.yaml", "x: 1"), ("c.yaml", "y: 2")]),
        files(&[("a.yaml", "x: 1b.yamly: 2")]),
        files(&[]),
    ] {
        assert_ne!(base.digest(), other.digest());
    }
    // Lengths as eight bytes, big end first: fixed by the first pack that was installed.
    assert_eq!(base.digest().to_string(), "2cb96a2b1089e208ff899c8762ac5a842bc9b4daa60202c335107f407396a66f");
}

#[test]
fn embedded_files_that_are_no_rules_are_left_out() {
    let files = files(&[("README.md", "# 说明"), ("pack.yaml", "title: 甲")]);
    assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["pack.yaml"]);
}
