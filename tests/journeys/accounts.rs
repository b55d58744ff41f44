//! 三员分立: who makes accounts, who releases them, who may only look; keys of programs; passwords.

use std::collections::BTreeSet;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Code};
use xinzhi_office::account::{self, Wanted};
use xinzhi_office::permission::{self, Action, Reach};
use xinzhi_office::{Error, Office};

use crate::support::database::{attempt, force, number, unguard};
use crate::support::files::{Company, company, registration};
use crate::support::town::{Answer, COUNTY, Caller, MARKET, PASSWORD, TOWNSHIP, Town, each_database, encoded};

/// Files a form of a page.
pub(super) fn file(town: &Town, who: &Caller, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    town.post_raw(who, path, &headers, body.join("&").as_bytes())
}

/// What a page shows once.
#[track_caller]
fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let (_, rest) = text.split_once("<dd class=\"breaks\"><code>").unwrap();
    rest.split_once("</code>").unwrap().0.to_owned()
}

/// The sentence of an office's refusal.
#[track_caller]
fn no<T: std::fmt::Debug>(refused: Result<T, Error>) -> (Code, String) {
    match refused {
        Err(Error::Refusal(refusal)) => (refusal.code, refusal.sentence()),
        other => panic!("{other:?}"),
    }
}

/// The three administrators, signed in, with their names.
fn three(town: &Town) -> [(String, Caller); 3] {
    Role::ADMINISTRATORS.map(|role| {
        let actor = town.actor(role);
        (actor.name.clone(), town.person_as(actor))
    })
}

const WANG: [(&str, &str); 4] = [("name", "wangfang"), ("title", "王芳"), ("role", "department"), ("organ", MARKET)];

#[test]
fn a9_an_account_takes_two_administrators_and_a_password_of_its_own() {
    each_database(|town| {
        // Whoever sits at the machine brings the organ into the table.
        town.program(Role::Department);
        let [(_, system), (_, security), (_, audit)] = three(town);
        for stranger in [&security, &audit] {
            assert_eq!(file(town, stranger, "/admin/accounts/new", &WANG).status, 403);
        }
        let first = secret(&file(town, &system, "/admin/accounts/new", &WANG));
        assert_eq!(first.len(), 19, "{first}");
        let sign_in = |password: &str| town.wait(account::sign_in(&town.office, "wangfang", password));
        assert_eq!(no(sign_in(&first)).0, Code::AccountNotReleased);
        let answer = file(town, &Caller::nobody(), "/sign-in", &[("name", "wangfang"), ("password", &first)]);
        assert!(answer.status == 403 && answer.text().contains("账号尚未启用"), "{}", answer.text());
        for stranger in [&system, &audit] {
            assert_eq!(file(town, stranger, "/admin/accounts/wangfang", &[("change", "release")]).status, 403);
        }
        let before = town.head();
        assert_eq!(file(town, &security, "/admin/accounts/wangfang", &[("change", "release")]).status, 303);
        assert_eq!(file(town, &security, "/admin/accounts/wangfang", &[("change", "release")]).status, 303, "again changes nothing");
        let told: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(told, ["account_released"]);

        let token = sign_in(&first).unwrap();
        let wang = Caller::with_session(&token);
        let led = town.get(&wang, "/desk");
        assert_eq!(led.status, 303, "a first password leads to its change");
        town.get(&wang, "/api/v1/checks").refused(403, "password_change_required");
        let page = town.get(&wang, "/account").text();
        assert!(page.contains("请先修改密码") && page.contains(MARKET), "{page}");

        let change =
            |old: &str, new: &str, again: &str| file(town, &wang, "/account", &[("old", old), ("password", new), ("again", again)]);
        for (old, new, again, says) in [
            ("not-the-first", "a-better-one-2026", "a-better-one-2026", "原密码不正确"),
            (first.as_str(), "too-short-x", "too-short-x", "12"),
            (&first, "wangfang-2026", "wangfang-2026", "用户名"),
            (&first, &first, &first, "不能与原密码相同"),
            (&first, "a-better-one-2026", "another-one-2026", "不一致"),
        ] {
            let answer = change(old, new, again);
            assert!((400..500).contains(&answer.status), "{says}: {}", answer.status);
            assert!(answer.text().contains(says) && answer.text().contains("-wrong\""), "{says}: {}", answer.text());
            assert!(!answer.text().contains(&first) && !answer.text().contains("a-better-one"), "no password comes back");
        }
        let elsewhere = Caller::with_session(&sign_in(&first).unwrap());
        assert_eq!(change(&first, "a-better-one-2026", "a-better-one-2026").status, 303);
        assert_eq!(town.get(&wang, "/desk").status, 200);
        assert_eq!(town.get(&elsewhere, "/desk").status, 303, "other sign-ins are over");
        assert_eq!(no(sign_in(&first)).0, Code::SignInWrong);
        sign_in("a-better-one-2026").unwrap();

        let history = town.get(&audit, "/admin/accounts/wangfang").text();
        for step in ["建立", "启用", "本人修改密码"] {
            assert!(history.contains(step), "{step}: {history}");
        }
        assert!(!history.contains("<button name=\"change\""), "an auditor changes nothing");
        assert_eq!(town.doctor(), []);
    });
}

/// Every route of the administrators, with the action that it stands for.
fn routes(town: &Town, who: &Caller) -> Vec<(Action, &'static str, Answer)> {
    let get = |path: &str| town.get(who, path);
    let post = |path: &str, fields: &[(&str, &str)]| file(town, who, path, fields);
    vec![
        (Action::SeeAccounts, "accounts", get("/admin/accounts")),
        (Action::SeeAccounts, "one account", get("/admin/accounts/target")),
        (Action::MakeAccounts, "new account", get("/admin/accounts/new")),
        (Action::MakeAccounts, "make", post("/admin/accounts/new", &[("name", "X"), ("title", ""), ("role", "centre")])),
        (Action::GrantRights, "release", post("/admin/accounts/target", &[("change", "release")])),
        (Action::GrantRights, "lock", post("/admin/accounts/target", &[("change", "lock")])),
        (Action::GrantRights, "unlock", post("/admin/accounts/target", &[("change", "unlock")])),
        (Action::GrantRights, "sign out", post("/admin/accounts/target", &[("change", "sign_out")])),
        (Action::GrantRights, "end", post("/admin/accounts/other", &[("change", "end")])),
        (Action::GrantRights, "rights", post("/admin/accounts/target/rights", &[("role", "centre")])),
        (Action::GrantRights, "reset", post("/admin/accounts/target/reset", &[])),
        (Action::SeeAccounts, "keys", get("/admin/keys")),
        (Action::GrantRights, "new key", get("/admin/keys/new")),
        (Action::GrantRights, "make key", post("/admin/keys/new", &[("name", "X"), ("title", ""), ("role", "centre")])),
        (Action::GrantRights, "end key", post("/admin/keys/999999/end", &[])),
        (Action::SeeAccounts, "organs", get("/admin/organs")),
        (Action::SeeAccounts, "one organ", get(&format!("/admin/organs/{}", encoded(MARKET)))),
        (Action::KeepOrgans, "new organ", get("/admin/organs/new")),
        (Action::KeepOrgans, "make organ", post("/admin/organs/new", &[("name", "")])),
        (Action::KeepOrgans, "change organ", post(&format!("/admin/organs/{}", encoded(MARKET)), &[("kind", "nonsense")])),
        (Action::SeeAccounts, "areas", get("/admin/areas")),
        (Action::KeepOrgans, "name an area", post("/admin/areas", &[("code", "1")])),
        (Action::SeeOperation, "seen", get("/admin/seen")),
        (Action::SeeOperation, "packs", get("/admin/packs")),
        (Action::SeeOperation, "work", get("/admin/work")),
        (Action::SeeJournal, "journal", get("/admin/journal")),
        (Action::SeeJournal, "export", post("/admin/journal/export", &[("file", "ndjson")])),
        (Action::OpenForSubject, "account of a subject", get("/desk/accounts")),
        (Action::OpenForSubject, "open an account", post("/desk/accounts", &[("name", "X")])),
    ]
}

/// Pages with business data.
fn business(company: &Company) -> [String; 8] {
    let code = &company.code;
    [
        "/desk".to_owned(),
        "/desk/search?q=%E5%95%86%E8%B4%B8".to_owned(),
        format!("/desk/subjects/{code}"),
        "/desk/loop".to_owned(),
        "/desk/batches".to_owned(),
        "/desk/waiting".to_owned(),
        "/grid".to_owned(),
        "/my".to_owned(),
    ]
}

#[test]
fn a9_each_page_of_administration_opens_to_its_role_alone() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.program(Role::Department);
        for name in ["target", "other"] {
            let actor = Actor { name: name.to_owned(), ..town.actor(Role::Counter) };
            town.wait(account::create(&town.office, &Office::operator(), actor, PASSWORD)).unwrap();
        }
        for role in Role::ALL {
            let subject = (role == Role::Subject).then(|| town.subject(&company.code));
            let who = town.person_as(Actor { subject, ..town.actor(role) });
            let before = town.head();
            let mut refused = 0;
            for (action, route, answer) in routes(town, &who) {
                let denied = permission::reach(action, role) == Reach::Nothing;
                assert_eq!(answer.status == 403, denied, "{role:?} {route}: {} {}", answer.status, answer.text());
                assert!(answer.status < 500, "{role:?} {route}: {}", answer.text());
                let theirs = role.is_administrator() && answer.text().contains(&company.name);
                assert!(!theirs, "{role:?} {route} shows business data");
                refused += usize::from(denied);
            }
            let changed = town.told(before).len();
            assert!(refused < 29 || changed == 0, "{role:?}: what is refused writes nothing");
            if role.is_administrator() {
                for path in business(&company) {
                    let answer = town.get(&who, &path);
                    let shows = answer.text().contains(&company.name);
                    // The first page of the desk has nothing on it for them; the others do not open.
                    assert!((answer.status == 403 || path == "/desk") && !shows, "{role:?} {path}: {}", answer.status);
                }
            }
        }
    });
}

#[test]
fn a9_no_account_carries_one_post_into_another_not_even_where_two_grant_at_once() {
    each_database(|town| {
        let by = Office::operator();
        let security = town.actor(Role::Security);
        town.person_as(security.clone());
        town.program(Role::Department);
        for from in Role::ALL {
            let subject = (from == Role::Subject).then_some(xinzhi_core::SubjectId(1));
            let actor = Actor { subject, ..town.actor(from) };
            let name = actor.name.clone();
            town.wait(account::create(&town.office, &by, actor, PASSWORD)).unwrap();
            let mut was = from;
            for to in Role::ALL {
                let wanted = (to.word(), MARKET, COUNTY);
                let changed = town.wait(account::set_rights(&town.office, &security, &name, wanted));
                let fixed = |role: Role| role.is_administrator() || role == Role::Subject;
                let now = town.wait(account::one(&town.office, &security, &name)).unwrap().0.actor.role;
                if was != to && (fixed(was) || fixed(to)) {
                    assert!(no(changed).1.contains("不能改换岗位"), "{from:?} to {to:?}");
                    assert_eq!(now, was);
                } else {
                    changed.unwrap();
                    assert_eq!(now, to, "{from:?} to {to:?}");
                    was = now;
                }
            }
        }

        // Two administrators at once: one name becomes one account with one role, and rights end as one of the two that were given.
        for round in 0..8 {
            let name = format!("both-{round}");
            let wanted = |role: Role| Wanted { name: name.clone(), title: "甲".into(), role: role.word().into(), ..Wanted::default() };
            let system = town.actor(Role::System);
            let made: Vec<bool> = std::thread::scope(|scope| {
                let make = |role| {
                    let (wanted, system) = (wanted(role), system.clone());
                    scope.spawn(move || town.wait(account::make(&town.office, &system, &wanted, None)).is_ok())
                };
                let both = [make(Role::Security), make(Role::Audit)];
                both.map(|thread| thread.join().unwrap()).to_vec()
            });
            assert_eq!(made.iter().filter(|made| **made).count(), 1, "one of the two makes it");
            let role = town.wait(account::one(&town.office, &security, &name)).unwrap().0.actor.role;
            assert!([Role::Security, Role::Audit].contains(&role));
            std::thread::scope(|scope| {
                for to in [Role::System, Role::Security, Role::Audit, Role::Centre] {
                    let (name, security) = (name.clone(), security.clone());
                    scope.spawn(move || {
                        let changed = town.wait(account::set_rights(&town.office, &security, &name, (to.word(), "", "")));
                        assert_eq!(changed.is_ok(), to == role, "{to:?}");
                    });
                }
            });
            assert_eq!(town.wait(account::one(&town.office, &security, &name)).unwrap().0.actor.role, role);
        }
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a9_o2_nobody_acts_on_an_own_account_and_no_post_is_left_empty() {
    each_database(|town| {
        let [(system_name, _), (security_name, security), (audit_name, _)] = three(town);
        for fields in [[("change", "lock")], [("change", "sign_out")], [("change", "end")], [("change", "release")], [("change", "unlock")]]
        {
            let answer = file(town, &security, &format!("/admin/accounts/{security_name}"), &fields);
            assert!(answer.status == 403 && answer.text().contains("自己的账号"), "{fields:?}: {}", answer.text());
        }
        let own = format!("/admin/accounts/{security_name}");
        assert_eq!(file(town, &security, &format!("{own}/rights"), &[("role", "security")]).status, 403);
        assert_eq!(file(town, &security, &format!("{own}/reset"), &[]).status, 403);
        // Nobody takes over another administrator by giving it a password.
        for name in [&system_name, &audit_name] {
            let answer = file(town, &security, &format!("/admin/accounts/{name}/reset"), &[]);
            assert!(answer.status == 403 && answer.text().contains("xinzhi account password"), "{}", answer.text());
        }
        for (name, change) in [(&audit_name, "end"), (&audit_name, "lock"), (&system_name, "end")] {
            let answer = file(town, &security, &format!("/admin/accounts/{name}"), &[("change", change)]);
            assert!(answer.status == 409 && answer.text().contains("唯一可用"), "{name} {change}: {}", answer.text());
        }
        // Five wrong passwords lock the auditor for a while, and bring nobody nearer to being rid of it.
        for _ in 0..5 {
            town.wait(account::sign_in(&town.office, &audit_name, "not-the-password")).unwrap_err();
        }
        let answer = file(town, &security, &format!("/admin/accounts/{audit_name}"), &[("change", "end")]);
        assert!(answer.status == 409 && answer.text().contains("唯一可用"), "{}", answer.text());
        let ended = town.wait(account::end(&town.office, &Office::operator(), &security_name));
        assert!(no(ended).1.contains("唯一可用"), "not at the machine either");
        // With a second one the first may go; its name is never given again.
        town.person(Role::Audit);
        assert_eq!(file(town, &security, &format!("/admin/accounts/{audit_name}"), &[("change", "end")]).status, 303);
        let by = Office::operator();
        let again = Actor { name: audit_name.clone(), ..town.actor(Role::Counter) };
        assert!(no(town.wait(account::create(&town.office, &by, again, PASSWORD))).1.contains("已被使用"));
        assert_eq!(no(town.wait(account::sign_in(&town.office, &audit_name, PASSWORD))).0, Code::SignInWrong);
        let answer = file(town, &security, &format!("/admin/accounts/{audit_name}"), &[("change", "unlock")]);
        assert!(answer.status == 409 && answer.text().contains("已注销"), "{}", answer.text());
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_rights_resets_and_ends_act_on_running_sessions() {
    each_database(|town| {
        let security = town.person(Role::Security);
        town.program(Role::Department);
        let actor = town.actor(Role::Centre);
        let path = format!("/admin/accounts/{}", actor.name);
        let name = actor.name.clone();
        let session = town.person_as(actor);
        let opens = |session: &Caller, page: &str| town.get(session, page).status;
        assert_eq!(opens(&session, "/desk/waiting"), 200);
        assert_eq!(file(town, &security, &format!("{path}/rights"), &[("role", "department"), ("organ", MARKET)]).status, 303);
        assert_eq!((opens(&session, "/desk/waiting"), opens(&session, "/desk/batches")), (403, 200), "the very next request");
        let wrong = file(town, &security, &format!("{path}/rights"), &[("role", "township")]);
        assert!(
            wrong.status == 422 && wrong.text().contains("须指明辖区") && wrong.text().contains("id=\"area-wrong\""),
            "{}",
            wrong.text()
        );
        let outside = file(town, &security, &format!("{path}/rights"), &[("role", "township"), ("area", "110101")]);
        assert!(outside.status == 422 && outside.text().contains("不在本单位的辖区"), "{}", outside.text());

        let first = secret(&file(town, &security, &format!("{path}/reset"), &[]));
        assert_eq!(opens(&session, "/desk/batches"), 303, "a reset ends what runs");
        assert_eq!(no(town.wait(account::sign_in(&town.office, &name, PASSWORD))).0, Code::SignInWrong);
        let session = Caller::with_session(&town.wait(account::sign_in(&town.office, &name, &first)).unwrap());
        assert_eq!(opens(&session, "/account"), 200);
        town.advance_minutes(31);
        assert_eq!(opens(&session, "/account"), 303, "idle");

        let session = Caller::with_session(&town.wait(account::sign_in(&town.office, &name, &first)).unwrap());
        let security = town.person(Role::Security);
        town.advance_minutes(16);
        assert_eq!(file(town, &security, &path, &[("change", "end")]).status, 303, "fifteen minutes are over: led to sign in");
        assert_eq!(opens(&session, "/account"), 200, "and nothing was done");
        let security = town.person(Role::Security);
        assert_eq!(file(town, &security, &path, &[("change", "end")]).status, 303);
        assert_eq!(opens(&session, "/account"), 303);
        assert_eq!(no(town.wait(account::sign_in(&town.office, &name, &first))).0, Code::SignInWrong);
    });
}

#[test]
fn a11_guesses_at_the_old_password_lock_like_those_at_the_door() {
    each_database(|town| {
        let who = town.person(Role::Counter);
        let guess = || file(town, &who, "/account", &[("old", "not-the-password"), ("password", PASSWORD), ("again", PASSWORD)]).status;
        assert_eq!([guess(), guess(), guess(), guess()], [422; 4]);
        assert_eq!(guess(), 423);
        assert_eq!(town.get(&who, "/account").status, 303, "the session of a locked account is over");
    });
}

#[test]
fn what_is_wrong_with_an_account_stands_beside_its_field() {
    each_database(|town| {
        town.program(Role::Department);
        let [(_, system), (_, security), _] = three(town);
        let faults = |answer: &Answer, fields: &[(&str, &str)]| {
            let text = answer.text();
            assert_eq!(answer.status, 422, "{text}");
            assert!(text.contains(&format!("有 {} 处需要改正", fields.len())), "{text}");
            for (field, says) in fields {
                assert!(text.contains(&format!("<a href=\"#{field}\">")), "{field} is not in the summary: {text}");
                let (_, beside) = text.split_once(&format!("id=\"{field}-wrong\">")).unwrap_or_else(|| panic!("{field}: {text}"));
                assert!(beside.split("</p>").next().unwrap().contains(says), "{field}: {beside}");
            }
            text
        };
        let make = |fields: &[(&str, &str)]| file(town, &system, "/admin/accounts/new", fields);
        let text = faults(
            &make(&[("name", "Bad Name"), ("title", " "), ("role", "department"), ("organ", "没有的局"), ("area", "99")]),
            &[("name", "小写字母"), ("title", "请填写"), ("organ", "没有登记单位"), ("area", "不在本单位的辖区")],
        );
        assert!(text.contains("value=\"Bad Name\""), "what was typed stays");
        faults(&make(&[("name", "a"), ("title", "甲"), ("role", "department")]), &[("organ", "须指明单位")]);
        faults(&make(&[("name", "a"), ("title", "甲"), ("role", "counter")]), &[("area", "须指明辖区")]);
        faults(&make(&[("name", "a"), ("title", "甲"), ("role", "subject")]), &[("role", "工作台")]);
        faults(&make(&[("name", "a"), ("title", "甲"), ("role", "emperor")]), &[("role", "请选择岗位")]);
        faults(&make(&[("name", ".."), ("title", "甲"), ("role", "legal")]), &[("name", "小写字母")]);
        for reserved in ["cli", "system", "office", "new"] {
            faults(&make(&[("name", reserved), ("title", "甲"), ("role", "legal")]), &[("name", "留作系统使用")]);
            let key = file(town, &security, "/admin/keys/new", &[("name", reserved), ("title", "甲"), ("role", "centre")]);
            faults(&key, &[("name", "留作系统使用")]);
        }
        secret(&make(&[("name", "a"), ("title", "甲"), ("role", "legal")]));
        faults(&make(&[("name", "a"), ("title", "乙"), ("role", "legal")]), &[("name", "已被账号或接口密钥使用")]);
        let key = |fields: &[(&str, &str)]| file(town, &security, "/admin/keys/new", fields);
        faults(&key(&[("name", "a"), ("title", "甲"), ("role", "centre")]), &[("name", "已被账号或接口密钥使用")]);
        faults(&key(&[("name", "b"), ("title", "甲"), ("role", "department")]), &[("organ", "须指明单位")]);
        faults(&key(&[("name", "b"), ("title", "甲"), ("role", "township")]), &[("area", "须指明辖区")]);
        for role in ["legal", "system", "security", "audit", "subject"] {
            faults(&key(&[("name", "b"), ("title", "甲"), ("role", role)]), &[("role", "业务岗位")]);
        }
        let programs = town.wait(account::keys(&town.office, &town.actor(Role::Audit))).unwrap();
        let names: BTreeSet<String> = programs.into_iter().map(|key| key.actor.name).collect();
        assert_eq!(names.len(), 1, "nothing that was refused exists: {names:?}");
    });
}

#[test]
fn a_key_is_shown_once_ended_at_once_and_its_use_is_known_by_the_day() {
    each_database(|town| {
        town.program(Role::Department);
        let security = town.person(Role::Security);
        let fields = [("name", "shenpi"), ("title", "行政审批系统"), ("role", "department"), ("organ", MARKET)];
        let key = secret(&file(town, &security, "/admin/keys/new", &fields));
        let list = |who: &Caller| town.get(who, "/admin/keys").text();
        assert!(!list(&security).contains(&key) && list(&security).contains("还没有用过"));
        if town.is_sqlite() {
            force(town, "create table key_writes (n bigint)");
            force(town, "create trigger watch after update on api_key begin insert into key_writes values (1); end");
        }
        let writes = || if town.is_sqlite() { number(town, "select count(*) from key_writes") } else { 1 };
        let program = Caller::with_key(&key);
        let ask = || town.get(&program, "/api/v1/checks").status;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| assert_eq!(ask(), 200)));
            }
        });
        town.advance_minutes(5);
        assert_eq!((ask(), writes()), (200, 1), "one write a day");
        assert!(list(&security).contains("2026-11-23"));
        town.advance_days(1);
        assert_eq!(ask(), 200);
        let security = town.person(Role::Security);
        assert!(list(&security).contains("2026-11-24"));

        let number_of = || number(town, "select entry from api_key where name = 'shenpi' and ended_at is null");
        let path = format!("/admin/keys/{}/end", number_of());
        let system = town.person(Role::System);
        assert_eq!((file(town, &system, &path, &[]).status, ask()), (403, 200));
        let before = town.head();
        assert_eq!(file(town, &security, &path, &[]).status, 303);
        town.get(&program, "/api/v1/checks").refused(401, "sign_in_required");
        assert_eq!(file(town, &security, &path, &[]).status, 303, "again changes nothing");
        let told: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(told, ["key_ended"]);
        // The key that takes its place may carry its name.
        let next = secret(&file(town, &security, "/admin/keys/new", &fields));
        assert_ne!(next, key);
        assert_eq!(town.get(&Caller::with_key(&next), "/api/v1/checks").status, 200);
        assert_eq!(ask(), 401);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_subject_gets_its_account_at_the_counter_and_no_administrator_learns_whose_it_is() {
    each_database(|town| {
        let mine = company(1);
        let theirs = Company { area: "330899102001", ..company(2) };
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&mine, &theirs]));
        let counter = town.person_as(Actor { area: AreaCode::parse(TOWNSHIP), ..town.actor(Role::Counter) });
        let open = |code: &str| file(town, &counter, "/desk/accounts", &[("subject", code), ("title", "陈师傅"), ("name", "chen")]);
        let outside = open(&theirs.code);
        assert!(outside.status == 422 && outside.text().contains("管辖范围"), "{}", outside.text());
        let nobody = open("91330100799655058B");
        assert!(nobody.status == 422 && nobody.text().contains("没有代码为"), "{}", nobody.text());
        let first = secret(&open(&mine.code));
        let [(_, system), (_, security), _] = three(town);
        let smuggled = [("name", "own"), ("title", "甲"), ("role", "subject"), ("subject", &mine.code)];
        assert_eq!(file(town, &system, "/admin/accounts/new", &smuggled).status, 422);
        for who in [&system, &security] {
            let page = town.get(who, "/admin/accounts/chen").text();
            assert!(page.contains("陈师傅") && !page.contains(&mine.code) && !page.contains(&mine.name), "{page}");
        }
        assert_eq!(no(town.wait(account::sign_in(&town.office, "chen", &first))).0, Code::AccountNotReleased);
        file(town, &security, "/admin/accounts/chen", &[("change", "release")]);
        let chen = Caller::with_session(&town.wait(account::sign_in(&town.office, "chen", &first)).unwrap());
        let fields = [("old", first.as_str()), ("password", "a-quiet-evening-7"), ("again", "a-quiet-evening-7")];
        assert_eq!(file(town, &chen, "/account", &fields).status, 303);
        let own = town.get(&chen, "/my").text();
        assert!(own.contains(&mine.name) && !own.contains(&theirs.name), "{own}");
    });
}

#[test]
fn g8_rights_that_were_changed_behind_the_back_are_found() {
    each_database(|town| {
        let actor = town.actor(Role::Counter);
        town.person_as(actor.clone());
        town.program(Role::Department);
        let security = town.actor(Role::Security);
        town.wait(account::set_rights(&town.office, &security, &actor.name, ("legal", "", ""))).unwrap();
        assert_eq!(town.doctor(), []);
        let finds = |sql: &str, undo: &str| {
            force(town, sql);
            let found = town.doctor();
            assert!(found.iter().any(|(invariant, _)| invariant == "A9 G8"), "{sql}: {found:?}");
            force(town, undo);
            assert_eq!(town.doctor(), [], "{undo}");
        };
        let name = &actor.name;
        finds(
            &format!("update account set role = 'centre' where name = '{name}'"),
            &format!("update account set role = 'legal' where name = '{name}'"),
        );
        finds("update api_key set area = '330899'", "update api_key set area = null");
        unguard(town, "account_history");
        finds(
            &format!(
                "update account_history set what = 'lock' where what = 'rights' and number = (select entry from account where name = '{name}')"
            ),
            "update account_history set what = 'rights' where what = 'lock'",
        );
        assert!(attempt(town, "update organ_version set ended = 1").unwrap_err().contains("append-only"));
        unguard(town, "organ_version");
        finds("update organ_version set ended = 1", "update organ_version set ended = 0");
    });
}

/// An office as it was before accounts were released and organs had a table.
fn take_back(town: &Town) {
    for table in ["account_history", "organ_version", "area_version"] {
        force(town, &format!("drop table {table}"));
    }
    force(town, "drop index journal_by_actor");
    for (table, columns) in
        [("account", vec!["made_by", "released_at", "ended_at", "must_change"]), ("api_key", vec!["made_by", "used_on"])]
    {
        for column in columns {
            force(town, &format!("alter table {table} drop column {column}"));
        }
    }
    force(town, "delete from migration where number = 8");
}

#[test]
fn an_office_of_before_keeps_its_accounts_and_keys_and_gets_its_organs() {
    for mut town in [Town::on_sqlite(), Town::on_postgres()] {
        let actor = town.actor(Role::Counter);
        let (name, organ) = (actor.name.clone(), actor.organ.clone().unwrap());
        let session = town.person_as(actor);
        let program = town.program(Role::Department);
        take_back(&town);
        town.reopen();
        assert_eq!(town.get(&session, "/desk/loop").status, 200);
        assert_eq!(town.get(&program, "/api/v1/checks").status, 200);
        let auditor = town.person(Role::Audit);
        let page = town.get(&auditor, &format!("/admin/accounts/{name}")).text();
        assert!(page.contains("可用") && page.contains("建立") && page.contains("本机操作员"), "{page}");
        let organs = town.get(&auditor, "/admin/organs").text();
        assert!(organs.contains(&organ) && organs.contains(MARKET) && organs.contains("服务窗口") && organs.contains("部门"), "{organs}");
        assert_eq!(of_before(&town), []);
        // The first security administrator is made at the machine; from then on it takes two.
        let security = town.person(Role::Security);
        assert_eq!(file(&town, &security, &format!("/admin/accounts/{name}"), &[("change", "lock")]).status, 303);
        assert_eq!(town.get(&session, "/desk/loop").status, 303);
        assert_eq!(of_before(&town), []);
    }
}

/// What doctor finds, apart from acts whose facts were taken back with the tables: an office of before had no such acts.
fn of_before(town: &Town) -> Vec<(String, String)> {
    let new = |fault: &str| fault.contains("account_released") || fault.contains("organ_recorded");
    town.doctor().into_iter().filter(|(_, fault)| !new(fault)).collect()
}

#[test]
fn a_program_cannot_call_itself_the_operator() {
    each_database(|town| {
        // An office of before may hold such a key.
        town.program(Role::Centre);
        force(town, "update api_key set name = 'cli'");
        let program = Actor { name: "cli".to_owned(), is_person: false, ..town.actor(Role::Centre) };
        let wanted = Wanted { name: "x".into(), title: "甲".into(), role: "centre".into(), ..Wanted::default() };
        assert_eq!(no(town.wait(account::make(&town.office, &program, &wanted, None))).0, Code::NotPermitted);
        assert_eq!(no(town.wait(account::every(&town.office, &program))).0, Code::NotPermitted);
    });
}
