//! Work side by side: a few long jobs, each on one thread, in an order of its own.

use crate::error::Result;
use crate::files::write_atomically;
use crate::sweep::journal::to_csv;
use crate::train::run::with_threads;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs `work` on every item, `jobs` at a time (0: as many as the machine has threads), each on a pool of one thread. After an error no later
/// item is begun; the error of the earliest item is given.
///
/// # Errors
/// What `work` gives.
pub fn each<T: Sync>(jobs: usize, items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let jobs = if jobs == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { jobs };
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
    fn the_first_error_ends_it() {
        let items: Vec<u64> = (0..100).collect();
        let e = map(2, &items, |&i| if i >= 10 { Err(Error::usage(format!("item {i}"))) } else { Ok(i) }).unwrap_err();
        assert!(e.to_string().contains("item 10"), "{e}");
    }
}
