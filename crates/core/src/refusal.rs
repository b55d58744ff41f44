//! How the office says no: one table of code, status, title and remedy (X9).

use std::fmt;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident, $status:literal, $code:literal, $title:literal, $remedy:literal;)*) => {
        /// Every reason for which the office refuses. Integrators branch on [`Code::word`], people read the title.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable word of the API.
            pub fn word(self) -> &'static str { match self { $(Code::$name => $code,)* } }

            /// The HTTP status.
            pub fn status(self) -> u16 { match self { $(Code::$name => $status,)* } }

            /// What is wrong, in one Chinese sentence.
            pub fn title(self) -> &'static str { match self { $(Code::$name => $title,)* } }

            /// What to do about it.
            pub fn remedy(self) -> &'static str { match self { $(Code::$name => $remedy,)* } }
        }
    };
}

refusals! {
    /// No valid session or key.
    SignInRequired, 401, "sign_in_required", "尚未登录或登录已失效", "请重新登录，或检查接口密钥";
    /// Wrong name or password.
    SignInWrong, 401, "sign_in_wrong", "用户名或密码不正确", "请核对后重试，连续五次失败将锁定账号";
    /// Too many failures.
    AccountLocked, 423, "account_locked", "账号已锁定", "请联系安全管理员解锁，或在锁定期满后重试";
    /// An account that no security administrator has released yet.
    AccountNotReleased, 403, "account_not_released", "账号尚未启用", "请联系安全管理员启用后再登录";
    /// A password that somebody else chose must be changed before anything else.
    PasswordChangeRequired, 403, "password_change_required", "首次登录或重设后须先修改密码", "请登录后在“账号与密码”页修改密码";
    /// A sign-in whose second factor is still to be given, or to be set up.
    FactorRequired, 403, "factor_required", "登录还差第二步验证", "请在登录页输入验证码；尚未设置第二因素的，请登录后按页面设置";
    /// A code of a second factor that is wrong, or was used before.
    FactorWrong, 401, "factor_wrong", "验证码不正确或已经用过", "请核对手机时间，输入手机上新显示的 6 位数字；连续五次失败将锁定账号";
    /// An account or key that does not stand as the act needs.
    AccountState, 409, "account_state", "该账号当前状态不能进行此操作", "请刷新账号页面查看当前状态";
    /// The role may not do this.
    NotPermitted, 403, "not_permitted", "当前角色无权进行此操作", "如确需办理，请由有权限的岗位办理";
    /// Outside the caller's area or organ.
    OutOfScope, 403, "out_of_scope", "不在当前账号的管辖范围内", "请由有管辖权的部门或乡镇办理";
    /// Nothing there.
    NotFound, 404, "not_found", "没有找到所请求的内容", "请核对编号、代码或网址";
    /// No subject by that code.
    SubjectUnknown, 404, "subject_unknown", "没有找到该主体", "请核对统一社会信用代码，或先归集其登记信息";
    /// A field is missing or malformed.
    FieldInvalid, 422, "field_invalid", "填写的内容不符合要求", "请按提示改正后重新提交";
    /// The body is not JSON as agreed.
    BodyInvalid, 400, "body_invalid", "请求内容不是约定的 JSON", "请按接口文档组织请求内容";
    /// The body is too large.
    BodyTooLarge, 413, "body_too_large", "提交的内容超过大小限制", "请拆分后分批提交";
    /// The method does not exist on this address.
    MethodWrong, 405, "method_wrong", "该地址不支持此请求方法", "请按接口文档使用正确的方法";
    /// The content type is not one we read.
    MediaTypeWrong, 415, "media_type_wrong", "不支持此内容类型", "请使用 application/json 提交";
    /// The same key came with another body.
    KeyReused, 422, "key_reused", "同一幂等键已用于内容不同的请求", "请为新的请求使用新的 Idempotency-Key";
    /// A POST came without a key.
    KeyMissing, 400, "key_missing", "缺少 Idempotency-Key 请求头", "请为每次提交生成一个唯一的键";
    /// The matter is unknown to the packs.
    MatterUnknown, 422, "matter_unknown", "没有这一办理事项", "请在规则页查看可用事项及其编号";
    /// The matter does not concern this kind of subject.
    SubjectKindWrong, 422, "subject_kind_wrong", "该事项不适用于此类主体", "请核对事项与主体类型";
    /// The scorecard is unknown or does not evaluate this kind.
    ScorecardUnknown, 404, "scorecard_unknown", "没有这一评价模型", "请在规则页查看可用模型及其编号";
    /// The measure is not part of that check.
    MeasureUnknown, 422, "measure_unknown", "该核查结果中没有这项措施", "请核对核查编号与措施编号";
    /// Final feedback was given before.
    FeedbackFinal, 409, "feedback_final", "该措施的应用结果已经反馈", "如反馈有误，请由信用中心按更正程序处理";
    /// A restriction needs more than a click.
    DecisionIncomplete, 422, "decision_incomplete", "实施惩戒须有承办人、决定文书和送达日期", "请补齐承办人、文书号、决定机关和送达日期";
    /// A program tried to decide.
    HumanRequired, 403, "human_required", "惩戒决定须由具名工作人员作出", "请由承办人登录后反馈";
    /// The source is unknown.
    SourceUnknown, 422, "source_unknown", "没有这一数据来源", "请在规则页查看可用来源及其编号";
    /// The file cannot be read at all.
    FileUnreadable, 422, "file_unreadable", "文件无法读取", "请按提示处理后重新上传";
    /// The batch is not in the state that the act needs.
    BatchState, 409, "batch_state", "该批次当前状态不能进行此操作", "请刷新批次页面查看当前状态";
    /// Somebody else holds the row.
    RowState, 409, "row_state", "该行已经核实处理", "请刷新页面查看处理结果";
    /// A department's table cannot be read.
    ConnectorFailed, 502, "connector_failed", "前置库未能读取", "处理后可再运行一次，读到的位置没有改变";
    /// A pack has faults.
    PackInvalid, 422, "pack_invalid", "规则包未通过检查", "请按行列提示改正后重试";
    /// The address is not on the office's list of hosts.
    HostNotListed, 422, "host_not_listed", "推送地址不在本单位允许的名单内", "请由本机操作员用 xinzhi subscription allow 加入名单后重试";
    /// The subscription has ended.
    SubscriptionState, 409, "subscription_state", "该订阅已经终止", "如需继续推送，请重新建立订阅";
    /// The event is not in the state that the act needs.
    EventState, 409, "event_state", "该推送当前状态不能进行此操作", "请刷新推送页面查看当前状态";
    /// The office is not reachable or stopping.
    Unavailable, 503, "unavailable", "系统正忙或正在停止", "请稍后用同一幂等键重试";
    /// Our own fault; details are in the log.
    Internal, 500, "internal", "系统内部错误，已记录", "请稍后重试，仍不成功请联系系统管理员";
}

/// A refusal with its particulars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the table.
    pub code: Code,
    /// The field, row or rule that it is about.
    pub field: Option<String>,
    /// A sentence more exact than the title.
    pub detail: Option<String>,
}

impl Refusal {
    /// A refusal about a field, with a sentence of its own.
    pub fn field(code: Code, field: &str, detail: impl Into<String>) -> Refusal {
        Refusal { code, field: Some(field.to_owned()), detail: Some(detail.into()) }
    }

    /// A refusal with a sentence of its own.
    pub fn detail(code: Code, detail: impl Into<String>) -> Refusal {
        Refusal { code, field: None, detail: Some(detail.into()) }
    }

    /// The whole sentence for people: what is wrong, then what to do. A sentence that says by itself what to do needs no general advice.
    pub fn sentence(&self) -> String {
        match &self.detail {
            Some(detail) if advises(detail) => detail.clone(),
            detail => format!("{}；{}", detail.as_deref().unwrap_or(self.code.title()), self.code.remedy()),
        }
    }
}

/// Whether a sentence asks its reader to do something, outside what it quotes: 请 that is not part of another word, as in 请求 and 申请.
fn advises(sentence: &str) -> bool {
    let (mut before, mut quoted) = (' ', None);
    let mut letters = sentence.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quoted, letter) {
            (Some(end), letter) if letter == end => quoted = None,
            (Some(_), _) => {}
            (None, '“') => quoted = Some('”'),
            (None, '‘') => quoted = Some('’'),
            (None, '`') => quoted = Some('`'),
            (None, '请') if !matches!(before, '申' | '报' | '邀' | '提' | '聘') && letters.peek() != Some(&'求') => return true,
            (None, _) => {}
        }
        before = letter;
    }
    false
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Refusal {
        Refusal { code, field: None, detail: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn x9_a_sentence_that_says_what_to_do_gets_no_second_advice() {
        let said = |detail: &str| Refusal::detail(Code::FileUnreadable, detail).sentence();
        assert_eq!(said("文件是空的，请填写后重新上传"), "文件是空的，请填写后重新上传");
        for silent in ["文件是空的", "请求中没有文件", "本人的申请已经登记", "名称“请君入瓮”重复", "列 `请填写` 重复"]
        {
            assert_eq!(said(silent), format!("{silent}；请按提示处理后重新上传"), "{silent}");
        }
        assert_eq!(Refusal::from(Code::FileUnreadable).sentence(), "文件无法读取；请按提示处理后重新上传");
    }

    #[test]
    fn x9_every_code_is_unique_and_says_what_to_do_in_chinese() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|c| c.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()));
            for text in [code.title(), code.remedy()] {
                assert!(text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{code:?}");
            }
        }
    }
}
