//! Text from outside, made safe by one function (X2).

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// What the system said about a file, a folder or a connection, as a clause in Chinese; its own words where it says something rare.
pub fn io_words(error: &io::Error) -> String {
    let words = match error.kind() {
        ErrorKind::NotFound => "没有这个文件或目录",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::NotADirectory => "路径中有一段不是目录",
        ErrorKind::IsADirectory => "这是目录，不是文件",
        ErrorKind::DirectoryNotEmpty => "目录不是空的",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::QuotaExceeded => "超过磁盘限额",
        ErrorKind::FileTooLarge => "文件过大",
        ErrorKind::ResourceBusy => "正被占用",
        ErrorKind::CrossesDevices => "不在同一个文件系统上",
        ErrorKind::InvalidFilename => "名称过长或含有不能使用的字符",
        ErrorKind::BrokenPipe => "读取的一方已经关闭",
        ErrorKind::AddrInUse => "地址已被占用",
        ErrorKind::AddrNotAvailable => "本机没有这个地址",
        ErrorKind::ConnectionRefused => "对方拒绝连接",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "连接中断",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => "网络不通",
        ErrorKind::TimedOut => "没有在限定时间内答复",
        ErrorKind::UnexpectedEof => "内容不完整",
        ErrorKind::OutOfMemory => "内存不足",
        _ => return error.to_string(),
    };
    // What this house says itself comes with a kind and words of its own.
    if error.raw_os_error().is_none() && error.get_ref().is_some() { error.to_string() } else { words.to_owned() }
}

/// Why a text is refused, as a clause that continues a Chinese sentence naming the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclean {
    /// A control character other than tab and line break, NUL among them.
    #[error("含有控制字符 U+{0:04X}，请删除后重新提交")]
    Control(u32),
    /// A character that reorders what is displayed, so that a reader sees another text than is stored.
    #[error("含有改变显示顺序的字符 U+{0:04X}，请删除后重新提交")]
    Bidi(u32),
    /// A code point that Unicode assigns to nothing, or reserves for programs.
    #[error("含有不可用于交换的字符 U+{0:04X}，请删除后重新提交")]
    Noncharacter(u32),
}

/// Normalises to NFC, drops zero-width characters and outer white space (full-width spaces too), turns CRLF into LF.
/// Returns the text itself when nothing had to change, which is nearly always.
///
/// # Errors
/// [`Unclean`] with the offending code point. Nothing is ever silently replaced by something visible.
pub fn clean(text: &str) -> Result<Cow<'_, str>, Unclean> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_zero_width(c));
    if text.is_ascii() && text.bytes().all(|b| b >= 0x20 && b != 0x7f) {
        return Ok(Cow::Borrowed(text));
    }
    let (mut rewrite, mut stable) = (false, true);
    for c in text.chars() {
        match c {
            '\n' | '\t' => {}
            c if is_ordinary(c) => {}
            '\r' => rewrite = true,
            c if c.is_control() => return Err(Unclean::Control(u32::from(c))),
            c if is_bidi(c) => return Err(Unclean::Bidi(u32::from(c))),
            c if is_noncharacter(c) => return Err(Unclean::Noncharacter(u32::from(c))),
            c if is_zero_width(c) => rewrite = true,
            _ => stable = false,
        }
    }
    if !rewrite && (stable || is_nfc(text)) {
        return Ok(Cow::Borrowed(text));
    }
    let kept = text.chars().filter(|c| !is_zero_width(*c) && *c != '\r');
    Ok(Cow::Owned(kept.nfc().collect()))
}

/// What nearly all text is made of, in NFC by itself whatever stands beside it: the tables of Unicode need not be asked.
fn is_ordinary(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{3001}'..='\u{3029}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}')
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{180e}')
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Characters of a foreign text that a sentence quotes.
const SHOWN_CHARS: usize = 60;

/// A foreign text as a sentence quotes it: as [`visible`], and cut where it is longer than anybody reads.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    visible(&short)
}

/// A foreign text in one line, with a name for every character that a terminal would obey or that hides or turns what is read.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control() || is_bidi(c) || is_zero_width(c) || is_noncharacter(c) || matches!(c, '\u{2028}' | '\u{2029}');
        if hidden { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text percent-encoded for a path segment or a value of a query (RFC 3986).
pub fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Full-width letters, digits and hyphens as their ASCII twins: what a clerk meant when a code was typed in Chinese mode.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let wide = |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}');
    if !text.chars().any(wide) {
        return Cow::Borrowed(text);
    }
    let narrow = |c: char| if wide(c) { char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c) } else { c };
    Cow::Owned(text.chars().map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x2_invisible_characters_go_and_reordering_ones_are_refused() {
        assert_eq!(clean(" 衢江\u{200b}恒信\u{3000}").unwrap(), "衢江恒信");
        assert_eq!(clean("a\r\nb").unwrap(), "a\nb");
        assert_eq!(clean("e\u{301}").unwrap(), "é");
        assert_eq!(clean("a\u{0}b"), Err(Unclean::Control(0)));
        assert_eq!(clean("甲\u{202e}乙"), Err(Unclean::Bidi(0x202e)));
        assert_eq!(clean("\u{fffe}x").unwrap_err(), Unclean::Noncharacter(0xfffe));
    }

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(clean("粤市监处罚〔2026〕14号"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn x2_ordinary_characters_are_clean_by_the_tables_of_unicode() {
        for c in (0..=0xffff).filter_map(char::from_u32).filter(|c| is_ordinary(*c)) {
            let is_refused = c.is_control() || is_bidi(c) || is_noncharacter(c) || is_zero_width(c);
            assert!(!is_refused && is_nfc(&format!("{c}{c}")), "{c:?}");
        }
        // What composes with the character before it is never ordinary.
        assert_eq!(clean("カ\u{3099}e\u{301}").unwrap(), "ガé");
    }

    #[test]
    fn x2_what_is_quoted_is_short_and_says_nothing_to_a_terminal() {
        assert_eq!(shown("衢江恒信 A-1"), "衢江恒信 A-1");
        assert_eq!(shown("a\u{1b}[31mb\nc\u{202e}d\u{200b}\u{2028}"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d\\u{200b}\\u{2028}");
        assert_eq!(shown(&"甲".repeat(60)), "甲".repeat(60));
        assert_eq!(shown(&"甲".repeat(100_000)), format!("{}…", "甲".repeat(60)));
        assert_eq!(visible(&"甲\t".repeat(61)), "甲\\u{9}".repeat(61), "paths are told whole");
    }

    #[test]
    fn full_width_codes_become_ascii() {
        assert_eq!(half_width("９１３３０１００"), "91330100");
    }
}
