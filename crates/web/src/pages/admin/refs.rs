//! What an entry of the journal refers to, in words. The file that is handed out keeps it as it is stored.

use serde_json::Value;
use xinzhi_core::journal::Act;
use xinzhi_office::rules::Pack;

use super::super::text::{access_title, act_title};
use super::accounts::what_title;

/// In which order things are said: what it is about first, then how many.
const FIRST: [&str; 8] = ["check", "batch", "row", "connector", "subscription", "sequence", "account", "pack"];
const LAST: [&str; 6] = ["read", "accepted", "duplicate", "refused", "quarantined", "digest"];

/// `核查 424，措施 限制评先评优`.
pub(super) fn words(act: Act, refs: &str, pack: &Pack) -> String {
    let Ok(Value::Object(refs)) = serde_json::from_str(refs) else { return refs.to_owned() };
    let place = |key: &str| {
        let among = |list: &[&str]| list.iter().position(|known| *known == key);
        among(&FIRST).or(among(&LAST).map(|at| at + 100)).unwrap_or(50)
    };
    let mut parts: Vec<(usize, String)> =
        refs.iter().filter_map(|(key, value)| Some((place(key), one(act, (key, value), pack)?))).collect();
    parts.sort_by_key(|(place, _)| *place);
    parts.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join("，")
}

/// One of them; none where there is nothing to say.
fn one(act: Act, (key, value): (&str, &Value), pack: &Pack) -> Option<String> {
    let said = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let yes = matches!(value, Value::Bool(true)) || value.as_i64() == Some(1);
    Some(match key {
        "check" => format!("核查 {said}"),
        "measure" => format!("措施 {}", pack.measure_by_id(&said).map_or(said.as_str(), |measure| &measure.title)),
        "batch" => format!("批次 {said}"),
        "row" => format!("第 {said} 行"),
        "accepted" if act == Act::RowRuled => if yes { "采纳" } else { "退回" }.to_owned(),
        "read" => format!("读入 {said} 行"),
        "accepted" => format!("接收 {said}"),
        "duplicate" => format!("重复 {said}"),
        "refused" => format!("退回 {said}"),
        "quarantined" => format!("待核实 {said}"),
        "account" => format!("账号 {said}"),
        "what" => what(act, &said)?,
        "change" => changed(&said).to_owned(),
        "pack" => format!("规则包 {}", pack.parts.iter().find(|part| part.id == said).map_or(said.as_str(), |part| &part.title)),
        "digest" => format!("摘要 {}", said.chars().take(12).collect::<String>()),
        "connector" => format!("前置库 {said}"),
        "subscription" => format!("订阅 {said}"),
        "sequence" => format!("第 {said} 条"),
        "allowed" => if yes { "允许推送" } else { "不再允许推送" }.to_owned(),
        "organ" => format!("单位 {said}"),
        "areas" => format!("区划 {said} 个"),
        "demonstration" => "演示单位".to_owned(),
        "last" => format!("此前最后一笔 {said}"),
        "entries" => format!("{said} 笔"),
        "file" => format!("格式 {said}"),
        "cut" => if yes { "超过上限，只含最新的" } else { "完整" }.to_owned(),
        "act" => format!("事项 {}", Act::from_word(&said).map_or_else(|| said.clone(), |act| act_title(act).to_owned())),
        "actor" => format!("操作账号 {said}"),
        "from" => format!("自 {said}"),
        "until" => format!("至 {said}"),
        "to" => format!("笔次不大于 {said}"),
        other => format!("{other} {said}"),
    })
}

/// What was done, as the sort of act calls it; none where the act says all.
fn what(act: Act, word: &str) -> Option<String> {
    let said = match (act, word) {
        (Act::SubjectRead | Act::IdentityUnmasked, _) => access_title(word),
        (Act::SubscriptionMade | Act::SubscriptionChanged | Act::SubscriptionEnded, _) => changed(word),
        (Act::SignedIn, "session") => return None,
        (Act::SignedIn, "password") => "密码正确，还须第二步验证",
        (Act::SignInFailed, "password") => "密码不正确",
        (Act::SignInFailed, "code") => "验证码或者恢复码不正确",
        (Act::SignInFailed, "not_released") => "账号还没有启用",
        (Act::FactorPassed, "code") => "用验证码",
        (Act::FactorPassed, "recovery") => "用恢复码",
        _ => what_title(word),
    };
    Some(said.to_owned())
}

/// What became of a connector or a subscription.
fn changed(word: &str) -> &str {
    match word {
        "made" => "建立",
        "changed" => "变更",
        "rotated" => "更换密钥",
        "secret" => "更换口令",
        "paused" => "暂停",
        "resumed" => "恢复",
        "ended" => "终止",
        other => other,
    }
}
