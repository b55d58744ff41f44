//! What departments punish: offence, facts, articles and sanctions that belong together.
//!
//! In facts `{day}` is the day of the visit, `{place}` the seat, `{goods}` something of the trade, `{few}` and
//! `{count}` numbers, `{worth}` a sum. Articles are cited as departments cite them; the texts are our own.

use super::organs::Organ;
use super::trades::{
    ANY, BEAUTY, BUILDING, CATERING, CHEMICAL, FACTORY, FARM, FOOD, GOODS, HEALTH, LEISURE, LODGING, RETAIL, SCHOOL, Sectors, TOBACCO,
    TRANSPORT,
};

/// Something that a department punishes.
#[derive(Debug)]
pub struct Offence {
    pub organ: Organ,
    pub sectors: Sectors,
    pub kind: &'static str,
    pub facts: &'static str,
    pub basis: &'static str,
    /// Fine in 元, least and most; both zero where there is only a warning.
    pub fine: (u32, u32),
    /// Of a thousand decisions, so many only warn.
    pub warned: u32,
    /// Of a thousand decisions, so many also confiscate.
    pub confiscated: u32,
    /// The heavier sanction that grave cases bring.
    pub grave: Grave,
}

impl Offence {
    /// How often it is met among subjects of these sectors; what anybody may commit is rarer than what belongs to the trade.
    pub fn weight(&self, sectors: Sectors) -> u32 {
        match self.sectors {
            ANY => 1,
            own if own & sectors != 0 => 3,
            _ => 0,
        }
    }
}

/// The heavier sanction of a grave case, about one in forty.
#[derive(Clone, Copy, Debug)]
pub enum Grave {
    None,
    /// 吊销许可证件: which.
    Revoke(&'static str),
    /// 暂扣许可证件: which.
    Suspend(&'static str),
    /// 责令停产停业.
    Halt,
}

/// A table row: (organ, sectors), (kind, facts, basis), (fine, warned, confiscated), grave.
type Row = ((Organ, Sectors), (&'static str, &'static str, &'static str), ((u32, u32), u32, u32), Grave);

const fn offence(row: Row) -> Offence {
    let ((organ, sectors), (kind, facts, basis), (fine, warned, confiscated), grave) = row;
    Offence { organ, sectors, kind, facts, basis, fine, warned, confiscated, grave }
}

/// Offences of today's departments.
#[rustfmt::skip]
pub static OFFENCES: [Offence; 45] = [
    offence(((Organ::Market, FOOD), ("经营超过保质期的食品",
        "{day}，执法人员对当事人位于{place}的经营场所开展监督检查，在货架上发现待售的{goods}{count}份已超过标签标示的保质期，货值金额{worth}元。当事人未及时清理库存，现场制作检查笔录并对涉案食品采取扣押措施。",
        "《中华人民共和国食品安全法》第三十四条第（十）项、第一百二十四条第一款第（五）项"), ((2000, 100_000), 120, 600), Grave::Revoke("食品经营许可证"))),
    offence(((Organ::Market, FOOD), ("未取得食品经营许可从事食品经营活动",
        "{day}，执法人员在{place}检查时发现，当事人在未取得食品经营许可的情况下销售{goods}，至被查获时共经营{count}日，货值金额{worth}元，当事人对上述事实无异议。",
        "《中华人民共和国食品安全法》第三十五条第一款、第一百二十二条第一款"), ((5000, 100_000), 0, 800), Grave::None)),
    offence(((Organ::Market, FOOD | CATERING), ("未查验供货者许可证和产品合格证明文件",
        "{day}，执法人员检查当事人位于{place}的场所，当事人不能提供所购{goods}的供货者许可证和产品合格证明文件，也没有进货查验记录。经责令改正，当事人在限期内补齐了{count}份凭证。",
        "《中华人民共和国食品安全法》第五十三条、第一百二十六条第一款第（三）项"), ((5000, 50_000), 700, 0), Grave::Halt)),
    offence(((Organ::Market, GOODS | FACTORY), ("销售不符合国家标准的产品",
        "{day}，在产品质量监督抽查中，当事人销售的{goods}经检验机构检验，有{few}项指标不符合国家标准要求，判定为不合格产品。该批产品货值金额{worth}元，当事人未申请复检。",
        "《中华人民共和国产品质量法》第三十九条、第五十条"), ((3000, 80_000), 0, 700), Grave::None)),
    offence(((Organ::Market, ANY), ("发布虚假广告",
        "{day}，经查，当事人在经营场所及网页上为推销{goods}发布广告，宣称的性能和来源与实际情况不符，不能提供依据，共制作宣传物料{count}份，广告费用{worth}元。当事人在调查期间主动撤下广告。",
        "《中华人民共和国广告法》第二十八条第二款、第五十五条第一款"), ((2000, 200_000), 0, 0), Grave::None)),
    offence(((Organ::Market, RETAIL | CATERING | BEAUTY | LODGING), ("未按规定明码标价",
        "{day}，执法人员在{place}检查发现，当事人对所售{goods}等{count}种商品或者服务未标明价格，经提示后仍未改正。",
        "《中华人民共和国价格法》第十三条第一款、第四十二条"), ((200, 5000), 500, 0), Grave::None)),
    offence(((Organ::Market, RETAIL | FOOD | TRANSPORT), ("使用未经检定的计量器具",
        "{day}，经查，当事人在{place}使用的{few}台电子秤属于强制检定的计量器具，未按照规定申请检定，用于{goods}的贸易结算。",
        "《中华人民共和国计量法》第九条、第二十五条"), ((200, 1000), 500, 0), Grave::None)),
    offence(((Organ::Market, FACTORY | LODGING | CHEMICAL), ("使用未经定期检验的特种设备",
        "{day}，执法人员对当事人位于{place}的场所检查时发现，{few}台在用特种设备已超过检验有效期而未申报定期检验，当即下达特种设备安全监察指令书。",
        "《中华人民共和国特种设备安全法》第四十条、第八十四条第（一）项"), ((30_000, 300_000), 0, 0), Grave::Halt)),
    offence(((Organ::Market, GOODS), ("销售侵犯注册商标专用权的商品",
        "{day}，根据权利人投诉，执法人员在{place}查获当事人待售的标有他人注册商标的{goods}{count}件，经权利人辨认为侵权商品，违法经营额{worth}元。",
        "《中华人民共和国商标法》第五十七条第（三）项、第六十条第二款"), ((2000, 250_000), 0, 900), Grave::None)),
    offence(((Organ::Environment, FACTORY), ("超过水污染物排放标准排放水污染物",
        "{day}，监测人员对当事人位于{place}的废水总排放口采样，监测报告显示化学需氧量浓度超过排放标准{few}倍。当事人污水处理设施加药系统故障，未及时修复。",
        "《中华人民共和国水污染防治法》第十条、第八十三条第（二）项"), ((100_000, 1_000_000), 0, 0), Grave::Halt)),
    offence(((Organ::Environment, FACTORY | CHEMICAL), ("未按规定安装、使用挥发性有机物污染防治设施",
        "{day}，执法人员检查发现，当事人位于{place}的车间正在生产{goods}，产生含挥发性有机物废气的工序未在密闭空间进行，{few}台废气处理设施未开启。",
        "《中华人民共和国大气污染防治法》第四十五条、第一百零八条第（一）项"), ((20_000, 200_000), 0, 0), Grave::Halt)),
    offence(((Organ::Environment, FACTORY | CHEMICAL | HEALTH), ("未按规定设置危险废物识别标志",
        "{day}，执法人员对当事人位于{place}的场所检查，发现危险废物暂存处堆放废包装桶{count}只，未按照规定设置危险废物识别标志，台账记录不完整。",
        "《中华人民共和国固体废物污染环境防治法》第七十七条、第一百一十二条第一款第（一）项"), ((100_000, 500_000), 0, 0), Grave::None)),
    offence(((Organ::Environment, FACTORY | BUILDING), ("未依法报批建设项目环境影响评价文件擅自开工建设",
        "经查，当事人在{place}建设的{goods}生产项目于{day}前开工，总投资额{worth}元，环境影响评价文件未报生态环境主管部门批准。",
        "《中华人民共和国环境影响评价法》第二十五条、第三十一条第一款"), ((5000, 200_000), 0, 0), Grave::None)),
    offence(((Organ::Environment, FACTORY), ("环境保护设施未经验收即投入生产",
        "{day}，执法人员现场检查发现，当事人位于{place}的{goods}生产线已投入生产{count}个月，需要配套建设的环境保护设施未经验收。",
        "《建设项目环境保护管理条例》第十九条第一款、第二十三条第一款"), ((200_000, 1_000_000), 0, 0), Grave::Halt)),
    offence(((Organ::Transport, TRANSPORT), ("车辆违法超限运输",
        "{day}，执法人员在{place}附近路段检查，当事人所属货车装载{goods}，车货总质量超过公路限定标准{count}吨，未持有超限运输车辆通行证。",
        "《公路安全保护条例》第三十三条、第六十四条"), ((500, 30_000), 150, 0), Grave::None)),
    offence(((Organ::Transport, TRANSPORT), ("未如实记录安全生产教育和培训情况",
        "{day}，执法人员检查当事人位于{place}的办公场所，其安全生产教育和培训档案缺少{few}名驾驶员的考核结果，记录与实际不符。",
        "《中华人民共和国安全生产法》第二十八条第四款、第九十七条第（四）项"), ((5000, 100_000), 100, 0), Grave::Halt)),
    offence(((Organ::Transport, TRANSPORT | BUILDING), ("擅自占用、挖掘公路",
        "{day}，公路巡查人员发现当事人未经许可在{place}附近公路占用路面{count}平方米堆放{goods}，影响通行。当事人在限期内清理并恢复原状。",
        "《中华人民共和国公路法》第四十四条第一款、第七十六条第（一）项"), ((1000, 30_000), 200, 0), Grave::None)),
    offence(((Organ::Emergency, FACTORY | CHEMICAL | TRANSPORT), ("未将事故隐患排查治理情况如实记录",
        "{day}，执法人员对当事人位于{place}的厂区开展安全检查，其隐患排查治理台账缺少近{few}个月的记录，未向从业人员通报。",
        "《中华人民共和国安全生产法》第四十一条第二款、第九十七条第（五）项"), ((5000, 100_000), 100, 0), Grave::Halt)),
    offence(((Organ::Emergency, FACTORY | CHEMICAL), ("未在危险因素较大的设备上设置明显的安全警示标志",
        "{day}，执法人员检查当事人位于{place}的生产车间，{few}处存在较大危险因素的设备未设置明显的安全警示标志，当事人当场承认。",
        "《中华人民共和国安全生产法》第三十五条、第九十九条第（一）项"), ((3000, 50_000), 150, 0), Grave::Halt)),
    offence(((Organ::Emergency, FACTORY | BUILDING | CHEMICAL), ("特种作业人员未持证上岗作业",
        "{day}，执法人员在{place}检查，当事人安排{few}名未取得特种作业操作证的人员从事焊接与热切割作业。",
        "《中华人民共和国安全生产法》第三十条第一款、第九十七条第（七）项"), ((5000, 100_000), 0, 0), Grave::Halt)),
    offence(((Organ::Emergency, CHEMICAL), ("未取得危险化学品经营许可证从事经营",
        "{day}，执法人员在{place}查明，当事人未取得危险化学品经营许可证，销售{goods}共{count}批次，违法所得{worth}元。",
        "《危险化学品安全管理条例》第三十三条第一款、第七十七条第三款"), ((100_000, 200_000), 0, 900), Grave::None)),
    offence(((Organ::Emergency, FACTORY | CHEMICAL | LODGING), ("未按照规定定期组织应急预案演练",
        "{day}，执法人员检查当事人位于{place}的场所，当事人不能提供本年度生产安全事故应急预案演练记录，已连续{few}个季度未组织演练。",
        "《生产安全事故应急预案管理办法》第三十三条、第四十四条第（二）项"), ((3000, 50_000), 200, 0), Grave::None)),
    offence(((Organ::Housing, BUILDING), ("未取得施工许可证擅自施工",
        "{day}，执法人员检查{place}附近的{goods}施工现场，当事人未取得施工许可证已进场施工{count}日，工程合同价款{worth}元。",
        "《中华人民共和国建筑法》第七条第一款、《建设工程质量管理条例》第五十七条"), ((10_000, 500_000), 0, 0), Grave::Halt)),
    offence(((Organ::Housing, BUILDING), ("不按照工程设计图纸施工",
        "{day}，质量监督人员检查{goods}项目，发现当事人施工的{few}处节点与设计图纸不符，且未办理设计变更手续。",
        "《建设工程质量管理条例》第二十八条第一款、第六十四条"), ((20_000, 400_000), 0, 0), Grave::Suspend("建筑业企业资质证书"))),
    offence(((Organ::Housing, BUILDING), ("施工前未对有关安全施工的技术要求作出详细说明",
        "{day}，安全监督人员检查{goods}项目，施工单位即当事人在{few}个分部工程施工前未向作业人员作安全技术交底，没有双方签字的记录。",
        "《建设工程安全生产管理条例》第二十七条、第六十四条第（一）项"), ((50_000, 100_000), 0, 0), Grave::Suspend("安全生产许可证"))),
    offence(((Organ::Health, BEAUTY | LODGING | LEISURE), ("未依法取得公共场所卫生许可证擅自营业",
        "{day}，卫生监督员检查位于{place}的经营场所，当事人未取得公共场所卫生许可证已营业{count}个月，现场有顾客正在接受服务。",
        "《公共场所卫生管理条例实施细则》第二十二条、第三十五条第一款"), ((500, 30_000), 150, 0), Grave::None)),
    offence(((Organ::Health, BEAUTY | LODGING), ("未按照规定对顾客用品用具进行清洗、消毒、保洁",
        "{day}，卫生监督员在{place}检查时，发现当事人供顾客使用的{goods}未按规定消毒，抽检{count}件中有不合格项目。",
        "《公共场所卫生管理条例实施细则》第十四条、第三十六条第（二）项"), ((200, 20_000), 600, 0), Grave::Halt)),
    offence(((Organ::Health, BEAUTY | LODGING | LEISURE), ("安排未获得有效健康合格证明的从业人员直接为顾客服务",
        "{day}，卫生监督员检查位于{place}的场所，{few}名从业人员不能出示有效健康合格证明，当事人承认未组织健康检查。",
        "《公共场所卫生管理条例实施细则》第十条第一款、第三十八条"), ((500, 15_000), 500, 0), Grave::None)),
    offence(((Organ::Health, HEALTH), ("医疗废物贮存设施不符合卫生要求",
        "{day}，卫生监督员检查当事人位于{place}的诊疗场所，医疗废物暂存点未与生活垃圾分开，利器盒{few}个未封口。",
        "《医疗废物管理条例》第十七条、第四十六条第（一）项"), ((2000, 30_000), 500, 0), Grave::Revoke("医疗机构执业许可证"))),
    offence(((Organ::Health, FACTORY | CHEMICAL), ("未按照规定组织劳动者进行职业健康检查",
        "{day}，执法人员检查当事人位于{place}的企业，{count}名接触噪声、粉尘作业的劳动者未安排在岗期间职业健康检查。",
        "《中华人民共和国职业病防治法》第三十五条第一款、第七十一条第（四）项"), ((50_000, 100_000), 300, 0), Grave::None)),
    offence(((Organ::City, RETAIL | CATERING | TRANSPORT), ("擅自在公共场地堆放物料影响市容",
        "{day}，执法队员巡查至{place}，当事人未经批准在门前公共场地堆放{goods}，占地{count}平方米，经劝导未在规定时间内清理。",
        "《城市市容和环境卫生管理条例》第十四条、第三十六条第（二）项"), ((100, 2000), 300, 0), Grave::None)),
    offence(((Organ::City, ANY), ("未经同意擅自设置大型户外广告",
        "{day}，执法队员发现当事人在{place}临街外墙设置户外广告{few}处，未经市容环境卫生主管部门同意，责令限期拆除。",
        "《城市市容和环境卫生管理条例》第十一条第二款、第三十六条第（一）项"), ((500, 10_000), 250, 0), Grave::None)),
    offence(((Organ::City, CATERING | RETAIL | BUILDING), ("随意倾倒、堆放生活垃圾",
        "{day}，执法队员在{place}发现当事人将生活垃圾{count}袋堆放在分类收集点之外，现场拍照取证，当事人随即清理。",
        "《中华人民共和国固体废物污染环境防治法》第四十九条第二款、第一百一十一条第一款第（一）项"), ((50_000, 500_000), 400, 0), Grave::None)),
    offence(((Organ::City, BUILDING | TRANSPORT), ("擅自倾倒工程施工过程中产生的建筑垃圾",
        "{day}，执法队员根据线索查明，当事人在{place}附近空地倾倒建筑垃圾{count}车，未在核准的消纳场所处置。",
        "《中华人民共和国固体废物污染环境防治法》第六十三条第三款、第一百一十一条第一款第（四）项"), ((100_000, 1_000_000), 0, 0), Grave::None)),
    offence(((Organ::Fire, ANY), ("消防设施、器材未保持完好有效",
        "{day}，消防监督检查人员对位于{place}的当事人场所进行检查，发现{few}处室内消火栓无水、应急照明灯损坏，未保持完好有效。",
        "《中华人民共和国消防法》第十六条第一款第（二）项、第六十条第一款第（一）项"), ((5000, 50_000), 200, 0), Grave::None)),
    offence(((Organ::Fire, ANY), ("占用、堵塞疏散通道",
        "{day}，消防监督检查人员在{place}检查，当事人在疏散通道堆放{goods}，有效宽度不足，影响{few}层人员疏散。",
        "《中华人民共和国消防法》第二十八条、第六十条第一款第（三）项"), ((5000, 50_000), 200, 0), Grave::None)),
    offence(((Organ::Fire, LODGING | LEISURE | CATERING), ("公众聚集场所未经消防安全检查擅自营业",
        "{day}，消防监督检查人员查明，当事人位于{place}的场所未经消防救援机构许可，擅自投入使用、营业{count}日。",
        "《中华人民共和国消防法》第十五条第二款、第五十八条第一款第（四）项"), ((30_000, 300_000), 0, 0), Grave::Halt)),
    offence(((Organ::Farm, FARM), ("未取得农药经营许可证经营农药",
        "{day}，执法人员在{place}检查发现，当事人未取得农药经营许可证，销售农药{count}瓶，违法所得{worth}元。",
        "《农药管理条例》第二十四条第一款、第五十五条第一款第（一）项"), ((5000, 50_000), 0, 900), Grave::None)),
    offence(((Organ::Farm, FOOD), ("经营依法应当检疫而未经检疫的动物产品",
        "{day}，执法人员在{place}查获当事人经营的未附检疫证明的猪肉产品{count}公斤，货值金额{worth}元，当事人不能说明来源。",
        "《中华人民共和国动物防疫法》第二十九条第（三）项、第九十七条第一款"), ((3000, 100_000), 0, 800), Grave::None)),
    offence(((Organ::Labour, BUILDING), ("未按规定开设农民工工资专用账户",
        "{day}，劳动保障监察员检查{goods}项目，施工总承包单位即当事人未按规定开设农民工工资专用账户，涉及农民工{count}名。",
        "《保障农民工工资支付条例》第二十六条第一款、第五十五条第（一）项"), ((50_000, 100_000), 0, 0), Grave::None)),
    offence(((Organ::Land, FACTORY | FARM | BUILDING), ("未经批准非法占用土地",
        "{day}，执法人员巡查发现，当事人未经批准在{place}附近占用集体土地{count}平方米建设厂房及堆场，已完成地面硬化。",
        "《中华人民共和国土地管理法》第四十四条第一款、第七十七条第一款"), ((10_000, 500_000), 0, 0), Grave::None)),
    offence(((Organ::Culture, LEISURE), ("未按规定核对、登记上网消费者的有效身份证件",
        "{day}，执法人员检查当事人位于{place}的营业场所，发现{few}名上网消费者的身份证件未核对、登记。",
        "《互联网上网服务营业场所管理条例》第二十三条、第三十二条第（三）项"), ((500, 15_000), 300, 0), Grave::Revoke("网络文化经营许可证"))),
    offence(((Organ::Culture, LODGING | LEISURE), ("未经许可经营旅行社业务",
        "{day}，执法人员查明，当事人未取得旅行社业务经营许可，在{place}组织招徕游客{count}人次参加一日游，违法所得{worth}元。",
        "《中华人民共和国旅游法》第二十八条、第九十五条第一款"), ((10_000, 100_000), 0, 900), Grave::None)),
    offence(((Organ::Tax, ANY), ("未按照规定期限办理纳税申报和报送纳税资料",
        "经查，当事人截至{day}有{few}个税款所属期未按期办理纳税申报，经责令限期改正后补报。",
        "《中华人民共和国税收征收管理法》第二十五条第一款、第六十二条"), ((100, 10_000), 0, 0), Grave::None)),
    offence(((Organ::Market, SCHOOL | CATERING), ("餐饮具未经清洗消毒合格即投入使用",
        "{day}，执法人员对位于{place}的食堂后厨检查，抽检复用餐饮具{count}件，大肠菌群项目不合格，当事人当日停用并重新消毒。",
        "《中华人民共和国食品安全法》第三十三条第一款第（五）项、第一百二十六条第一款第（五）项"), ((5000, 50_000), 600, 0), Grave::Halt)),
];

/// Offences against the tobacco monopoly: the department still delivers the layout of before 2018.
#[rustfmt::skip]
pub static TOBACCO_OFFENCES: [Offence; 2] = [
    offence(((Organ::Tobacco, TOBACCO), ("未在当地烟草专卖批发企业进货",
        "{day}，执法人员在{place}检查，当事人货柜内有{count}条卷烟不能提供当地烟草专卖批发企业的进货凭证，进货总额{worth}元。",
        "《中华人民共和国烟草专卖法实施条例》第二十三条第二款、第五十六条"), ((200, 10_000), 0, 200), Grave::Revoke("烟草专卖零售许可证"))),
    offence(((Organ::Tobacco, RETAIL | CATERING), ("无烟草专卖零售许可证经营烟草制品零售业务",
        "{day}，执法人员在{place}检查，当事人未取得烟草专卖零售许可证，零售卷烟{count}条，违法经营总额{worth}元。",
        "《中华人民共和国烟草专卖法》第十六条、《中华人民共和国烟草专卖法实施条例》第五十七条"), ((300, 20_000), 0, 800), Grave::None)),
];
