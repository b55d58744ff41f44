//! Work in progress: whatever takes longer than a request says here what it does and how far it is, for the page of jobs. Nothing depends
//! on it, and a restart forgets it; what a job brought about stands in the journal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xinzhi_core::{Clock, Moment};

/// Finished work that is still shown.
const FINISHED_MAX: usize = 50;

/// Work that is going on, or went on lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkView {
    /// Of work that is done again and again: which. It has a line of its own, and does not stay among what ended.
    pub of: Option<String>,
    /// What it is, in Chinese: 归集, 提交生效. Never business data.
    pub title: &'static str,
    /// Of what: the title of a source, the number of a batch. Never business data.
    pub about: String,
    /// Since when.
    pub began: Moment,
    /// What is done so far, in the unit of the work.
    pub done: i64,
    /// What there is to do, where that is known.
    pub total: Option<i64>,
    /// When it ended, and whether it was done.
    pub ended: Option<(Moment, bool)>,
}

/// The work of a process.
#[derive(Debug)]
pub struct Works {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    running: Vec<(u64, WorkView)>,
    finished: VecDeque<WorkView>,
}

impl Works {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Works {
        Works { clock, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that work begins. It is over when what is returned is finished or dropped; dropped alone it counts as not done.
    pub fn begin(self: &Arc<Works>, title: &'static str, about: impl Into<String>) -> Working {
        self.begin_one(None, title, about.into())
    }

    /// The same of work that is done again and again.
    pub fn begin_again(self: &Arc<Works>, of: String, title: &'static str, about: impl Into<String>) -> Working {
        self.begin_one(Some(of), title, about.into())
    }

    fn begin_one(self: &Arc<Works>, of: Option<String>, title: &'static str, about: String) -> Working {
        let view = WorkView { of, title, about, began: self.clock.now(), done: 0, total: None, ended: None };
        let mut kept = self.kept();
        kept.next += 1;
        let number = kept.next;
        kept.running.push((number, view));
        Working { works: Arc::clone(self), number, is_done: false }
    }

    /// Work that is going on, oldest first, and work that ended lately, newest first.
    pub fn now(&self) -> (Vec<WorkView>, Vec<WorkView>) {
        let kept = self.kept();
        (kept.running.iter().map(|(_, view)| view.clone()).collect(), kept.finished.iter().cloned().collect())
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut WorkView)) {
        if let Some((_, view)) = self.kept().running.iter_mut().find(|(other, _)| *other == number) {
            change(view);
        }
    }
}

/// A hold on work that is going on.
#[derive(Debug)]
pub struct Working {
    works: Arc<Works>,
    number: u64,
    is_done: bool,
}

impl Working {
    /// Says how far it is.
    pub fn so_far(&self, done: i64) {
        self.works.change(self.number, |view| view.done = done);
    }

    /// Says how much there is to do.
    pub fn out_of(&self, total: i64) {
        self.works.change(self.number, |view| view.total = Some(total));
    }

    /// It is done.
    pub fn finish(mut self) {
        self.is_done = true;
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let now = self.works.clock.now();
        let mut kept = self.works.kept();
        let Some(at) = kept.running.iter().position(|(number, _)| *number == self.number) else { return };
        let (_, mut view) = kept.running.remove(at);
        view.ended = Some((now, self.is_done));
        if view.of.is_none() {
            kept.finished.push_front(view);
            kept.finished.truncate(FINISHED_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Moment {
            Moment(43_200_000)
        }
    }

    #[test]
    fn work_is_shown_while_it_goes_on_and_a_while_after() {
        let works = Arc::new(Works::new(Arc::new(Noon)));
        let import = works.begin("归集", "行政处罚");
        import.so_far(25);
        import.out_of(100);
        let lost = works.begin("提交生效", "批次 1");
        let (running, _) = works.now();
        let seen: Vec<_> = running.iter().map(|work| (work.title, work.done, work.total)).collect();
        assert_eq!(seen, [("归集", 25, Some(100)), ("提交生效", 0, None)]);
        drop(lost);
        import.finish();
        let (running, finished) = works.now();
        assert_eq!(running, []);
        let done: Vec<_> = finished.iter().map(|work| (work.title, work.ended.map(|(_, done)| done))).collect();
        assert_eq!(done, [("归集", Some(true)), ("提交生效", Some(false))]);
        let look = works.begin_again("connector a".to_owned(), "前置库取数", "甲");
        look.so_far(7);
        assert_eq!(works.now().0.iter().map(|work| (work.of.as_deref(), work.done)).collect::<Vec<_>>(), [(Some("connector a"), 7)]);
        drop(look);
        assert_eq!((works.now().0.len(), works.now().1.len()), (0, 2), "it pushes nothing else out of the list");
        for _ in 0..FINISHED_MAX * 2 {
            works.begin("归集", "").finish();
        }
        assert_eq!(works.now().1.len(), FINISHED_MAX);
    }
}
