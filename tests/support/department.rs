//! A department with a database of its own: a table of penalties, and a role that may read it with a password.

use ::postgres::{Client, NoTls};
use xinzhi_office::connector::New;

use super::files::{Company, FINE};
use super::postgres;
use super::town::MARKET;

/// The password of the role.
pub const SECRET: &str = "qzk-口令-5f2d";

const TABLE: &str = r#"
create table cf (
    id bigint primary key,
    "行政相对人名称" text, "行政相对人类别" varchar(40), "统一社会信用代码" char(18), "行政处罚决定书文号" text, "违法行为类型" text,
    "违法事实" text, "处罚依据" text, "处罚类别" text, "处罚内容" text, "罚款金额（万元）" numeric(14, 6), "处罚决定日期" date,
    "处罚有效期" timestamptz, "处罚机关" text, "处罚机关统一社会信用代码" text, "数据来源单位" text, "数据来源单位统一社会信用代码" text,
    "是否公开" boolean, updated_at timestamptz
);
create index on cf (updated_at, id);
"#;

pub struct Department {
    pub client: Client,
    /// The folder of the server's socket.
    pub host: String,
    pub database: String,
    /// The role that reads.
    pub user: String,
}

impl Department {
    pub fn open() -> Department {
        let url = postgres::database();
        let (host, database) = url.strip_prefix("postgresql://postgres@").unwrap().rsplit_once('/').unwrap();
        let mut client = Client::connect(&url, NoTls).unwrap();
        // Roles belong to the whole server, which all tests share.
        let group = "do $$ begin create role department; exception when duplicate_object or unique_violation then null; end $$";
        client.batch_execute(group).unwrap();
        client.batch_execute(TABLE).unwrap();
        let user = format!("reads_{database}");
        let role = format!("create role {user} login password '{SECRET}' in role department; grant select on cf to {user}");
        client.batch_execute(&role).unwrap();
        Department { client, host: host.replace("%2F", "/"), database: database.to_owned(), user }
    }

    /// What the operator registers for its table.
    pub fn connector(&self, id: &str) -> New {
        New {
            id: id.to_owned(),
            title: "市监处罚前置库".to_owned(),
            organ: MARKET.to_owned(),
            area: None,
            source: "cf-2018".to_owned(),
            host: self.host.clone(),
            port: 5432,
            database: self.database.clone(),
            user: self.user.clone(),
            secret: SECRET.to_owned(),
            schema: "public".to_owned(),
            table: "cf".to_owned(),
            watermark: "updated_at".to_owned(),
            key: "id".to_owned(),
            overlap: 600,
            every_minutes: 15,
            previews: false,
            covers: None,
        }
    }

    /// Where its owner connects to.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@{}/{}", self.host.replace('/', "%2F"), self.database)
    }

    pub fn run(&mut self, sql: &str) {
        self.client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// A fine with this number, last touched at a time such as `2026-11-20 10:00`.
    pub fn fine(&mut self, id: i64, company: &Company, at: &str) {
        self.fines(&[id], company, at);
    }

    pub fn fines(&mut self, ids: &[i64], Company { code, name, .. }: &Company, at: &str) {
        let sql = format!(
            "insert into cf select i, '{name}', '法人及非法人组织', '{code}', '示市监罚〔2026〕' || i || '号', '销售', '销售不合格商品', \
             '《产品质量法》第四十九条', '罚款', '罚款五千元', 0.5, '2026-11-17', null, '{MARKET}', null, '{MARKET}', null, true, \
             timestamptz '{at}+08' from unnest($1::bigint[]) i"
        );
        assert_eq!(FINE.organ, MARKET);
        self.client.execute(&sql, &[&ids]).unwrap();
    }
}
