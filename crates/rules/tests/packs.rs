//! Packs as data: a good one, every way in which it can be spoilt, and the packs of the house.

#[cfg(test)]
mod packs {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};

    use xinzhi_rules::{Files, check, load};

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    fn good() -> Files {
        Files::read(&folder("tests/good")).unwrap()
    }

    #[test]
    fn the_good_pack_has_neither_fault_nor_warning() {
        let checked = check("example", &good());
        let findings: Vec<String> = checked.faults.iter().chain(&checked.warnings).map(|f| f.render(&good())).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
        let pack = checked.pack.unwrap();
        assert_eq!((pack.record_kinds.len(), pack.scorecards.len(), pack.measures.len(), pack.cases.len()), (7, 4, 3, 2));
        assert_eq!(pack.figures.iter().map(|figure| figure.id.as_str()).collect::<Vec<_>>(), ["closed-share", "grades", "delivery"]);
    }

    /// One way to spoil the good pack: in `file`, `find` becomes `replace`; nothing to find means the whole file.
    #[derive(Debug, Default)]
    struct Spoilt {
        title: String,
        file: String,
        find: Option<String>,
        replace: String,
        faults: Vec<(String, String, String)>,
    }

    /// `expect:` holds code, line:column and a part of the message, as many lines as there are findings.
    fn read(text: &str) -> Vec<Spoilt> {
        let mut all: Vec<Spoilt> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix("# ") {
                all.push(Spoilt { title: title.to_owned(), ..Spoilt::default() });
                continue;
            }
            let spoilt = all.last_mut().expect("a title first");
            let (key, value) = line.split_once(':').unwrap();
            let value = value.strip_prefix(' ').unwrap_or(value).replace("\\n", "\n").replace("\\t", "\t");
            match key {
                "file" => spoilt.file = value,
                "find" => spoilt.find = Some(value),
                "replace" => spoilt.replace = value,
                "expect" => {
                    let mut parts = value.splitn(3, ' ').map(str::to_owned);
                    spoilt.faults.push((parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()));
                }
                other => panic!("`{other}` in {}", spoilt.title),
            }
        }
        all
    }

    fn spoil(spoilt: &Spoilt) -> Files {
        let mut files: BTreeMap<String, String> = good().iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        let text = files.entry(spoilt.file.clone()).or_default();
        match &spoilt.find {
            Some(find) => {
                assert_eq!(text.matches(find.as_str()).count(), 1, "{}: `{find}` must occur once in {}", spoilt.title, spoilt.file);
                *text = text.replace(find.as_str(), &spoilt.replace);
            }
            None if spoilt.replace == "(delete)" => drop(files.remove(&spoilt.file)),
            None => spoilt.replace.clone_into(text),
        }
        files.into_iter().collect()
    }

    #[test]
    fn every_spoilt_pack_is_refused_with_exactly_the_expected_findings() {
        let mut count = 0;
        let mut wrong = String::new();
        let mut tables: Vec<PathBuf> = std::fs::read_dir(folder("tests/bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
        tables.sort();
        for table in tables {
            for spoilt in read(&std::fs::read_to_string(&table).unwrap()) {
                count += 1;
                let files = spoil(&spoilt);
                let checked = check("example", &files);
                let warned = checked.warnings.iter().map(|warning| (warning, "warning:"));
                let found: Vec<_> = checked.faults.iter().map(|fault| (fault, "")).chain(warned).collect();
                assert_eq!(checked.pack.is_none(), !checked.faults.is_empty());
                let fits = found.len() == spoilt.faults.len()
                    && found.iter().zip(&spoilt.faults).all(|((f, kind), (code, at, part))| {
                        format!("{kind}{}", f.code) == *code
                            && format!("{}:{}", f.line, f.column) == *at
                            && f.message.contains(part.as_str())
                    });
                let chinese = found.iter().all(|(f, _)| is_chinese(&f.message) && is_chinese(&f.help));
                if !fits || !chinese {
                    let findings: Vec<String> = found.iter().map(|(f, _)| f.render(&files)).collect();
                    writeln!(wrong, "{}: {}\n{}\n", table.display(), spoilt.title, findings.join("\n")).unwrap();
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
        assert!(count >= 60, "only {count} ways to spoil a pack");
    }

    #[test]
    fn more_bands_and_steps_than_the_kernel_keeps_a_table_for_are_refused_and_the_most_are_not() {
        let codes = |find: &str, replace: &str| -> Vec<&str> {
            let checked = check("example", &edited(&[("scorecards/market.yaml", find, replace)]));
            checked.faults.iter().map(|fault| fault.code).collect()
        };
        let none: [&str; 0] = [];
        let bands = |count: usize| {
            let bands: Vec<String> = (0..count).map(|from| format!("{{ from: {from} 元, points: -5 }}")).collect();
            format!("bands: [ {} ]", bands.join(", "))
        };
        let written = "bands: [ { from: 0, points: -5 }, { from: 2 万元, points: -20 } ]";
        assert_eq!(codes(written, &bands(500)), none);
        assert_eq!(codes(written, &bands(501)), ["too-many-bands"]);
        let steps = |count: usize| {
            let steps: Vec<String> = (1..=count).map(|month| format!("{{ after: {month} months, keep: 50% }}")).collect();
            format!("fade: [ {} ]", steps.join(", "))
        };
        let written = "fade: [ { after: 1 year, keep: 50% }, { after: 2 years, keep: 12.5% } ]";
        assert_eq!(codes(written, &steps(35)), none, "three years have 36 months");
        assert!(codes(written, &steps(121)).contains(&"too-many-fades"));
    }

    #[test]
    fn d17_no_form_lets_a_record_turn_a_result_the_wrong_way() {
        let forms = read(&std::fs::read_to_string(folder("tests/bad/forms.txt")).unwrap());
        let turned: Vec<&Spoilt> = forms.iter().filter(|spoilt| spoilt.title.starts_with("d17:")).collect();
        let codes = ["put-direction", "points-direction", "rate-direction", "total-negative", "override-direction", "amount-order"];
        for code in codes {
            assert!(turned.iter().any(|spoilt| spoilt.faults.iter().any(|(found, ..)| found == code)), "{code}");
        }
        for spoilt in turned {
            assert!(check("example", &spoil(spoilt)).pack.is_none(), "{}", spoilt.title);
        }
    }

    /// The good pack with texts replaced that each occur once in their file.
    fn edited(edits: &[(&str, &str, &str)]) -> Files {
        let mut files: BTreeMap<String, String> = good().iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        for (path, find, replace) in edits {
            let text = files.get_mut(*path).unwrap();
            assert_eq!(text.matches(find).count(), 1, "`{find}` must occur once in {path}");
            *text = text.replace(find, replace);
        }
        files.into_iter().collect()
    }

    #[test]
    fn a_grade_never_rests_on_answers_to_measures_that_it_brings_about() {
        const INSPECTION: &str = "catalog/inspection.yaml";
        const CARD: &str = "scorecards/every-form.yaml";
        const MEASURES: &str = "measures/measures.yaml";
        const FIELD: &str =
            "fields:\n  - { code: JC_LX, title: 措施类型, type: choice, need: optional, values: [ { title: 激励 }, { title: 监管 } ] }";
        // Answers become inspections, which `every-form` counts and `market` does not.
        let base = [
            (INSPECTION, "fields:", FIELD),
            ("sources/feedback.yaml", "record: village-audit", "record: inspection"),
            ("sources/feedback.yaml", "says: { 村名: organ, 巡查日期: day }", "says: { 措施类型: measure_kind, 检查日期: day }"),
        ];
        let found = |edits: &[(&str, &str, &str)]| -> Vec<String> {
            let checked = check("example", &edited(&[&base, edits].concat()));
            checked.faults.iter().map(|fault| format!("{} {}:{}", fault.code, fault.file, fault.line)).collect()
        };
        let none: [&str; 0] = [];
        assert_eq!(found(&[]), none, "by the grade of another scorecard");
        let supervision = (MEASURES, "scorecard: market, any_of: D", "scorecard: every-form, any_of: D");
        assert_eq!(found(&[supervision]), ["cycle measures/measures.yaml:12"]);
        // Every reader says that it leaves answers to supervision out.
        let apart = [
            (CARD, "where: { 检查事项: { any_of: [质量, 安全] } }", "where: { 措施类型: { is: 激励 } }"),
            (CARD, "- id: latest\n", "- id: latest\n        where: { not: { 措施类型: { is: 监管 } } }\n"),
            (CARD, "- id: results\n", "- id: results\n        where: { 措施类型: { none_of: [监管] } }\n"),
            (CARD, "- id: batches\n", "- id: batches\n        where: { 措施类型: { is: 激励 } }\n"),
        ];
        let told_apart = [apart.as_slice(), &[supervision]].concat();
        assert_eq!(found(&told_apart), none, "told apart");
        // Supervision by `every-form` moves `market`, whose grade brings about the incentive that moves `every-form`.
        let honour = "- id: honour\n        title: 荣誉\n        record: 荣誉表彰\n        window: 36 months\n        each: { by: 荣誉级别, points: { 国家级: 40, 省级: 25.5 } }";
        let instead = "- id: honour\n        title: 监管\n        record: 抽查检查\n        where: { 措施类型: { is: 监管 } }\n        window: 36 months\n        each: { points: 5 }";
        let through = [told_apart.as_slice(), &[("scorecards/market.yaml", honour, instead)]].concat();
        assert_eq!(found(&through), ["cycle measures/measures.yaml:1", "cycle measures/measures.yaml:12"]);
    }

    /// The national pack with one text replaced that occurs once in the file.
    fn national(path: &str, find: &str, replace: &str) -> Vec<String> {
        let files = Files::read(&folder("../../packs/national")).unwrap();
        let mut files: BTreeMap<String, String> = files.iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        // Its cases say what the model as it is comes to.
        files.retain(|path, _| !path.starts_with("cases/"));
        let text = files.get_mut(path).unwrap();
        assert_eq!(text.matches(find).count(), 1, "`{find}` must occur once in {path}");
        *text = text.replace(find, replace);
        let checked = check("national", &files.into_iter().collect());
        let warned = checked.warnings.iter().map(|finding| format!("warning:{} {}", finding.code, finding.file));
        checked.faults.iter().map(|finding| format!("{} {}", finding.code, finding.file)).chain(warned).collect()
    }

    #[test]
    fn what_can_never_come_about_in_the_national_pack_is_told() {
        const CARD: &str = "scorecards/market-entity.yaml";
        let found = |find: &str, replace: &str| national(CARD, find, replace);
        let none: [&str; 0] = [];
        assert_eq!(found("title: 市场主体公共信用评价", "title: 市场主体的公共信用评价"), none, "the pack as it is");
        let fault = |code: &str| vec![format!("{code} {CARD}")];
        // 经营异常名录 is only ever 一般.
        let listed = "when: { on_list: 严重失信主体名单 }";
        let abnormal = |class: &str| format!("when: {{ record: 经营异常名录, window: 1 year, where: {{ 失信程度: {{ is: {class} }} }} }}");
        assert_eq!(found(listed, &abnormal("严重")), fault("contradiction"));
        assert_eq!(found(listed, &abnormal("一般")), none);
        // Sums of points of both signs are multiples of 2.5.
        let border = |from: &str| {
            found("  - { grade: B, title", &format!("  - {{ grade: A2, title: 准优秀, from: {from} }}\n  - {{ grade: B, title"))
        };
        assert_eq!(border("849.999"), fault("grade-unreachable"));
        assert_eq!(border("848"), fault("grade-unreachable"));
        assert_eq!(border("847.5"), none);
        // Without honours but those of a county, two of them fading make 100 − 25.
        let honour = "each: { by: 荣誉级别, points: { 国家级: 80, 省级: 70, 市级: 60, 县级: 50 } }";
        let only = |points: &str| {
            format!(
                "where: {{ 荣誉级别: {{ is: 县级 }} }}\n        each: {{ by: 荣誉级别, points: {{ 国家级: 80, 省级: 70, 市级: 60, 县级: {points} }} }}"
            )
        };
        assert_eq!(found(honour, &only("50")), none);
        assert_eq!(found(honour, &only("0")), fault("grade-unreachable"), "840 at most");
        let different = |from: u8| {
            let indicator = "      - id: inspection\n";
            let bands = format!("bands: [ {{ from: 0, points: 0 }}, {{ from: {from}, points: 5 }} ]");
            let lines = [
                "- id: results",
                "  title: 检查结果种数",
                "  record: 抽查检查",
                "  where: { 检查结果: { is: 无法联系 } }",
                "  window: 1 year",
                "  number: { distinct: 检查结果 }",
            ];
            let lines: String = lines.iter().map(|line| format!("      {line}\n")).collect();
            found(indicator, &format!("{lines}        {bands}\n        basis: [opinions-2019-5]\n{indicator}"))
        };
        assert_eq!(different(2), fault("out-of-range"));
        assert_eq!(different(1), none);
        // What the catalogue calls bad does not pay, though the kind is neither good nor bad.
        assert_eq!(found("不配合检查: -30", "不配合检查: 300"), fault("points-direction"));
        let paid = found("未履行: -30", "未履行: 20");
        assert_eq!(paid, [fault("points-direction"), vec![format!("warning:remedy-direction {CARD}")]].concat());
        assert_eq!(found("发现问题已改正: 0", "发现问题已改正: -20"), [format!("warning:remedy-direction {CARD}")]);
    }

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn all_faults_are_found_at_once_in_the_order_of_the_files() {
        let files: Files = good()
            .iter()
            .map(|(path, text)| {
                let text =
                    text.replace("basis: [own-model]\nrange", "basis: [no-such-law]\nrange").replace("person: true", "person: maybe");
                (path.to_owned(), text.replace("valid_days: 31\n", ""))
            })
            .collect();
        let faults = load("example", &files).unwrap_err();
        let found: Vec<_> = faults.iter().map(|f| (f.file.as_str(), f.line, f.code)).collect();
        let expected = [
            ("scorecards/every-form.yaml", 1, "missing-key"),
            ("scorecards/every-form.yaml", 6, "unknown-law"),
            ("scorecards/market.yaml", 1, "missing-key"),
            ("scorecards/market.yaml", 6, "unknown-law"),
            ("scorecards/peers.yaml", 1, "missing-key"),
            ("scorecards/peers.yaml", 6, "unknown-law"),
            ("scorecards/ratio.yaml", 1, "missing-key"),
            ("scorecards/ratio.yaml", 6, "unknown-law"),
            ("subjects/kinds.yaml", 4, "wrong-type"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn whatever_line_is_missing_every_finding_points_into_its_file() {
        let good = good();
        for (path, text) in good.iter() {
            let lines: Vec<&str> = text.lines().collect();
            for missing in 0..lines.len() {
                let kept: Vec<&str> = lines.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, line)| *line).collect();
                let edited =
                    |(other, text): (&str, &str)| (other.to_owned(), if other == path { kept.join("\n") } else { text.to_owned() });
                let files: Files = good.iter().map(edited).collect();
                let checked = check("example", &files);
                for finding in checked.faults.iter().chain(&checked.warnings) {
                    let text = files.text(&finding.file).unwrap();
                    let line = text.lines().nth(usize::try_from(finding.line).unwrap() - 1).unwrap_or_default();
                    let column = usize::try_from(finding.column).unwrap();
                    let inside = (1..=line.chars().count() + 1).contains(&column);
                    assert!(inside, "{path} without line {}: {finding}", missing + 1);
                }
            }
        }
    }

    #[test]
    fn packs_of_the_house_are_clean() {
        let house = folder("../../packs");
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(&house).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
        folders.sort();
        assert!(!folders.is_empty(), "no pack in {}", house.display());
        let mut wrong = String::new();
        for folder in folders {
            let id = folder.file_name().unwrap().to_str().unwrap();
            let own = Files::read(&folder).unwrap();
            // What the packs of the house stand on stands on nothing itself.
            let bases = own.extends().into_iter().map(|base| (base.clone(), Files::read(&house.join(base)).unwrap()));
            let parts: Vec<(String, Files)> = bases.chain([(id.to_owned(), own)]).collect();
            let files = Files::union(&parts);
            let checked = check(&parts[0].0, &files);
            for finding in checked.faults.iter().chain(&checked.warnings) {
                writeln!(wrong, "{id}/{}", finding.render(&files)).unwrap();
            }
            if let Some(pack) = checked.pack {
                assert!(xinzhi_rules::sentence::show(&pack).contains(&pack.title));
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}
