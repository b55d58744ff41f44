//! Roots of `tests/data/merkle-trees.json`, computed from the definitions of RFC 9162 section 2.1 (CC0).

use serde_json::Value;

use super::Tree;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/data/merkle-trees.json")).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn small_trees_have_the_published_roots() {
    let vectors = vectors();
    let mut tree = Tree::new();
    assert_eq!(tree.root().to_string(), vectors["roots_by_size"][0].as_str().unwrap());
    for (index, leaf) in vectors["leaves_hex"].as_array().unwrap().iter().enumerate() {
        tree.push(&unhex(leaf.as_str().unwrap()));
        assert_eq!(tree.root().to_string(), vectors["roots_by_size"][index + 1].as_str().unwrap());
    }
}

#[test]
fn large_trees_have_the_published_roots() {
    for (size, root) in vectors()["decimal_trees"]["roots_by_size"].as_object().unwrap() {
        let size: u64 = size.parse().unwrap();
        let mut tree = Tree::new();
        (0..size).for_each(|i| tree.push(i.to_string().as_bytes()));
        assert_eq!((tree.size(), tree.root().to_string()), (size, root.as_str().unwrap().to_owned()));
    }
}
