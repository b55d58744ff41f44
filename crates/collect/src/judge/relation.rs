//! Whom else a row names: the other side of a relation of its party, found by a code alone and never a natural person.

use xinzhi_core::identifier::ResidentId;
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{Day, Span};
use xinzhi_rules::model::{Field, FieldIx, SubjectKindIx};
use xinzhi_rules::relation::{RelationKind, Statement};

use super::Judge;
use super::field::Value;
use super::notes::{Notes, shown};
use super::party::{Party, code_of, note_flawed};

/// A relation as a row states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Id of the relation.
    pub relation: String,
    /// The other side: known by its code, nameless until a record of its own names it.
    pub other: Party,
    /// On which days it holds.
    pub span: Span,
}

impl Judge<'_> {
    /// Whether a field has the code of the other side of a relation.
    pub(super) fn names_another(&self, ix: FieldIx) -> bool {
        self.kind.relations.iter().any(|statement| statement.other.contains(&ix))
    }

    /// The relations that a row states. A code that is wrong sends the row back: nobody is tied to somebody else by mistake.
    pub(super) fn relations(&self, values: &[Value<'_>], (party, document): (&Party, Day), notes: &mut Notes) -> Vec<Stated> {
        let mut stated = Vec::new();
        for statement in &self.kind.relations {
            let Some(relation) = self.pack.relations.get(statement.relation.0) else { continue };
            let Some((field, value)) = self.filled(statement, values) else { continue };
            if !relation.on(statement.side).contains(&party.kind) {
                // Whoever the row is about does not stand in this relation: the code is a field like any other.
                if let Value::Flawed(text, fault) = value {
                    note_flawed(field, text, *fault, notes);
                }
                continue;
            }
            let allowed = relation.on(statement.side.opposite());
            let Some((kind, code)) = self.other(relation, (field, value), allowed, notes) else { continue };
            if party.code.as_ref() == Some(&code) {
                let sentence = format!("{} 填的是本行主体自己的代码，不能是自己的“{}”；请改正后重新报送本行", field.title, relation.title);
                notes.refuse("relation.self", Some(field), sentence);
                continue;
            }
            let Some(span) = self.span(statement, relation, (values, document), notes) else { continue };
            let other = Party { code: Some(code), name: String::new(), kind, is_person: false, area: None, industry: None };
            stated.push(Stated { relation: relation.id.clone(), other, span });
        }
        stated
    }

    /// The first field of a statement that is filled.
    fn filled<'r>(&'r self, statement: &Statement, values: &'r [Value<'r>]) -> Option<(&'r Field, &'r Value<'r>)> {
        let filled = |value: &&Value<'_>| !matches!(value, Value::Empty | Value::Placeholder);
        statement.other.iter().find_map(|ix| Some((self.kind.at(*ix)?, values.get(ix.0).filter(filled)?)))
    }

    /// Who is meant by a code, or what is wrong with it.
    fn other(
        &self,
        relation: &RelationKind,
        (field, value): (&Field, &Value<'_>),
        allowed: &[SubjectKindIx],
        notes: &mut Notes,
    ) -> Option<(SubjectKindIx, SubjectCode)> {
        match value {
            Value::Uscc(code) => {
                let kind = self.kind_of_code(code);
                if let Some(kind) = kind.filter(|kind| allowed.contains(kind)) {
                    return Some((kind, SubjectCode::Uscc(code.clone())));
                }
                let found = kind.and_then(|kind| self.subject(kind)).map_or("未登记的主体类型", |kind| kind.title.as_str());
                let titles: Vec<&str> = allowed.iter().filter_map(|kind| self.subject(*kind)).map(|kind| kind.title.as_str()).collect();
                let sentence = format!(
                    "{} {} 所示的是“{found}”，关系“{}”的对方应为{}；请核对代码后重新报送本行",
                    field.title,
                    shown(field, code.as_str()),
                    relation.title,
                    titles.join("、")
                );
                notes.refuse("relation.kind", Some(field), sentence);
                None
            }
            Value::Flawed(text, fault) => {
                let sentence = format!("{} {} {fault}；请改正后重新报送本行", field.title, shown(field, text));
                notes.refuse(code_of(*fault), Some(field), sentence);
                None
            }
            Value::Text(text) => self.numbered(field, text, allowed, notes),
            // What cannot be used was refused where the cell was read.
            _ => None,
        }
    }

    /// A code of a pack's own numbering.
    fn numbered(&self, field: &Field, text: &str, allowed: &[SubjectKindIx], notes: &mut Notes) -> Option<(SubjectKindIx, SubjectCode)> {
        let schemes = || allowed.iter().filter_map(|kind| Some((*kind, self.subject(*kind)?.scheme.as_ref()?)));
        let found = schemes().find_map(|(kind, scheme)| {
            let code = scheme.parse(text).filter(|code| ResidentId::parse(code).is_err())?;
            Some((kind, SubjectCode::Local { scheme: scheme.id.clone(), code }))
        });
        if found.is_none() {
            let shapes: Vec<&str> = schemes().filter_map(|(_, scheme)| scheme.mask.as_deref()).collect();
            let shape = if shapes.is_empty() {
                String::new()
            } else {
                format!("，应形如 {}（A 为字母，9 为数字）", shapes.join(" 或 "))
            };
            let sentence = format!("{} {} 格式不符{shape}；请改正后重新报送本行", field.title, shown(field, text));
            notes.refuse("code.shape", Some(field), sentence);
        }
        found
    }

    /// The days of a relation; one that ends before it begins sends the row back.
    fn span(
        &self,
        statement: &Statement,
        relation: &RelationKind,
        (values, document): (&[Value<'_>], Day),
        notes: &mut Notes,
    ) -> Option<Span> {
        let day = |ix: Option<FieldIx>| match ix.and_then(|ix| values.get(ix.0)) {
            Some(Value::Day(day)) => Some(*day),
            _ => None,
        };
        let (from, until) = (day(statement.from).unwrap_or(document), day(statement.until));
        let field = statement.until.and_then(|ix| self.kind.at(ix));
        if let (Some(until), Some(field)) = (until.filter(|until| *until < from), field) {
            let sentence =
                format!("{} {until} 早于“{}”的起日 {from}，止日不能早于起日；请核对两个日期后重新报送本行", field.title, relation.title);
            notes.refuse("relation.reversed", Some(field), sentence);
            return None;
        }
        Some(Span { from, until })
    }
}

#[cfg(test)]
mod tests;
