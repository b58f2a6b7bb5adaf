//! Work side by side: a few long jobs, each on one thread, in an order of its own.

use crate::error::Result;
use crate::files::write_atomically;
use crate::sweep::journal::to_csv;
use crate::train::run::with_threads;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Threads for so many jobs, 0 for as many as the machine has.
fn threads(jobs: usize) -> usize {
    if jobs == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { jobs }
}

/// Runs `work` on every item, `jobs` at a time (0: as many as the machine has threads), each on a pool of one thread. After an error no later
/// item is begun; the error of the earliest item is given.
///
/// # Errors
/// What `work` gives.
pub fn each<T: Sync>(jobs: usize, items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let jobs = threads(jobs);
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<(usize, crate::Error)>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                let fail = |k: usize, e: crate::Error| {
                    let mut first = lock(&failed);
                    if first.as_ref().is_none_or(|(at, _)| k < *at) {
                        *first = Some((k, e));
                    }
                };
                let worked = with_threads(1, || {
                    loop {
                        let k = next.fetch_add(1, Ordering::Relaxed);
                        // One before the failed item may be what fails first: it is still done.
                        let after_failure = lock(&failed).as_ref().is_some_and(|(at, _)| *at < k);
                        let Some(item) = items.get(k).filter(|_| !after_failure) else { return Ok(()) };
                        if let Err(e) = work(item) {
                            fail(k, e);
                        }
                    }
                });
                if let Err(e) = worked {
                    fail(0, e);
                }
            });
        }
    });
    match into_inner(failed) {
        Some((_, e)) => Err(e),
        None => Ok(()),
    }
}

/// As [`each`], and what `work` made of each item, in the order of the items.
///
/// # Errors
/// What `work` gives.
pub fn map<T: Sync, R: Send>(jobs: usize, items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let made: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let numbered: Vec<usize> = (0..items.len()).collect();
    each(jobs, &numbered, |&k| {
        let result = work(&items[k])?;
        *lock(&made[k]) = Some(result);
        Ok(())
    })?;
    Ok(made.into_iter().filter_map(into_inner).collect())
}

/// As [`map`], in chunks that end before the items `ends`: after each chunk `wanted` is told all results so far and says whether another one is. A chunk is begun
/// while the last items of the one before are at work; what was begun in vain is dropped, so the results do not depend on the jobs. After an error the rest of
/// its chunk is still done, and what was begun of the next.
///
/// # Errors
/// What `work` gives.
///
/// # Panics
/// When `ends` do not ascend strictly, from 1 on, up to the number of items.
pub fn map_chunks<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    ends: &[usize],
    work: impl Fn(&T) -> Result<R> + Sync,
    wanted: impl Fn(&[R]) -> bool + Sync,
) -> Result<Vec<R>> {
    assert!([0].iter().chain(ends).is_sorted_by(|a, b| a < b) && ends.last().is_none_or(|&end| end <= items.len()), "chunks: {ends:?}");
    let made = items.iter().map(|_| None).collect();
    let chunks = Mutex::new(Chunks { made, results: Vec::new(), ends, next: 0, over: ends.is_empty(), failed: None });
    let changed = Condvar::new();
    let workers: Vec<usize> = (0..threads(jobs).min(items.len())).collect();
    each(workers.len(), &workers, |_| {
        // Where one panics the others do not wait for what it had to do. Declared before the guard of the lock, so dropped after it.
        let _stop = OnPanic(|| {
            lock(&chunks).over = true;
            changed.notify_all();
        });
        let mut state = lock(&chunks);
        while !state.over {
            let k = state.next;
            if k == state.allowed() {
                state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.next += 1;
            drop(state);
            let result = work(&items[k]);
            state = lock(&chunks);
            state.made[k] = Some(result);
            if state.settle(&wanted) {
                changed.notify_all();
            }
        }
        Ok(())
    })?;
    let chunks = into_inner(chunks);
    chunks.failed.map_or(Ok(chunks.results), Err)
}

/// How far [`map_chunks`] is.
struct Chunks<'a, R> {
    /// Results of chunks that are not settled, at their items.
    made: Vec<Option<Result<R>>>,
    /// Those of the settled ones.
    results: Vec<R>,
    /// Ends of the chunks that are not settled.
    ends: &'a [usize],
    /// First item that nobody has begun.
    next: usize,
    /// Nothing more is to be begun.
    over: bool,
    failed: Option<crate::Error>,
}

impl<R> Chunks<'_, R> {
    /// Items that may be begun: those of the chunk that is to be settled next, and of the one behind it.
    fn allowed(&self) -> usize {
        self.ends[1.min(self.ends.len() - 1)]
    }

    /// Settles the chunks that are done; whether there were any.
    fn settle(&mut self, wanted: &impl Fn(&[R]) -> bool) -> bool {
        let before = self.ends.len();
        while !self.over && self.made[self.results.len()..self.ends[0]].iter().all(Option::is_some) {
            for result in self.made[self.results.len()..self.ends[0]].iter_mut().filter_map(Option::take) {
                match result {
                    Ok(result) => self.results.push(result),
                    Err(e) => {
                        (self.failed, self.over) = (Some(e), true);
                        return true;
                    }
                }
            }
            self.ends = &self.ends[1..];
            self.over = self.ends.is_empty() || !wanted(&self.results);
        }
        self.ends.len() < before
    }
}

/// Does something when it is dropped by a panic.
struct OnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0();
        }
    }
}

/// As [`each`], over what a table lacks: what `work` makes of an item joins the rows, sorted by `place`, and the CSV at `path` has them all before the next begins.
/// Rows without a place, which nobody asked for, stay in the file, at its end, and are not given.
///
/// # Errors
/// What `work` gives, and when the file can not be written.
pub fn rows<T: Sync, R: Serialize + Send>(
    jobs: usize,
    missing: &[T],
    known: Vec<R>,
    path: Option<&Path>,
    place: impl Fn(&R) -> Option<usize> + Sync,
    work: impl Fn(&T) -> Result<Option<R>> + Sync,
) -> Result<Vec<R>> {
    let rows = Mutex::new(known);
    each(jobs, missing, |item| {
        let Some(row) = work(item)? else { return Ok(()) };
        let mut rows = lock(&rows);
        rows.push(row);
        rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        path.map_or(Ok(()), |path| write_atomically(path, &to_csv(&rows)?))
    })?;
    let mut rows = into_inner(rows);
    rows.retain(|row| place(row).is_some());
    rows.sort_by_key(&place);
    Ok(rows)
}

/// What a mutex guards. A panic of another thread ends the scope anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a mutex guarded.
pub(super) fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use std::time::Duration;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..100).collect();
        for jobs in [1, 3, 0] {
            assert_eq!(map(jobs, &items, |i| Ok(i * i)).unwrap(), items.iter().map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn chunks_end_where_no_more_is_wanted() {
        let items: Vec<usize> = (0..40).collect();
        let ends = [8, 16, 24, 40];
        for jobs in [1, 3, 8] {
            let begun = AtomicUsize::new(0);
            let work = |&k: &usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(k)
            };
            assert_eq!(map_chunks(jobs, &items, &ends, work, |r| r.len() < 16).unwrap(), items[..16]);
            let begun = begun.into_inner();
            assert!((16..=24).contains(&begun) && (jobs > 1 || begun == 16), "{jobs} jobs: {begun}");
            assert_eq!(map_chunks(jobs, &items, &ends, |&k| Ok(k), |_| true).unwrap(), items);
        }
        assert!(map_chunks(2, &items, &[], |&k| Ok(k), |_| true).unwrap().is_empty());
    }

    #[test]
    fn an_error_in_a_chunk_that_nobody_wanted_is_none() {
        let items: Vec<usize> = (0..40).collect();
        for jobs in [1, 4] {
            let work = |&k: &usize| if k == 9 || k == 11 { Err(Error::usage(format!("item {k}"))) } else { Ok(k) };
            assert_eq!(map_chunks(jobs, &items, &[8, 16], work, |_| false).unwrap(), items[..8]);
            let e = map_chunks(jobs, &items, &[8, 16], work, |_| true).unwrap_err();
            assert!(e.to_string().contains("item 9"), "{e}");
        }
    }

    /// The last item of a chunk is done only once one of the next is begun.
    #[test]
    fn a_chunk_is_begun_while_the_one_before_is_at_work() {
        let items: Vec<usize> = (0..16).collect();
        let (begun, changed) = (Mutex::new(0), Condvar::new());
        let work = |&k: &usize| {
            let mut begun = lock(&begun);
            *begun = (*begun).max(k);
            changed.notify_all();
            if k == 7 {
                let (_begun, waited) = changed.wait_timeout_while(begun, Duration::from_secs(60), |begun| *begun < 8).unwrap();
                assert!(!waited.timed_out(), "nobody began item 8");
            }
            Ok(k)
        };
        assert_eq!(map_chunks(2, &items, &[8, 16], work, |_| true).unwrap(), items);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_of_an_item_leaves_nobody_waiting() {
        let items: Vec<usize> = (0..40).collect();
        let _ = map_chunks(4, &items, &[8, 40], |&k| if k == 5 { panic!("of an item") } else { Ok(k) }, |_| true);
    }

    /// The other worker has done item 1 and waits, as item 2 is of the chunk after the next.
    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_between_chunks_leaves_nobody_waiting() {
        let begun = (Mutex::new(false), Condvar::new());
        let work = |&k: &usize| {
            if k == 1 {
                *lock(&begun.0) = true;
                begun.1.notify_all();
            } else {
                let (_begun, waited) = begun.1.wait_timeout_while(lock(&begun.0), Duration::from_secs(60), |begun| !*begun).unwrap();
                assert!(!waited.timed_out(), "nobody began item 1");
                std::thread::sleep(Duration::from_millis(200));
            }
            Ok(k)
        };
        let _ = map_chunks(2, &[0, 1, 2], &[1, 2, 3], work, |_| panic!("of what is wanted"));
    }

    #[test]
    fn ends_of_chunks_are_checked() {
        let items: Vec<usize> = (0..40).collect();
        for ends in [&[0, 8][..], &[8, 8], &[8, 41], &[16, 8]] {
            let begun = AtomicUsize::new(0);
            let work = |&k: &usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(k)
            };
            let mapped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| map_chunks(2, &items, ends, work, |_| true)));
            assert!(mapped.is_err() && begun.into_inner() == 0, "{ends:?}");
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let items: Vec<u64> = (0..100).collect();
        let e = map(2, &items, |&i| if i >= 10 { Err(Error::usage(format!("item {i}"))) } else { Ok(i) }).unwrap_err();
        assert!(e.to_string().contains("item 10"), "{e}");
    }
}
