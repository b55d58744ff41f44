//! Every setting of the program, with why it changes no invariant; and the refusals that matter, under each variable of the environment (O6).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use xinzhi_core::Clock;
use xinzhi_office::SystemClock;

use crate::support::binary::{Server, found, free_address, json as answered, program, text, told};
use crate::support::files::{Company, company, registration, serious_list};
use crate::support::golden;

const GOLDEN: &str = "settings.txt";

/// What the libraries below read by themselves, each with values that somebody could hope something from.
const FOREIGN: [(&str, &[&str]); 8] = [
    ("HTTPS_PROXY", &["http://127.0.0.1:9"]),
    ("MIMALLOC_VERBOSE", &["1"]),
    ("NO_COLOR", &["1"]),
    ("RUST_BACKTRACE", &["full"]),
    ("SQLITE_TMPDIR", &["/nonexistent"]),
    ("SSL_CERT_FILE", &["/nonexistent"]),
    ("TOKIO_WORKER_THREADS", &["1"]),
    ("TZ", &["Pacific/Kiritimati", "America/Anchorage", "nowhere"]),
];
const OWN: [(&str, &[&str]); 2] = [("XINZHI_COMMIT", &["0000000"]), ("XINZHI_LOG", &["trace", "off", "not a filter=="])];

/// An option of more commands than this is one of all of them.
const COMMANDS_MANY: usize = 10;

/// Each option with the commands that take it, as the program itself tells.
pub(super) fn options() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut commands = vec![Vec::<String>::new()];
    while let Some(command) = commands.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let mut section = String::new();
        for line in told(&arguments).lines() {
            if !line.starts_with(' ') && line.ends_with('：') {
                line.clone_into(&mut section);
            }
            let first = line.trim_start().split([' ', ',']).next().unwrap_or_default();
            match section.as_str() {
                "命令：" if line.starts_with("  ") && !first.is_empty() && first != "help" => {
                    commands.push(command.iter().cloned().chain([first.to_owned()]).collect());
                }
                // A lone dash heads one of the values of an option.
                "选项：" if first.starts_with('-') && first.len() > 1 => {
                    let name = line.split_whitespace().find(|word| word.starts_with("--")).unwrap();
                    if !matches!(name, "--help" | "--version") {
                        found.entry(name.to_owned()).or_default().insert(command.join(" "));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// Each variable that a source of ours names, the tests apart.
fn variables() -> BTreeSet<String> {
    const READERS: [&str; 6] = ["env::var(", "env::var_os(", "from_env(", "option_env!(", "env!(", "env = "];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    let mut paths = vec![root.join("src"), root.join("crates"), root.join("build.rs")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let shipped = path.extension().is_some_and(|ending| ending == "rs") && !path.components().any(|part| part.as_os_str() == "tests");
        let source = if shipped { std::fs::read_to_string(&path).unwrap() } else { String::new() };
        for reader in READERS {
            for rest in source.split(reader).skip(1) {
                let name = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                let name =
                    name.unwrap_or_else(|| panic!("{}: `{reader}` must be given a literal, so that it can be listed", path.display()));
                // What cargo tells at build time, and what our build script hands on from it.
                if !name.starts_with("CARGO_") && name != "XINZHI_VERSION" {
                    found.insert(name.to_owned());
                }
            }
        }
        assert!(!source.contains("env::vars"), "{}: reads every variable there is", path.display());
    }
    found
}

#[test]
fn o6_every_setting_is_listed_with_why_it_changes_no_invariant() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(GOLDEN);
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    let reasons: BTreeMap<&str, &str> =
        golden.lines().filter_map(|line| Some((line.split('\t').next()?, line.split('\t').nth(2)?))).collect();
    let options = options();
    assert!(options.len() > 40 && options.contains_key("--listen"), "{options:?}");
    let ours = variables();
    assert_eq!(ours, OWN.iter().map(|(name, _)| (*name).to_owned()).collect(), "say which values of a new variable are tried below");
    let of_the_environment = ours.into_iter().map(|name| (name, "environment".to_owned()));
    let foreign = FOREIGN.iter().map(|(name, _)| ((*name).to_owned(), "environment, read by a library".to_owned()));
    let taken_by = |commands: BTreeSet<String>| {
        if commands.len() > COMMANDS_MANY { "many commands".to_owned() } else { commands.into_iter().collect::<Vec<_>>().join(", ") }
    };
    let options = options.into_iter().map(|(name, commands)| (name, taken_by(commands)));
    let (mut lines, mut unexplained) = (String::new(), Vec::new());
    for (name, of) in options.chain(of_the_environment).chain(foreign) {
        let reason = reasons.get(name.as_str()).copied().unwrap_or_default();
        lines += &format!("{name}\t{of}\t{reason}\n");
        if reason.len() < 12 {
            unexplained.push(name);
        }
    }
    golden::compare(GOLDEN, &lines);
    assert!(unexplained.is_empty(), "say in tests/golden/{GOLDEN} why these change no invariant: {unexplained:?}");
}

/// An office with a company on the list and a program's key.
fn prepared(directory: &Path) -> (Company, String) {
    let company = company(3);
    let data = directory.to_str().unwrap();
    found(directory, None);
    for (source, file) in [
        ("registration", registration(&[&company])),
        ("serious-list", serious_list(&[(&company, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")])),
    ] {
        let path = directory.join(format!("{source}.csv"));
        std::fs::write(&path, file).unwrap();
        told(&["import", path.to_str().unwrap(), "--source", source, "--encoding", "utf-8", "--data", data]);
    }
    let key = told(&["account", "key", "shenpi", "--title", "审批系统", "--role", "department", "--organ", "示范县财政局", "--data", data]);
    (company, key.trim().to_owned())
}

struct Asker<'a> {
    agent: ureq::Agent,
    address: &'a str,
    key: &'a str,
}

impl Asker<'_> {
    fn post(&self, path: &str, once: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = self.agent.post(format!("http://{}{path}", self.address)).header("authorization", format!("Bearer {}", self.key));
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let mut answer = request.send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    fn get(&self, path: &str, key: &str) -> (u16, Value) {
        let request = self.agent.get(format!("http://{}{path}", self.address)).header("authorization", format!("Bearer {key}"));
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }
}

/// The refusals of a server that every setting must leave as they are.
fn refusals(of: &Asker<'_>, company: &Company, round: usize) {
    let days = [SystemClock.now().day().to_string(), SystemClock.now().day().to_string()];
    let ask = |purpose: &str| json!({"subject": company.code, "matter": "procurement-bid", "purpose": purpose, "case": "O6"});
    let (status, check) = of.post("/api/v1/checks", Some(&format!("ask-{round}")), &ask("政府采购"));
    assert_eq!(status, 200, "{check}");
    assert!(days.contains(&check["pin"]["day"].as_str().unwrap().to_owned()), "days are those of Shanghai: {check}");
    let limit = check["measures"].as_array().unwrap().iter().find(|m| m["measure"] == "procurement-limit").unwrap();
    assert_eq!(limit["state"], "proposed", "no setting turns a proposal into a restriction");
    let applied = json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "notice": days[0],
        "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": days[0]}});
    let path = format!("/api/v1/checks/{}/feedback", check["id"]);
    let (status, problem) = of.post(&path, Some(&format!("decide-{round}")), &applied);
    assert_eq!((status, &problem["code"]), (403, &json!("human_required")), "a program never decides (D2)");
    let (status, problem) = of.post("/api/v1/checks", Some(&format!("other-{round}")), &ask("日常监管"));
    assert_eq!((status, &problem["code"]), (422, &json!("field_invalid")), "a read names its purpose (A1)");
    let (status, problem) = of.post("/api/v1/checks", None, &ask("政府采购"));
    assert_eq!((status, &problem["code"]), (400, &json!("key_missing")), "one key, one effect (E2)");
    let file = format!("/api/v1/subjects/{}/records", company.code);
    assert_eq!(of.get(&file, of.key).0, 422, "no purpose, no file (A1)");
    assert_eq!(of.get(&file, "xz_nobody").0, 401, "no key, no file");
    assert_eq!(of.get("/api/v1/subjects?q=%25", of.key).0, 422, "nobody lists everybody (A4)");
}

fn under<'c>(command: &'c mut Command, settings: &[(&str, &str)]) -> &'c mut Command {
    command.envs(settings.iter().copied())
}

fn ended(command: &mut Command) -> Output {
    command.output().unwrap()
}

#[test]
fn o6_no_variable_of_the_environment_opens_what_must_stay_closed() {
    let directory = tempfile::tempdir().unwrap();
    let (company, key) = prepared(directory.path());
    let data = directory.path().to_str().unwrap();
    let unfounded = directory.path().join("unfounded");
    std::fs::create_dir(&unfounded).unwrap();
    std::fs::write(unfounded.join("measures.yaml"), "- id: x\n").unwrap();
    let alone = OWN.iter().chain(&FOREIGN).flat_map(|(name, values)| values.iter().map(|value| vec![(*name, *value)]));
    let first = |(name, values): &(&'static str, &[&'static str])| (*name, values[0]);
    let together = OWN.iter().chain(&FOREIGN).map(first).collect();
    for (round, settings) in alone.chain([together]).enumerate() {
        let address = free_address();
        let mut command = program(&["serve", "--listen", &address, "--data", data]);
        let server = Server::launch(std::mem::replace(under(&mut command, &settings), Command::new("true")), address.clone());
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).max_idle_connections(0).build().into();
        refusals(&Asker { agent, address: &address, key: &key }, &company, round);
        let held = ended(under(&mut program(&["backup", "/proc/none", "--data", data]), &settings));
        assert_eq!(held.status.code(), Some(1), "{settings:?}: {}", text(&held.stdout));
        server.kill();
        let checked = ended(under(&mut program(&["pack", "check", unfounded.to_str().unwrap()]), &settings));
        assert_eq!(checked.status.code(), Some(1), "{settings:?}: an unfounded pack passes");
        let doctor = ended(under(&mut program(&["doctor", "--json", "--data", data]), &settings));
        assert!(doctor.status.success(), "{settings:?}: {}", text(&doctor.stdout));
    }
    assert_eq!(answered(&["doctor", "--replay", "--json", "--data", data])["sound"], true);
}
