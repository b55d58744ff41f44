//! The description of the API is a promise, and every route in it is closed to strangers.

use serde_json::Value;

use crate::support::golden;
use crate::support::town::{Caller, Town};

#[test]
fn the_description_of_the_api_is_the_golden_one() {
    let town = Town::on_sqlite();
    let description = town.get(&Caller::nobody(), "/api/openapi.json").ok();
    golden::compare("openapi.json", &(serde_json::to_string_pretty(&description).unwrap() + "\n"));
}

#[test]
fn every_route_of_the_description_asks_who_is_there() {
    let town = Town::on_sqlite();
    let description = town.get(&Caller::nobody(), "/api/openapi.json").ok();
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "1").replace("{sequence}", "1").replace("{code}", "91330100799655058B");
        for (method, operation) in methods.as_object().unwrap() {
            let answer = |who: &Caller| match method.as_str() {
                "get" => town.get(who, &path),
                "post" => town.post(who, &path, &Value::Null),
                other => panic!("{other} {path}: say here how to try it"),
            };
            if operation.get("security").is_none() {
                assert_eq!((method.as_str(), path.as_str()), ("get", "/api/v1/matters"), "only the matters are public");
                answer(&Caller::nobody()).ok();
                continue;
            }
            tried += 1;
            answer(&Caller::nobody()).refused(401, "sign_in_required");
            answer(&Caller::with_session("no-such-token")).refused(401, "sign_in_required");
            let problem = operation["responses"].get("4XX").unwrap_or_else(|| panic!("{method} {path} does not describe its refusals"));
            assert!(problem["content"].get("application/problem+json").is_some(), "{method} {path}");
        }
    }
    assert!(tried >= 15, "only {tried} routes were tried");
}
