//! The county's departments.

/// A department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Organ {
    Market,
    Environment,
    Transport,
    Emergency,
    Housing,
    Health,
    City,
    Fire,
    Farm,
    Labour,
    Land,
    Culture,
    Tax,
    Tobacco,
    Education,
    Reform,
    Court,
    Government,
    Command,
    Centre,
}

impl Organ {
    #[rustfmt::skip]
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Organ::Market => ("示范县市场监督管理局", "11330899002700115P", "示市监"),
            Organ::Environment => ("示范县生态环境局", "11330899002700182M", "示环"),
            Organ::Transport => ("示范县交通运输局", "11330899002700254E", "示交"),
            Organ::Emergency => ("示范县应急管理局", "113308990027003267", "示应急"),
            Organ::Housing => ("示范县住房和城乡建设局", "113308990027003935", "示建"),
            Organ::Health => ("示范县卫生健康局", "11330899002700465X", "示卫"),
            Organ::City => ("示范县城市管理局", "11330899002700537N", "示城管"),
            Organ::Fire => ("示范县消防救援大队", "11330899002700609F", "示消"),
            Organ::Farm => ("示范县农业农村局", "11330899002700676D", "示农"),
            Organ::Labour => ("示范县人力资源和社会保障局", "113308990027007486", "示人社"),
            Organ::Land => ("示范县自然资源和规划局", "1133089900270081XR", "示自然资规"),
            Organ::Culture => ("示范县文化和旅游局", "11330899002700887W", "示文旅"),
            Organ::Tax => ("示范县税务局", "11330899002700959M", "示税"),
            Organ::Tobacco => ("示范县烟草专卖局", "1133089900270102XL", "示烟"),
            Organ::Education => ("示范县教育局", "11330899002701097P", "示教"),
            Organ::Reform => ("示范县发展和改革局", "113308990027013020", "示发改"),
            Organ::Court => ("示范县人民法院", "1133089900270137XT", "示法"),
            Organ::Government => ("示范县人民政府", "11330899002701441N", "示政"),
            Organ::Command => ("示范县综合行政执法指挥中心", "12330899002701513C", "示执指"),
            Organ::Centre => ("示范县公共信用信息中心", "12330899002701580A", "示信"),
        }
    }

    /// Full name.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Its 统一社会信用代码.
    pub fn code(self) -> &'static str {
        self.facts().1
    }

    /// The word its document numbers begin with.
    pub fn short(self) -> &'static str {
        self.facts().2
    }

    /// Position, for counters.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Running document numbers: one series for each organ, word and year.
#[derive(Debug, Default)]
pub struct Numbers(std::collections::BTreeMap<(usize, &'static str, i16), u32>);

impl Numbers {
    /// The next number, as `示市监处罚〔2026〕14号`.
    pub fn next(&mut self, organ: Organ, word: &'static str, year: i16) -> String {
        let count = self.0.entry((organ.index(), word, year)).or_default();
        *count += 1;
        format!("{}{word}〔{year}〕{count}号", organ.short())
    }
}
