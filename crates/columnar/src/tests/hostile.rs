//! Damaged files: with sums every changed byte is noticed, without them nothing worse than a refusal happens.

use std::fs;

use super::support::*;
use crate::dice::Dice;
use crate::manifest::{FileNote, MANIFEST};

const FILES: [&str; 3] = ["subjects.parquet", "administrative-penalty.parquet", "serious-list.parquet"];

#[test]
fn a_file_cut_anywhere_is_refused_even_where_the_manifest_goes_along() {
    for name in FILES {
        let made = made(&penalties());
        let whole = fs::read(made.path(name)).unwrap();
        for step in 0..80 {
            let cut = whole.len() * step / 80;
            fs::write(made.path(name), &whole[..cut]).unwrap();
            assert!(made.refusal().contains("字节"), "{name} at {cut}");
        }
        let rows = u64::try_from(if name == "administrative-penalty.parquet" {
            4
        } else if name == "subjects.parquet" {
            3
        } else {
            1
        })
        .unwrap();
        for step in 0..80 {
            let cut = whole.len() * step / 80;
            made.replace(name, &whole[..cut], rows);
            assert!(made.refusal().contains(name), "{name} at {cut}");
        }
    }
}

#[test]
fn a_flipped_bit_of_our_own_files_is_refused_or_lies_where_nobody_reads() {
    let made = made(&penalties());
    let right = format!("{:?}", made.read().unwrap());
    for path in FILES.into_iter().map(|name| made.path(name)).chain([made.root.join("coverage.parquet")]) {
        let whole = fs::read(&path).unwrap();
        let mut refused = 0;
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            fs::write(&path, &bytes).unwrap();
            match made.read() {
                Ok(partitions) => assert_eq!(format!("{partitions:?}"), right, "{} at {place}", path.display()),
                Err(_) => refused += 1,
            }
        }
        fs::write(&path, &whole).unwrap();
        assert!(refused * 10 > whole.len() * 8, "{}: {refused} of {}", path.display(), whole.len());
    }
}

/// Without sums a changed byte may pass for another value. It must never bring the reader down.
#[test]
fn damaged_files_of_other_programs_never_panic() {
    let made = made(&penalties());
    let mut dice = Dice::new(1, 1);
    let manifest = fs::read(made.root.join(MANIFEST)).unwrap();
    let (mut read, mut refused) = (0, 0);
    for name in FILES {
        let whole = fs::read(made.path(name)).unwrap();
        for _ in 0..1_500 {
            let mut bytes = whole.clone();
            for _ in 0..=dice.below(3) {
                let place = usize::try_from(dice.below(u64::try_from(bytes.len()).unwrap())).unwrap();
                bytes[place] = u8::try_from(dice.below(256)).unwrap();
            }
            fs::write(made.path(name), &bytes).unwrap();
            made.manifest(|manifest| {
                let note = manifest.partitions[0].files.get_mut(name).unwrap();
                *note = FileNote { checks: None, ..note.clone() };
            });
            match made.read() {
                Ok(partitions) => {
                    assert!(partitions[0].population().is_ok());
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
        fs::write(made.path(name), &whole).unwrap();
        fs::write(made.root.join(MANIFEST), &manifest).unwrap();
    }
    assert!(read > 100 && refused > 1_000, "{read} read, {refused} refused");
}
