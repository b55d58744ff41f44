//! Identifiers with a check digit: who is meant, exactly (D6).
//!
//! 统一社会信用代码 after GB 32100-2015, 组织机构代码 after GB 11714-1997, 公民身份号码 after GB 11643-1999. The arithmetic is the
//! standards'; the vectors are in `identifier/tests.rs`.

use std::fmt;

use crate::Day;
use crate::mask;

/// The placeholder that real files carry where an organ has no code. It is *missing*, not wrong.
pub const NO_CODE: &str = "00000000000000000X";

/// Why a text is not a valid identifier, as a Chinese sentence fragment for the reader of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing, or the placeholder.
    #[error("未填写（占位码视为未填写）")]
    Missing,
    /// Not the number of characters of any known code.
    #[error("长度不符，统一社会信用代码和身份证号码为 18 位，组织机构代码为 9 位")]
    Length,
    /// A character that the standard excludes, at a position counted from 1.
    #[error("第 {0} 位字符不在标准规定的字符集内")]
    Character(usize),
    /// The check character does not follow from the others.
    #[error("校验位不正确，请核对是否抄错或被表格软件改写")]
    CheckDigit,
    /// A birth date that no calendar has, or that lies outside a human life.
    #[error("其中的出生日期不存在")]
    BirthDate,
    /// The shape of `9.13308E+17`, which spreadsheets make of long codes.
    #[error("已被表格软件改写成科学计数法，请把该列设为文本格式后重新填写")]
    Scientific,
}

/// 统一社会信用代码, valid by its check character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(String);

const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

impl Uscc {
    /// Reads a code; lower case and full-width characters are taken for what they mean.
    ///
    /// # Errors
    /// [`Invalid`], with the position where there is one.
    pub fn parse(text: &str) -> Result<Uscc, Invalid> {
        let code = typed_code(text)?;
        if code == NO_CODE {
            return Err(Invalid::Missing);
        }
        if code.len() != 18 || !code.is_ascii() {
            return Err(Invalid::Length);
        }
        let mut sum = 0;
        for (index, (byte, weight)) in code.bytes().zip(USCC_WEIGHTS).enumerate() {
            sum += uscc_value(byte).ok_or(Invalid::Character(index + 1))? * weight;
        }
        let last = code.bytes().last().and_then(uscc_value).ok_or(Invalid::Character(18))?;
        if last == (31 - sum % 31) % 31 { Ok(Uscc(code)) } else { Err(Invalid::CheckDigit) }
    }

    /// The code for the first 17 characters `body`: what generators need. `None` where a character is excluded.
    pub fn with_check_character(body: &str) -> Option<Uscc> {
        if body.len() != 17 {
            return None;
        }
        let mut sum = 0;
        for (byte, weight) in body.bytes().zip(USCC_WEIGHTS) {
            sum += uscc_value(byte)? * weight;
        }
        let check = USCC_ALPHABET.get(usize::try_from((31 - sum % 31) % 31).ok()?)?;
        Some(Uscc(format!("{body}{}", char::from(*check))))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 登记管理部门 and 机构类别: the first two characters, `91` an enterprise, `92` a sole trader.
    pub fn category(&self) -> &str {
        self.0.split_at_checked(2).map_or("", |(head, _)| head)
    }

    /// The county of registration, positions 3 to 8.
    pub fn county(&self) -> &str {
        self.0.get(2..8).unwrap_or("")
    }
}

fn uscc_value(byte: u8) -> Option<u32> {
    USCC_ALPHABET.iter().position(|b| *b == byte).and_then(|p| u32::try_from(p).ok())
}

/// 组织机构代码, nine characters with a check character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgCode(String);

impl OrgCode {
    /// Reads `123456789` or `12345678-9`.
    ///
    /// # Errors
    /// [`Invalid`], with the position where there is one.
    pub fn parse(text: &str) -> Result<OrgCode, Invalid> {
        let code = typed_code(text)?.replace('-', "");
        if code.len() != 9 || !code.is_ascii() {
            return Err(Invalid::Length);
        }
        let (body, check) = code.split_at_checked(8).ok_or(Invalid::Length)?;
        if check == OrgCode::check_character(body)? { Ok(OrgCode(code)) } else { Err(Invalid::CheckDigit) }
    }

    /// The ninth character for a body of eight.
    ///
    /// # Errors
    /// [`Invalid::Character`] where the body has something else than digits and capitals.
    pub fn check_character(body: &str) -> Result<String, Invalid> {
        const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
        let mut sum = 0;
        for (index, (c, weight)) in body.chars().zip(WEIGHTS).enumerate() {
            sum += c.to_digit(36).ok_or(Invalid::Character(index + 1))? * weight;
        }
        Ok(match 11 - sum % 11 {
            10 => "X".to_owned(),
            11 => "0".to_owned(),
            digit => digit.to_string(),
        })
    }

    /// The nine characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 公民身份号码. `Debug` shows it masked; the full number leaves only through [`ResidentId::expose`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentId {
    number: String,
    birth: Day,
}

impl ResidentId {
    /// Reads an 18-character number.
    ///
    /// # Errors
    /// [`Invalid`]; a region that no longer exists is no fault, since the number keeps the region of its issue.
    pub fn parse(text: &str) -> Result<ResidentId, Invalid> {
        let number = typed_code(text)?;
        if number.len() != 18 || !number.is_ascii() {
            return Err(Invalid::Length);
        }
        let (body, check) = number.split_at_checked(17).ok_or(Invalid::Length)?;
        if check != ResidentId::check_character(body)? {
            return Err(Invalid::CheckDigit);
        }
        let birth = number.get(6..14).and_then(|b| Day::parse(b).ok()).filter(|b| b.year() >= 1850);
        Ok(ResidentId { birth: birth.ok_or(Invalid::BirthDate)?, number })
    }

    /// The 18th character for a body of 17 digits.
    ///
    /// # Errors
    /// [`Invalid::Character`] where the body has something else than digits.
    pub fn check_character(body: &str) -> Result<&'static str, Invalid> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        const CHECKS: [&str; 11] = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"];
        let mut sum = 0;
        for (index, (c, weight)) in body.chars().zip(WEIGHTS).enumerate() {
            sum += c.to_digit(10).ok_or(Invalid::Character(index + 1))? * weight;
        }
        let check = usize::try_from(sum % 11).ok().and_then(|i| CHECKS.get(i));
        check.copied().ok_or(Invalid::CheckDigit)
    }

    /// The birth date that the number carries: minors are refused at every door (P9).
    pub fn birth(&self) -> Day {
        self.birth
    }

    /// The full number. Whoever calls this owes a journal entry or a sealed column (A6).
    pub fn expose(&self) -> &str {
        &self.number
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask::number(&self.number))
    }
}

/// Trims, narrows full-width characters, raises to capitals; tells the damage that spreadsheets do.
fn typed_code(text: &str) -> Result<String, Invalid> {
    let code = crate::text::half_width(text.trim()).to_ascii_uppercase();
    if code.is_empty() {
        return Err(Invalid::Missing);
    }
    let scientific = code.contains("E+") && code.starts_with(|c: char| c.is_ascii_digit());
    if scientific { Err(Invalid::Scientific) } else { Ok(code) }
}

/// What a code turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// 统一社会信用代码.
    Uscc(Uscc),
    /// 公民身份号码.
    ResidentId(ResidentId),
    /// 组织机构代码.
    OrgCode(OrgCode),
}

impl Identified {
    /// The Chinese name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Identified::Uscc(_) => "统一社会信用代码",
            Identified::ResidentId(_) => "公民身份号码",
            Identified::OrgCode(_) => "组织机构代码",
        }
    }
}

/// Tells what a code is. Eighteen digits may be either kind: the check character decides.
///
/// # Errors
/// The most likely kind with the fault that a person who typed it would want to hear.
pub fn identify(code: &str) -> Result<Identified, (&'static str, Invalid)> {
    const USCC: &str = "统一社会信用代码";
    let typed = typed_code(code).map_err(|fault| (USCC, fault))?;
    if typed.replace('-', "").chars().count() == 9 {
        return OrgCode::parse(&typed).map(Identified::OrgCode).map_err(|fault| ("组织机构代码", fault));
    }
    match (Uscc::parse(&typed), ResidentId::parse(&typed)) {
        (Ok(uscc), _) => Ok(Identified::Uscc(uscc)),
        (_, Ok(id)) => Ok(Identified::ResidentId(id)),
        (Err(uscc_fault), Err(id_fault)) => {
            let body_is_digits = typed.chars().take(17).all(|c| c.is_ascii_digit()) && typed.len() == 18;
            let plausible_birth = typed.get(6..14).is_some_and(|b| Day::parse(b).is_ok());
            if body_is_digits && plausible_birth { Err(("公民身份号码", id_fault)) } else { Err((USCC, uscc_fault)) }
        }
    }
}

#[cfg(test)]
mod tests;
