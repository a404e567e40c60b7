//! Gating of values in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::fcs::data::BLOCK_EVENTS;
use crate::gate::columns::Column;
use crate::threads::{processors, share};

use super::block::Block;
use super::compile::Plan;
use super::rows::Rows;
use super::run::{FileCounts, Keep, MANY_EVENTS};

/// Decisions that take some tens of milliseconds.
const MANY_DECISIONS: usize = 10_000_000;
/// Blocks below which a second thread costs more than it gains.
const BLOCKS_PER_THREAD: usize = 4;
/// Parts per thread, so that a thread that is held up does not hold up the rest.
const PARTS_PER_THREAD: usize = 4;

/// Gate values in memory: one column per channel of the plan, in its order.
///
/// # Errors
/// [`Error::Length`] if the columns differ in number or length; [`Error::Interrupted`] if `stop`
/// becomes true meanwhile.
pub fn gate_values(
    columns: &[Column<'_>],
    n_events: usize,
    plan: &Plan,
    stop: &AtomicBool,
) -> Result<FileCounts> {
    let refuse = |what, found, expected| {
        Err(Error::Length {
            what,
            found,
            expected,
        })
    };
    if columns.len() != plan.channels.len() {
        return refuse("the list of channels", columns.len(), plan.channels.len());
    }
    if let Some(column) = columns.iter().find(|column| column.len() != n_events) {
        return refuse("a channel", column.len(), n_events);
    }
    if n_events > MANY_EVENTS {
        plan.prepare();
    }
    let keep = Keep { masks: true };
    let populations = Mutex::new(FileCounts::new(plan, n_events, keep)?);
    let all = || populations.lock().unwrap_or_else(PoisonError::into_inner);
    let n_blocks = n_events.div_ceil(BLOCK_EVENTS);
    let threads = processors().min(n_blocks / BLOCKS_PER_THREAD).max(1);
    let per_part = n_blocks.div_ceil(threads * PARTS_PER_THREAD).max(1) * BLOCK_EVENTS;
    share(threads, (0..n_events).step_by(per_part), |part| {
        let mut block = Block::default();
        let end = n_events.min(part + per_part);
        for first in (part..end).step_by(BLOCK_EVENTS) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let count = BLOCK_EVENTS.min(end - first);
            block.decide(plan, Rows::Columns(columns, first), count, keep.masks);
            all().add(&mut block, first, keep);
        }
    });
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    let mut populations = std::mem::take(&mut *all());
    populations.finish(plan, &|| stop.load(Ordering::Relaxed))?;
    Ok(populations)
}

/// Return whether gating so many values in memory may take so long that it should be possible to stop it.
#[must_use]
pub fn takes_long(n_events: usize, plan: &Plan) -> bool {
    n_events.saturating_mul(plan.n_gates()) > MANY_DECISIONS || !plan.requests.is_empty()
}
