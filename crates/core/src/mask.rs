//! Masked forms of what identifies a person: the default on every screen, log and export (A6).

/// `3308**********1234`: the first four and last four characters of a number; shorter ones show nothing.
pub fn number(text: &str) -> String {
    let count = text.chars().count();
    if count < 10 {
        return "*".repeat(count.max(3));
    }
    let keep = |index: usize| index < 4 || index >= count - 4;
    text.chars().enumerate().map(|(index, c)| if keep(index) { c } else { '*' }).collect()
}

/// `张*`, `欧阳**` is not guessed: the first character, then a star for each further one.
pub fn name(text: &str) -> String {
    text.chars().enumerate().map(|(index, c)| if index == 0 { c } else { '*' }).collect()
}

/// A name that its publisher masked already (`******`, `张某某`): a party whom nobody may guess.
pub fn is_masked_name(text: &str) -> bool {
    let stars = text.chars().filter(|c| matches!(c, '*' | '＊' | '×' | '某' | '□')).count();
    stars > 0 && (stars * 2 >= text.chars().count() || text.contains('*') || text.contains('＊'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_numbers_and_names_show_their_ends_only() {
        assert_eq!(number("330803199003071234"), "3308**********1234");
        assert_eq!(number("12345"), "*****");
        assert_eq!(name("张三丰"), "张**");
    }

    #[test]
    fn masked_names_are_recognised() {
        for (text, masked) in [("******", true), ("张某某", true), ("李*", true), ("某某有限公司", false), ("恒信商贸", false)]
        {
            assert_eq!(is_masked_name(text), masked, "{text}");
        }
    }
}
