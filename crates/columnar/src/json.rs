//! Lists in JSON, and what is wrong with one that cannot be read: the reader's words are English and for us, the key and the line are for
//! whoever wrote it.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use xinzhi_core::text::shown;

/// Reads a list; a clause where it is none.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let list = serde_path_to_error::deserialize(&mut reader).map_err(|fault| clause(&fault.path().to_string(), fault.inner()))?;
    reader.end().map_err(|fault| clause(".", &fault))?;
    Ok(list)
}

fn clause(at: &str, fault: &serde_json::Error) -> String {
    let words = fault.to_string();
    let line = fault.line();
    let named = |head: &str| words.strip_prefix(head).and_then(|rest| rest.split('`').next()).map(|key| under(at, key));
    match fault.classify() {
        Category::Eof => format!("到第 {line} 行中断，不完整"),
        Category::Data => {
            let key = |what: &str, key: &str| format!("第 {line} 行 `{}` {what}", shown(key));
            if let Some(absent) = named("missing field `") {
                key("没有写", &absent)
            } else if let Some(unknown) = named("unknown field `") {
                key("是不认识的项", &unknown)
            } else if let Some(doubled) = named("duplicate field `") {
                key("写了两次", &doubled)
            } else if at == "." {
                format!("第 {line} 行的最外层不是对象")
            } else {
                key("的类型或大小不对", at)
            }
        }
        Category::Syntax | Category::Io => format!("第 {line} 行第 {} 列不是有效的 JSON", fault.column()),
    }
}

/// A key and where it stands.
fn under(at: &str, key: &str) -> String {
    match at {
        "." => key.to_owned(),
        at if at == key || at.ends_with(&format!(".{key}")) => at.to_owned(),
        at => format!("{at}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::read;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct List {
        rows: u64,
        files: BTreeMap<String, Vec<Note>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Note {
        bytes: u32,
    }

    #[test]
    fn a_list_that_is_none_is_told_by_line_and_key() {
        for (text, said) in [
            ("", "到第 1 行中断，不完整"),
            ("{\"rows\": 1,\n\"files\"", "到第 2 行中断，不完整"),
            ("rows: 1", "第 1 行第 1 列不是有效的 JSON"),
            ("null", "第 1 行的最外层不是对象"),
            ("{\"rows\": 1, \"files\": {}}\n{", "第 2 行第 1 列不是有效的 JSON"),
            ("{\"rows\": 1}", "第 1 行 `files` 没有写"),
            ("{\"rows\": 1,\n\"rows\": 1}", "第 2 行 `rows` 写了两次"),
            ("{\"rows\": 2000.0, \"files\": {}}", "第 1 行 `rows` 的类型或大小不对"),
            ("{\"rows\": -1, \"files\": {}}", "第 1 行 `rows` 的类型或大小不对"),
            ("{\"rows\": 1,\n\"more\": 1, \"files\": {}}", "第 2 行 `more` 是不认识的项"),
            ("{\"rows\": 1,\n\"files\": {\"a\": [{\"bytes\": 1},\n{\"bytes\": 1e20}]}}", "第 3 行 `files.a[1].bytes` 的类型或大小不对"),
            ("{\"rows\": 1,\n\"files\": {\"a\": [{}]}}", "第 2 行 `files.a[0].bytes` 没有写"),
            ("{\"rows\": 1,\n\"files\": {\"a\": [{\"bytes\": 1, \"x\\u001b\": 2}]}}", "第 2 行 `files.a[0].x\\u{1b}` 是不认识的项"),
        ] {
            assert_eq!(read::<List>(text.as_bytes()).unwrap_err(), said, "{text}");
        }
        assert!(read::<List>(b"{\"rows\": 1, \"files\": {\"a\": [{\"bytes\": 1}]}} \n").is_ok());
    }
}
