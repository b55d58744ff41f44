//! Which columns each file has, and what a file found on disk must look like to be one of ours.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type, TypePtr};
use xinzhi_evaluate::Reads;
use xinzhi_rules::model::{Field, FieldKind, RecordKind};

use crate::fault::{Fault, Origin};

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `int64`: numbers of subjects and records, whole numbers, 分.
    Number,
    /// `int32` that never needs more, such as thousandths of a share.
    Small,
    /// `date32`.
    Day,
    /// `utf8`.
    Word,
    /// `list<utf8>`.
    Words,
    /// `bool`.
    Flag,
}

/// One column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name in the file.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// Whether every cell is filled.
    pub required: bool,
}

/// A filled column.
pub(crate) fn filled(name: &str, content: Content) -> Shape {
    Shape { name: name.to_owned(), content, required: true }
}

/// A column that may be empty.
pub(crate) fn open(name: &str, content: Content) -> Shape {
    Shape { name: name.to_owned(), content, required: false }
}

/// Columns of `subjects.parquet`.
pub fn subjects() -> Vec<Shape> {
    vec![
        filled(SUBJECT, Content::Number),
        filled("kind", Content::Word),
        open("area", Content::Word),
        open("industry", Content::Word),
        open("code", Content::Word),
    ]
}

/// Columns of `coverage.parquet`.
pub fn coverage() -> Vec<Shape> {
    vec![open("area", Content::Word), filled("kind", Content::Word), filled("from", Content::Day), open("until", Content::Day)]
}

/// The column that every file but the coverage is sorted by.
pub(crate) const SUBJECT: &str = "subject";
/// Day of evaluation, in a file with several.
pub(crate) const AS_OF: &str = "as_of";
/// Number of a record.
pub(crate) const RECORD: &str = "record";
/// Day of the document.
pub(crate) const DAY: &str = "day";
/// 失信程度.
pub(crate) const CLASS: &str = "class";
/// Names that this edition keeps free: a file with them tells what was known when, which this edition does not read.
pub(crate) const RESERVED: [&str; 2] = [KNOWN, UNTIL];

/// From which position of the journal on a row holds.
pub(crate) const KNOWN: &str = "known";
/// Since which it no longer does.
pub(crate) const UNTIL: &str = "until";

/// Columns that every file of a projection has beside those of a table set.
pub(crate) fn stays() -> [Shape; 2] {
    [filled(KNOWN, Content::Number), open(UNTIL, Content::Number)]
}

/// Columns of the file of records that ended.
pub(crate) fn closings() -> Vec<Shape> {
    vec![filled(SUBJECT, Content::Number), filled(RECORD, Content::Number), filled(UNTIL, Content::Number)]
}

/// Columns of the coverage of a projection: `until` there is a position, and the last day is called `through`.
pub(crate) fn coverage_held() -> Vec<Shape> {
    let days = [filled("from", Content::Day), open("through", Content::Day)];
    [open("area", Content::Word), filled("kind", Content::Word)].into_iter().chain(days).chain(stays()).collect()
}

/// Columns of the file of a record kind: the envelope, then every field that rules may read, by its code.
///
/// # Errors
/// [`Fault::Pack`] where two columns would have one name.
pub fn records(kind: &RecordKind) -> Result<Vec<Shape>, Fault> {
    let mut shapes =
        vec![filled(SUBJECT, Content::Number), filled(RECORD, Content::Number), filled(DAY, Content::Day), open(CLASS, Content::Word)];
    for field in &kind.fields {
        let Some(content) = content(field) else { continue };
        if shapes.iter().any(|shape| shape.name == field.code) || RESERVED.contains(&field.code.as_str()) {
            let what = format!("的字段代码 `{}` 与表集的列名重复，不能制成表集，请改字段代码", field.code);
            return Err(Fault::Pack { kind: kind.id.clone(), what });
        }
        shapes.push(open(&field.code, content));
    }
    Ok(shapes)
}

/// Of the columns of a record kind those that somebody reads.
pub(crate) fn needed(kind: &RecordKind, reads: &Reads) -> Vec<Shape> {
    let mut shapes = vec![filled(SUBJECT, Content::Number), filled(DAY, Content::Day)];
    shapes.extend(reads.class.then(|| open(CLASS, Content::Word)));
    let fields = reads.fields.iter().filter_map(|ix| kind.at(*ix));
    shapes.extend(fields.filter_map(|field| Some(open(&field.code, content(field)?))));
    shapes
}

/// What the column of a field holds; none for fields that no rule reads.
pub(crate) fn content(field: &Field) -> Option<Content> {
    match &field.kind {
        FieldKind::Choice(_) => Some(Content::Word),
        FieldKind::Choices(_) => Some(Content::Words),
        FieldKind::Integer { .. } | FieldKind::Money(_) => Some(Content::Number),
        FieldKind::Day { .. } => Some(Content::Day),
        FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber => None,
    }
}

/// The schema of a new file.
pub(crate) fn schema(shapes: &[Shape]) -> parquet::errors::Result<TypePtr> {
    let columns = shapes.iter().map(|shape| column(shape).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("xinzhi").with_fields(columns).build()?))
}

fn column(shape: &Shape) -> parquet::errors::Result<Type> {
    let repetition = if shape.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let name = shape.name.as_str();
    match shape.content {
        Content::Number => Type::primitive_type_builder(name, Physical::INT64).with_repetition(repetition).build(),
        Content::Small => Type::primitive_type_builder(name, Physical::INT32).with_repetition(repetition).build(),
        Content::Flag => Type::primitive_type_builder(name, Physical::BOOLEAN).with_repetition(repetition).build(),
        Content::Day => Type::primitive_type_builder(name, Physical::INT32)
            .with_repetition(repetition)
            .with_converted_type(ConvertedType::DATE)
            .with_logical_type(Some(LogicalType::Date))
            .build(),
        Content::Word => word(name, repetition),
        Content::Words => {
            let element = Arc::new(word("element", Repetition::OPTIONAL)?);
            let list = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![element]).build()?;
            Type::group_type_builder(name)
                .with_repetition(repetition)
                .with_converted_type(ConvertedType::LIST)
                .with_logical_type(Some(LogicalType::List))
                .with_fields(vec![Arc::new(list)])
                .build()
        }
    }
}

fn word(name: &str, repetition: Repetition) -> parquet::errors::Result<Type> {
    Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(repetition)
        .with_converted_type(ConvertedType::UTF8)
        .with_logical_type(Some(LogicalType::String))
        .build()
}

/// The position of a column among the leaves of a file, after making sure that it is what it should be. A column that may be empty by
/// the file's schema is taken for a filled one too, since other programs write every column so; its cells are looked at on reading.
///
/// # Errors
/// [`Fault`] naming file and column.
pub(crate) fn find((path, origin): (&Path, Origin), found: &SchemaDescriptor, shape: &Shape) -> Result<usize, Fault> {
    let roots = found.root_schema().get_fields();
    let mut named = roots.iter().enumerate().filter(|(_, root)| root.name() == shape.name).map(|(index, _)| index);
    let Some(root) = named.next() else {
        return Err(Fault::file(path, format!("没有列 `{}`，{}", shape.name, origin.or("请用相符的规则包重新制作表集"))));
    };
    if named.next().is_some() {
        return Err(Fault::column(path, &shape.name, format!("出现两次，{}", origin.or("请只留一列"))));
    }
    let mut leaves = (0..found.num_columns()).filter(|leaf| found.get_column_root_idx(*leaf) == root);
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else {
        let what = format!("是复合类型，应为 {}，{}", shape.content.name(), origin.or(REWRITE));
        return Err(Fault::column(path, &shape.name, what));
    };
    let column = found.column(leaf);
    let kind = column.self_type();
    let info = kind.get_basic_info();
    let (logical, converted) = (info.logical_type_ref(), info.converted_type());
    let nested = column.max_rep_level() > 0 || found.get_column_root(leaf).is_group();
    let fits = match shape.content {
        Content::Number => column.physical_type() == Physical::INT64 && plain_integer(logical, converted, 64),
        Content::Small => column.physical_type() == Physical::INT32 && plain_integer(logical, converted, 32),
        Content::Flag => column.physical_type() == Physical::BOOLEAN,
        Content::Day => {
            column.physical_type() == Physical::INT32 && (logical == Some(&LogicalType::Date) || converted == ConvertedType::DATE)
        }
        Content::Word | Content::Words => {
            column.physical_type() == Physical::BYTE_ARRAY && (logical == Some(&LogicalType::String) || converted == ConvertedType::UTF8)
        }
    };
    let list = shape.content == Content::Words;
    let depth = column.max_rep_level() == i16::from(list) && (1..=3).contains(&column.path().parts().len());
    if !fits || nested != list || !depth {
        let found = described(&column, nested);
        let what = format!("的类型是 {found}，应为 {}，{}", shape.content.name(), origin.or(REWRITE));
        return Err(Fault::column(path, &shape.name, what));
    }
    Ok(leaf)
}

const REWRITE: &str = "请按表集的格式重新写出";

/// A signed integer with no other meaning, such as a decimal or a moment, behind it.
fn plain_integer(logical: Option<&LogicalType>, converted: ConvertedType, bits: i8) -> bool {
    match logical {
        None => matches!(converted, ConvertedType::NONE | ConvertedType::INT_64 | ConvertedType::INT_32),
        Some(logical) => *logical == LogicalType::integer(bits, true),
    }
}

/// A type as users of Parquet know it: `decimal(20, 0)`, `timestamp[us, UTC]`, `list<int64>`.
fn described(column: &ColumnDescriptor, nested: bool) -> String {
    let kind = column.self_type();
    let info = kind.get_basic_info();
    let name = match (info.logical_type_ref(), info.converted_type()) {
        (Some(logical), _) => meant(logical, column),
        (None, ConvertedType::NONE) => stored(column),
        (None, converted) => converted_name(converted, column),
    };
    match (nested, column.max_rep_level()) {
        (false, _) => name,
        (true, 0) => format!("struct<{name}>"),
        (true, depth) => (0..depth).fold(name, |name, _| format!("list<{name}>")),
    }
}

fn decimal(precision: i32, scale: i32) -> String {
    format!("decimal({precision}, {scale})")
}

fn integer(bits: i8, signed: bool) -> String {
    format!("{}int{bits}", if signed { "" } else { "u" })
}

fn moment(name: &str, unit: &TimeUnit, utc: bool) -> String {
    let unit = match unit {
        TimeUnit::MILLIS => "ms",
        TimeUnit::MICROS => "us",
        TimeUnit::NANOS => "ns",
    };
    format!("{name}[{unit}{}]", if utc { ", UTC" } else { "" })
}

/// What a file says that its cells mean.
fn meant(logical: &LogicalType, column: &ColumnDescriptor) -> String {
    let name = match logical {
        LogicalType::Decimal(of) => return decimal(of.precision, of.scale),
        LogicalType::Timestamp(of) => return moment("timestamp", &of.unit, of.is_adjusted_to_u_t_c),
        LogicalType::Time(of) => return moment("time", &of.unit, false),
        LogicalType::Integer(of) => return integer(of.bit_width, of.is_signed),
        LogicalType::String => Content::Word.name(),
        LogicalType::Date => Content::Day.name(),
        LogicalType::Map => "map",
        LogicalType::List => "list",
        LogicalType::Enum => "enum",
        LogicalType::Unknown => "null",
        LogicalType::Json => "json",
        LogicalType::Bson => "bson",
        LogicalType::Uuid => "uuid",
        LogicalType::Float16 => "float16",
        LogicalType::Variant(_) => "variant",
        LogicalType::Geometry(_) => "geometry",
        LogicalType::Geography(_) => "geography",
        // What later editions of the format add is told by how it is stored.
        _ => return stored(column),
    };
    name.to_owned()
}

/// The same as older writers say it.
fn converted_name(converted: ConvertedType, column: &ColumnDescriptor) -> String {
    let name = match converted {
        ConvertedType::DECIMAL => return decimal(column.type_precision(), column.type_scale()),
        ConvertedType::TIMESTAMP_MILLIS => return moment("timestamp", &TimeUnit::MILLIS, true),
        ConvertedType::TIMESTAMP_MICROS => return moment("timestamp", &TimeUnit::MICROS, true),
        ConvertedType::TIME_MILLIS => return moment("time", &TimeUnit::MILLIS, false),
        ConvertedType::TIME_MICROS => return moment("time", &TimeUnit::MICROS, false),
        ConvertedType::UTF8 => Content::Word.name(),
        ConvertedType::DATE => Content::Day.name(),
        ConvertedType::NONE => return stored(column),
        // Their names are words already, as UINT_32, JSON, INTERVAL.
        other => return other.to_string().to_lowercase().replace("int_", "int"),
    };
    name.to_owned()
}

/// What the cells are where a file says nothing of what they mean.
fn stored(column: &ColumnDescriptor) -> String {
    let name = match column.physical_type() {
        Physical::BOOLEAN => Content::Flag.name(),
        Physical::INT32 => Content::Small.name(),
        Physical::INT64 => Content::Number.name(),
        Physical::INT96 => "int96",
        Physical::FLOAT => "float",
        Physical::DOUBLE => "double",
        Physical::BYTE_ARRAY => "binary",
        Physical::FIXED_LEN_BYTE_ARRAY => return format!("fixed_size_binary[{}]", column.type_length()),
    };
    name.to_owned()
}

impl Content {
    /// How the documentation calls it.
    pub fn name(self) -> &'static str {
        match self {
            Content::Number => "int64",
            Content::Small => "int32",
            Content::Day => "date32",
            Content::Word => "utf8",
            Content::Words => "list<utf8>",
            Content::Flag => "bool",
        }
    }
}
