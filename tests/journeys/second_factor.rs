//! The second factor: who needs it, what opens before it is set up, each code once, guesses lock, and who may take it away.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::account::factor::{self, Secret};
use xinzhi_office::account::{self, Change};
use xinzhi_office::{Error, Office};

use super::accounts::file;
use crate::support::binary::{Server, fed, text, told, xinzhi};
use crate::support::database::{everything, force, number};
use crate::support::town::{Answer, Caller, MARKET, PASSWORD, Town, device, each_database};

const PLACES: [&str; 9] =
    ["/", "/rules", "/desk", "/admin", "/admin/accounts", "/admin/accounts/new", "/admin/keys", "/admin/journal", "/account"];

fn made(town: &Town, actor: Actor) -> String {
    let name = actor.name.clone();
    town.wait(account::create(&town.office, &Office::operator(), actor, PASSWORD)).unwrap();
    name
}

/// Gives the password by the form; the session begun, and where it leads.
fn password(town: &Town, name: &str) -> (Caller, String) {
    let body = format!("name={name}&password={PASSWORD}");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let agent: ureq::Agent = agent.into();
    let answer = agent.post(format!("{}/sign-in", town.base())).header("content-type", "application/x-www-form-urlencoded").send(body);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 303);
    let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let token = header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    (Caller::with_session(&token), header("location"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

/// What the page of setting up shows: the secret, and the same sealed.
fn offered(page: &Answer) -> (Secret, String) {
    let text = page.text();
    let secret = Secret::from_text(between(&text, "<code id=\"secret\">", "<")).unwrap();
    (secret, between(&text, "name=\"sealed\" value=\"", "\"").to_owned())
}

/// The code of a device so many seconds from now.
fn code(town: &Town, secret: &Secret, seconds: i64) -> String {
    secret.code_at(town.office.now().plus_ms(seconds * 1000))
}

/// Six digits that no step around now has.
fn wrong(town: &Town, secret: &Secret) -> String {
    let near: Vec<String> = (-3..=3).map(|step| code(town, secret, step * 30)).collect();
    (0..10).map(|digit| digit.to_string().repeat(6)).find(|guess| !near.contains(guess)).unwrap()
}

fn give(town: &Town, who: &Caller, typed: &str) -> Answer {
    file(town, who, "/sign-in/code", &[("code", typed)])
}

/// Sets up a factor through the pages; the secret and the recovery codes.
fn enrolled(town: &Town, who: &Caller) -> (Secret, Vec<String>) {
    let (secret, sealed) = offered(&town.get(who, "/account/factor"));
    let done = file(town, who, "/account/factor", &[("sealed", &sealed), ("code", &code(town, &secret, 0))]);
    assert_eq!(done.status, 200, "{}", done.text());
    let text = done.text();
    let codes = between(&text, "<ul class=\"plain recovery\">", "</ul>");
    (secret, codes.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect())
}

fn refusal<T: std::fmt::Debug>(refused: Result<T, Error>) -> Refusal {
    match refused {
        Err(Error::Refusal(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a11_an_administrator_without_a_second_factor_reaches_nothing_but_its_setting_up() {
    each_database(|town| {
        town.program(Role::Department);
        for role in Role::ADMINISTRATORS {
            let name = made(town, town.actor(role));
            let (who, leads) = password(town, &name);
            assert_eq!(leads, "/account/factor", "{role:?}");
            let before = town.head();
            for path in PLACES {
                let answer = town.get(&who, path);
                assert_eq!(answer.status, 303, "{role:?} {path}: {}", answer.text());
            }
            town.get(&who, "/api/v1/checks").refused(403, "factor_required");
            town.post(&who, "/api/v1/operator/hosts", &serde_json::json!({"host": "a.gov.cn", "allowed": true, "note": "试"}))
                .refused(403, "factor_required");
            let new = [("name", "wangfang"), ("title", "王芳"), ("role", "department"), ("organ", MARKET)];
            for (path, fields) in [("/admin/accounts/new", &new[..]), ("/admin/journal/export", &[]), ("/admin/keys/new", &new)] {
                assert_eq!(file(town, &who, path, fields).status, 303, "{role:?} {path}");
            }
            let own = [("old", PASSWORD), ("password", "a-better-one-2026"), ("again", "a-better-one-2026")];
            assert_eq!(file(town, &who, "/account", &own).status, 303);
            assert_eq!(town.head(), before, "nothing was done");

            let page = town.get(&who, "/account/factor");
            let (secret, sealed) = offered(&page);
            assert!(page.text().contains("<svg class=\"qr\"") && page.text().contains("otpauth://totp/"), "{}", page.text());
            assert!(!page.text().contains("name=\"password\""), "the password was given a moment ago");
            for (sealed, typed, says) in [
                (sealed.as_str(), wrong(town, &secret), "验证码不正确"),
                (&sealed, "12345".to_owned(), "验证码不正确"),
                ("AAAA", code(town, &secret, 0), "已失效"),
                (&sealed, code(town, &secret, 60), "验证码不正确"),
            ] {
                let answer = file(town, &who, "/account/factor", &[("sealed", sealed), ("code", &typed)]);
                assert!(answer.status == 422 && answer.text().contains(says), "{says}: {} {}", answer.status, answer.text());
                let again = offered(&answer).0;
                assert_eq!(again == secret, sealed != "AAAA", "what was scanned stays good");
            }
            assert_eq!(town.head(), before, "what was not confirmed does not count");
            let done = file(town, &who, "/account/factor", &[("sealed", &sealed), ("code", &code(town, &secret, 0))]);
            assert!(done.status == 200 && done.text().matches("<li><code>").count() == 10, "{}", done.text());
            assert_eq!(town.get(&who, "/admin").status, 200, "{role:?}");
            assert_eq!(town.get(&who, "/admin/accounts").status, 200, "{role:?}");
            assert!(!town.get(&who, "/account/factor").text().contains(&secret.text()), "told once");
            let acts: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
            assert_eq!(acts, ["factor_changed"]);
        }
        // Its device holds what is looked for.
        town.person(Role::System);
        let stored = everything(town);
        assert!(!stored.windows(20).any(|window| window == b"12345678901234567890"), "sealed");
        assert_eq!(town.get(&town.person(Role::Centre), "/desk").status, 200, "nobody else needs one");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_a_first_password_is_changed_before_a_factor_is_set_up() {
    each_database(|town| {
        let name = made(town, town.actor(Role::Audit));
        let first = "given-at-the-machine-1";
        town.wait(account::set_at_machine(&town.office, &Office::operator(), &name, first)).unwrap();
        let who = Caller::with_session(&town.wait(account::sign_in(&town.office, &name, first)).unwrap());
        assert_eq!(town.get(&who, "/account/factor").status, 303, "to the password");
        let change = [("old", first), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(file(town, &who, "/account", &change).status, 303);
        assert_eq!(town.get(&who, "/admin/journal").status, 303, "to the factor");
        enrolled(town, &who);
        assert_eq!(town.get(&who, "/admin/journal").status, 200);
        // With a factor the code comes first: who has only the password does not change it.
        town.wait(account::set_at_machine(&town.office, &Office::operator(), &name, first)).unwrap();
        let who = Caller::with_session(&town.wait(account::sign_in(&town.office, &name, first)).unwrap());
        let change = [("old", first), ("password", "a-better-one-2026"), ("again", "a-better-one-2026")];
        let before = town.head();
        assert_eq!((file(town, &who, "/account", &change).status, town.head()), (303, before));
        town.get(&who, "/api/v1/checks").refused(403, "factor_required");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_a_code_opens_once_within_a_step_of_drift() {
    each_database(|town| {
        // Ten seconds into a step, whatever the clock of the town began with.
        let rest = factor::code::rest_ms(town.office.now()) / 1000;
        town.advance_seconds(rest + 10);
        let name = made(town, town.actor(Role::Security));
        let (who, _) = password(town, &name);
        let (secret, _) = enrolled(town, &who);
        let (who, leads) = password(town, &name);
        assert!(leads.starts_with("/sign-in/code"), "{leads}");
        for path in PLACES {
            assert_eq!(town.get(&who, path).status, 303, "{path}");
        }
        assert_eq!(town.get(&who, "/account/factor").status, 303, "none is set up over one that was not given");
        let page = town.get(&who, "/sign-in/code");
        assert!(page.status == 200 && !page.text().contains("demo-code"), "{}", page.text());
        let again = give(town, &who, &code(town, &secret, 0));
        assert!(again.status == 401 && again.text().contains("已经用过"), "the code it was set up with: {}", again.text());

        town.advance_seconds(30);
        let right = code(town, &secret, 0);
        for typed in [wrong(town, &secret), code(town, &secret, 60)] {
            assert_eq!(give(town, &who, &typed).status, 401, "{typed}");
        }
        let before = town.head();
        let (first, last) = right.split_at(3);
        assert_eq!(give(town, &who, &format!(" {first} {last} ")).status, 303);
        assert_eq!(town.told(before)[0].0, "factor_passed");
        assert_eq!(town.get(&who, "/admin/accounts").status, 200);
        assert_eq!(give(town, &who, "pressed again").status, 303, "a sign-in that was let in stays so");

        let (other, _) = password(town, &name);
        assert_eq!(give(town, &other, &right).status, 401, "a code that somebody looked at opens nothing");
        // A step before and a step after, to the last second.
        assert_eq!(give(town, &other, &code(town, &secret, 30)).status, 303, "a device that is ahead");
        town.advance_seconds(60);
        let (third, _) = password(town, &name);
        assert_eq!(give(town, &third, &code(town, &secret, -30)).status, 401, "the step after was used: nothing before it opens");
        town.advance_seconds(60);
        let late = code(town, &secret, 0);
        town.advance_seconds(20 + 29);
        assert_eq!(give(town, &third, &late).status, 303, "the last second of the step after");
        town.advance_seconds(61);
        let (fourth, _) = password(town, &name);
        let late = code(town, &secret, 0);
        town.advance_seconds(60);
        assert_eq!(give(town, &fourth, &late).status, 401, "too late");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_of_two_servers_that_are_given_the_same_code_at_once_one_refuses() {
    let town = Town::on_postgres();
    let (beside, _directory) = town.server_beside().unwrap();
    let name = made(&town, town.actor(Role::System));
    town.wait(factor::give(&town.office, &Office::operator(), &name, &device())).unwrap();
    for step in 0..5 {
        let tokens = [&town.office, &beside].map(|office| (office, town.wait(account::sign_in(office, &name, PASSWORD)).unwrap()));
        let code = device().code_at(town.office.now());
        let passed = std::thread::scope(|scope| {
            let threads = tokens.map(|(office, token)| {
                let (code, town) = (&code, &town);
                scope.spawn(move || town.wait(factor::pass(office, &token, code)).map_err(|error| refusal(Err::<(), _>(error)).code))
            });
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(passed.iter().filter(|result| result.is_ok()).count(), 1, "{step}: {passed:?}");
        assert!(passed.contains(&Err(Code::FactorWrong)), "{step}: {passed:?}");
        town.advance_seconds(30);
    }
}

#[test]
fn a11_guesses_at_the_code_lock_with_those_at_the_password() {
    each_database(|town| {
        let actor = town.actor(Role::Audit);
        let name = actor.name.clone();
        let open = town.person_as(actor);
        let guess = wrong(town, &device());
        let (who, _) = password(town, &name);
        for _ in 0..2 {
            assert_eq!(give(town, &who, &guess).status, 401);
        }
        assert_eq!(give(town, &who, "no-such-recovery-code").status, 401);
        town.wait(account::sign_in(&town.office, &name, "not-the-password")).unwrap_err();
        // The right password in between forgives nothing.
        let (who, _) = password(town, &name);
        let locked = give(town, &who, &guess);
        assert!(locked.status == 423 && locked.text().contains("账号已锁定"), "{} {}", locked.status, locked.text());
        assert_eq!(town.get(&open, "/admin/journal").status, 303, "what runs is over too");
        let failed = |what: &str| {
            let entries = town.told(0).into_iter().filter(|(act, refs)| act == "sign_in_failed" && refs["what"] == what);
            entries.count()
        };
        assert_eq!((failed("code"), failed("password")), (4, 1));
        assert_eq!(refusal(town.wait(account::sign_in(&town.office, &name, PASSWORD))).code, Code::AccountLocked);
        town.advance_minutes(31);
        let who = town.sign_in(&name);
        let trail = town.get(&who, "/admin/journal");
        assert_eq!(trail.status, 200, "the lock passes by itself");
        for said in ["密码不正确", "验证码或者恢复码不正确", "密码正确，还须第二步验证", "用验证码"] {
            assert!(trail.text().contains(&format!("账号 {name}，{said}</td>")), "{said}: {}", trail.text());
        }
        assert!(!trail.text().contains("，其他</td>"), "{}", trail.text());
        // What was forgiven by a whole sign-in is forgiven: four more do not lock.
        let (half, _) = password(town, &name);
        for _ in 0..4 {
            assert_eq!(give(town, &half, &guess).status, 401);
        }
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_a_recovery_code_opens_once_and_a_new_set_ends_the_old() {
    each_database(|town| {
        let name = made(town, town.actor(Role::System));
        let (who, _) = password(town, &name);
        let (_, codes) = enrolled(town, &who);
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().all(|code| !everything(town).windows(code.len()).any(|window| window == code.as_bytes())), "digests only");
        let before = town.head();
        let (second, _) = password(town, &name);
        assert_eq!(give(town, &second, &codes[0].to_uppercase().replace('-', " ")).status, 303, "as it is copied by hand");
        assert_eq!(town.told(before)[1].1["what"], "recovery");
        let (third, _) = password(town, &name);
        assert_eq!(give(town, &third, &codes[0]).status, 401, "once");
        assert_eq!(give(town, &third, &codes[1]).status, 303);
        assert!(town.get(&third, "/account/factor").text().contains("8 个"));
        let other = made(town, town.actor(Role::System));
        town.wait(factor::give(&town.office, &Office::operator(), &other, &device())).unwrap();
        let (stranger, _) = password(town, &other);
        assert_eq!(give(town, &stranger, &codes[2]).status, 401, "nobody else's");

        // Another device takes the password once more, and ends the other sign-ins and the codes of before.
        let (secret, sealed) = offered(&town.get(&third, "/account/factor?change=1"));
        let change = |word: &str| {
            let fields = [("sealed", sealed.as_str()), ("code", &code(town, &secret, 0)), ("password", word)];
            file(town, &third, "/account/factor", &fields)
        };
        let refused = change("not-the-password");
        assert!(refused.status == 422 && refused.text().contains("密码不正确"), "{}", refused.text());
        assert_eq!(change(PASSWORD).status, 200);
        assert_eq!(town.get(&second, "/admin/accounts").status, 303, "other sign-ins are over");
        assert_eq!(town.get(&third, "/admin/accounts").status, 200);
        let (fourth, _) = password(town, &name);
        assert_eq!(give(town, &fourth, &codes[3]).status, 401, "codes of before");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_o2_only_another_takes_a_factor_away_and_its_owner_is_told() {
    each_database(|town| {
        let [system, security, audit] = [Role::System, Role::Security, Role::Audit].map(|role| {
            let actor = town.actor(role);
            (actor.name.clone(), town.person_as(actor))
        });
        let reset = |who: &Caller, name: &str| file(town, who, &format!("/admin/accounts/{name}"), &[("change", "reset_factor")]);
        let own = reset(&security.1, &security.0);
        assert!(own.status == 403 && own.text().contains("自己的账号"), "{}", own.text());
        for stranger in [&system.1, &audit.1, &town.person(Role::Centre)] {
            assert_eq!(reset(stranger, &audit.0).status, 403);
        }
        let staff = made(town, town.actor(Role::Centre));
        let nothing = reset(&security.1, &staff);
        assert!(nothing.status == 409 && nothing.text().contains("没有设置第二因素"), "{}", nothing.text());

        // The only auditor: its post is not left without anybody, since its owner comes back with the password.
        let before = town.head();
        assert_eq!(reset(&security.1, &audit.0).status, 303);
        let told = town.told(before);
        assert_eq!((told[0].0.as_str(), &told[0].1["what"]), ("factor_changed", &"factor_reset".into()));
        assert_eq!(town.get(&audit.1, "/admin/journal").status, 303, "what runs is over");
        let (who, leads) = password(town, &audit.0);
        assert_eq!(leads, "/account/factor");
        let page = town.get(&who, "/account/factor").text();
        assert!(page.contains("您的第二因素已被重置") && page.contains("李芳"), "{page}");
        town.advance_seconds(60);
        enrolled(town, &who);
        assert!(!town.get(&who, "/account/factor").text().contains("已被重置"));
        let shown = town.get(&who, &format!("/admin/accounts/{}", audit.0)).text();
        assert!(shown.contains("重置第二因素") && shown.contains(&security.0), "{shown}");
        assert!(town.get(&who, "/admin/journal?act=factor_changed").text().contains("变更第二因素"));

        // The only security administrator is helped at the machine alone.
        town.wait(factor::reset(&town.office, &Office::operator(), &security.0)).unwrap();
        let (who, _) = password(town, &security.0);
        assert!(town.get(&who, "/account/factor").text().contains("本机操作员"));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a11_whoever_wants_one_has_one_and_may_switch_it_off() {
    each_database(|town| {
        let security = town.person(Role::Security);
        let actor = town.actor(Role::Township);
        let name = actor.name.clone();
        let who = town.person_as(actor);
        let other = town.sign_in(&name);
        let (secret, sealed) = offered(&town.get(&who, "/account/factor"));
        let set_up = |word: &str| {
            let fields = [("sealed", sealed.as_str()), ("code", &code(town, &secret, 0)), ("password", word)];
            file(town, &who, "/account/factor", &fields)
        };
        assert_eq!(set_up("").status, 422, "an open screen is not enough");
        assert_eq!(set_up(PASSWORD).status, 200);
        assert_eq!(town.get(&other, "/desk").status, 303, "sign-ins without it are over");
        assert_eq!(town.get(&who, "/desk").status, 200);
        let (half, leads) = password(town, &name);
        assert!(leads.starts_with("/sign-in/code"), "{leads}");
        town.get(&half, "/api/v1/checks").refused(403, "factor_required");
        town.advance_seconds(30);
        assert_eq!(give(town, &half, &code(town, &secret, 0)).status, 303);
        assert_eq!(file(town, &half, "/account/factor/off", &[("password", "not-the-password")]).status, 422);
        assert_eq!(file(town, &half, "/account/factor/off", &[("password", PASSWORD)]).status, 303);
        assert_eq!(password(town, &name).1, "/desk");

        // Reset by somebody else: told at every sign-in until it was read.
        town.wait(factor::give(&town.office, &Office::operator(), &name, &device())).unwrap();
        let reset = file(town, &security, &format!("/admin/accounts/{name}"), &[("change", "reset_factor")]);
        assert_eq!(reset.status, 303);
        for _ in 0..2 {
            assert_eq!(password(town, &name).1, "/account/factor");
        }
        let (told, _) = password(town, &name);
        assert!(town.get(&told, "/account/factor").text().contains("您的第二因素已被重置"));
        assert_eq!(file(town, &told, "/account/factor/told", &[]).status, 303);
        assert_eq!(password(town, &name).1, "/desk");

        let system = made_system(town);
        let token = town.wait(account::sign_in(&town.office, &system, PASSWORD)).unwrap();
        let half = town.wait(factor::switch_off(&town.office, &token, PASSWORD));
        assert_eq!(refusal(half).code, Code::FactorRequired, "not before it was given");
        assert_eq!(file(town, &security, "/account/factor/off", &[("password", PASSWORD)]).status, 403, "the three need it");
        assert_eq!(town.doctor(), []);
    });
}

fn made_system(town: &Town) -> String {
    let actor = town.actor(Role::System);
    let name = actor.name.clone();
    town.person_as(actor);
    name
}

#[test]
fn a11_doctor_finds_sign_ins_and_factors_that_nobody_gave() {
    each_database(|town| {
        let actor = town.actor(Role::Audit);
        let name = actor.name.clone();
        town.person_as(actor);
        // One that waits at the second step is none.
        let (half, _) = password(town, &name);
        assert_eq!(town.doctor(), []);
        let finds = |sql: &str, undo: &str, says: &str| {
            force(town, sql);
            let found = town.doctor();
            assert!(found.iter().any(|(invariant, fault)| invariant == "A11" && fault.contains(says)), "{sql}: {found:?}");
            force(town, undo);
            assert_eq!(town.doctor(), [], "{undo}");
        };
        // As a program would leave it that lets administrators work without a code.
        finds(
            "update session set seen_at = seen_at + 60000 where factor is null",
            "update session set seen_at = seen_at - 60000 where factor is null",
            "没有经过第二因素",
        );
        finds(
            "update session set factor = 1 where factor is null",
            "update session set factor = null where factor = 1",
            "没有经过第二因素",
        );
        assert_eq!(town.get(&half, "/admin/journal").status, 303);
        let entry = number(town, "select entry from account_factor");
        finds(
            &format!("update account_factor set entry = {entry} - 1"),
            &format!("update account_factor set entry = {entry}"),
            "第二因素与账簿不符",
        );
        finds("update account_factor set entry = null", &format!("update account_factor set entry = {entry}"), "第二因素与账簿不符");
        // The secret of another account opens nothing here: it is sealed for its place.
        let other = made_system(town);
        town.advance_seconds(90);
        let before = town.wait(account::sign_in(&town.office, &name, PASSWORD)).unwrap();
        force(
            town,
            &format!(
                "update account_factor set sealed = (select sealed from account_factor where account = '{other}') where account = '{name}'"
            ),
        );
        assert!(matches!(town.wait(factor::pass(&town.office, &before, &device().code_at(town.office.now()))), Err(Error::Fault(_))));
    });
}

#[test]
fn a11_sign_ins_of_before_the_upgrade_are_over_and_lead_to_the_setting_up() {
    for mut town in [Town::on_sqlite(), Town::on_postgres()] {
        let actors = [Role::Security, Role::Centre].map(|role| town.actor(role));
        let names = actors.clone().map(|actor| actor.name);
        let [security, centre] = actors.map(|actor| town.person_as(actor));
        for sql in [
            "drop table account_factor",
            "drop table account_recovery",
            "alter table session drop column factor",
            "alter table connector_state drop column well_at",
            "alter table connector_state drop column failed_at",
            "alter table connector_state drop column failure",
            "alter table subscription_head drop column well_at",
            "alter table subscription_head drop column failed_at",
            "alter table subscription_head drop column failure",
            "alter table connector drop column covers",
            "alter table outbound_host drop column authorities",
            "delete from migration where number = 13",
        ] {
            force(&town, sql);
        }
        town.reopen();
        assert_eq!(town.get(&security, "/admin/accounts").status, 303);
        assert_eq!(town.get(&centre, "/desk").status, 200, "others work on");
        let (who, leads) = password(&town, &names[0]);
        assert_eq!(leads, "/account/factor");
        town.advance_seconds(60);
        enrolled(&town, &who);
        assert_eq!(town.get(&who, "/admin/accounts").status, 200);
    }
}

#[test]
fn a11_a_lock_by_somebody_ends_a_sign_in_at_the_second_step() {
    each_database(|town| {
        let actor = town.actor(Role::System);
        let name = actor.name.clone();
        town.person_as(actor);
        town.person(Role::System);
        let (half, _) = password(town, &name);
        let token = town.wait(account::sign_in(&town.office, &name, PASSWORD)).unwrap();
        let security = town.actor(Role::Security);
        town.wait(account::change(&town.office, &security, &name, Change::Lock)).unwrap();
        let right = code(town, &device(), 30);
        assert_eq!(give(town, &half, &right).status, 303, "to the sign-in");
        assert_eq!(refusal(town.wait(factor::pass(&town.office, &token, &right))).code, Code::SignInRequired);
        town.wait(account::change(&town.office, &security, &name, Change::Unlock)).unwrap();
        assert_eq!(town.get(&half, "/admin/accounts").status, 303, "ended, not paused");
    });
}

#[test]
fn a11_no_office_but_a_demonstration_tells_a_code() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let made = fed(&["account", "add", "anquan", "--title", "周洁", "--role", "security", "--data", data], &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", text(&made.stderr));
    let refused = xinzhi(&["account", "code", "anquan", "--data", data]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("不是 xinzhi demo 建立的数据目录"), "{}", text(&refused.stderr));
    // A file as a demonstration would leave it makes no demonstration: the office asks for what the owner set up.
    let office = || {
        let url = xinzhi_store::Url::Sqlite(directory.path().to_owned());
        let world = xinzhi_store::World {
            clock: std::sync::Arc::new(xinzhi_office::SystemClock),
            entropy: std::sync::Arc::new(xinzhi_office::SystemEntropy::new().unwrap()),
        };
        let founding = xinzhi_office::Founding { name: "县".to_owned(), area: xinzhi_core::AreaCode::parse("330899").unwrap() };
        std::sync::Arc::new(Office::open(&url, world, &founding).unwrap())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let by = Office::operator();
    runtime.block_on(factor::give(&office(), &by, "anquan", &device())).unwrap();
    let forged = Secret::generate(&xinzhi_office::SystemEntropy::new().unwrap());
    std::fs::write(directory.path().join("demo-codes"), format!("anquan {}\n", forged.text())).unwrap();
    let code = told(&["account", "code", "anquan", "--data", data]);
    let opened = office();
    let token = runtime.block_on(account::sign_in(&opened, "anquan", PASSWORD)).unwrap();
    assert_eq!(refusal(runtime.block_on(factor::pass(&opened, &token, code.trim()))).code, Code::FactorWrong);
    drop(opened);

    // A server shows none either, and the operator takes the factor away while it runs.
    let server = Server::start(directory.path());
    let base = format!("http://{}", server.address);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let form = "application/x-www-form-urlencoded";
    let sign_in = || {
        let body = format!("name=anquan&password={PASSWORD}");
        let answer = agent.post(format!("{base}/sign-in")).header("content-type", form).send(body).unwrap();
        let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
        (header("set-cookie").split(';').next().unwrap().to_owned(), header("location"))
    };
    let (cookie, leads) = sign_in();
    assert!(leads.starts_with("/sign-in/code"), "{leads}");
    let page = agent.get(format!("{base}/sign-in/code")).header("cookie", &cookie).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.contains("第二步验证") && !page.contains("demo-code"), "{page}");
    assert!(told(&["account", "reset-factor", "anquan", "--data", data]).contains("已重置 anquan"));
    let again = xinzhi(&["account", "reset-factor", "anquan", "--data", data]);
    assert!(!again.status.success() && text(&again.stderr).contains("没有设置第二因素"), "{}", text(&again.stderr));
    // The first password of an account made at the machine is changed first.
    assert_eq!(sign_in().1, "/account");
    assert!(server.stop());
}
