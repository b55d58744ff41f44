//! Why a file or one of its rows cannot be used. Every sentence says what is wrong and what to do.

/// Why a whole file is sent back. Nothing of it becomes a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// The storage below us failed.
    #[error("读取文件时出错（{0}），请重新上传")]
    Read(String),
    /// Neither header nor rows.
    #[error("文件是空的，第一行应为表头；请填写后重新上传")]
    Empty,
    /// A header without rows.
    #[error("文件只有表头，没有数据行；如本期确无数据，请按“零报告”报送")]
    NoRows,
    /// A column without a header, between others.
    #[error("表头第 {column} 列是空的，请补上列名或删除该列后重新上传")]
    HeaderCellEmpty {
        /// Counted from 1.
        column: usize,
    },
    /// Two columns with one header.
    #[error("表头 `{header}` 在第 {first} 列和第 {second} 列重复出现，请只保留一列后重新上传")]
    HeaderDuplicate {
        /// The header.
        header: String,
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
    },
    /// A header that cannot be read.
    #[error("表头第 {column} 列{reason}")]
    HeaderUnreadable {
        /// Counted from 1.
        column: usize,
        /// A clause.
        reason: String,
    },
    /// The header line holds more than one of the separators.
    #[error("表头中同时出现了{found}，无法确定哪一个是列的分隔符；请另存为以逗号分隔的 CSV 或 XLSX 后重新上传")]
    SeparatorUnclear {
        /// Which ones.
        found: String,
    },
    /// Both decoders accept the bytes and disagree on the text (X5).
    #[error("文件按 UTF-8 和按 GB18030（GBK）都能读出，但文字不同，无法确定编码；请在上传时选择编码，或另存为“CSV UTF-8”后重新上传")]
    EncodingAmbiguous,
    /// Neither decoder accepts the bytes.
    #[error(
        "文件既不是 UTF-8 也不是 GB18030（GBK）编码：按 UTF-8 在第 {} 行（第 {} 字节）、按 GB18030 在第 {} 行（第 {} 字节）无法读出；请另存为“CSV UTF-8”后重新上传",
        utf8.line, utf8.byte, gb18030.line, gb18030.byte
    )]
    EncodingUnknown {
        /// First byte that is no UTF-8.
        utf8: Place,
        /// First byte that is no GB18030.
        gb18030: Place,
    },
    /// UTF-16, by its byte order mark.
    #[error("文件是 UTF-16（“Unicode 文本”）编码，请另存为“CSV UTF-8”或 XLSX 后重新上传")]
    EncodingUtf16,
    /// The file ended inside a quoted field.
    #[error("从第 {line} 行开始的双引号直到文件末尾都没有结束，其后的内容无法分行；请补上双引号后重新上传")]
    QuoteUnclosed {
        /// Line of the text file on which the record starts, from 1.
        line: u64,
    },
    /// A record without end.
    #[error("从第 {line} 行开始的一条记录超过 {max} 字节，可能是双引号没有结束或文件不是表格；请检查后重新上传")]
    RecordTooLong {
        /// Line of the text file, or row of the sheet, from 1.
        line: u64,
        /// The limit.
        max: usize,
    },
    /// More columns than any catalogue has.
    #[error("表格有 {found} 列，最多 {max} 列；请删除多余的列（包括最右侧误填的单元格）后重新上传")]
    TooManyColumns {
        /// How many.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// A binary format of old, or an encrypted workbook.
    #[error("文件是旧版 Excel（.xls）或加了密码的工作簿，请去掉密码并另存为 .xlsx 后重新上传")]
    LegacyWorkbook,
    /// Something else altogether.
    #[error("文件是 {0}，不是表格；请上传 .xlsx 或 .csv")]
    NotATable(&'static str),
    /// The archive or a part of it cannot be read.
    #[error("工作簿已损坏或不是标准的 .xlsx，无法打开；请用表格软件打开并另存为 .xlsx 后重新上传")]
    WorkbookBroken {
        /// For the log.
        detail: String,
    },
    /// The compressed file is too large (X4).
    #[error("工作簿大小为 {bytes} 字节，超过上限 {max} 字节；请拆分，或另存为 CSV 后上传")]
    WorkbookTooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The expanded size is too large (X4).
    #[error("工作簿解压后超过上限 {max} 字节；请拆分，或另存为 CSV 后上传")]
    WorkbookExpands {
        /// The limit.
        max: u64,
    },
    /// The compression ratio is that of a bomb (X4).
    #[error("工作簿的压缩比超过 {max} 倍，不像正常的表格；请删除大片空白格式后另存，再重新上传")]
    WorkbookRatio {
        /// The limit.
        max: u64,
    },
    /// Too many cells (X4).
    #[error("工作表的单元格超过 {max} 个；请删除空白格式区域或拆分后重新上传")]
    TooManyCells {
        /// The limit.
        max: u64,
    },
    /// Too many rows (X4).
    #[error("工作表超过 {max} 行；请拆分后重新上传")]
    TooManyRows {
        /// The limit.
        max: u32,
    },
    /// A macro project (X4).
    #[error("工作簿含有宏，不予读取；请另存为不含宏的 .xlsx 后重新上传")]
    Macros,
    /// Links to other workbooks or data connections (X4).
    #[error("工作簿含有指向其他文件的链接或数据连接，不予读取；请断开链接、粘贴为数值后重新上传")]
    ExternalLinks,
    /// The named sheet is not there.
    #[error("工作簿中没有名为 `{name}` 的工作表，现有：{found}")]
    SheetMissing {
        /// The wanted name.
        name: String,
        /// The names there are.
        found: String,
    },
    /// An error value that the reader cannot place.
    #[error("工作表第 {row} 行附近含有错误值 `{value}`，请改为正确的数值后重新上传")]
    ErrorValue {
        /// Row of the sheet, from 1.
        row: i64,
        /// As `#SPILL!`.
        value: String,
    },
    /// A formula in the header.
    #[error("表头第 {column} 列含公式，请粘贴为数值后重新上传")]
    HeaderFormula {
        /// Counted from 1.
        column: usize,
    },
}

/// Where in a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset of the byte, from 0.
    pub byte: u64,
    /// Line, from 1.
    pub line: u64,
}

/// Why one row is sent back while the others go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// More or fewer columns than the header.
    #[error("本行有 {found} 列，表头有 {expected} 列；请检查是否多了或少了分隔符、双引号")]
    Columns {
        /// In this row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// Bytes that the file's encoding does not have.
    #[error("第 {column} 列含有按 {encoding} 无法读出的字节；请核对原文，另存为“CSV UTF-8”后重新报送本行")]
    Undecodable {
        /// Counted from 1.
        column: usize,
        /// The encoding's name.
        encoding: &'static str,
    },
    /// A field too long to be one.
    #[error("第 {column} 列超过 {max} 字节；请检查双引号是否成对，或删减内容后重新报送本行")]
    FieldTooLong {
        /// Counted from 1.
        column: usize,
        /// The limit.
        max: usize,
    },
    /// Text after a closing quote.
    #[error("第 {column} 列的双引号之后还有文字；字段中的双引号应写成两个双引号")]
    QuoteMisplaced {
        /// Counted from 1.
        column: usize,
    },
    /// A formula instead of a value.
    #[error("第 {column} 列含公式，请粘贴为数值")]
    Formula {
        /// Counted from 1.
        column: usize,
    },
    /// `#N/A` and its kin.
    #[error("第 {column} 列是错误值 `{value}`，请改为正确的数值")]
    ErrorValue {
        /// Counted from 1.
        column: usize,
        /// As `#N/A`.
        value: String,
    },
    /// A code that the spreadsheet has made a rounded number.
    #[error("第 {column} 列的长号码已被表格软件存成数字（科学计数法），末几位可能已丢失；请把该列设为文本格式后重新填写")]
    LongNumber {
        /// Counted from 1.
        column: usize,
    },
    /// A line of NDJSON that is not one flat object.
    #[error("本行从第 {column} 个字节起不是有效的 JSON 对象；每行应为一个对象，形如 {{\"处罚机关\":\"某局\"}}")]
    JsonBroken {
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// One key twice in one object: nobody knows which is meant (X3).
    #[error("字段 `{key}` 在本行出现两次，请只保留一个后重新报送本行")]
    JsonRepeated {
        /// The key.
        key: String,
    },
    /// A value that is neither text, integer nor null.
    #[error("字段 `{key}` 的值应为文字、整数或 null；小数请写成文字，如 \"0.2\"")]
    JsonValue {
        /// The key.
        key: String,
    },
}

impl RowFault {
    /// The stable code of the remark.
    pub fn code(&self) -> &'static str {
        match self {
            RowFault::Columns { .. } => "row.columns",
            RowFault::Undecodable { .. } => "row.undecodable",
            RowFault::FieldTooLong { .. } => "row.field_too_long",
            RowFault::QuoteMisplaced { .. } => "row.quote",
            RowFault::Formula { .. } => "row.formula",
            RowFault::ErrorValue { .. } => "row.error_value",
            RowFault::LongNumber { .. } => "row.long_number",
            RowFault::JsonBroken { .. } => "row.json",
            RowFault::JsonRepeated { .. } => "row.json_repeated",
            RowFault::JsonValue { .. } => "row.json_value",
        }
    }
}
