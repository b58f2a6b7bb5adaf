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

/// As [`map`], in chunks that end before the items `ends`, in ascending order: after each chunk `wanted` is told all results so far and says whether another one
/// is. A chunk is begun while the last items of the one before are at work; what was begun in vain is dropped, so the results do not depend on the jobs.
///
/// # Errors
/// What `work` gives.
pub fn map_chunks<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    ends: &[usize],
    work: impl Fn(&T) -> Result<R> + Sync,
    wanted: impl Fn(&[R]) -> bool + Sync,
) -> Result<Vec<R>> {
    let made = items.iter().map(|_| None).collect();
    let chunks = Mutex::new(Chunks { made, results: Vec::new(), settled: 0, next: 0, over: ends.is_empty(), failed: None });
    let settled = Condvar::new();
    // Where a worker panics the others do not wait for its item.
    let work = |item: &T| {
        let stop = OnPanic(|| {
            lock(&chunks).over = true;
            settled.notify_all();
        });
        let result = work(item);
        drop(stop);
        result
    };
    let workers: Vec<usize> = (0..threads(jobs).min(items.len())).collect();
    each(workers.len(), &workers, |_| {
        let mut state = lock(&chunks);
        while !state.over {
            let allowed = ends[(state.settled + 1).min(ends.len() - 1)];
            let k = state.next;
            if k == allowed {
                state = settled.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.next += 1;
            drop(state);
            let result = work(&items[k]);
            state = lock(&chunks);
            state.made[k] = Some(result);
            state.settle(ends, &wanted);
            settled.notify_all();
        }
        Ok(())
    })?;
    let chunks = into_inner(chunks);
    chunks.failed.map_or(Ok(chunks.results), Err)
}

/// How far [`map_chunks`] is.
struct Chunks<R> {
    /// Results of chunks that are not settled, at their items.
    made: Vec<Option<Result<R>>>,
    /// Those of the settled ones.
    results: Vec<R>,
    /// Number of settled chunks.
    settled: usize,
    /// First item that nobody has begun.
    next: usize,
    /// Nothing more is to be begun.
    over: bool,
    failed: Option<crate::Error>,
}

impl<R> Chunks<R> {
    /// Settles the chunks that are done.
    fn settle(&mut self, ends: &[usize], wanted: &impl Fn(&[R]) -> bool) {
        while !self.over && self.made[self.results.len()..ends[self.settled]].iter().all(Option::is_some) {
            for result in self.made[self.results.len()..ends[self.settled]].iter_mut().filter_map(Option::take) {
                match result {
                    Ok(result) => self.results.push(result),
                    Err(e) => {
                        (self.failed, self.over) = (Some(e), true);
                        return;
                    }
                }
            }
            self.settled += 1;
            self.over = self.settled == ends.len() || !wanted(&self.results);
        }
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

    #[test]
    #[should_panic]
    fn a_panic_leaves_nobody_waiting() {
        let items: Vec<usize> = (0..40).collect();
        let _ = map_chunks(4, &items, &[8, 40], |&k| if k == 5 { panic!("of an item") } else { Ok(k) }, |_| true);
    }

    #[test]
    fn the_first_error_ends_it() {
        let items: Vec<u64> = (0..100).collect();
        let e = map(2, &items, |&i| if i >= 10 { Err(Error::usage(format!("item {i}"))) } else { Ok(i) }).unwrap_err();
        assert!(e.to_string().contains("item 10"), "{e}");
    }
}
