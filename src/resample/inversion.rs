//! Where a allocation counts towards p while the first group is shifted.

use super::{TIE, moments::Moments};

/// The two ends of an interval.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Below,
    Above,
}

/// The quartic in the shift that tells where a allocation counts, lowest power
/// first; `None` for the allocation that only repeats or swaps the observed one.
pub(super) fn quartic(
    centred: &[f64],
    shift: &[f64],
    labels: &[bool],
    side: Side,
) -> Option<[f64; 5]> {
    let crossed = Moments::of(centred, shift, labels);
    let moved = Moments::of(shift, shift, labels).error_product();
    if moved == 0.0 {
        return None;
    }
    let sign = match side {
        Side::Above => 1.0,
        Side::Below => -1.0,
    };
    let own = Moments::of(centred, centred, labels).error_product();
    let a = crossed.left[0] - crossed.left[1];
    let b = sign * (crossed.right[0] - crossed.right[1]);
    let c = (1.0 - TIE) * (1.0 - TIE);
    let linear = -2.0 * sign * crossed.error_product();
    Some([
        a * a,
        -2.0 * a * b,
        b * b - c * own,
        -c * linear,
        -c * moved,
    ])
}
