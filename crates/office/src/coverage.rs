//! Which days each kind of record has been reported for, by area. The same answer serves until the next batch takes effect or is recalled.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_core::day::Span;
use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Digest};
use xinzhi_evaluate::Coverage;
use xinzhi_rules::Pack;
use xinzhi_rules::model::KindIx;
use xinzhi_store::Connection;
use xinzhi_store::batch::{CoverageMark, CoverageRow};

use crate::Error;

/// Areas kept; a county has some hundreds.
const AREAS_MAX: usize = 10_000;

/// Coverage as it stands, by area.
#[derive(Debug)]
pub struct CoverageCache {
    /// The whole of the office: what covers it covers everybody.
    office: AreaCode,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// What the areas below were computed from.
    from: Option<(CoverageMark, Digest)>,
    /// What has been reported at all, read once for every area.
    rows: Arc<[CoverageRow]>,
    areas: HashMap<Option<String>, Arc<Coverage>>,
}

impl Kept {
    fn find(&self, from: &Option<(CoverageMark, Digest)>, area: &Option<String>) -> Option<Arc<Coverage>> {
        self.areas.get(area).filter(|_| self.from == *from).map(Arc::clone)
    }
}

impl CoverageCache {
    /// Nothing kept yet of an office of an area.
    pub(crate) fn new(office: AreaCode) -> CoverageCache {
        CoverageCache { office, kept: Mutex::default() }
    }

    /// How many areas are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept().areas.len()
    }

    /// Coverage of an area as known at `position`, and the mark that it rests on.
    pub(crate) fn of_area(
        &self,
        connection: &mut Connection,
        pack: &Pack,
        area: Option<&str>,
        position: Position,
    ) -> Result<(Arc<Coverage>, CoverageMark), Error> {
        let mark = xinzhi_store::batch::coverage_mark(connection)?;
        if mark.newest() > position {
            // An earlier state is asked for: rare, and kept by nobody.
            let rows = xinzhi_store::batch::coverage(connection, position)?;
            return Ok((Arc::new(self.computed(pack, &rows, area)), mark));
        }
        let from = Some((mark, pack.digest));
        let wanted = area.map(str::to_owned);
        if let Some(known) = self.kept().find(&from, &wanted) {
            return Ok((known, mark));
        }
        let known = Some(self.kept()).filter(|kept| kept.from == from).map(|kept| Arc::clone(&kept.rows));
        let rows = match known {
            Some(rows) => rows,
            None => xinzhi_store::batch::coverage(connection, position)?.into(),
        };
        let fresh = Arc::new(self.computed(pack, &rows, area));
        let mut kept = self.kept();
        if kept.from != from || kept.areas.len() >= AREAS_MAX {
            *kept = Kept { from, rows, areas: HashMap::new() };
        }
        kept.areas.insert(wanted, Arc::clone(&fresh));
        Ok((fresh, mark))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was reported for the area a subject lies in. Of one whose area is not known, what one township reported says nothing: it is
    /// covered by what covers the whole office alone (D3).
    fn computed(&self, pack: &Pack, rows: &[CoverageRow], area: Option<&str>) -> Coverage {
        let mine = area.and_then(AreaCode::parse).unwrap_or_else(|| self.office.clone());
        let mut spans: BTreeMap<KindIx, Vec<Span>> = BTreeMap::new();
        for row in rows {
            let Some(kind) = pack.record_kinds.iter().position(|kind| kind.id == row.kind) else { continue };
            if AreaCode::parse(&row.area).is_some_and(|reported| reported.contains(&mine)) {
                spans.entry(KindIx(kind)).or_default().push(Span { from: row.from, until: Some(row.through) });
            }
        }
        Coverage::new(spans)
    }
}
