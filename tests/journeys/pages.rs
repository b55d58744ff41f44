//! The pages tell what the API tells: signed in by the form, the loop board, a subject's file, and who is kept out.

use serde_json::json;
use xinzhi_core::actor::Role;
use xinzhi_office::{Office, account};

use crate::support::files::{FINE, REVOKED, company, honours, penalties, registration};
use crate::support::town::{Answer, Caller, PASSWORD, Town, each_database, encoded};

fn submit(town: &Town, who: &Caller, path: &str, (from, form): (&str, &str)) -> Answer {
    town.post_raw(who, path, &[("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", from)], form.as_bytes())
}

#[test]
fn the_sign_in_form_begins_a_session_and_foreign_forms_do_nothing() {
    each_database(|town| {
        let actor = town.actor(Role::Centre);
        let name = actor.name.clone();
        town.wait(account::create(&town.office, &Office::operator(), actor, PASSWORD)).unwrap();
        let nobody = Caller::nobody();
        let wrong = submit(town, &nobody, "/sign-in", ("same-origin", &format!("name={name}&password=wrong-password")));
        assert_eq!(wrong.status, 401);
        assert!(wrong.text().contains("用户名或密码不正确") && wrong.text().contains(&name) && !wrong.text().contains("wrong-password"));
        let before = town.head();
        let foreign = submit(town, &nobody, "/sign-in", ("cross-site", &format!("name={name}&password={PASSWORD}")));
        assert_eq!((foreign.status, town.head()), (403, before), "a form on another site does nothing here");
        let right = submit(town, &nobody, "/sign-in", ("same-origin", &format!("name={name}&password={PASSWORD}")));
        assert_eq!(right.status, 303, "{}", right.text());
        let acts: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, ["signed_in"]);
    });
}

#[test]
fn c3_pages_show_the_figures_of_the_api_with_their_reasons() {
    each_database(|town| {
        let [good, bad] = [company(1), company(2)];
        let person = town.person(Role::Centre);
        town.import(&person, "registration", &registration(&[&good, &bad]));
        town.import(&person, "cf-2018", &penalties(&[(&good, FINE), (&bad, REVOKED)]));
        town.import(&person, "honour", &honours(&[(&good, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        let check = town.check(&person, &good.code).ok();
        let body = json!({"measure": "green-channel", "outcome": "applied", "officer": "陈静"});
        town.post(&person, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        town.check(&person, &bad.code).ok();
        town.advance_days(8);
        let person = town.person(Role::Centre);

        let page = |path: &str, says: &[&str]| {
            let answer = town.get(&person, path);
            assert_eq!((answer.status, answer.kind.starts_with("text/html")), (200, true), "{path}: {}", answer.text());
            let text = answer.text();
            for said in says {
                assert!(text.contains(said), "{path} does not say {said}: {text}");
            }
            text
        };
        // One of one closed and three overdue: 25 %.
        page("/desk/loop", &["闭环率", "25", "已逾期", &bad.name]);
        let file = format!("/desk/subjects/{}?purpose={}", good.code, encoded("日常监管"));
        // A rating states purpose, arithmetic, articles and end.
        page(&file, &[&good.name, "860", "不单独作为", "第四十八条", FINE.number]);
        page(&format!("/desk/checks/{}", check["id"]), &["绿色通道", "陈静", "国发〔2016〕33号"]);
        page("/desk/batches", &["行政处罚（2018 年版式）"]);
        page("/rules", &["市场主体公共信用评价"]);
        page("/", &["示范县公共信用中心"]);

        let others = [Role::System, Role::Audit].map(|role| (role, town.person(role)));
        for path in ["/desk", "/desk/loop", "/desk/batches", "/desk/waiting", "/my", "/admin", "/admin/journal", &file] {
            let stranger = town.get(&Caller::nobody(), path);
            assert!([303, 307, 401].contains(&stranger.status), "{path}: {}", stranger.status);
            assert!(!stranger.text().contains(&good.name), "{path}");
            for (role, who) in &others {
                let answer = town.get(who, path);
                assert!(answer.status < 500 && !answer.text().contains(&good.name), "{role:?} {path}: {}", answer.status);
            }
        }
    });
}

#[test]
fn each_tab_of_the_loop_board_lists_as_many_as_it_counts() {
    each_database(|town| {
        let [good, bad] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&good, &bad]));
        town.import(&centre, "cf-2018", &penalties(&[(&bad, REVOKED)]));
        town.import(&centre, "honour", &honours(&[(&good, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        // One closed, three overdue, one taken up and in time, three not looked at yet.
        let ask = |code: &str| town.check(&centre, code).ok()["id"].clone();
        let answer = |check: &serde_json::Value, outcome: &str| {
            let body = json!({"measure": "green-channel", "outcome": outcome, "officer": "陈静"});
            town.post(&centre, &format!("/api/v1/checks/{check}/feedback"), &body).ok();
        };
        answer(&ask(&good.code), "applied");
        ask(&bad.code);
        town.advance_days(8);
        answer(&ask(&good.code), "acknowledged");
        ask(&bad.code);
        let person = town.person(Role::Centre);
        let mut counted = Vec::new();
        for (state, title) in [("due", "待反馈"), ("overdue", "已逾期"), ("closed", "已办结"), ("", "全部")] {
            let page = town.get(&person, &format!("/desk/loop?state={state}")).text();
            let tab = page.split(&format!("aria-current=\"page\">{title} ")).nth(1).unwrap_or_else(|| panic!("{title}: {page}"));
            let count: usize = tab.split('<').next().unwrap().parse().unwrap();
            assert_eq!(page.matches("<tr data-href=\"/desk/checks/").count(), count, "{title}");
            counted.push(count);
        }
        assert!(counted.iter().all(|count| *count > 0), "{counted:?}");
        assert_eq!(counted[..3].iter().sum::<usize>(), counted[3], "the parts make the whole: {counted:?}");
        let home = town.get(&person, "/desk").text();
        assert!(home.contains(&format!("href=\"/desk/loop?state=due\"><span class=\"value\">{}</span>", counted[0])), "{home}");
    });
}
