//! Memory whose amount a file decides: asked for, never taken for granted.
//!
//! A file may declare any number of events. What they need is compared with what the machine has
//! left before anything is allocated, as an allocator that promises more than there is ends in a
//! killed process, and every such allocation may fail without a panic.

use std::collections::TryReserveError;

use crate::error::{Error, Result};

/// Amounts that are always allocated without asking what is left.
const SMALL_BYTES: u64 = 1 << 24;

/// Fill a vector up to `length` values; those that it has stay.
///
/// # Errors
/// [`Error::Memory`] if there is no room.
pub fn resize<T: Clone>(
    values: &mut Vec<T>,
    length: usize,
    value: T,
    what: &'static str,
) -> Result<()> {
    let more = length.saturating_sub(values.len());
    let bytes = bytes_of::<T>(more);
    check(bytes, what)?;
    values
        .try_reserve_exact(more)
        .map_err(|error| refused(bytes, what, &error))?;
    values.resize(length, value);
    Ok(())
}

/// A vector of `length` values.
///
/// # Errors
/// [`Error::Memory`] if there is no room.
pub fn filled<T: Clone>(length: usize, value: T, what: &'static str) -> Result<Vec<T>> {
    let mut values = Vec::new();
    resize(&mut values, length, value, what)?;
    Ok(values)
}

/// A vector with room for `length` values.
///
/// # Errors
/// [`Error::Memory`] if there is no room.
pub fn room_for<T>(length: usize, what: &'static str) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let bytes = bytes_of::<T>(length);
    check(bytes, what)?;
    values
        .try_reserve_exact(length)
        .map_err(|error| refused(bytes, what, &error))?;
    Ok(values)
}

/// Refuse an amount that the machine does not have left.
///
/// # Errors
/// [`Error::Memory`].
pub fn check(bytes: u64, what: &'static str) -> Result<()> {
    if bytes <= SMALL_BYTES {
        return Ok(());
    }
    match available() {
        Some(left) if bytes > left => Err(Error::Memory {
            what,
            bytes,
            detail: format!("{left} bytes are left"),
        }),
        _ => Ok(()),
    }
}

/// Bytes that can be had, by what the system says; `None` where it says nothing.
#[must_use]
pub fn available() -> Option<u64> {
    let system = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes = |name: &str| {
        let line = system.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let left = kibibytes("MemAvailable:")?.saturating_add(kibibytes("SwapFree:").unwrap_or(0));
    let left = left.saturating_mul(1024);
    let bounds = [Some(left), left_in_group(), left_of_addresses()];
    bounds.into_iter().flatten().min()
}

/// What a limit on the address space of this process leaves.
fn left_of_addresses() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let used: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used.saturating_mul(1024)))
}

/// What the control group of this process leaves (version 2), where it has a limit.
fn left_in_group() -> Option<u64> {
    let number = |name: &str| {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

fn bytes_of<T>(length: usize) -> u64 {
    (length as u64).saturating_mul(size_of::<T>() as u64)
}

fn refused(bytes: u64, what: &'static str, error: &TryReserveError) -> Error {
    Error::Memory {
        what,
        bytes,
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_machine_has_is_refused() {
        for length in [1_usize << 50, usize::MAX / 8, usize::MAX] {
            let outcome = filled(length, 0.0_f64, "events");
            assert!(matches!(outcome, Err(Error::Memory { .. })), "{length}");
            assert!(room_for::<u64>(length, "events").is_err());
        }
    }

    #[test]
    fn gives_what_was_asked_for() -> Result<()> {
        assert_eq!(filled(3, 7_u8, "bytes")?, [7, 7, 7]);
        let mut values = vec![1, 2];
        resize(&mut values, 4, 9, "values")?;
        assert_eq!(values, [1, 2, 9, 9]);
        resize(&mut values, 1, 9, "values")?;
        assert_eq!(values, [1]);
        Ok(())
    }
}
