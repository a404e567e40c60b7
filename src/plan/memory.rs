//! Populations of values in memory.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};
use crate::fcs::data::BLOCK_EVENTS;
use crate::gate::columns::Column;

use super::block::Block;
use super::compile::Plan;
use super::rows::Rows;
use super::run::{Keep, MANY_EVENTS, Populations};

/// Blocks below which a second thread costs more than it gains.
const BLOCKS_PER_THREAD: usize = 4;

/// Gate values in memory: one column per channel of the plan, in its order.
///
/// # Errors
/// [`Error::Length`] if the columns differ in number or length; [`Error::Threads`] if a thread fails.
pub fn gate_values(columns: &[Column<'_>], n_events: usize, plan: &Plan) -> Result<Populations> {
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
    let populations = Mutex::new(Populations::new(plan, n_events, keep));
    let n_blocks = n_events.div_ceil(BLOCK_EVENTS);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut block = Block::default();
        loop {
            let first = next.fetch_add(1, Ordering::Relaxed) * BLOCK_EVENTS;
            if first >= n_events {
                return;
            }
            let count = BLOCK_EVENTS.min(n_events - first);
            block.decide(plan, Rows::Columns(columns, first), count, keep.masks);
            let mut populations = populations.lock().unwrap_or_else(PoisonError::into_inner);
            populations.add(&mut block, first, keep);
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let further = 1..threads.min(n_blocks / BLOCKS_PER_THREAD);
    thread::scope(|scope| {
        // Where no more threads can be had, those that there are do the work.
        let others: Vec<_> = further
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        work();
        let failed = others.into_iter().any(|other| other.join().is_err());
        (!failed).then_some(())
    })
    .ok_or_else(|| Error::Threads("a gating thread failed".into()))?;
    let mut populations = populations
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    populations.finish(plan);
    Ok(populations)
}
