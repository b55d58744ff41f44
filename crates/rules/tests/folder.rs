//! Folders as packs: what is read, what is left alone, what is refused with a sentence.

#[cfg(test)]
mod folders {
    use std::fs;
    use std::path::{Path, PathBuf};

    use xinzhi_rules::{Files, NotAPack};

    /// An empty folder of this test's own.
    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rules-{name}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.join("laws")).unwrap();
        folder
    }

    #[test]
    fn rules_are_read_and_notes_beside_them_are_left_alone() {
        let folder = folder("plain");
        fs::write(folder.join("pack.yaml"), "title: 甲").unwrap();
        fs::write(folder.join("laws/a.yaml"), "[]").unwrap();
        fs::write(folder.join("README.md"), "说明").unwrap();
        fs::write(folder.join(".DS_Store"), [0xff, 0xfe]).unwrap();
        let files = Files::read(&folder).unwrap();
        assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["laws/a.yaml", "pack.yaml"]);
        assert_eq!(files.text("pack.yaml"), Some("title: 甲"));
    }

    #[test]
    fn what_could_hide_a_rule_is_refused_by_name() {
        let refused = |name: &str, bytes: &[u8]| {
            let folder = folder(&format!("refused-{}", name.replace('.', "-")));
            fs::write(folder.join(name), bytes).unwrap();
            Files::read(&folder).unwrap_err()
        };
        let fault = refused("measures.yml", b"[]");
        assert!(matches!(fault, NotAPack::Extension(_)) && fault.to_string().contains("measures.yml"), "{fault}");
        let fault = refused("gbk.yaml", &[0xd0, 0xc5, 0xd6, 0xce]);
        assert!(matches!(fault, NotAPack::Encoding(_)) && fault.to_string().contains("UTF-8"), "{fault}");
        let fault = refused("large.yaml", &vec![b'#'; 1024 * 1024 + 1]);
        assert!(matches!(fault, NotAPack::TooLarge(_)), "{fault}");
        assert!(matches!(Files::read(Path::new("no/such/folder")), Err(NotAPack::Unreadable { .. })));
    }

    #[test]
    fn exactly_512_files_are_a_pack_and_one_more_is_not() {
        let folder = folder("many");
        (0..512).for_each(|n| fs::write(folder.join(format!("laws/{n}.yaml")), "").unwrap());
        assert_eq!(Files::read(&folder).unwrap().iter().count(), 512);
        fs::write(folder.join("laws/512.yaml"), "").unwrap();
        assert!(matches!(Files::read(&folder), Err(NotAPack::TooMany(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = folder("links");
        std::os::unix::fs::symlink("/etc", folder.join("more")).unwrap();
        assert!(matches!(Files::read(&folder), Err(NotAPack::Link(_))));
    }
}
