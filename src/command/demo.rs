//! `xinzhi demo`: a county that does not exist, brought in through the front door, with a login per role.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Clock, Day};
use xinzhi_office::account::factor::{self, Secret};
use xinzhi_office::import::{self, Delivery, Options};
use xinzhi_office::{Office, SystemClock, SystemEntropy, account, organ, pack, subject};
use xinzhi_web::Site;

use crate::arguments::Demo;
use crate::command::past;
use crate::command::serve::Doors;
use crate::county::{self, Size};
use crate::door;
use crate::say::say;

/// The password of every demonstration account; printed, and never used outside a demonstration.
const PASSWORD: &str = "demo-2026-xinzhi";
const TOWNSHIP: &str = "330899101";
/// The pack that the demonstration has beside the national one: places that somebody trades in, and so relations.
const PLACES_PACK: &str = "cangnan-market";
const MARKET_BUREAU: &str = "示范县市场监督管理局";

/// Years of records.
const YEARS: i32 = 3;
/// Months before the first record for which departments say that there was none.
const LOOKED_BACK: i32 = 12;

/// Days before today on which the demonstration county begins to work with the system.
const PAST_DAYS: i32 = 21;

pub fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    if let Some(days) = past_days(arguments)? {
        let key = build(arguments, days)?;
        say!("接口密钥（只显示这一次）：{key}")?;
        return Err(start_afresh());
    }
    let office = door::open_demonstration(&arguments.at, Arc::new(SystemClock))?;
    let secrets = secrets(&arguments.at.place.data)?;
    let site = Site { sign_in_hint: logins(), demo_secrets: secrets.clone(), ..Site::default() };
    let doors = Doors::of(&arguments.at.place, &arguments.listen, arguments.metrics.as_deref()).with_site(site);
    super::serve::serve(office, &doors, || introduce(&arguments.listen, &secrets))?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes the server in a process of its own: the memory that building a county took goes back to the system. Returns only
/// where that fails.
fn start_afresh() -> anyhow::Error {
    match std::env::current_exe() {
        Ok(program) => std::process::Command::new(program).args(std::env::args_os().skip(1)).exec().into(),
        Err(error) => error.into(),
    }
}

/// Founding and the pack: what a new office has in its journal.
const FOUNDING_ENTRIES: i64 = 2;

/// How far back a new office begins; none where there is one already. On a server the office is founded by looking, so it has
/// no past.
fn past_days(arguments: &Demo) -> anyhow::Result<Option<i32>> {
    if arguments.at.place.database.is_none() {
        return Ok((!arguments.at.place.data.join("office.db").exists()).then_some(PAST_DAYS));
    }
    let office = door::open_demonstration(&arguments.at, Arc::new(SystemClock))?;
    let head = door::runtime()?.block_on(office.read(|connection| Ok(xinzhi_store::journal::head(connection)?)))?;
    Ok((head.0 <= FOUNDING_ENTRIES).then_some(0))
}

/// Three weeks of a county's work: files come in, business systems ask, officers answer, some are late.
fn build(arguments: &Demo, past: i32) -> anyhow::Result<String> {
    let clock = Arc::new(past::PastClock::new(past));
    let office = door::open_demonstration(&arguments.at, Arc::clone(&clock) as Arc<dyn Clock>)?;
    let runtime = door::runtime()?;
    let places = pack::carried(PLACES_PACK).context("程序未携带演示用的规则包")?;
    runtime.block_on(office.install_pack(PLACES_PACK, places))?;
    bring_in(&office, arguments, office.today().plus_days(-1))?;
    let key = runtime.block_on(people(&office))?;
    runtime.block_on(give_factors(&office, &arguments.at.place.data))?;
    runtime.block_on(past::live(&office, &clock))?;
    Ok(key)
}

fn bar(total: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {bar:40} {human_pos}/{human_len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// Writes the department files and imports each, as a department would.
fn bring_in(office: &Arc<Office>, arguments: &Demo, through: Day) -> anyhow::Result<()> {
    let folder = arguments.at.place.data.join("county");
    std::fs::create_dir_all(&folder).context("无法建立部门文件目录")?;
    let records = arguments.records.unwrap_or(arguments.subjects * 10);
    let size = Size { subjects: arguments.subjects, records, seed: arguments.seed, through, years: YEARS.unsigned_abs() };
    let progress = bar(0, "生成部门文件");
    let mut files = county::write(&size, &folder, &mut |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })
    .context("无法写出部门文件")?;
    progress.finish_and_clear();
    files.extend(county::write_market(&size, &folder).context("无法写出市场和街区的登记")?);
    let rows: usize = files.iter().map(|file| file.rows).sum();
    let progress = bar(u64::try_from(rows)?, "归集部门文件");
    let mut before = 0;
    // Without it the months before this one, which figures look back on, would begin before anything was covered.
    let first = through.plus_months(-12 * YEARS).plus_days(1);
    for span in files.iter_mut().filter_map(|file| file.covers.as_mut()).filter(|span| span.from == first) {
        span.from = first.plus_months(-LOOKED_BACK);
    }
    for file in &files {
        import_file(office, file, &mut |done| progress.set_position(before + u64::try_from(done).unwrap_or(0)))
            .with_context(|| format!("归集 {}", file.path.display()))?;
        before += u64::try_from(file.rows)?;
    }
    progress.finish_and_clear();
    say!("已归集 {} 份部门文件，共 {rows} 行", files.len())?;
    Ok(())
}

fn import_file(office: &Arc<Office>, file: &county::Delivery, progress: &mut dyn FnMut(i64)) -> anyhow::Result<()> {
    let department = Actor { organ: Some(file.supplier.to_owned()), ..Office::operator() };
    let delivery = Delivery {
        source: file.source.to_owned(),
        file_name: file_name(&file.path),
        area: None,
        covers: file.covers.and_then(|span| span.until.map(|until| (span.from, until))),
        options: Options::undeclared(),
        once: None,
    };
    let opened = std::fs::File::open(&file.path)?;
    let batch = import::stage(office, &department, &delivery, opened, progress)?;
    door::runtime()?.block_on(import::commit(office, &department, batch, None))?;
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// One account per role, and a key for programs.
async fn people(office: &Arc<Office>) -> anyhow::Result<String> {
    let by = Office::operator();
    let inside = |code: &str| AreaCode::parse(code).is_some_and(|area| office.row().area.contains(&area));
    for (code, name) in county::areas().filter(|(code, _)| inside(code)) {
        if let Err(faults) = organ::record_area(office, &by, (code, name), false).await? {
            anyhow::bail!("区划 {code}：{faults:?}");
        }
    }
    let first = subject::search(office, &by, "有限公司", 1).await?;
    let code = first.found.first().map(|found| found.code.clone());
    for (name, title, role) in ROLES {
        let subject = match (role, &code) {
            (Role::Subject, Some(code)) => {
                let code = code.clone();
                let found = office.read(move |connection| Ok(xinzhi_store::subject::by_code(connection, "uscc", &code)?)).await?;
                found.map(|row| row.subject)
            }
            _ => None,
        };
        if role == Role::Subject && subject.is_none() {
            continue;
        }
        let area = match role {
            Role::Township => AreaCode::parse(TOWNSHIP),
            Role::Counter => Some(office.row().area.clone()),
            _ => None,
        };
        let organ = match role {
            Role::Department => Some(MARKET_BUREAU.to_owned()),
            Role::Counter => Some("示范县政务服务中心".to_owned()),
            Role::Township => Some("青溪镇人民政府".to_owned()),
            Role::Centre => Some(office.row().name.clone()),
            _ => None,
        };
        let account = Actor { name: name.to_owned(), title: title.to_owned(), role, organ, area, subject, is_person: true };
        account::create(office, &by, account, PASSWORD).await?;
    }
    let program = Actor {
        name: "demo-program".to_owned(),
        title: "行政审批系统（演示）".to_owned(),
        role: Role::Department,
        organ: Some(MARKET_BUREAU.to_owned()),
        area: None,
        subject: None,
        is_person: false,
    };
    Ok(account::create_key(office, &by, program).await?)
}

const ROLES: [(&str, &str, Role); 9] = [
    ("zhongxin", "王明", Role::Centre),
    ("bumen", "李芳", Role::Department),
    ("xiangzhen", "张伟", Role::Township),
    ("chuangkou", "陈静", Role::Counter),
    ("fazhi", "刘洋", Role::Legal),
    ("shenji", "杨敏", Role::Audit),
    ("xitong", "赵磊", Role::System),
    ("anquan", "周洁", Role::Security),
    ("zhuti", "示例企业经办人", Role::Subject),
];

/// Where a demonstration keeps what the devices of its administrators would: what only they have in an office that is real.
const SECRETS: &str = "demo-codes";

/// Gives each administrator of a new demonstration a second factor, and keeps beside the office what its device would hold.
async fn give_factors(office: &Arc<Office>, data: &Path) -> anyhow::Result<()> {
    let entropy = SystemEntropy::new()?;
    let mut lines = String::new();
    for (name, _, _) in ROLES.into_iter().filter(|(_, _, role)| role.is_administrator()) {
        let secret = Secret::generate(&entropy);
        factor::give(office, &Office::operator(), name, &secret).await?;
        lines.push_str(&format!("{name} {}\n", secret.text()));
    }
    std::fs::write(data.join(SECRETS), lines).context("无法写出演示账号的第二因素")
}

/// What the devices of a demonstration hold; nothing in a directory that no demonstration founded.
fn secrets(data: &Path) -> anyhow::Result<Vec<(String, Secret)>> {
    let text = match std::fs::read_to_string(data.join(SECRETS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(|| format!("无法读取 {}", data.join(SECRETS).display()))?,
    };
    let line = |line: &str| {
        let (name, secret) = line.split_once(' ')?;
        Some((name.to_owned(), Secret::from_text(secret)?))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// `xinzhi account code`: the code of a demonstration's account, now.
pub fn code_of(data: &Path, name: &str) -> anyhow::Result<String> {
    let secrets = secrets(data)?;
    if secrets.is_empty() {
        bail!("{} 不是 xinzhi demo 建立的数据目录；正式单位的验证码只在本人手机上", data.display());
    }
    let of = secrets.iter().find(|(other, _)| other == name);
    let (_, secret) = of.with_context(|| format!("`{name}` 不是演示的管理员账号"))?;
    Ok(secret.code_at(SystemClock.now()))
}

/// The logins, as the sign-in page tells them.
fn logins() -> String {
    let lines = ROLES.map(|(name, title, role)| format!("{name}　{}（{title}）", role.title()));
    format!("密码均为 {PASSWORD}\n{}", lines.join("\n"))
}

fn introduce(listen: &str, secrets: &[(String, Secret)]) -> std::io::Result<()> {
    say!("信治已启动：http://{listen}")?;
    say!("演示账号（密码均为 {PASSWORD}）：")?;
    for (name, title, role) in ROLES {
        say!("  {:<12}{}（{title}）", name, role.title())?;
    }
    if !secrets.is_empty() {
        say!("管理员登录还须验证码，第二步的页面上有；也可用 xinzhi account code 查看，或把密钥输入手机：")?;
    }
    for (name, secret) in secrets {
        say!("  {:<12}{}", name, secret.text())?;
    }
    Ok(())
}
