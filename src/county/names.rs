//! Words for names. No name means a real firm, person or place: each firm carries the county's fictional name in front, and
//! the lists avoid pairs that are known brands.

/// 示范县: a county that does not exist, under a code that is not assigned.
pub const COUNTY: &str = "示范县";
/// Its code.
pub const COUNTY_CODE: &str = "330899";

/// A township of the county.
#[derive(Debug)]
pub struct Town {
    /// Nine-digit code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// The part of the name that firms carry.
    pub word: &'static str,
    /// Streets and villages.
    pub places: &'static [&'static str],
}

/// The four townships.
#[rustfmt::skip]
pub static TOWNS: [Town; 4] = [
    Town { code: "330899101", name: "青溪镇", word: "青溪", places: &["青溪大道", "学院路", "溪东街", "桥头村", "沿溪村"] },
    Town { code: "330899102", name: "云岭镇", word: "云岭", places: &["云岭中路", "岭脚街", "茶园路", "岭头村", "竹海村"] },
    Town { code: "330899103", name: "白石镇", word: "白石", places: &["白石大街", "工业一路", "工业二路", "石塘村", "上坞村"] },
    Town { code: "330899104", name: "柳湾镇", word: "柳湾", places: &["湾口路", "柳堤街", "渡口路", "柳家村", "新塘村"] },
];

/// First characters of brands.
#[rustfmt::skip]
pub static BRAND_FIRST: [&str; 50] = [
    "瑞", "嘉", "宏", "顺", "永", "祥", "鑫", "旺", "聚", "诚", "德", "晟", "昌", "兴", "盛", "广", "裕", "润", "禾", "沐",
    "云", "清", "竹", "梅", "兰", "松", "柏", "枫", "岚", "溪", "湖", "泉", "星", "月", "悦", "乐", "佳", "优", "卓", "博",
    "启", "辰", "朗", "晴", "锦", "绣", "翠", "瑜", "铭", "耕",
];

/// Second characters of brands.
#[rustfmt::skip]
pub static BRAND_SECOND: [&str; 50] = [
    "达", "源", "隆", "泽", "恒", "盈", "余", "诺", "雅", "轩", "庭", "园", "居", "苑", "航", "联", "拓", "韵", "馨", "怡",
    "颐", "容", "逸", "凡", "宁", "康", "成", "升", "旭", "阳", "明", "鸿", "运", "帆", "舟", "桥", "岭", "川", "原", "野",
    "林", "森", "苗", "叶", "果", "芳", "香", "味", "谷", "穗",
];

/// Third and fourth characters, for counties with more firms than pairs.
#[rustfmt::skip]
pub static BRAND_FURTHER: [&str; 20] = [
    "合", "泰", "丰", "利", "旺", "兴", "昌", "发", "荣", "和", "祥", "宝", "福", "安", "亨", "顺", "益", "康", "盛", "达",
];

/// Family names.
#[rustfmt::skip]
pub static SURNAMES: [&str; 60] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
    "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田", "董", "袁", "潘", "于", "蒋", "蔡",
    "余", "杜", "叶", "程", "苏", "魏", "吕", "丁", "任", "沈", "姚", "卢", "姜", "崔", "钟", "谭", "陆", "汪", "范", "金",
];

/// First characters of given names.
#[rustfmt::skip]
pub static GIVEN_FIRST: [&str; 40] = [
    "建", "国", "志", "文", "海", "永", "春", "小", "晓", "玉", "秀", "丽", "美", "雪", "金", "荣", "伟", "明", "立", "卫",
    "学", "光", "庆", "云", "桂", "素", "爱", "月", "雅", "俊", "家", "思", "子", "嘉", "佳", "宏", "德", "正", "新", "红",
];

/// Second characters of given names; the empty one gives names of two characters.
#[rustfmt::skip]
pub static GIVEN_SECOND: [&str; 40] = [
    "华", "英", "芳", "平", "军", "强", "敏", "霞", "燕", "飞", "刚", "勇", "杰", "娟", "涛", "超", "萍", "鹏", "辉", "玲",
    "兰", "凤", "洁", "梅", "琳", "松", "波", "斌", "良", "林", "龙", "生", "宁", "健", "峰", "珍", "", "", "", "",
];
