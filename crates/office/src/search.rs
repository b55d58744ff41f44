//! Search tokens: one function, the same tokens on both databases.

use std::collections::BTreeSet;

use pinyin::ToPinyin;

/// Tokens longer than this find nothing more.
const TOKENS_MAX: usize = 400;

/// Tokens of a name: overlapping pairs of its characters, each character alone, and pairs of its pinyin initials.
pub fn tokens_of_name(name: &str) -> BTreeSet<String> {
    let initials: String = name.chars().filter_map(initial).collect();
    let mut tokens = tokens_of_text(name);
    tokens.extend(pairs(&initials, "p"));
    tokens
}

/// The token by which a code is found whole.
pub fn token_of_code(code: &str) -> String {
    format!("c{}", code.to_ascii_lowercase())
}

/// Tokens that a query must all match. Chinese text is matched by pairs; Latin letters that can be initials, by initials; a
/// code by itself.
pub fn tokens_of_query(query: &str) -> Vec<String> {
    let query = query.trim();
    let code_like = query.len() >= 8 && query.bytes().all(|b| b.is_ascii_alphanumeric());
    if code_like && query.bytes().any(|b| b.is_ascii_digit()) {
        return vec![token_of_code(query)];
    }
    if !query.is_empty() && query.bytes().all(|b| b.is_ascii_alphabetic()) {
        return pairs(&query.to_ascii_lowercase(), "p").into_iter().collect();
    }
    let text: String = query.chars().filter(|c| c.is_alphanumeric()).collect();
    if text.chars().count() == 1 { vec![single(&text)] } else { pairs(&text.to_lowercase(), "n").into_iter().collect() }
}

/// Whether a name that has all tokens really contains the query: pairs alone would also find them scattered.
pub fn matches(name: &str, query: &str) -> bool {
    let query: String = query.trim().chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let initials: String = name.chars().filter_map(initial).collect();
    plain.contains(&query) || initials.contains(&query)
}

fn tokens_of_text(text: &str) -> BTreeSet<String> {
    let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let mut tokens = pairs(&text, "n");
    tokens.extend(text.chars().map(|c| single(&c.to_string())));
    tokens
}

fn single(text: &str) -> String {
    format!("s{text}")
}

fn pairs(text: &str, prefix: &str) -> BTreeSet<String> {
    let characters: Vec<char> = text.chars().collect();
    let pairs = characters.windows(2).take(TOKENS_MAX).map(|pair| format!("{prefix}{}", pair.iter().collect::<String>()));
    let mut tokens: BTreeSet<String> = pairs.collect();
    if let ([only], "p") = (characters.as_slice(), prefix) {
        tokens.insert(format!("p{only}"));
    }
    tokens
}

fn initial(c: char) -> Option<char> {
    if c.is_ascii_alphanumeric() {
        return Some(c.to_ascii_lowercase());
    }
    c.to_pinyin().and_then(|pinyin| pinyin.plain().chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(name: &str, query: &str) -> bool {
        let tokens = tokens_of_name(name);
        let wanted = tokens_of_query(query);
        !wanted.is_empty() && wanted.iter().all(|token| tokens.contains(token)) && matches(name, query)
    }

    #[test]
    fn two_characters_initials_and_order_decide() {
        let name = "示范县恒信商贸有限公司";
        for query in ["恒信", "商贸有限", "hxsm", "sfxhx", "司"] {
            assert!(finds(name, query), "{query}");
        }
        for query in ["信恒", "恒贸", "smhx", "", "  "] {
            assert!(!finds(name, query), "{query}");
        }
    }

    #[test]
    fn a_code_is_found_whole() {
        assert_eq!(tokens_of_query("91330100799655058b"), vec![token_of_code("91330100799655058B")]);
    }
}
