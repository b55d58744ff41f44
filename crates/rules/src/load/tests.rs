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

#[test]
fn a_pack_is_read_after_those_that_it_stands_on() {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let nothing = |_: &str| None;
    let Standing { id, files: beside, .. } = standing(&packs.join("zhejiang"), nothing).unwrap();
    let national = named(&packs.join("national")).unwrap();
    assert_eq!((id.as_str(), national.0.as_str()), ("national", "national"));
    assert_eq!(beside.text("pack.yaml"), national.1.text("pack.yaml"));
    assert!(beside.text("zhejiang:pack.yaml").is_some());
    // What a program carries is used where nothing lies beside the pack.
    let alone = std::env::temp_dir().join(format!("xinzhi-standing-{}", std::process::id()));
    let place = alone.join("zhejiang");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("pack.yaml"), beside.text("zhejiang:pack.yaml").unwrap()).unwrap();
    let carried = standing(&place, |id| (id == "national").then(|| national.1.clone())).unwrap().files;
    let refused = standing(&place, nothing).unwrap_err().to_string();
    fs::remove_dir_all(&alone).unwrap();
    assert_eq!(carried.text("pack.yaml"), national.1.text("pack.yaml"));
    assert_eq!(refused, "规则包所依据的 `national` 不在同一目录下，请把它放在旁边");
    assert!(standing(Path::new("/"), nothing).unwrap_err().to_string().contains("没有目录名"));
}

/// Packs in one folder, each with those that it stands on.
fn circle(name: &str, packs: &[(&str, &str)]) -> PathBuf {
    let place = std::env::temp_dir().join(format!("xinzhi-{name}-{}", std::process::id()));
    for (id, bases) in packs {
        fs::create_dir_all(place.join(id)).unwrap();
        let head = format!(
            "title: {id}\nversion: \"1\"\njurisdiction: 某县\nreview: 演示,未经合法性审查\nreview_by: 2027-12-31\nextends: [{bases}]\n"
        );
        fs::write(place.join(id).join("pack.yaml"), head).unwrap();
    }
    place
}

#[test]
fn packs_that_stand_on_one_another_in_a_circle_are_told_so() {
    for (name, packs) in
        [("circle-1", &[("a", "a")][..]), ("circle-2", &[("a", "b"), ("b", "a")]), ("circle-3", &[("a", "b"), ("b", "c"), ("c", "a")])]
    {
        let place = circle(name, packs);
        let Standing { id, files, .. } = standing(&place.join("a"), |_| None).unwrap();
        fs::remove_dir_all(&place).unwrap();
        let faults = load(&id, &files).unwrap_err();
        let told = faults.iter().find(|fault| fault.code == "base-circle").unwrap_or_else(|| panic!("{name}: {faults:?}"));
        assert_eq!((told.line, told.column), (6, 11), "{name}: {told}");
        assert!(told.message.contains("成了循环"), "{told}");
    }
}

#[test]
fn what_a_pack_stands_on_is_never_a_path() {
    let place = circle("path", &[("a", "\"../..\", \"/etc\", \"b/c\"")]);
    let Standing { id, files, .. } = standing(&place.join("a"), |id| panic!("`{id}` was looked for")).unwrap();
    fs::remove_dir_all(&place).unwrap();
    let codes: Vec<&str> = load(&id, &files).unwrap_err().iter().map(|fault| fault.code).filter(|code| *code == "invalid-id").collect();
    assert_eq!(codes.len(), 3);
}

#[test]
fn several_packs_are_read_in_any_order_under_the_id_that_comes_first() {
    let folder = std::env::temp_dir().join(format!("xinzhi-together-{}", std::process::id()));
    let put = |place: &str, extends: &str| {
        let pack = folder.join(place);
        fs::create_dir_all(&pack).unwrap();
        fs::write(pack.join("pack.yaml"), format!("title: {place}\nextends: [{extends}]\n")).unwrap();
        pack
    };
    let [base, one, two] = [put("a/base", ""), put("b/one", "base"), put("c/two", "one")];
    let nothing = |_: &str| None;
    let read = |dirs: &[&Path], first| together(dirs, first, nothing).unwrap();
    let all = read(&[&base, &one, &two], Some("base"));
    assert_eq!((all.id.as_str(), all.files.text("one:pack.yaml").is_some()), ("base", true));
    for order in [[&two, &one, &base], [&one, &base, &two], [&two, &base, &one]] {
        let other = read(&order.map(PathBuf::as_path), None);
        assert_eq!((other.id, other.files), (all.id.clone(), all.files.clone()), "what others stand on comes first by itself");
    }
    let beside = put("a/beside", "");
    let told = |first| read(&[&base, &one, &beside], first).id;
    assert_eq!((told(None), told(Some("beside")), told(Some("absent"))), ("base".to_owned(), "beside".to_owned(), "base".to_owned()));
    assert_eq!(told(Some("one")), "base", "never before what it stands on");
    assert_eq!(read(&[&base, &base], None).files, named_files(&base), "the same folder twice is one pack");
    let place = all.beside(all.files.text_digest("two:pack.yaml"), "cutoffs/x.yaml");
    assert_eq!(place.as_deref(), Some("two:cutoffs/x.yaml"));
    assert_eq!(all.beside(all.files.text_digest("pack.yaml"), "cutoffs/x.yaml").as_deref(), Some("cutoffs/x.yaml"));
    let twice = together(&[&base, &put("d/base", "")], None, nothing).unwrap_err().to_string();
    fs::remove_dir_all(&folder).unwrap();
    assert!(twice.contains("两个名为 `base`"), "{twice}");
}

fn named_files(folder: &Path) -> Files {
    named(folder).unwrap().1
}
