//! Tests of `pool`.

use super::*;

/// Stops a run, and counts how often it is asked.
struct Stopper(usize);

impl Monitor for Stopper {
    fn poll(&mut self, _finished: usize) -> bool {
        self.0 += 1;
        false
    }
}

#[test]
fn a_monitor_that_stopped_a_run_is_not_asked_again() {
    let (queue, mut monitor) = (FileQueue::new(&[], Keep::default()), Stopper(0));
    let (_send, receive) = mpsc::channel();
    let mut watch = Watch::new(&queue, receive, &mut monitor);
    for _ in 0..3 {
        std::thread::sleep(SLICE);
        assert!(watch.look_when_due());
    }
    drop(watch);
    assert_eq!(monitor.0, 1);
}
