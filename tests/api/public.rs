//! What a stranger can see: the rules, the matters, the description of the API, and nothing about anybody (A5). There is no public search.

use std::collections::BTreeSet;
use std::path::Path;

use xinzhi_core::actor::Role;

use crate::support::files::{Company, FINE, company, penalties, registration};
use crate::support::town::{Caller, Town, each_database, encoded};

/// What answers without a session or a key; everything else sends to the sign-in page or refuses.
const PUBLIC: [&str; 10] = [
    "/",
    "/api/openapi.json",
    "/api/v1/matters",
    "/rules",
    "/rules/national",
    "/rules/national/catalog",
    "/rules/national/market-entity",
    "/rules/national/matters",
    "/rules/national/measures",
    "/sign-in",
];

/// Every address that a router of the web crate names, as written there.
fn addresses() -> BTreeSet<String> {
    let mut found = BTreeSet::from(["/account".to_owned()]);
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/web/src")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            // The routers of the machine's own socket and of the watcher are not on the network of the pages.
            if matches!(name, "operator.rs" | "metrics.rs") {
                continue;
            }
            let api = path.parent().unwrap().ends_with("api") || name == "api.rs";
            let routes = text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(routes.map(|route| match route {
                "/openapi.json" => format!("/api{route}"),
                route if api => format!("/api/v1{route}"),
                route => route.to_owned(),
            }));
        }
    }
    found
}

/// The same with things that are there in the places of parameters.
fn filled(address: &str, code: &str) -> Vec<String> {
    let mut out = vec![address.to_owned()];
    for (parameter, values) in [
        ("{code}", &[code][..]),
        ("{id}", &["1", "2", "3", "checks"]),
        ("{sequence}", &["1"]),
        ("{name}", &["1"]),
        ("{number}", &["1"]),
        ("{batch}", &["1"]),
        ("{row}", &["2"]),
        ("{act}", &["run"]),
        ("{source}", &["cf-2018"]),
        ("{pack}", &["national"]),
        ("{scorecard}", &["market-entity"]),
        ("{file}", &["style.css", "list.xlsx"]),
    ] {
        if address.contains(parameter) {
            out = out.iter().flat_map(|path| values.iter().map(|value| path.replace(parameter, value))).collect();
        }
    }
    assert!(!out[0].contains('{'), "say what stands in the place of the parameter of {address}");
    out
}

/// A company of which there is everything that a page could show, and one that nobody knows.
fn plant(town: &Town) -> [Company; 2] {
    let [known, unknown] = [company(1), company(2)];
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&known]));
    town.import(&centre, "cf-2018", &penalties(&[(&known, FINE)]));
    town.check(&centre, &known.code).ok();
    [known, unknown]
}

#[test]
fn a5_no_route_tells_a_stranger_of_any_subject() {
    each_database(|town| {
        let [known, unknown] = plant(town);
        let asking = |of: &Company| {
            let Company { code, name, .. } = of;
            format!("q={}&subject={code}&code={code}&purpose={}&matter=food-licence", encoded(name), encoded("日常监管"))
        };
        // What a page repeats of the question is no answer.
        let other = |text: &str| {
            let text = text.replace(&known.code, &unknown.code).replace(&encoded(&known.name), &encoded(&unknown.name));
            text.replace(&known.name, &unknown.name)
        };
        let strangers = [Caller::nobody(), Caller::with_session("no-such-token"), Caller::with_key("xz_no-such-key")];
        let (mut open, mut tried) = (BTreeSet::new(), 0);
        for path in addresses().iter().flat_map(|address| filled(address, &known.code)) {
            for stranger in &strangers {
                let answer = town.get(stranger, &path);
                assert!(!answer.text().contains(&known.name), "{path} tells a stranger of a subject");
                let address = format!("{path}?{}", asking(&known));
                let [of_known, of_unknown] = [town.get(stranger, &address), town.get(stranger, &other(&address))];
                assert_eq!(of_known.status, of_unknown.status, "{address} tells a stranger whether there is such a subject");
                assert_eq!(other(&of_known.text()), of_unknown.text(), "{address} tells a stranger of a subject");
                tried += 1;
                if answer.status == 200 {
                    open.insert(path.clone());
                } else {
                    assert!([303, 400, 401, 404, 405, 422].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
                }
            }
        }
        assert_eq!(open, BTreeSet::from(PUBLIC.map(str::to_owned)), "what is open to strangers is a decision");
        assert!(tried > 250, "only {tried} questions were asked");
    });
}
