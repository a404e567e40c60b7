//! A small cache of values that are costly to make, shared by all threads.

use std::sync::Mutex;

/// The values asked for last, the latest at the end; the oldest give way.
pub struct Cache<Value> {
    latest: Mutex<Vec<Value>>,
    capacity: usize,
}

impl<Value: Clone> Cache<Value> {
    /// An empty cache of at most `capacity` values.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self {
            latest: Mutex::new(Vec::new()),
            capacity,
        }
    }

    /// The value that `matches`, or a new one.
    ///
    /// # Errors
    /// What `make` gives.
    pub fn get_or_make<Error>(
        &self,
        matches: impl Fn(&Value) -> bool,
        make: impl FnOnce() -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        // Never wait: in the child of a fork the lock may be held for ever, and then the value is
        // made again.
        if let Ok(mut latest) = self.latest.try_lock()
            && let Some(found) = latest.iter().rposition(&matches)
        {
            latest[found..].rotate_left(1);
            return Ok(latest[latest.len() - 1].clone());
        }
        let value = make()?;
        if let Ok(mut latest) = self.latest.try_lock() {
            if latest.len() >= self.capacity {
                latest.remove(0);
            }
            latest.push(value.clone());
        }
        Ok(value)
    }

    /// Number of values held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.latest.lock().map_or(0, |latest| latest.len())
    }

    /// True if nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let cache: Cache<(u32, u32)> = Cache::new(2);
        let mut made = 0;
        let mut get = |key: u32| {
            let found: Result<_, ()> = cache.get_or_make(
                |(known, _)| *known == key,
                || {
                    made += 1;
                    Ok((key, made))
                },
            );
            found.map(|(_, number)| number)
        };
        assert_eq!(
            [get(1), get(2), get(1), get(3), get(1), get(2)],
            [1, 2, 1, 3, 1, 4].map(Ok)
        );
        assert_eq!(cache.len(), 2);
        assert_eq!(
            cache.get_or_make(|_| false, || Err("refused")),
            Err("refused")
        );
    }
}
