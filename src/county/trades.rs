//! What people in the county live by: a hand-picked part of GB/T 4754-2017 with the words its firms carry in their names.

/// A sector decides which departments meet a subject; a trade may belong to several.
pub type Sectors = u32;

pub const FOOD: Sectors = 1;
pub const CATERING: Sectors = 1 << 1;
pub const RETAIL: Sectors = 1 << 2;
pub const FACTORY: Sectors = 1 << 3;
pub const CHEMICAL: Sectors = 1 << 4;
pub const BUILDING: Sectors = 1 << 5;
pub const TRANSPORT: Sectors = 1 << 6;
pub const LODGING: Sectors = 1 << 7;
pub const BEAUTY: Sectors = 1 << 8;
pub const LEISURE: Sectors = 1 << 9;
pub const FARM: Sectors = 1 << 10;
pub const HEALTH: Sectors = 1 << 11;
pub const SCHOOL: Sectors = 1 << 12;
pub const TOBACCO: Sectors = 1 << 13;
pub const OFFICE: Sectors = 1 << 14;
pub const GOODS: Sectors = 1 << 15;
pub const ANY: Sectors = u32::MAX;

/// Who carries on a trade.
pub type Forms = u8;

pub const FIRM: Forms = 1;
pub const SOLE: Forms = 1 << 1;
pub const COOP: Forms = 1 << 2;
pub const PUBLIC: Forms = 1 << 3;
pub const SOCIAL: Forms = 1 << 4;

/// A trade: one code of the industry standard.
#[derive(Debug)]
pub struct Trade {
    /// 小类 of GB/T 4754-2017.
    pub code: &'static str,
    /// Word in the names of firms.
    pub word: &'static str,
    /// Endings of the names of sole traders.
    pub shop: &'static str,
    /// Which sectors it belongs to.
    pub sectors: Sectors,
    /// Who carries it on.
    pub forms: Forms,
    /// How common it is.
    pub weight: u32,
    /// What is sold, made or carried.
    pub goods: &'static [&'static str],
}

#[rustfmt::skip]
#[expect(clippy::too_many_arguments, reason = "the columns of one table, read as a table")]
const fn trade(code: &'static str, word: &'static str, shop: &'static str, sectors: Sectors, forms: Forms,
    weight: u32, goods: &'static [&'static str]) -> Trade {
    Trade { code, word, shop, sectors, forms, weight, goods }
}

/// The trades of the county.
#[rustfmt::skip]
pub static TRADES: [Trade; 45] = [
    trade("0141" /* 蔬菜种植 */, "蔬菜", "家庭农场", FARM, FIRM | SOLE | COOP, 20, &["番茄", "青菜", "黄瓜"]),
    trade("0153" /* 柑橘类种植 */, "柑橘", "家庭农场", FARM, FIRM | SOLE | COOP, 24, &["椪柑", "胡柚", "柑橘苗木"]),
    trade("0412" /* 内陆养殖 */, "水产养殖", "养殖场", FARM, FIRM | SOLE | COOP, 10, &["草鱼", "鲫鱼", "小龙虾"]),
    trade("0531" /* 畜牧良种繁殖活动 */, "畜禽养殖", "养殖场", FARM, FIRM | COOP, 8, &["仔猪", "种蛋", "雏鸡"]),
    trade("1353" /* 肉制品及副产品加工 */, "肉制品", "腌腊坊", FOOD | FACTORY, FIRM | SOLE, 8, &["酱鸭", "香肠", "腊肉"]),
    trade("1371" /* 蔬菜加工 */, "食品", "酱菜坊", FOOD | FACTORY, FIRM | COOP, 10, &["笋干", "腌菜", "辣椒酱"]),
    trade("1411" /* 糕点、面包制造 */, "食品", "糕饼店", FOOD | FACTORY, FIRM | SOLE, 14, &["桂花糕", "麻饼", "吐司面包"]),
    trade("1713" /* 棉印染精加工 */, "印染", "印染坊", FACTORY | CHEMICAL, FIRM, 5, &["棉布", "坯布", "染色布"]),
    trade("1811" /* 运动机织服装制造 */, "服饰", "服装加工厂", FACTORY, FIRM | SOLE, 16, &["运动服", "校服", "工作服"]),
    trade("2110" /* 木质家具制造 */, "家具", "家具厂", FACTORY, FIRM | SOLE, 14, &["餐桌", "衣柜", "木门"]),
    trade("2319" /* 包装装潢及其他印刷 */, "包装印务", "印刷厂", FACTORY | CHEMICAL, FIRM | SOLE, 8, &["包装纸箱", "不干胶标签", "宣传册"]),
    trade("2614" /* 有机化学原料制造 */, "化工", "化工厂", FACTORY | CHEMICAL, FIRM, 4, &["乙酸乙酯", "甲醇", "稀释剂"]),
    trade("2927" /* 日用塑料制品制造 */, "塑业", "塑料制品厂", FACTORY, FIRM | SOLE, 12, &["塑料收纳箱", "塑料水杯", "保鲜盒"]),
    trade("3021" /* 水泥制品制造 */, "建材", "水泥制品厂", FACTORY, FIRM | SOLE, 8, &["水泥管", "路缘石", "水泥砖"]),
    trade("3311" /* 金属结构制造 */, "钢构", "铁艺加工厂", FACTORY, FIRM | SOLE, 12, &["钢结构件", "彩钢板", "不锈钢栏杆"]),
    trade("3484" /* 机械零部件加工 */, "机械", "机械加工厂", FACTORY, FIRM | SOLE, 26, &["轴承套", "齿轮", "法兰"]),
    trade("3670" /* 汽车零部件及配件制造 */, "汽车配件", "汽配加工厂", FACTORY, FIRM, 8, &["制动片", "滤清器", "橡胶衬套"]),
    trade("4710" /* 住宅房屋建筑 */, "建筑", "工程队", BUILDING, FIRM, 40, &["住宅楼", "安置房", "厂房"]),
    trade("4813" /* 市政道路工程建筑 */, "市政工程", "工程队", BUILDING, FIRM, 24, &["道路改造工程", "雨污分流工程", "人行道提升工程"]),
    trade("5011" /* 公共建筑装饰和装修 */, "装饰", "装饰服务部", BUILDING, FIRM | SOLE, 34, &["办公楼装修工程", "店面装修工程", "学校修缮工程"]),
    trade("5123" /* 果品、蔬菜批发 */, "农产品", "果蔬批发部", FOOD | RETAIL, FIRM | SOLE | COOP, 20, &["苹果", "土豆", "大白菜"]),
    trade("5212" /* 超级市场零售 */, "商贸", "超市", FOOD | RETAIL | GOODS | TOBACCO, FIRM | SOLE, 60, &["方便面", "饼干", "食用油"]),
    trade("5213" /* 便利店零售 */, "商贸", "便利店", FOOD | RETAIL | TOBACCO, FIRM | SOLE, 90, &["火腿肠", "瓶装饮料", "速冻水饺"]),
    trade("5224" /* 肉、禽、蛋、奶及水产品零售 */, "生鲜", "水产店", FOOD | RETAIL, FIRM | SOLE, 40, &["鲫鱼", "五花肉", "土鸡蛋"]),
    trade("5232" /* 服装零售 */, "服饰", "服装店", RETAIL | GOODS, FIRM | SOLE, 60, &["羽绒服", "童装", "牛仔裤"]),
    trade("5234" /* 化妆品及卫生用品零售 */, "日化", "化妆品店", RETAIL | GOODS, FIRM | SOLE, 24, &["面霜", "洗发水", "护手霜"]),
    trade("5251" /* 西药零售 */, "医药", "药店", RETAIL | HEALTH, FIRM, 14, &["感冒灵颗粒", "阿莫西林胶囊", "维生素C片"]),
    trade("5265" /* 机动车燃油零售 */, "石油", "加油站", RETAIL | CHEMICAL, FIRM, 5, &["92号车用汽油", "0号车用柴油", "95号车用汽油"]),
    trade("5271" /* 家用视听设备零售 */, "电器", "电器行", RETAIL | GOODS, FIRM | SOLE, 22, &["电视机", "电饭煲", "插线板"]),
    trade("5281" /* 五金零售 */, "五金", "五金店", RETAIL | GOODS, FIRM | SOLE, 56, &["电线", "水龙头", "膨胀螺栓"]),
    trade("5431" /* 普通货物道路运输 */, "物流", "货运部", TRANSPORT, FIRM | SOLE, 44, &["碎石", "钢材", "水泥"]),
    trade("5435" /* 危险货物道路运输 */, "危险品运输", "运输队", TRANSPORT | CHEMICAL, FIRM, 4, &["汽油", "液化石油气", "工业酒精"]),
    trade("5990" /* 其他仓储业 */, "仓储", "仓储部", TRANSPORT, FIRM, 8, &["日用百货", "电商货品", "粮食"]),
    trade("6110" /* 旅游饭店 */, "酒店管理", "宾馆", LODGING | CATERING, FIRM | SOLE, 14, &["床单", "毛巾", "一次性洗漱用品"]),
    trade("6130" /* 民宿服务 */, "文旅", "民宿", LODGING, FIRM | SOLE, 22, &["床单", "被套", "茶具"]),
    trade("6210" /* 正餐服务 */, "餐饮", "饭店", FOOD | CATERING, FIRM | SOLE, 110, &["白切鸡", "红烧肉", "凉拌海蜇"]),
    trade("6291" /* 小吃服务 */, "餐饮", "小吃店", FOOD | CATERING, FIRM | SOLE, 120, &["包子", "油条", "拌面"]),
    trade("7010" /* 房地产开发经营 */, "置业", "房产服务部", BUILDING | OFFICE, FIRM, 8, &["住宅小区一期", "商业综合体", "人才公寓"]),
    trade("7020" /* 物业管理 */, "物业服务", "物业服务部", OFFICE, FIRM, 12, &["住宅小区", "写字楼", "农贸市场"]),
    trade("8040" /* 理发及美容服务 */, "美容美发", "理发店", BEAUTY, FIRM | SOLE, 70, &["理发工具", "毛巾", "美容仪"]),
    trade("8111" /* 汽车修理与维护 */, "汽车服务", "汽修店", TRANSPORT | RETAIL, FIRM | SOLE, 46, &["机油", "轮胎", "刹车片"]),
    trade("8310" /* 学前教育 */, "教育", "幼儿园", SCHOOL | CATERING, PUBLIC | SOCIAL, 20, &["午餐", "教玩具", "校车"]),
    trade("8425" /* 门诊部（所） */, "医疗", "诊所", HEALTH, FIRM | SOLE | PUBLIC | SOCIAL, 12, &["注射器", "棉签", "输液器"]),
    trade("9013" /* 网吧活动 */, "网络", "网吧", LEISURE, FIRM | SOLE, 8, &["上网服务", "饮料", "零食"]),
    trade("9522" /* 行业性团体 */, "行业协会", "商会", OFFICE, SOCIAL | PUBLIC, 10, &["会员服务", "培训", "展会"]),
];
