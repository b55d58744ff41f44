use super::*;

#[test]
fn every_integration_binary_is_run_and_the_journeys_alone_wait() {
    let described = serde_json::json!({ "packages": [
        { "targets": [{ "kind": ["lib"], "name": "xinzhi_store" }, { "kind": ["test"], "name": "contract" }] },
        { "targets": [{ "kind": ["bin"], "name": "xinzhi" }, { "kind": ["test"], "name": "journeys" }] },
        { "targets": [{ "kind": ["test"], "name": "cases" }] },
    ] });
    assert_eq!(integration_binaries(&described).into_iter().collect::<Vec<_>>(), ["cases", "contract"]);
}
