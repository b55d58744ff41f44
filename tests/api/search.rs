//! Searching: what is found, in which order, and how little of it at once.

use xinzhi_core::actor::Role;

use crate::support::files::{Company, company, registration};
use crate::support::town::{each_database, encoded, word};

#[test]
fn a5_a_search_takes_a_part_of_a_name_and_never_lists_everybody() {
    each_database(|town| {
        let companies: Vec<_> = (1..=30).map(company).collect();
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
        let clerk = town.person(Role::Counter);
        for query in ["", " ", "%", "_", "*", "%%", "__", "**", "?", "\"", "'", "--", "' or 1=1", "n*", "\u{3000}", "。，"] {
            let path = format!("?q={}", encoded(query));
            let api = town.get(&centre, &format!("/api/v1/subjects{path}"));
            let found = if api.status == 200 { api.json().as_array().unwrap().len() } else { 0 };
            assert!(api.status == 422 || found == 0, "`{query}` finds {found}");
            let page = town.get(&clerk, &format!("/desk/search{path}"));
            assert!(companies.iter().all(|company| !page.text().contains(&company.code)), "`{query}` lists companies");
        }
        for query in ["司", "县", "有限公司", "sfx"] {
            assert_eq!(town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(query))).ok().as_array().unwrap().len(), 20, "{query}");
        }
    });
}

#[test]
fn whoever_is_called_as_asked_comes_before_whoever_has_no_name() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let named = |number: u32, name: &str| Company { name: name.to_owned(), ..company(number) };
        // Registered under the word for their kind: nobody's name, and the shortest of all.
        let nameless: Vec<Company> = (1..=210).map(|number| named(number, "个体工商户")).collect();
        let others = [
            named(301, "示范县青溪镇个体工商户联合服务有限公司"),
            named(302, "个体工商户联合服务示范县有限公司"),
            named(303, "个体工商户联合"),
        ];
        town.import(&centre, "registration", &registration(&nameless.iter().chain(&others).collect::<Vec<_>>()));
        let found = |query: &str| -> Vec<String> {
            let found = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(query))).ok();
            found.as_array().unwrap().iter().map(|one| word(&one["name"])).collect()
        };
        let expected = ["个体工商户联合", "个体工商户联合服务示范县有限公司", "示范县青溪镇个体工商户联合服务有限公司", "个体工商户"];
        assert_eq!(found("个体工商户")[..4], expected, "named ones first, the nearest of them first of all");
        assert_eq!(found("个体工商户联合"), expected[..3], "exactly so, then so to begin with, then somewhere in it");
        let page = town.get(&town.person(Role::Centre), &format!("/desk/search?q={}", encoded("个体工商户"))).text();
        let place = |name: &str| page.find(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name}: {page}"));
        assert!(place(expected[2]) < place("个体工商户"), "{page}");
    });
}
