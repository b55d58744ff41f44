//! What must make no difference makes none.

use xinzhi_core::actor::Role;

use crate::support::files::{FINE, Penalty, company, honours, penalties, registration};
use crate::support::town::each_database;

#[test]
fn f2_the_township_a_company_lies_in_changes_no_point_of_its_evaluation() {
    each_database(|town| {
        let companies = [company(1), company(2)];
        let [here, there] = &companies;
        let centre = town.program(Role::Centre);
        let (west, east) = (registration(&[here]), registration(&[there]).replace(there.area, "330899102003"));
        assert_ne!(east, registration(&[there]), "the second lies elsewhere");
        town.import(&centre, "registration", &west);
        town.import(&centre, "registration", &east);
        let other = Penalty { number: "示市监罚〔2026〕77号", ..FINE };
        town.import(&centre, "cf-2018", &penalties(&[(here, FINE), (there, other)]));
        town.import(
            &centre,
            "honour",
            &honours(&[(here, "示政〔2026〕1号", "省级", "2026-05-01"), (there, "示政〔2026〕2号", "省级", "2026-05-01")]),
        );

        let points = |code: &str| {
            let said = town.evaluation(&centre, code);
            (said["points"].clone(), said["grade"].clone())
        };
        assert!(points(&here.code).0.is_string(), "{:?}", points(&here.code));
        assert_eq!(points(&here.code), points(&there.code));

        let moved = registration(&[here]).replace(here.area, "330899103001").replace(",ZC", ",B").replace("2015-03-01", "2026-10-01");
        town.import(&centre, "registration", &moved);
        assert_eq!(points(&here.code), points(&there.code), "moving changes nothing either");
    });
}
