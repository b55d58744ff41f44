//! What surrounds every page: the site, who is reading, the theme, the places that role may go to, where the page stands.

use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::account::factor::Secret;
use xinzhi_office::permission::{Action, Reach, reach};

use super::assets;

/// What an operator says about the site. Empty slots are left out of the footer.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Name of the office: top bar, titles, head tags.
    pub name: String,
    /// Domain, for the head tag SiteDomain.
    pub domain: String,
    /// 网站标识码.
    pub site_code: String,
    /// 主办单位.
    pub sponsor: String,
    /// 联系方式.
    pub contact: String,
    /// ICP 备案.
    pub icp: String,
    /// 公安备案.
    pub police: String,
    /// Address of 我为政府网站找错.
    pub fault_url: String,
    /// Shown on the sign-in page, as the logins of a demonstration.
    pub sign_in_hint: String,
    /// Whether everything in it is invented; then every page says so.
    pub demonstration: bool,
    /// Accounts of a demonstration with what their devices share: the current code is shown at the second step. Empty everywhere else.
    pub demo_secrets: Vec<(String, Secret)>,
}

impl Site {
    /// The filled slots of the footer with their labels.
    pub fn slots(&self) -> Vec<(&'static str, &str)> {
        let invented = if self.demonstration { "主体、人员和记录都是虚构的" } else { "" };
        let slots = [
            ("演示单位", invented),
            ("主办单位", self.sponsor.as_str()),
            ("联系方式", self.contact.as_str()),
            ("网站标识码", self.site_code.as_str()),
            ("ICP 备案", self.icp.as_str()),
            ("公安备案", self.police.as_str()),
        ];
        slots.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// How pages look; chosen by the reader, kept in a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// 标准.
    #[default]
    Standard,
    /// 长辈版.
    Elder,
    /// 高对比.
    Contrast,
}

impl Theme {
    /// Every theme, in the order of the buttons.
    pub const ALL: [Theme; 3] = [Theme::Standard, Theme::Elder, Theme::Contrast];

    /// The word of the cookie and of the style sheet.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Standard => "standard",
            Theme::Elder => "elder",
            Theme::Contrast => "contrast",
        }
    }

    /// The word on the button.
    pub fn title(self) -> &'static str {
        match self {
            Theme::Standard => "标准",
            Theme::Elder => "长辈版",
            Theme::Contrast => "高对比",
        }
    }

    /// The theme of a cookie; anything unknown is the standard one.
    pub fn from_word(word: &str) -> Theme {
        Theme::ALL.into_iter().find(|theme| theme.word() == word).unwrap_or_default()
    }
}

/// Who is reading, as the top bar says it.
#[derive(Clone, Debug)]
pub struct Who {
    /// Name.
    pub title: String,
    /// Organ; empty where there is none.
    pub organ: String,
    /// Role in words.
    pub role: &'static str,
    /// Role.
    pub of: Role,
}

/// A link with its title.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// What it is called.
    pub title: String,
    /// Whether this is the page being shown.
    pub current: bool,
}

impl Link {
    /// A link to another page.
    pub fn new(href: impl Into<String>, title: impl Into<String>) -> Link {
        Link { href: href.into(), title: title.into(), current: false }
    }
}

/// A place of the house with its pages.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its first page.
    pub href: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Whether the page being shown belongs to it.
    pub current: bool,
    /// Whether it is the page being shown.
    pub exact: bool,
    /// Its pages.
    pub pages: Vec<Link>,
}

/// What surrounds a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The site.
    pub site: Arc<Site>,
    /// The theme.
    pub theme: Theme,
    /// Who is reading.
    pub who: Option<Who>,
    /// Path and query of the page, to come back to.
    pub path: String,
    /// Places of this role.
    pub places: Vec<Place>,
    /// Name of the place the page belongs to.
    pub column: &'static str,
    /// Title of the page.
    pub title: String,
    /// Pages above it.
    pub crumbs: Vec<Link>,
    /// What the search box holds.
    pub query: String,
    /// What was just done.
    pub notice: Option<String>,
    /// The present moment, for the print sheet.
    pub now: String,
    /// Whether a first password must be changed before anything else.
    pub must_change: bool,
}

impl Frame {
    /// The frame of the page at `path` for whoever reads it.
    pub fn new(site: Arc<Site>, theme: Theme, actor: Option<&Actor>, path: &str, now: String) -> Frame {
        let who = actor.map(|actor| Who {
            title: actor.title.clone(),
            organ: actor.organ.clone().unwrap_or_default(),
            role: actor.role.title(),
            of: actor.role,
        });
        let places = places(actor.map(|actor| actor.role), path.split('?').next().unwrap_or(path));
        let column = places.iter().find(|place| place.current).map_or("门户", |place| place.title);
        let (path, crumbs, query) = (path.to_owned(), Vec::new(), String::new());
        Frame { site, theme, who, path, places, column, title: String::new(), crumbs, query, notice: None, now, must_change: false }
    }

    /// The frame of whoever was let in by this very request.
    #[must_use]
    pub fn anew(&self, actor: &Actor) -> Frame {
        Frame::new(Arc::clone(&self.site), self.theme, Some(actor), &self.path, self.now.clone())
    }

    /// Names the page.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Frame {
        self.title = title.into();
        self
    }

    /// Adds a page above it.
    #[must_use]
    pub fn under(mut self, href: impl Into<String>, title: impl Into<String>) -> Frame {
        self.crumbs.push(Link::new(href, title));
        self
    }

    /// Adds a page above it, for whoever may open that.
    #[must_use]
    pub fn under_where(self, action: Action, href: impl Into<String>, title: impl Into<String>) -> Frame {
        if self.may(action) { self.under(href, title) } else { self }
    }

    /// Says what was just done, where something was.
    #[must_use]
    pub fn noticed(mut self, notice: Option<impl Into<String>>) -> Frame {
        self.notice = notice.map(Into::into);
        self
    }

    /// The address of a file of the look.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// The themes to choose from.
    pub fn themes(&self) -> &'static [Theme; 3] {
        &Theme::ALL
    }

    /// Where this role begins.
    pub fn home(&self) -> &'static str {
        home(self.who.as_ref().map(|who| who.of))
    }

    /// Whether this role may do something at all.
    pub fn may(&self, action: Action) -> bool {
        self.who.as_ref().is_some_and(|who| may(who.of, action))
    }

    /// Whether the search box is of use.
    pub fn may_search(&self) -> bool {
        self.may(Action::SearchSubjects)
    }

    /// 栏目类型 of the head tag.
    pub fn column_type(&self) -> &'static str {
        match self.column {
            "规则" => "政策文件",
            "门户" => "网站首页",
            _ => "办事服务",
        }
    }
}

/// Where the three administrators begin.
pub(super) const ADMIN_HOME: &str = "/admin";

/// Where a role begins after signing in.
pub fn home(role: Option<Role>) -> &'static str {
    match role {
        None => "/",
        Some(Role::Subject) => "/my",
        Some(Role::System | Role::Security | Role::Audit) => ADMIN_HOME,
        Some(Role::Centre | Role::Department | Role::Township | Role::Counter | Role::Legal) => "/desk",
    }
}

fn may(role: Role, action: Action) -> bool {
    reach(action, role) != Reach::Nothing
}

/// Page, its title and what it takes to open it.
const DESK: [(&str, &str, Action); 10] = [
    ("/desk/search", "查主体", Action::SearchSubjects),
    ("/desk/check", "信用核查", Action::RunCheck),
    ("/desk/loop", "闭环", Action::SeeLoopBoard),
    ("/desk/figures", "统计", Action::SeeFigures),
    ("/desk/batches", "数据归集", Action::SeeBatches),
    ("/desk/waiting", "待核实", Action::RuleOnRow),
    ("/desk/quality", "数据质量", Action::SeeQuality),
    ("/desk/connectors", "前置库", Action::ManageConnectors),
    ("/desk/pushes", "推送", Action::Subscribe),
    ("/desk/accounts", "主体账号", Action::OpenForSubject),
];

const ADMIN: [(&str, &str, Action); 8] = [
    ("/admin/journal", "账簿", Action::SeeJournal),
    ("/admin/accounts", "账号", Action::SeeAccounts),
    ("/admin/keys", "接口密钥", Action::SeeAccounts),
    ("/admin/organs", "单位", Action::SeeAccounts),
    ("/admin/areas", "区划", Action::SeeAccounts),
    ("/admin/seen", "数据概况", Action::SeeOperation),
    ("/admin/packs", "规则包与日历", Action::SeeOperation),
    ("/admin/work", "作业", Action::SeeOperation),
];

const RULES: [(&str, &str, Action); 1] = [("/rules/impact", "规则影响评估", Action::SeeImpact)];

fn places(role: Option<Role>, path: &str) -> Vec<Place> {
    let pages = |all: &[(&'static str, &'static str, Action)]| -> Vec<Link> {
        let open = all.iter().filter(|(_, _, action)| role.is_some_and(|role| may(role, *action)));
        open.map(|(href, title, _)| Link { current: inside(path, href), ..Link::new(*href, *title) }).collect()
    };
    let place = |href: &'static str, title: &'static str, pages: Vec<Link>| {
        let current = if href == "/" { path == "/" || path == "/sign-in" } else { inside(path, href) };
        Place { href, title, current, exact: path == href, pages }
    };
    let mut places = Vec::new();
    let desk = pages(&DESK);
    let admin = pages(&ADMIN);
    if !desk.is_empty() {
        places.push(place("/desk", "工作台", desk));
    }
    if role.is_some_and(|role| may(role, Action::ImportBatch)) {
        places.push(place("/grid", "网格", Vec::new()));
    }
    if role == Some(Role::Subject) {
        places.push(place("/my", "我的", Vec::new()));
    }
    if !admin.is_empty() {
        places.push(place(ADMIN_HOME, "管理", admin));
    }
    places.push(place("/rules", "规则", pages(&RULES)));
    places.push(place("/", "门户", Vec::new()));
    places
}

fn inside(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_sees_the_places_it_may_enter() {
        let titles = |role| places(role, "/").iter().map(|place| place.title).collect::<Vec<_>>();
        assert_eq!(titles(None), ["规则", "门户"]);
        assert_eq!(titles(Some(Role::Centre)), ["工作台", "网格", "规则", "门户"]);
        assert_eq!(titles(Some(Role::Subject)), ["我的", "规则", "门户"]);
        assert_eq!(titles(Some(Role::System)), ["管理", "规则", "门户"]);
        for role in Role::ALL {
            assert!(places(Some(role), "/").iter().any(|place| place.href == home(Some(role))), "{role:?}");
        }
    }

    #[test]
    fn one_page_is_current() {
        let places = places(Some(Role::Centre), "/desk/batches/new");
        let current: Vec<_> = places.iter().flat_map(|place| &place.pages).filter(|page| page.current).map(|page| &page.title).collect();
        assert_eq!(current, ["数据归集"]);
    }
}
