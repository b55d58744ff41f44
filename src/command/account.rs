//! `xinzhi account`: the first accounts and keys of an office, made by whoever sits at its machine.

use std::io::BufRead;
use std::process::ExitCode;

use anyhow::{Context, bail};
use xinzhi_core::AreaCode;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::{Office, account};

use crate::arguments::{AccountCommand, NewAccount};
use crate::door;
use crate::say::say;

pub fn run(command: &AccountCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccountCommand::Add(new) => {
            let password = password()?;
            let actor = actor(new, true)?;
            let office = door::open(&new.place)?;
            door::runtime()?.block_on(account::create(&office, &Office::operator(), actor, &password))?;
            say!("已建立账号 {}", new.name)?;
        }
        AccountCommand::Key(new) => {
            let actor = actor(new, false)?;
            let office = door::open(&new.place)?;
            let key = door::runtime()?.block_on(account::create_key(&office, &Office::operator(), actor))?;
            say!("{key}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The password comes by standard input, so that it stands in no process list and no history.
fn password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("无法从标准输入读取密码")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("请从标准输入给出密码，例如：echo 密码 | xinzhi account add …")
    } else {
        Ok(password.to_owned())
    }
}

fn actor(new: &NewAccount, is_person: bool) -> anyhow::Result<Actor> {
    let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let role = Role::from_word(&new.role).with_context(|| format!("角色 `{}` 应为 {} 之一", new.role, words.join("、")))?;
    let area = new.area.as_deref().map(|area| AreaCode::parse(area).with_context(|| format!("行政区划代码 `{area}` 有误")));
    Ok(Actor {
        name: new.name.clone(),
        title: new.title.clone(),
        role,
        organ: new.organ.clone(),
        area: area.transpose()?,
        subject: None,
        is_person,
    })
}
