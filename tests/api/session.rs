//! Sign-ins: idle time-out, lock-out, forced sign-out; changes act at once.

use xinzhi_core::actor::Role;
use xinzhi_core::{Code, actor::Actor};
use xinzhi_office::Error;
use xinzhi_office::account::{self, Change};

use crate::support::town::{Caller, PASSWORD, Town, each_database};

fn board(town: &Town, who: &Caller) -> u16 {
    let answer = town.get(who, "/api/v1/checks");
    if answer.status == 401 {
        answer.refused(401, "sign_in_required");
    }
    answer.status
}

fn code(refused: Result<String, Error>) -> Code {
    match refused {
        Err(Error::Refusal(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a11_a_session_ends_when_idle_and_after_twelve_hours() {
    each_database(|town| {
        let staff = town.person(Role::Centre);
        town.advance_minutes(30);
        assert_eq!(board(town, &staff), 200, "thirty minutes are not too long");
        town.advance_minutes(30);
        assert_eq!(board(town, &staff), 200, "each use begins anew");
        town.advance_minutes(31);
        assert_eq!(board(town, &staff), 401);

        let (auditor, staff) = (town.person(Role::Audit), town.person(Role::Centre));
        town.advance_minutes(16);
        assert_eq!(town.get(&auditor, "/api/v1/checks").status, 401, "administrators and auditors have fifteen minutes");
        assert_eq!(board(town, &staff), 200);
        for _ in 0..29 {
            town.advance_minutes(25);
            board(town, &staff);
        }
        assert_eq!(board(town, &staff), 401, "used or not, twelve hours are the end");
    });
}

#[test]
fn a11_five_failures_lock_and_rights_act_at_once() {
    each_database(|town| {
        let actor = town.actor(Role::Centre);
        let name = actor.name.clone();
        let session = town.person_as(actor);
        let sign_in = |password: &str| town.wait(account::sign_in(&town.office, &name, password));
        for _ in 0..4 {
            assert_eq!(code(sign_in("wrong-password")), Code::SignInWrong);
        }
        assert_eq!(code(sign_in("wrong-password")), Code::AccountLocked);
        assert_eq!(code(sign_in(PASSWORD)), Code::AccountLocked, "the right password does not open a locked account");
        assert_eq!(board(town, &session), 401, "a session of a locked account is over");
        assert_eq!(
            code(town.wait(account::sign_in(&town.office, "nobody-at-all", "wrong-password"))),
            Code::SignInWrong,
            "the same as for a wrong password"
        );
        let failures = town.told(0).into_iter().filter(|(act, _)| act == "sign_in_failed").count();
        assert_eq!(failures, 5);

        town.advance_minutes(29);
        assert_eq!(code(sign_in(PASSWORD)), Code::AccountLocked);
        town.advance_minutes(2);
        let session = Caller::with_session(&sign_in(PASSWORD).unwrap());
        assert_eq!(board(town, &session), 200);

        let security = town.actor(Role::Security);
        let change = |by: &Actor, change| town.wait(account::change(&town.office, by, &name, change));
        for role in [Role::Centre, Role::Audit, Role::System, Role::Department] {
            assert!(change(&town.actor(role), Change::SignOut).is_err(), "{role:?}");
        }
        change(&security, Change::SignOut).unwrap();
        assert_eq!(board(town, &session), 401, "a forced sign-out acts at once");
        let session = Caller::with_session(&sign_in(PASSWORD).unwrap());
        change(&security, Change::Lock).unwrap();
        assert_eq!(board(town, &session), 401);
        assert_eq!(code(sign_in(PASSWORD)), Code::AccountLocked);
        change(&security, Change::Unlock).unwrap();
        assert_eq!(board(town, &Caller::with_session(&sign_in(PASSWORD).unwrap())), 200);
    });
}
