//! The layouts of the files: columns in order, with the header as a field code and as Chinese words.

/// A column: field code, and the words a department writes above it.
pub type Column = (&'static str, &'static str);

/// The layout of one source.
#[derive(Debug)]
pub struct Layout {
    /// Source of the pack.
    pub source: &'static str,
    /// Its columns in order.
    pub columns: &'static [Column],
    /// Which of them defects are planted in, by field code; empty where the layout has none.
    pub roles: Roles,
}

/// Columns by the part they play.
#[derive(Debug)]
pub struct Roles {
    pub name: &'static str,
    pub code: &'static str,
    pub organ_code: &'static str,
    pub day: &'static str,
    pub amount: &'static str,
    pub content: &'static str,
    pub facts: &'static str,
    pub head_number: &'static str,
    pub until: &'static str,
}

const NO_ROLES: Roles =
    Roles { name: "", code: "", organ_code: "", day: "", amount: "", content: "", facts: "", head_number: "", until: "" };

/// 市场主体登记.
pub static REGISTRATION: Layout = Layout {
    source: "registration",
    roles: Roles { name: "DJ_MC", code: "DJ_TYSHXYDM", organ_code: "DJ_DJJGDM", day: "DJ_HZRQ", ..NO_ROLES },
    columns: &[
        ("DJ_TYSHXYDM", "统一社会信用代码"),
        ("DJ_MC", "名称"),
        ("DJ_ZTLX", "主体类型"),
        ("DJ_FDDBR", "法定代表人（负责人）"),
        ("DJ_CLRQ", "成立日期"),
        ("DJ_JYQXZ", "经营期限自"),
        ("DJ_JYQXZI", "经营期限至"),
        ("DJ_DJJG", "登记机关"),
        ("DJ_DJJGDM", "登记机关统一社会信用代码"),
        ("DJ_DJZT", "登记状态"),
        ("DJ_XZQH", "住所所属行政区划"),
        ("DJ_HYDM", "行业代码"),
        ("DJ_ZCZB", "注册资本（万元）"),
        ("DJ_ZCH", "注册号"),
        ("DJ_HZRQ", "核准日期"),
    ],
};

/// 行政处罚, layout of 2018.
pub static PENALTY: Layout = Layout {
    source: "cf-2018",
    roles: Roles {
        name: "CF_XDR_MC",
        code: "CF_XDR_SHXYM",
        organ_code: "CF_CFJGDM",
        day: "CF_JDRQ",
        amount: "CF_NR_FK",
        content: "CF_NR",
        facts: "CF_SY",
        head_number: "CF_FR_ZJHM",
        until: "",
    },
    columns: &[
        ("CF_XDR_MC", "行政相对人名称"),
        ("CF_XDR_LB", "行政相对人类别"),
        ("CF_XDR_SHXYM", "行政相对人代码_1（统一社会信用代码）"),
        ("CF_XDR_GSZC", "行政相对人代码_2（工商注册号）"),
        ("CF_XDR_ZZJG", "行政相对人代码_3（组织机构代码）"),
        ("CF_XDR_SWDJ", "行政相对人代码_4（税务登记号）"),
        ("CF_XDR_SYDW", "行政相对人代码_5（事业单位证书号）"),
        ("CF_XDR_SHZZ", "行政相对人代码_6（社会组织登记证号）"),
        ("CF_FRDB", "法定代表人"),
        ("CF_FR_ZJLX", "法定代表人证件类型"),
        ("CF_FR_ZJHM", "法定代表人证件号码"),
        ("CF_XDR_ZJLX", "自然人证件类型"),
        ("CF_XDR_ZJHM", "自然人证件号码"),
        ("CF_WSH", "行政处罚决定书文号"),
        ("CF_WFXW", "违法行为类型"),
        ("CF_SY", "违法事实"),
        ("CF_YJ", "处罚依据"),
        ("CF_CFLB", "处罚类别"),
        ("CF_NR", "处罚内容"),
        ("CF_NR_FK", "罚款金额（万元）"),
        ("CF_NR_WFFF", "没收违法所得、没收非法财物的金额（万元）"),
        ("CF_NR_ZKDX", "暂扣或吊销证照名称及编号"),
        ("CF_JDRQ", "处罚决定日期"),
        ("CF_YXQ", "处罚有效期"),
        ("CF_GSJZQ", "公示截止期"),
        ("CF_CFJG", "处罚机关"),
        ("CF_CFJGDM", "处罚机关统一社会信用代码"),
        ("CF_SJLY", "数据来源单位"),
        ("CF_SJLYDM", "数据来源单位统一社会信用代码"),
        ("BZ", "备注"),
    ],
};

/// The column that some systems append: when the row was collected.
pub const COLLECTED: Column = ("ADD_TIME", "采集日期");

/// 行政处罚, layout of before 2018.
pub static LEGACY: Layout = Layout {
    source: "cf-legacy",
    roles: Roles { name: "CF_XDR_MC", code: "CF_XDR_SHXYM", day: "CF_JDRQ", facts: "CF_SY", ..NO_ROLES },
    columns: &[
        ("CF_WSH", "行政处罚决定书文号"),
        ("CF_CFMC", "处罚名称"),
        ("CF_CFLB1", "处罚类别1"),
        ("CF_CFLB2", "处罚类别2"),
        ("CF_SY", "处罚事由"),
        ("CF_YJ", "处罚依据"),
        ("CF_XDR_MC", "行政相对人名称"),
        ("CF_XDR_SHXYM", "统一社会信用代码"),
        ("CF_XDR_ZDM", "组织机构代码"),
        ("CF_XDR_GSDJ", "工商登记码"),
        ("CF_XDR_SWDJ", "税务登记号"),
        ("CF_XDR_SFZ", "居民身份证号"),
        ("CF_FR", "法定代表人姓名"),
        ("CF_JG", "处罚结果"),
        ("CF_JDRQ", "处罚决定日期"),
        ("CF_XZJG", "处罚机关"),
        ("CF_ZT", "当前状态"),
        ("DFBM", "地方编码"),
        ("SJC", "时间戳"),
        ("BZ", "备注"),
    ],
};

/// 行政许可, layout of 2018.
pub static LICENCE: Layout = Layout {
    source: "xk-2018",
    roles: Roles {
        name: "XK_XDR_MC",
        code: "XK_XDR_SHXYM",
        organ_code: "XK_XKJGDM",
        day: "XK_JDRQ",
        head_number: "XK_FR_ZJHM",
        facts: "XK_NR",
        until: "XK_YXQZI",
        ..NO_ROLES
    },
    columns: &[
        ("XK_XDR_MC", "行政相对人名称"),
        ("XK_XDR_LB", "行政相对人类别"),
        ("XK_XDR_SHXYM", "行政相对人代码_1（统一社会信用代码）"),
        ("XK_XDR_GSZC", "行政相对人代码_2（工商注册号）"),
        ("XK_XDR_ZZJG", "行政相对人代码_3（组织机构代码）"),
        ("XK_XDR_SWDJ", "行政相对人代码_4（税务登记号）"),
        ("XK_XDR_SYDW", "行政相对人代码_5（事业单位证书号）"),
        ("XK_XDR_SHZZ", "行政相对人代码_6（社会组织登记证号）"),
        ("XK_FRDB", "法定代表人"),
        ("XK_FR_ZJLX", "法定代表人证件类型"),
        ("XK_FR_ZJHM", "法定代表人证件号码"),
        ("XK_XDR_ZJLX", "自然人证件类型"),
        ("XK_XDR_ZJHM", "自然人证件号码"),
        ("XK_XKWS", "行政许可决定文书名称"),
        ("XK_WSH", "行政许可决定文书号"),
        ("XK_XKLB", "许可类别"),
        ("XK_XKZS", "许可证书名称"),
        ("XK_XKBH", "许可编号"),
        ("XK_NR", "许可内容"),
        ("XK_JDRQ", "许可决定日期"),
        ("XK_YXQZ", "有效期自"),
        ("XK_YXQZI", "有效期至"),
        ("XK_XKJG", "许可机关"),
        ("XK_XKJGDM", "许可机关统一社会信用代码"),
        ("XK_ZT", "当前状态"),
        ("XK_LYDW", "数据来源单位"),
        ("XK_LYDWDM", "数据来源单位统一社会信用代码"),
        ("BZ", "备注"),
    ],
};

/// 抽查检查.
pub static INSPECTION: Layout = Layout {
    source: "inspection",
    roles: Roles { name: "JC_ZTMC", code: "JC_TYSHXYDM", organ_code: "JC_JCJGDM", day: "JC_JCRQ", ..NO_ROLES },
    columns: &[
        ("JC_ZTMC", "被检查主体名称"),
        ("JC_TYSHXYDM", "统一社会信用代码"),
        ("JC_WSH", "检查文书号"),
        ("JC_JCJG", "检查机关"),
        ("JC_JCJGDM", "检查机关统一社会信用代码"),
        ("JC_JCRQ", "检查日期"),
        ("JC_JCLX", "检查类型"),
        ("JC_JCSX", "检查事项"),
        ("JC_JCJGUO", "检查结果"),
    ],
};

/// 经营异常名录.
pub static ABNORMAL: Layout = Layout {
    source: "abnormal",
    roles: Roles { name: "YC_ZTMC", code: "YC_TYSHXYDM", organ_code: "YC_LRJGDM", day: "YC_LRRQ", ..NO_ROLES },
    columns: &[
        ("YC_ZTMC", "主体名称"),
        ("YC_TYSHXYDM", "统一社会信用代码"),
        ("YC_LRWSH", "列入决定文书号"),
        ("YC_LRRQ", "列入日期"),
        ("YC_LRYY", "列入原因"),
        ("YC_LRJG", "列入决定机关"),
        ("YC_LRJGDM", "列入决定机关统一社会信用代码"),
        ("YC_YCRQ", "移出日期"),
        ("YC_YCYY", "移出原因"),
    ],
};

/// 严重失信主体名单.
pub static SERIOUS: Layout = Layout {
    source: "serious-list",
    roles: Roles { name: "YZ_ZTMC", code: "YZ_TYSHXYDM", organ_code: "YZ_RDDWDM", day: "YZ_LRRQ", ..NO_ROLES },
    columns: &[
        ("YZ_ZTMC", "主体名称"),
        ("YZ_TYSHXYDM", "统一社会信用代码"),
        ("YZ_MDLX", "名单类型"),
        ("YZ_RDWSH", "认定文书号"),
        ("YZ_LRSY", "列入事由"),
        ("YZ_RDDW", "认定单位"),
        ("YZ_RDDWDM", "认定单位统一社会信用代码"),
        ("YZ_LRRQ", "列入日期"),
        ("YZ_YCRQ", "移出日期"),
    ],
};

/// 守信荣誉.
pub static HONOUR: Layout = Layout {
    source: "honour",
    roles: Roles { name: "RY_ZTMC", code: "RY_TYSHXYDM", organ_code: "RY_SYDWDM", day: "RY_SYRQ", ..NO_ROLES },
    columns: &[
        ("RY_ZTMC", "主体名称"),
        ("RY_TYSHXYDM", "统一社会信用代码"),
        ("RY_RYMC", "荣誉名称"),
        ("RY_RYJB", "荣誉级别"),
        ("RY_SYWH", "授予文号"),
        ("RY_SYDW", "授予单位"),
        ("RY_SYDWDM", "授予单位统一社会信用代码"),
        ("RY_SYRQ", "授予日期"),
        ("RY_YXQZI", "有效期至"),
    ],
};

/// 信用承诺.
pub static COMMITMENT: Layout = Layout {
    source: "commitment",
    roles: Roles { name: "CN_ZTMC", code: "CN_TYSHXYDM", organ_code: "CN_SLDWDM", day: "CN_RQ", ..NO_ROLES },
    columns: &[
        ("CN_ZTMC", "主体名称"),
        ("CN_TYSHXYDM", "统一社会信用代码"),
        ("CN_BH", "承诺书编号"),
        ("CN_LX", "承诺类型"),
        ("CN_SY", "承诺事由"),
        ("CN_SX", "信用承诺事项"),
        ("CN_RQ", "做出承诺日期"),
        ("CN_SLDW", "承诺受理单位"),
        ("CN_SLDWDM", "承诺受理单位统一社会信用代码"),
        ("CN_LYZT", "承诺履约状态"),
        ("CN_JBR", "经办人"),
    ],
};

/// 街区登记.
pub static STREET: Layout = Layout {
    source: "street-registration",
    roles: NO_ROLES,
    columns: &[("JQ_BH", "街区编号"), ("JQ_MC", "街区名称"), ("JQ_XZQH", "所属行政区划"), ("JQ_DJRQ", "登记日期"), ("JQ_DJDW", "登记单位")],
};

/// 商铺登记.
pub static SHOP: Layout = Layout {
    source: "shop-registration",
    roles: NO_ROLES,
    columns: &[
        ("SP_MA", "一铺一码"),
        ("SP_JQBH", "街区编号"),
        ("SP_MC", "商铺名称"),
        ("SP_ZZDM", "经营者证照代码"),
        ("SP_YT", "业态"),
        ("SP_XZQH", "所属行政区划"),
        ("SP_DJRQ", "登记日期"),
        ("SP_CDRQ", "撤店日期"),
        ("SP_DJDW", "登记单位"),
        ("SP_ZT", "商铺状态"),
    ],
};

/// 摊位登记.
pub static STALL: Layout = Layout {
    source: "stall-registration",
    roles: NO_ROLES,
    columns: &[
        ("TW_BH", "摊位编号"),
        ("TW_MC", "摊位名称"),
        ("TW_SCMC", "市场名称"),
        ("TW_ZZDM", "经营者证照代码"),
        ("TW_JYPL", "经营品类"),
        ("TW_XZQH", "所属行政区划"),
        ("TW_DJRQ", "登记日期"),
        ("TW_CTRQ", "撤摊日期"),
        ("TW_DJDW", "登记单位"),
        ("TW_ZT", "摊位状态"),
    ],
};
