//! One-time codes by the clock (RFC 6238) over HMAC-SHA-1: the one digest that every authenticator takes, and as a keyed one sound.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use xinzhi_core::Moment;
use xinzhi_store::Entropy;

/// A code holds for this long.
const STEP_MS: i64 = 30_000;
/// Steps by which a clock may be off.
const DRIFT: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;
/// One more than the largest code.
const CODES: u32 = 1_000_000;
/// 160 bits, as RFC 4226 recommends (section 4).
const SECRET_BYTES: usize = 20;
/// Letters of base 32 (RFC 4648, section 6).
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a person's device and the office share. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_BYTES]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Secret {
        let mut bytes = [0; SECRET_BYTES];
        entropy.fill(&mut bytes);
        Secret(bytes)
    }

    /// A secret as it was stored; none where it has another length.
    pub(super) fn of(bytes: &[u8]) -> Option<Secret> {
        bytes.try_into().ok().map(Secret)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What is typed into a device by hand: base 32.
    pub fn text(&self) -> String {
        let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0_u32);
        for byte in self.0 {
            (held, bits) = (held << 8 | u32::from(byte), bits + 8);
            while bits >= 5 {
                bits -= 5;
                let letter = usize::try_from(held >> bits & 31).ok().and_then(|at| LETTERS.get(at));
                text.extend(letter.copied().map(char::from));
            }
            held &= (1 << bits) - 1;
        }
        text
    }

    /// A secret from its text; none where it is no such text.
    pub fn from_text(text: &str) -> Option<Secret> {
        let (mut bytes, mut held, mut bits) = (Vec::with_capacity(SECRET_BYTES), 0_u32, 0_u32);
        for letter in text.bytes() {
            let value = LETTERS.iter().position(|one| *one == letter)?;
            (held, bits) = (held << 5 | u32::try_from(value).ok()?, bits + 5);
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 255).ok()?);
            }
            held &= (1 << bits) - 1;
        }
        Secret::of(&bytes)
    }

    /// The code of a moment, as the device shows it.
    pub fn code_at(&self, moment: Moment) -> String {
        self.code(step_of(moment))
    }

    /// The code of a step.
    fn code(&self, step: i64) -> String {
        format!("{:0DIGITS$}", truncated(&self.0, step) % CODES)
    }

    /// The step whose code was typed at a moment: the moment's own, or its neighbour, for a clock that is a little off. Only a step
    /// after `last` is one: what was accepted once is not accepted again (RFC 6238, section 5.2).
    pub(super) fn accepts(&self, typed: &str, (moment, last): (Moment, i64)) -> Option<i64> {
        let now = step_of(moment);
        (now - DRIFT..=now + DRIFT).filter(|step| *step > last && same(&self.code(*step), typed)).max()
    }
}

/// Milliseconds that the code of a moment still holds.
pub fn rest_ms(moment: Moment) -> i64 {
    STEP_MS - moment.0.rem_euclid(STEP_MS)
}

fn step_of(moment: Moment) -> i64 {
    moment.0.div_euclid(STEP_MS)
}

/// Whether two codes are the same, in a time that does not tell where they differ.
fn same(ours: &str, typed: &str) -> bool {
    ours.len() == typed.len() && ours.bytes().zip(typed.bytes()).fold(0, |differs, (a, b)| differs | a ^ b) == 0
}

/// Four bytes out of the keyed digest of a step (RFC 4226, section 5.3).
fn truncated(key: &[u8; SECRET_BYTES], step: i64) -> u32 {
    // HMAC pads a short key with zeros to the block of 64 bytes (RFC 2104, section 2).
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha1>::new(&block.into());
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last().copied().unwrap_or(0) & 15);
    let four = digest.iter().skip(offset).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    four & 0x7fff_ffff
}

/// Six digits as a person types them: without the space that a device shows between them.
pub(super) fn digits(typed: &str) -> Option<String> {
    let digits: String = xinzhi_core::text::half_width(typed).chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::of(b"12345678901234567890").unwrap()
    }

    #[test]
    fn a11_codes_are_those_of_rfc_6238() {
        // Appendix B prints eight digits; six are the last six of them.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code_at(Moment(seconds * 1000)), code, "{seconds}");
        }
        // RFC 4226, appendix D.
        for (step, code) in [(0, "755224"), (1, "287082"), (2, "359152"), (9, "520489")] {
            assert_eq!(secret().code(step), code, "{step}");
        }
    }

    #[test]
    fn a11_a_code_holds_for_its_step_and_one_beside_it_and_only_once() {
        let code = secret().code(100);
        let at = |step: i64, ms: i64| Moment(step * STEP_MS + ms);
        let accepted = |moment, last| secret().accepts(&code, (moment, last));
        assert_eq!(accepted(at(99, 0), 0), Some(100), "a clock that is a whole step behind");
        assert_eq!(accepted(at(101, STEP_MS - 1), 0), Some(100), "to the last millisecond of the next step");
        assert_eq!(accepted(at(98, STEP_MS - 1), 0), None, "a millisecond too early");
        assert_eq!(accepted(at(102, 0), 0), None, "a millisecond too late");
        assert_eq!(accepted(at(100, 0), 99), Some(100));
        assert_eq!(accepted(at(100, 0), 100), None, "once");
        assert_eq!(accepted(at(100, 0), 101), None, "nor after a later one");
        assert_eq!(secret().accepts("000000", (at(100, 0), 0)), None);
        assert_eq!(secret().accepts("", (at(100, 0), 0)), None);
        assert_eq!(rest_ms(at(7, 1)), STEP_MS - 1);
    }

    #[test]
    fn a_secret_has_a_text_and_comes_back_from_it() {
        assert_eq!(secret().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(Secret::from_text(&secret().text()), Some(secret()));
        for wrong in ["", "GEZDGNBV", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"] {
            assert_eq!(Secret::from_text(wrong), None, "{wrong}");
        }
        assert_eq!(digits(" ２８７ 082\n"), Some("287082".to_owned()));
        assert_eq!((digits("28708"), digits("28708a"), digits("2870822")), (None, None, None));
        assert!(!format!("{:?}", secret()).contains("123"));
    }
}
