//! The command line: through the binary, with and without a server that holds the directory.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::binary::{self, Server, text, told, xinzhi};
use crate::support::files::{FINE, REVOKED, company, honours, penalties, registration};
use crate::support::postgres;

/// A directory for the office and one for files.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    /// The same with an office in it.
    fn founded() -> Place {
        let place = Place::new();
        binary::found(&place.data(), None);
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn import(&self, source: &str, file: &str) -> Value {
        let data = self.data();
        let data = data.to_str().unwrap();
        binary::json(&[
            "import",
            file,
            "--source",
            source,
            "--encoding",
            "utf-8",
            "--covers",
            "2023-11-01..2026-11-22",
            "--json",
            "--data",
            data,
        ])
    }
}

#[test]
fn codes_are_identified_one_a_line() {
    let lines = told(&["identify", "91330100799655058B", "91330100799655058C", "11230500001755309F", "110101199003070012", "123"]);
    let lines: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines[0], ["91330100799655058B", "统一社会信用代码", "有效"]);
    assert_eq!(lines[1][..3], ["91330100799655058C", "统一社会信用代码", "无效"]);
    assert!(lines[1][3].contains("校验位"), "{lines:?}");
    assert_eq!(lines[2][2], "有效");
    assert_eq!(lines[3][1..3], ["公民身份号码", "无效"]);
    assert_eq!((lines[4][2], lines.len()), ("无效", 5));
}

#[test]
fn e9_files_are_imported_evaluated_checked_and_examined() {
    let place = Place::founded();
    let [good, bad] = [company(1), company(2)];
    let data = place.data();
    let data = data.to_str().unwrap();
    place.import("registration", &place.file("dj.csv", &registration(&[&good, &bad])));
    let cf = place.file("cf.csv", &penalties(&[(&good, FINE), (&bad, REVOKED)]).replace(&bad.code, "91330899MA2000000X"));
    let batch = place.import("cf-2018", &cf);
    let counts =
        |batch: &Value| ["read", "accepted", "duplicate", "refused", "quarantined"].map(|name| batch["counts"][name].as_i64().unwrap());
    assert_eq!(counts(&batch), [2, 1, 0, 1, 0], "the row with a wrong check digit goes back, the other goes on");
    assert_eq!(counts(&place.import("cf-2018", &cf)), [2, 0, 1, 1, 0], "twice is a duplicate");
    place.import("honour", &place.file("ry.csv", &honours(&[(&good, "示政〔2026〕1号", "国家级", "2026-05-01")])));

    let explain = ["explain", &good.code, "--scorecard", "market-entity", "--as-of", "2026-11-23", "--data", data];
    let evaluation = binary::json(&[explain.as_slice(), &["--json"]].concat());
    assert_eq!((&evaluation["points"], &evaluation["grade"]), (&json!("860"), &json!("A")), "800 − 20 + 80");
    let words = told(&explain);
    for said in ["860 分", "算式：800 - 20 + 80 = 860", "：+80 分", "：-20 分", FINE.number, "第四十八条", "2029-09-01 起不再计入"]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    let check = binary::json(&["check", &good.code, "--matter", "food-licence", "--case", "SP1", "--json", "--data", data]);
    assert_eq!(check["measures"][0]["measure"], "green-channel");
    let unknown = xinzhi(&["check", &good.code, "--matter", "no-such", "--data", data]);
    let said = text(&unknown.stderr);
    assert!(!unknown.status.success() && said.contains("food-licence  食品经营许可"), "the refusal names what there is: {said}");
    // Founded, its pack, the registration staged and committed: a position before that, and one that is not there yet.
    for (known, says) in [("2", "还不知道该主体：它的第一条记录自第 4 笔起为所知"), ("0", "没有第 0 笔"), ("999999", "没有第 999999 笔")]
    {
        let refused = xinzhi(&[explain.as_slice(), &["--known", known]].concat());
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains(says), "{known}: {said}");
    }
    assert!(told(&[explain.as_slice(), &["--known", "4"]].concat()).contains("不作评价"), "known, and nothing reported about it");
    let doctor = binary::json(&["doctor", "--json", "--data", data]);
    assert_eq!(doctor["sound"], true, "{doctor}");
    assert!(doctor["findings"].as_array().unwrap().iter().any(|f| f["invariant"] == "E12" || f["invariant"] == "E12 L9"));
}

#[test]
fn a_file_that_cannot_be_read_ends_in_a_sentence_and_leaves_nothing() {
    let place = Place::founded();
    let data = place.data();
    let file = place.file("x.csv", "名称,统一社会信用代码\n");
    let output = xinzhi(&["import", &file, "--source", "cf-2018", "--data", data.to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("文件"), "{}", text(&output.stderr));
    let output = xinzhi(&["import", &file, "--source", "cf-2018", "--covers", "2026-02-30..2026-03-01", "--data", data.to_str().unwrap()]);
    assert!(text(&output.stderr).contains("覆盖日期"), "{}", text(&output.stderr));
}

fn write_pack(folder: &Path, spoil: impl Fn(&str, String) -> String) -> String {
    let pack = folder.join("national");
    for (path, content) in xinzhi_office::pack::own_files().iter() {
        let file = pack.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, spoil(path, content.to_owned())).unwrap();
    }
    pack.to_str().unwrap().to_owned()
}

#[test]
fn a_pack_is_checked_with_line_and_column_and_its_cases_run() {
    let sound = tempfile::tempdir().unwrap();
    let folder = write_pack(sound.path(), |_, text| text);
    assert!(told(&["pack", "check", &folder]).contains("0 处错误"));
    assert!(told(&["pack", "test", &folder]).contains("0 个不符"));
    assert!(told(&["pack", "show", &folder]).contains("市场主体公共信用评价"));

    let broken = tempfile::tempdir().unwrap();
    let folder =
        write_pack(
            broken.path(),
            |path, text| if path.starts_with("matters/") { text.replacen("green-channel", "green-chanel", 1) } else { text },
        );
    let output = xinzhi(&["pack", "check", &folder]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("matters/county.yaml:10:") && said.contains("green-chanel"), "{said}");

    let wrong = tempfile::tempdir().unwrap();
    let folder =
        write_pack(
            wrong.path(),
            |path, text| if path.starts_with("scorecards/") { text.replacen("一般: -20", "一般: -30", 1) } else { text },
        );
    let output = xinzhi(&["pack", "test", &folder]);
    assert_eq!(output.status.code(), Some(1), "a case notices the other number: {}", text(&output.stdout));
    assert!(text(&output.stdout).contains("应为"), "{}", text(&output.stdout));
}

#[test]
fn a_folder_that_holds_no_pack_is_told_with_the_packs_below_it() {
    let packs = concat!(env!("CARGO_MANIFEST_DIR"), "/packs");
    let place = Place::founded();
    let data = place.data();
    let data = data.to_str().unwrap();
    let empty = place.directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for command in [&["check"][..], &["test"], &["show"], &["install", "--data", data]] {
        let refused = |folder: &str| {
            let output = xinzhi(&[&["pack"], command, &[folder]].concat());
            assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{command:?}: {}", text(&output.stderr));
            text(&output.stderr)
        };
        let said = refused(packs);
        let says =
            "packs 中没有 pack.yaml，不是规则包；请写规则包所在的目录，其下有规则包 `cangnan-market`、`minneapolis`、`models`、`national`";
        assert!(said.contains(says), "{command:?}: {said}");
        let said = refused(empty.to_str().unwrap());
        assert!(said.contains("empty 中没有 pack.yaml") && !said.contains("其下有"), "{command:?}: {said}");
        assert!(refused("/no/such/folder").contains("无法读取"), "{command:?}");
    }
    let market = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/cangnan-market");
    let words = told(&["pack", "install", market, "--data", data]);
    assert!(words.contains("已装入规则包 cangnan-market"), "{words}");
    for said in ["现行规则包：全国基础规则包 2026.", "、农贸市场与信用街区规则包 2026."] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn a_rule_file_that_is_no_text_is_told_in_chinese() {
    for (bytes, says) in [
        (&b"\x00\x01\x02"[..], "pack.yaml:1:1 错误[yaml] 此处有控制字符 U+0000，不是文本文件的内容"),
        (b"title: a\x7f\n", "pack.yaml:1:9 错误[yaml] 此处有控制字符 U+007F"),
        (b"title: x\nversion: @1\n", "pack.yaml:2:10 错误[yaml] 此处不能出现字符 `@`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let pack = write_pack(folder.path(), |_, text| text);
        std::fs::write(Path::new(&pack).join("pack.yaml"), bytes).unwrap();
        let output = xinzhi(&["pack", "check", &pack]);
        let said = text(&output.stdout);
        assert!(output.status.code() == Some(1) && said.contains(says), "{says}: {said}{}", text(&output.stderr));
        assert!(!said.contains("unexpected") && said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pack = write_pack(folder.path(), |_, text| text);
    std::fs::write(Path::new(&pack).join("laws.yaml"), b"\xff\xfe\x00").unwrap();
    let output = xinzhi(&["pack", "check", &pack]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("laws.yaml` 不是 UTF-8 编码"), "{}", text(&output.stderr));
}

#[test]
fn commands_reach_the_server_that_holds_the_directory() {
    let place = Place::new();
    let data = place.data();
    let company = company(4);
    let server = Server::start(&data);
    let batch = place.import("registration", &place.file("dj.csv", &registration(&[&company])));
    assert_eq!(batch["state"], "committed");
    let data = data.to_str().unwrap();
    let check = binary::json(&["check", &company.code, "--matter", "food-licence", "--json", "--data", data]);
    assert_eq!(check["measures"], json!([]), "nothing is known, so nothing follows");
    let doctor = xinzhi(&["doctor", "--data", data]);
    assert!(!doctor.status.success() && text(&doctor.stderr).contains("正由另一个信治进程使用"), "{}", text(&doctor.stderr));
    assert!(server.stop(), "a server that is told to stop ends well");
    assert!(told(&["doctor", "--data", data]).contains("[正常]"));
}

#[test]
fn a_server_on_postgresql_takes_commands_and_ends_well() {
    let place = Place::new();
    let company = company(5);
    let url = postgres::database();
    let server = Server::start_with(&place.data(), &["--database", &url]);
    place.import("registration", &place.file("dj.csv", &registration(&[&company])));
    assert!(server.stop(), "a server that is told to stop ends well");
    let data = place.data();
    let doctor = binary::json(&["doctor", "--json", "--data", data.to_str().unwrap(), "--database", &url]);
    assert_eq!(doctor["sound"], true, "{doctor}");
}

#[test]
fn e1_e12_a_backup_made_while_serving_is_restored_and_proves_itself() {
    let place = Place::founded();
    let company = company(1);
    place.import("registration", &place.file("registration.csv", &registration(&[&company])));
    place.import("cf-2018", &place.file("cf.csv", &penalties(&[(&company, FINE)])));
    let (data, to) = (place.data(), place.directory.path().join("backup"));
    let (data, to) = (data.to_str().unwrap(), to.to_str().unwrap());
    let server = Server::start(Path::new(data));
    let made = binary::json(&["backup", to, "--data", data, "--json"]);
    // What happens afterwards is not in it.
    binary::json(&["check", &company.code, "--matter", "food-licence", "--case", "SP1", "--json", "--data", data]);
    drop(server);
    let refused = xinzhi(&["backup", to, "--data", data]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("不是空的"), "{}", text(&refused.stderr));

    let again = place.directory.path().join("again");
    let again = again.to_str().unwrap();
    let report = binary::json(&["restore", to, "--data", again, "--json"]);
    assert_eq!(report["sound"], true, "{report}");
    assert_eq!(made["head"], report["findings"][0]["looked_at"], "the journal ends where the backup did");
    let explained = told(&["explain", &company.code, "--scorecard", "market-entity", "--data", again]);
    assert!(explained.contains(FINE.number), "{explained}");

    // A database that was changed after its backup fits neither its note nor its digests.
    let broken = place.directory.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    let refused = xinzhi(&["restore", broken.to_str().unwrap(), "--data", place.directory.path().join("x").to_str().unwrap()]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("不是完整的备份"), "{}", text(&refused.stderr));
    rusqlite::Connection::open(Path::new(to).join("office.db"))
        .unwrap()
        .execute_batch("update journal_head set entry = entry + 1")
        .unwrap();
    let refused = xinzhi(&["restore", to, "--data", place.directory.path().join("y").to_str().unwrap()]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("改动过"), "{}", text(&refused.stderr));
}

#[test]
fn a7_an_office_whose_keys_are_lost_does_not_start_and_makes_no_others() {
    let place = Place::founded();
    place.import("registration", &place.file("registration.csv", &registration(&[&company(1)])));
    let data = place.data();
    let key = data.join("keys/office.key");
    std::fs::rename(&key, data.join("office.key.elsewhere")).unwrap();
    let refused = xinzhi(&["doctor", "--data", data.to_str().unwrap()]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("keys/office.key"), "{}", text(&refused.stderr));
    assert!(!key.exists(), "no other key was made");
    std::fs::rename(data.join("office.key.elsewhere"), &key).unwrap();
    told(&["doctor", "--data", data.to_str().unwrap()]);
}

#[test]
fn e8_a_server_whose_database_failed_ends_for_its_service_manager_to_see() {
    let place = Place::new();
    let (data, url) = (place.data(), postgres::database());
    let server = Server::start_with(&data, &["--database", &url, "--office-name", "某县公共信用中心", "--office-area", "330327"]);
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap().batch_execute(kill).unwrap();
    // The next act finds the connection gone.
    let asked = xinzhi(&[
        "check",
        &company(1).code,
        "--matter",
        "food-licence",
        "--case",
        "SP1",
        "--data",
        data.to_str().unwrap(),
        "--database",
        &url,
    ]);
    assert!(!asked.status.success());
    assert!(!server.ended(), "it must not look like a clean end");
}

/// Runs `xinzhi account` on an office, with a password on standard input; the answer of a success or the sentence of a refusal.
fn account(data: &str, args: &[&str], password: &str) -> Result<String, String> {
    let args: Vec<&str> = ["account"].iter().chain(args).copied().chain(["--data", data]).collect();
    let output = binary::fed(&args, &format!("{password}\n"));
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// What becomes of accounts and keys, whether or not a server holds the directory.
fn accounts_and_keys(data: &str, suffix: &str) {
    let run = |args: &[&str], password: &str| account(data, args, password);
    let name = |stem: &str| format!("{stem}-{suffix}");
    let (lifang, shenpi) = (name("lifang"), name("shenpi"));
    let organ = "示范县市场监督管理局";
    let add = ["add", &lifang, "--title", "李芳", "--role", "department"];
    assert!(run(&add, "a-long-password-1").unwrap_err().contains("须指明单位"));
    let add = [&add[..], &["--organ", organ]].concat();
    assert!(run(&add, "short").unwrap_err().contains("密码应为 12"));
    assert!(run(&add, &format!("{lifang}1234")).unwrap_err().contains("用户名"));
    assert!(run(&add, "a-long-password-1").unwrap().contains("已建立并启用"));
    assert!(run(&add, "a-long-password-1").unwrap_err().contains("已被账号或接口密钥使用"));
    let key = |name: &str, more: &[&str]| run(&[&["key", name, "--title", "行政审批系统"], more].concat(), "");
    assert!(key("cli", &["--role", "centre"]).unwrap_err().contains("留作系统使用"));
    assert!(key(&shenpi, &["--role", "department"]).unwrap_err().contains("须指明单位"));
    assert!(key(&shenpi, &["--role", "township"]).unwrap_err().contains("须指明辖区"));
    assert!(key(&shenpi, &["--role", "township", "--area", "110101"]).unwrap_err().contains("不在本单位的辖区"));
    assert!(key(&shenpi, &["--role", "audit"]).unwrap_err().contains("业务岗位"));
    let made = key(&shenpi, &["--role", "department", "--organ", organ]).unwrap();
    assert!(made.starts_with("xz_") && made.trim().len() == 67, "{made}");
    assert!(run(&["password", &lifang], "another-password-2").unwrap().contains("已重设"));
    assert!(run(&["password", "nobody"], "another-password-2").unwrap_err().contains("没有找到"));
    run(&["release", &lifang], "").unwrap();
    let listed = |json: bool| run(if json { &["list", "--json"] } else { &["list"] }, "").unwrap();
    let lines = listed(false);
    assert!(lines.contains(&format!("账号\t{lifang}\t李芳\tdepartment\t{organ}\t—\t可用")), "{lines}");
    assert!(lines.contains(&format!("密钥\t{shenpi}\t行政审批系统\tdepartment\t{organ}\t—\t可用")), "{lines}");
    run(&["end", &shenpi, "--key"], "").unwrap();
    assert!(run(&["end", &shenpi, "--key"], "").unwrap_err().contains("已作废"));
    run(&["end", &lifang], "").unwrap();
    assert!(run(&["password", &lifang], "another-password-2").unwrap_err().contains("已注销"));
    let found: Value = serde_json::from_str(&listed(true)).unwrap();
    let state = |list: &str, name: &str, field: &str| {
        found[list].as_array().unwrap().iter().find(|one| one["name"] == name).map(|one| one[field].clone()).unwrap()
    };
    assert_eq!((state("accounts", &lifang, "state"), state("keys", &shenpi, "ended")), (json!("ended"), json!(true)));
    assert!(!listed(true).contains(made.trim()));
}

#[test]
fn accounts_keys_and_areas_are_kept_at_the_machine_with_and_without_a_server() {
    let place = Place::new();
    let data = place.data();
    let data = data.to_str().unwrap();
    accounts_and_keys(data, "before");
    let areas = place.file(
        "areas.csv",
        "code,name,level,parent_code\n330899,示范县,county,3308\n330899101,青溪镇,township,330899\n110101,东城区,county,1101\n",
    );
    let server = Server::start(Path::new(data));
    accounts_and_keys(data, "beside");
    let import = |file: &str| xinzhi(&["areas", file, "--encoding", "utf-8", "--data", data, "--json"]);
    let counts: Value = serde_json::from_str(&text(&import(&areas).stdout)).unwrap();
    assert_eq!(counts, json!({ "recorded": 2, "same": 0, "outside": 1 }));
    let counts: Value = serde_json::from_str(&text(&import(&areas).stdout)).unwrap();
    assert_eq!(counts["same"], 2, "{counts}");
    for (content, says) in [
        ("甲,乙\n1,2\n", "“代码”"),
        ("代码,名称\n33089,某镇\n", "第 2 行"),
        ("代码,名称\n330899102,\n", "请填写名称"),
        ("代码,名称\n330899102,甲\n330899102,乙\n", "两个名称"),
    ] {
        let output = import(&place.file("wrong.csv", content));
        assert!(!output.status.success() && text(&output.stderr).contains(says), "{content}: {}", text(&output.stderr));
    }
    assert!(server.stop());
    assert!(told(&["doctor", "--data", data]).contains("账号与密钥的权限"));
}

#[test]
fn a_key_that_nobody_could_read_is_not_left_in_force() {
    let place = Place::founded();
    let data = place.data();
    let data = data.to_str().unwrap();
    let make = |out: Stdio| {
        let arguments =
            ["account", "key", "shenpi", "--title", "审批系统", "--role", "department", "--organ", "示范县财政局", "--data", data];
        binary::program(&arguments).stdout(out).output().unwrap()
    };
    let keys = || binary::json(&["account", "list", "--json", "--data", data])["keys"].as_array().unwrap().clone();
    // Whoever should have read it has gone before anything was written, or the disk behind it is full.
    let (reader, gone) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (made, out) in (1..).zip([Stdio::from(gone), Stdio::from(full)]) {
        let output = make(out);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains("shenpi") && said.contains("没能显示") && said.contains("已把它作废"), "{said}");
        let keys = keys();
        assert_eq!(keys.len(), made);
        assert!(keys.iter().all(|key| key["ended"] == true), "{keys:?}");
    }
    // The name is free again, and a key that is read is in force.
    let output = make(Stdio::piped());
    assert!(output.status.success() && text(&output.stdout).starts_with("xz_"), "{}", text(&output.stderr));
    assert_eq!(keys().iter().filter(|key| key["ended"] == false).count(), 1);
}

#[test]
fn an_option_of_generate_that_would_have_no_effect_is_refused_by_name() {
    let place = Place::new();
    let out = place.data();
    let idle = [
        ("--pack <目录>", vec!["--pack", "packs/national"]),
        ("--partition-subjects <数量>", vec!["--partition-subjects", "100"]),
        ("--through <日期>", vec!["--through", "2026-06-30"]),
        // Also where it says what would be taken anyway.
        ("--area <代码>", vec!["--area", "330899"]),
    ];
    let size = ["generate", "--subjects", "40", "--records", "200", "--out", out.to_str().unwrap()];
    for way in [&[][..], &["--only", "files"], &["--penalties-only"]] {
        for (name, written) in &idle {
            let output = xinzhi(&[&size[..], way, written.as_slice()].concat());
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{way:?} {written:?}: {said}");
            let says = format!("参数 `{name}` 只用于生成列存表集，生成部门文件时不起作用；请去掉，或另写 `--only parquet`");
            assert!(said.starts_with(&says), "{said}");
        }
    }
    let both = xinzhi(&[&size[..], &["--pack", "packs/national", "--scorecard", "market-entity"]].concat());
    let said = text(&both.stderr);
    assert!(said.starts_with("参数 `--pack <目录>`、`--scorecard <编号>` 只用于"), "{said}");
    assert!(!out.exists(), "nothing was written");
    told(&[&size[..], &["--seed", "3"]].concat());
    assert!(out.is_dir());
}
