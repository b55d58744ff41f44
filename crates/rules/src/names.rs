//! Names: what an id may look like, and what somebody who misspelt one probably meant.

/// Whether `text` is an id: lower-case ASCII letters, digits, hyphens and underscores, beginning with a letter.
pub(crate) fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// The candidate nearest to `name`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    let scored = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    let close = scored.filter(|(distance, candidate)| *distance <= limit || contains(name, candidate));
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn contains(name: &str, candidate: &str) -> bool {
    let long_enough = |text: &str| text.chars().count() >= 2;
    (long_enough(name) && candidate.contains(name)) || (long_enough(candidate) && name.contains(candidate))
}

/// Insertions, deletions and replacements of characters that lead from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut next = vec![line + 1];
        let mut left = line + 1;
        for ((b, above), diagonal) in to.iter().zip(row.iter().skip(1)).zip(&row) {
            left = (diagonal + usize::from(a != *b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// `a、b、c`, shortened where there are many.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).copied().collect();
    if names.len() > SHOWN_MAX { format!("{} 等 {} 个", shown.join("、"), names.len()) } else { shown.join("、") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_the_one_meant() {
        let known = ["行政处罚", "行政许可", "严重失信主体名单", "enterprise"];
        for (name, meant) in [
            ("行政处法", Some("行政处罚")),
            ("严重失信名单", Some("严重失信主体名单")),
            ("enterprize", Some("enterprise")),
            ("处罚", Some("行政处罚")),
            ("水电费", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }

    #[test]
    fn distance_counts_characters_not_bytes() {
        for (from, to, steps) in [("", "", 0), ("", "失信", 2), ("失信", "守信", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }

    #[test]
    fn ids_are_lower_case_ascii() {
        assert!(["a", "cf-2018", "sole_trader"].into_iter().all(is_id));
        assert!(!["", "A", "2018", "-a", "行政处罚", "a b"].into_iter().any(is_id));
    }
}
