//! The demonstration through a browser: at a desk, on a phone, with scripts off. What is done there stands in
//! `tests/browser/journey.mjs`; here the county is built, served and put away.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// A demonstration on a free port; ended when it goes out of scope.
struct Demo {
    child: Child,
    address: String,
    key: String,
    data: tempfile::TempDir,
}

impl Demo {
    /// Builds a county and waits until it is served; the key of its program is told on the way.
    fn start() -> Demo {
        let data = tempfile::tempdir().unwrap();
        // Free when asked and very likely a moment later: ports are handed out in turn.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xinzhi"));
        command.args(["demo", "--subjects", "600", "--seed", "7", "--listen", &address, "--data"]).arg(data.path().join("county"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = String::new();
        while !told.contains("信治已启动") {
            let line = lines.next().unwrap_or_else(|| panic!("the demonstration ended: {told}"));
            told = format!("{told}{line}\n");
        }
        // Whatever else it says is read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let key = told.split_whitespace().find_map(|word| word.find("xz_").and_then(|at| word.get(at..)));
        let key = key.unwrap_or_else(|| panic!("no key in: {told}")).to_owned();
        Demo { child, address, key, data }
    }
}

impl Demo {
    /// A table that nobody serves: its page has something to show, a failure and what can be done.
    fn register_a_table(&self) {
        let data = self.data.path().join("county");
        let mut command = Command::new(env!("CARGO_BIN_EXE_xinzhi"));
        command.args(["connector", "add", "chengguan", "--title", "城管处罚前置库", "--source", "cf-2018", "--organ", "示范县城市管理局"]);
        command.args(["--dbname", "qzk", "--user", "reader", "--table", "cf", "--watermark", "updated_at", "--key", "id"]);
        command.arg("--host").arg(&data).arg("--data").arg(&data);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all("口令\n".as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

impl Demo {
    /// A draft of rules with which some lose and some win: the assessment of it has something to show.
    fn hand_in_a_draft(&self) {
        let folder = self.data.path().join("drafts/national");
        for (path, text) in xinzhi_office::pack::own_files().iter() {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text.replace("一般: -20, 严重", "一般: -120, 严重").replace("from: 850", "from: 840")).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_xinzhi"));
        command.args(["pack", "diff"]).arg(&folder).arg("--data").arg(self.data.path().join("county"));
        assert!(command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself, which the journey has told by then.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

#[test]
fn people_do_their_work_at_a_desk_on_a_phone_and_without_scripts() {
    let demo = Demo::start();
    demo.register_a_table();
    demo.hand_in_a_draft();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/journey.mjs");
    let output = Command::new("node").arg(script).arg(format!("http://{}", demo.address)).arg(&demo.key).output();
    let output = output.unwrap_or_else(|error| panic!("node: {error}; `cargo xtask test` says what is needed"));
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", told(&output.stdout), told(&output.stderr));
}
