//! Search tokens: one function, the same tokens on both databases.

use pinyin::ToPinyin;

/// Characters of a name beyond which nothing more is found.
const CHARS_MAX: usize = 200;

/// Tokens of a name: overlapping pairs of its characters, each character alone, and pairs of its pinyin initials.
pub fn tokens_of_name(name: &str) -> Vec<String> {
    let text = plain(name);
    let initials: Vec<char> = name.chars().filter_map(initial).take(CHARS_MAX).collect();
    let mut tokens = pairs(&text, 'n');
    tokens.extend(text.iter().map(|c| token('s', &[*c])));
    tokens.extend(pairs(&initials, 'p'));
    tokens.sort_unstable();
    tokens.dedup();
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
        let letters: Vec<char> = query.to_ascii_lowercase().chars().collect();
        return pairs(&letters, 'p');
    }
    let text = plain(query);
    match text.as_slice() {
        [only] => vec![token('s', &[*only])],
        text => pairs(text, 'n'),
    }
}

/// Whether a name that has all tokens really contains the query: pairs alone would also find them scattered.
pub fn matches(name: &str, query: &str) -> bool {
    let query: String = plain(query).into_iter().collect();
    let text: String = plain(name).into_iter().collect();
    let initials: String = name.chars().filter_map(initial).collect();
    text.contains(&query) || initials.contains(&query)
}

/// Letters and digits in lower case.
fn plain(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(CHARS_MAX).collect()
}

fn pairs(characters: &[char], kind: char) -> Vec<String> {
    characters.windows(2).map(|pair| token(kind, pair)).collect()
}

fn token(kind: char, characters: &[char]) -> String {
    let mut token = String::with_capacity(1 + 4 * characters.len());
    token.push(kind);
    token.extend(characters);
    token
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
