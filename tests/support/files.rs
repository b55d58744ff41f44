//! Small department files with valid codes, as CSV.

use xinzhi_core::identifier::{OrgCode, Uscc};

/// A company.
#[derive(Clone, Debug)]
pub struct Company {
    pub code: String,
    pub name: String,
    pub area: &'static str,
}

/// The `number`th company of the county, in the township whose accounts the towns have.
pub fn company(number: u32) -> Company {
    let body = format!("MA2{number:05}");
    let inner = OrgCode::check_character(&body).unwrap();
    let code = Uscc::with_check_character(&format!("91330899{body}{inner}")).unwrap().as_str().to_owned();
    let first = ["恒信", "青禾", "远山", "明德", "同泰", "安和", "瑞丰", "嘉禾"];
    let name = format!("示范县{}{number}号商贸有限公司", first.get(number as usize % first.len()).unwrap());
    Company { code, name, area: "330899101001" }
}

/// 市场主体登记 of companies.
pub fn registration(companies: &[&Company]) -> String {
    let mut out =
        "统一社会信用代码,名称,主体类型,法定代表人,成立日期,登记机关,登记机关统一社会信用代码,登记状态,住所所属行政区划,行业代码,注册号\n"
            .to_owned();
    for (at, Company { code, name, area }) in companies.iter().enumerate() {
        let number = code.get(8..17).unwrap();
        out += &format!("{code},{name},企业,欧阳不言,2015-03-0{},示范县市场监督管理局,,存续,{area},5212,ZC{number}\n", at % 9 + 1);
    }
    out
}

/// Code of a sole trader.
pub fn sole_trader() -> String {
    let body = "MA2T0009";
    let inner = OrgCode::check_character(body).unwrap();
    Uscc::with_check_character(&format!("92330899{body}{inner}")).unwrap().as_str().to_owned()
}

/// A penalty.
#[derive(Clone, Copy, Debug)]
pub struct Penalty<'a> {
    pub number: &'a str,
    pub day: &'a str,
    /// 处罚类别, separated by semicolons.
    pub kinds: &'a str,
    /// In 万元; blank for none.
    pub fine: &'a str,
    pub organ: &'a str,
    pub content: &'a str,
}

/// An ordinary fine.
pub const FINE: Penalty<'_> = Penalty {
    number: "示市监罚〔2026〕1号",
    day: "2026-09-01",
    kinds: "罚款",
    fine: "0.5",
    organ: "示范县市场监督管理局",
    content: "罚款五千元",
};

/// A revoked licence: severe.
pub const REVOKED: Penalty<'_> = Penalty {
    number: "示市监罚〔2026〕2号",
    day: "2026-10-08",
    kinds: "吊销许可证件",
    fine: "",
    organ: "示范县市场监督管理局",
    content: "吊销食品经营许可证",
};

pub const PENALTY_HEADER: &str = "行政相对人名称,行政相对人类别,统一社会信用代码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚有效期,处罚机关,处罚机关统一社会信用代码,数据来源单位,数据来源单位统一社会信用代码\n";

/// 行政处罚 of companies.
pub fn penalties(rows: &[(&Company, Penalty<'_>)]) -> String {
    let rows = rows.iter().map(|(company, penalty)| penalty_row((&company.code, &company.name), penalty));
    PENALTY_HEADER.to_owned() + &rows.collect::<String>()
}

/// One row of such a file.
pub fn penalty_row((code, name): (&str, &str), penalty: &Penalty<'_>) -> String {
    let Penalty { number, day, kinds, fine, organ, content } = penalty;
    format!(
        "{name},法人及非法人组织,{code},{number},销售,销售不合格商品,《产品质量法》第四十九条,{kinds},{content},{fine},{day},,{organ},,{organ},\n"
    )
}

/// 守信荣誉: company, number, level, day.
pub fn honours(rows: &[(&Company, &str, &str, &str)]) -> String {
    let mut out = "主体名称,统一社会信用代码,荣誉名称,荣誉级别,授予文号,授予单位,授予日期\n".to_owned();
    for (Company { code, name, .. }, number, level, day) in rows {
        out += &format!("{name},{code},守合同重信用企业,{level},{number},示范省人民政府,{day}\n");
    }
    out
}

/// 严重失信主体名单: company, number, first day, last day.
pub fn serious_list(rows: &[(&Company, &str, &str, &str)]) -> String {
    let mut out = "主体名称,统一社会信用代码,名单类型,认定文书号,列入事由,认定单位,列入日期,移出日期\n".to_owned();
    for (Company { code, name, .. }, number, from, until) in rows {
        out += &format!("{name},{code},重大税收违法失信主体,{number},虚开发票,示范县税务局,{from},{until}\n");
    }
    out
}
