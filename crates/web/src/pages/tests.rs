//! Every page, rendered with samples in which every text is hostile.

use std::collections::BTreeSet;

use super::samples::Sample;
use super::{account, admin, desk, factor, grid, my, portal, refused, rules, sign_in};

fn every_page() -> Vec<Sample> {
    let places = [
        portal::samples::samples(),
        sign_in::samples::samples(),
        account::samples::samples(),
        factor::samples::samples(),
        refused::samples::samples(),
        rules::samples::samples(),
        desk::samples::samples(),
        grid::samples::samples(),
        my::samples::samples(),
        admin::samples::samples(),
    ];
    places.into_iter().flatten().collect()
}

/// The values of an attribute, as written.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let mark = format!(" {attribute}=\"");
    html.split(&mark).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn no_text_becomes_markup() {
    for (name, html) in every_page() {
        assert!(!html.contains("<script>") && !html.contains("\"甲&乙"), "{name}: a text came through unescaped");
        assert!(html.contains("&#60;script&#62;alert"), "{name}: the sample has no hostile text");
    }
}

#[test]
fn no_page_needs_what_the_policy_forbids() {
    for (name, html) in every_page() {
        let inline = html.split("<script").skip(1).any(|rest| !rest.trim_start().starts_with("src=\"/assets/"));
        assert!(!inline, "{name}: an inline script");
        assert!(!html.contains(" style=\"") && !html.contains("<style"), "{name}: an inline style");
        assert!(!html.contains(" onclick") && !html.contains(" onsubmit") && !html.contains("javascript:"), "{name}: an inline handler");
        let outside = values(&html, "src").into_iter().chain(values(&html, "href")).find(|address| address.contains("//"));
        assert_eq!(outside, None, "{name}: asks another host");
    }
}

#[test]
fn every_page_has_one_title_and_ids_that_links_and_labels_find() {
    for (name, html) in every_page() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        let ids = values(&html, "id");
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice");
        for label in values(&html, "for") {
            assert!(unique.contains(label), "{name}: a label for `{label}`, which is not there");
        }
        for wanted in values(&html, "aria-describedby").into_iter().flat_map(str::split_whitespace) {
            assert!(unique.contains(wanted), "{name}: described by `{wanted}`, which is not there");
        }
    }
}

#[test]
fn every_form_has_an_address_and_what_changes_something_is_posted() {
    for (name, html) in every_page() {
        for form in html.split("<form").skip(1).filter_map(|rest| rest.split('>').next()) {
            let action = values(form, "action");
            let [action] = action.as_slice() else { panic!("{name}: a form with {} addresses", action.len()) };
            let only_reads = matches!(*action, "/desk/search" | "/desk/quality" | "/admin/journal" | "/rules/impact")
                || action.starts_with("/desk/subjects/");
            assert!(only_reads || form.contains(" method=\"post\""), "{name}: `{action}` is not posted");
        }
    }
}

#[test]
fn every_input_has_a_label() {
    for (name, html) in every_page() {
        let labels: BTreeSet<&str> = values(&html, "for").into_iter().collect();
        let inputs = ["<input", "<select", "<textarea"].into_iter().flat_map(|tag| html.split(tag).skip(1));
        for input in inputs.filter_map(|rest| rest.split('>').next()) {
            // A radio stands inside its label; what is hidden needs none.
            let apart = !input.contains("type=\"hidden\"") && !input.contains("type=\"radio\"");
            assert!(!apart || values(input, "id").iter().any(|id| labels.contains(id)), "{name}: `{input}` has no label");
        }
    }
}

#[test]
fn red_stands_only_for_overdue_and_restricting() {
    for (name, html) in every_page() {
        for mark in html.split("class=\"mark red\">").skip(1).filter_map(|rest| rest.split('<').next()) {
            assert!(mark.contains("逾期") || mark.contains("惩戒") || mark == "执行中", "{name}: {mark}");
        }
    }
}

#[test]
fn a9_every_adverse_line_has_its_basis_body_end_and_remedy() {
    let pages: Vec<Sample> = every_page().into_iter().filter(|(name, _)| matches!(*name, "subject" | "my" | "one check")).collect();
    assert_eq!(pages.len(), 3);
    for (name, html) in pages {
        let lines: Vec<&str> = html.split("惩戒，").skip(1).filter_map(|rest| rest.split("</dl>").next()).collect();
        assert!(!lines.is_empty(), "{name}");
        for line in lines {
            for label in ["实施主体", "依据", "期限", "退出途径"] {
                assert!(line.contains(&format!("<dt>{label}</dt>")), "{name}: an adverse line without {label}");
            }
        }
    }
}
