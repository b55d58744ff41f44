//! YAML as written: a tree in which every key and value knows its line and column, and every scalar keeps its text.
//!
//! Types are decided by whoever reads a value, never by the look of it: `N`, `2026` and `0.50` stay what the author wrote,
//! and no number passes through a float. Anchors, aliases and tags are refused, for a jurist must be able to read a rule
//! where it stands.

use serde_saphyr::granit_parser as granit;
use serde_saphyr::granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, Span};

/// Nesting beyond which a file is refused.
const DEPTH_MAX: usize = 64;

/// A place in a file, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub line: u32,
    pub column: u32,
}

impl At {
    pub(crate) const START: At = At { line: 1, column: 1 };

    fn of(marker: &Marker) -> At {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        At { line: number(marker.line().max(1)), column: number(marker.col().saturating_add(1)) }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub at: At,
    pub value: Value,
}

/// What a value looks like.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Nothing,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One `key: value`; the same key may still come twice here.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub at: At,
    pub key: String,
    pub value: Node,
}

impl Node {
    /// How a fault names the value that it met.
    pub(crate) fn looks(&self) -> String {
        match &self.value {
            Value::Nothing => "空".to_owned(),
            Value::Scalar(text) => format!("`{text}`"),
            Value::List(_) => "一个列表".to_owned(),
            Value::Map(_) => "一组键值".to_owned(),
        }
    }
}

/// Why a text is no tree.
#[derive(Clone, Debug)]
pub(crate) struct NotYaml {
    pub at: At,
    pub message: String,
    pub help: &'static str,
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, NotYaml> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = granit::options! { emit_comments: false };
    let mut builder = Builder { text, events: Parser::new_from_str_with_options(text, options) };
    let mut root = None;
    while let Some((event, span)) = builder.next()? {
        match event {
            Event::DocumentStart(..) if root.is_some() => {
                let help = "请把第二个文档另存为一个文件，并删去分隔行 `---`";
                return Err(refused(&span, "一个文件只能有一个 YAML 文档", help));
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
            event => root = Some(builder.node(event, &span, 0)?),
        }
    }
    Ok(root.unwrap_or(Node { at: At::START, value: Value::Nothing }))
}

struct Builder<'a> {
    text: &'a str,
    events: Parser<'a, granit::StrInput<'a>>,
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, NotYaml> {
        self.events.next().transpose().map_err(|error| syntax(self.text, error.marker(), error.kind()))
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, NotYaml> {
        if depth > DEPTH_MAX {
            return Err(refused(span, "嵌套层数过多", "请把内容拆开，嵌套不超过 64 层"));
        }
        let at = At::of(&span.start);
        let value = match event {
            Event::Scalar(text, style, 0, None) => scalar(&text, style),
            Event::SequenceStart(_, 0, None) => Value::List(self.list(depth)?),
            Event::MappingStart(_, 0, None) => Value::Map(self.map(depth)?),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                let help = "请直接写出内容；含 `&`、`*`、`!` 的文字请加双引号";
                return Err(refused(span, "不支持 YAML 的锚点、别名和标签", help));
            }
            _ => return Err(refused(span, "YAML 结构不完整", "请检查缩进和括号是否成对")),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, NotYaml> {
        let mut nodes = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            nodes.push(self.node(event, &span, depth + 1)?);
        }
        Ok(nodes)
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, NotYaml> {
        let mut entries = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let Event::Scalar(key, _, 0, None) = event else {
                return Err(refused(&span, "键必须是一段文字", "请把键写成 `键: 值` 的形式"));
            };
            let Some((event, value)) = self.next()? else { break };
            entries.push(Entry { at: At::of(&span.start), key: key.into_owned(), value: self.node(event, &value, depth + 1)? });
        }
        Ok(entries)
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let nothing = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    if nothing { Value::Nothing } else { Value::Scalar(text.to_owned()) }
}

fn refused(span: &Span, message: &str, help: &'static str) -> NotYaml {
    NotYaml { at: At::of(&span.start), message: message.to_owned(), help }
}

/// The parser speaks English; its commonest complaints get a sentence of their own, the others keep theirs in brackets.
fn syntax(text: &str, marker: &Marker, kind: &ErrorKind) -> NotYaml {
    if let Some(at) = tab(text, marker, kind) {
        return NotYaml { at, message: "此处有制表符".to_owned(), help: "YAML 用空格缩进，请把制表符换成空格" };
    }
    if let Some((at, character)) = control(text) {
        let message = format!("此处有控制字符 U+{:04X}，不是文本文件的内容", u32::from(character));
        return NotYaml {
            at, message, help: "规则文件须是 UTF-8 文本；请核对是否误放了别的文件，或删去这个字符"
        };
    }
    let (message, help) = match kind {
        ErrorKind::UnclosedFlowCollection { open } => (format!("括号 `{open}` 没有配对"), "请补上对应的右括号"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => (format!("括号 `{open}` 与 `{close}` 不配对"), "请核对左右括号"),
        ErrorKind::UnclosedQuotedScalar => ("引号没有配对".to_owned(), "请补上右引号"),
        ErrorKind::UnexpectedCharacter { character } => {
            (format!("此处不能出现字符 `{character}`"), "以标点符号开头的文字请加双引号，并核对上一行的括号、引号是否成对")
        }
        ErrorKind::UnknownAnchor => ("不支持 YAML 的锚点和别名".to_owned(), "请直接写出内容；以 `*` 开头的文字请加双引号"),
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            ("缩进不一致".to_owned(), "同一层的键和列表项须左对齐，请核对本行与上一行的缩进")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement | ErrorKind::SimpleKeyExpected => {
            ("此处不能出现冒号，或上文没有写完".to_owned(), "请核对本行和上一行的括号、引号是否成对；文字里含有冒号加空格时请加双引号")
        }
        other => (format!("不是有效的 YAML（{other}）"), "请核对本行和上一行的缩进、冒号后的空格、引号与括号"),
    };
    NotYaml { at: At::of(marker), message, help }
}

/// The first character that no text has, where there is one: the parser stumbles over it in words of its own, or somewhere else.
fn control(text: &str) -> Option<(At, char)> {
    let barred = |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.split('\n').enumerate().find_map(|(line, text)| {
        let (column, character) = text.chars().enumerate().find(|(_, c)| barred(*c))?;
        Some((At::of(&Marker::new(0, line + 1, column)), character))
    })
}

/// The first tab that indents a line, from the marked one on, where a tab is what the parser stumbled over.
fn tab(text: &str, marker: &Marker, kind: &ErrorKind) -> Option<At> {
    let said = matches!(
        kind,
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabInPlainScalar
    );
    let indented = |line: &str| line.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t');
    let first = marker.line().saturating_sub(1);
    let mut lines = text.lines().enumerate().skip(first).take(if said { usize::MAX } else { 1 });
    let found = lines.find_map(|(line, text)| Some((line, indented(text)?)));
    match found {
        Some((line, column)) => Some(At::of(&Marker::new(0, line + 1, column))),
        None => said.then(|| At::of(marker)),
    }
}
