//! The values whose scaled values lie in a range: what a range on a scaled axis is on the compensated one.

use super::Scale;
use super::threshold::{Bound, Threshold};

/// The values `x` with `lo <= scaled value(x) < hi`, decided as [`Scale::forward`] decides them.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    lower: Option<Threshold>,
    upper: Option<Threshold>,
    low: f64,
    high: f64,
}

impl Interval {
    /// The smallest value inside; -inf where the lower side is open.
    #[must_use]
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The smallest value beyond; +inf where the upper side is open.
    #[must_use]
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Return whether the scaled value of `x` lies in the range; never for NaN.
    ///
    /// This is `low <= x < high` but for values a few roundings above an end, where the scale may
    /// waver and decides itself, and for +inf, which an open upper side admits.
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        !x.is_nan()
            && self.lower.as_ref().is_none_or(|lower| lower.holds(x))
            && self.upper.as_ref().is_none_or(|upper| !upper.holds(x))
    }
}

impl Scale {
    /// The interval of values whose scaled values lie in `[lo, hi)`; an infinite end leaves its side open.
    ///
    /// Both cuts are found by bisection over the order of floating-point numbers on
    /// [`Scale::forward`]. There is none where no value has such a scaled value, where an end is NaN or `lo`
    /// is not below `hi`, and where an end is at or beyond a scaled value that the scale gives to all finite
    /// values beyond some number (the ends of FlowJo's table): there a comparison of values with one
    /// number would say nothing about the many that share the scaled value.
    #[must_use]
    pub fn preimage(&self, lo: f64, hi: f64) -> Option<Interval> {
        if lo.is_nan() || hi.is_nan() || lo >= hi || self.saturates_at(lo) || self.saturates_at(hi)
        {
            return None;
        }
        let cut = |y: f64| (y.is_finite()).then(|| Threshold::new(self.clone(), y, Bound::AtLeast));
        let (lower, upper) = (cut(lo), cut(hi));
        let low = lower.as_ref().map_or(f64::NEG_INFINITY, Threshold::first);
        let high = upper.as_ref().map_or(f64::INFINITY, Threshold::first);
        let only_infinity = upper.is_none() && self.forward(f64::INFINITY) >= lo;
        let interval = Interval {
            lower,
            upper,
            low,
            high,
        };
        // Scaled values a rounding wide may be those of numbers above one that has a higher scaled value already.
        let wavers = || {
            let cuts = [&interval.lower, &interval.upper].into_iter().flatten();
            cuts.flat_map(Threshold::undecided)
                .any(|x| interval.holds(x))
        };
        (low < high || only_infinity || wavers()).then_some(interval)
    }

    /// Return whether `y` is at or beyond a scaled value that all finite values beyond some number share.
    pub(super) fn saturates_at(&self, y: f64) -> bool {
        match self {
            Self::FlowJoBiex(scale) => scale.saturates_at(y),
            Self::Grid(scale) => scale.saturates_at(y),
            Self::Bounded(scale) => scale.saturates_at(y),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scale(name: &str, parameters: &[f64]) -> Scale {
        Scale::from_name(name, parameters).expect("parameters within their constraints")
    }

    fn scales() -> Vec<Scale> {
        vec![
            Scale::Identity,
            scale("linear", &[1000.0, 100.0]),
            scale("log", &[262_144.0, 4.5]),
            scale("arcsinh", &[1000.0, 4.0, 1.0]),
            scale("logicle", &[262_144.0, 0.5, 4.5, 0.0]),
            scale("logicle", &[262_144.0, 2.25, 4.5, 0.0]),
            scale("logicle", &[1e6, 0.1, 9.0, 2.0]),
            scale("hyperlog", &[262_144.0, 0.5, 4.5, 0.0]),
            scale("hyperlog", &[1000.0, 0.01, 4.0, 1.0]),
            scale(
                "flowjo_biex",
                &[262_144.000_029, -10.0, 4.418_54, 0.0, 4096.0],
            ),
        ]
    }

    /// `x` and its 64 neighbours on either side.
    fn around(x: f64) -> Vec<f64> {
        let (mut all, mut up, mut down) = (vec![x], x, x);
        for _ in 0..64 {
            (up, down) = (up.next_up(), down.next_down());
            all.extend([up, down]);
        }
        all
    }

    const HOSTILE: [f64; 12] = [
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        1e-310,
        1e300,
        -1e300,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];

    fn check(scale: &Scale, lo: f64, hi: f64, values: &[f64]) {
        let within = |x: f64| {
            let scaled = scale.forward(x);
            let beyond = if hi.is_finite() { scaled >= hi } else { false };
            scaled >= lo && !beyond
        };
        let Some(interval) = scale.preimage(lo, hi) else {
            let shared = scale.saturates_at(lo) || scale.saturates_at(hi);
            let held = values.iter().any(|&x| within(x));
            assert!(
                shared || !held,
                "{scale:?} [{lo}, {hi}) is said to be empty"
            );
            return;
        };
        let ends = [interval.low(), interval.high()];
        let near = ends.iter().flat_map(|&end| around(end));
        for x in values.iter().copied().chain(near).chain(HOSTILE) {
            assert_eq!(interval.holds(x), within(x), "{scale:?} [{lo}, {hi}) {x:e}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn holds_what_the_forward_function_puts_in_the_range(
            which in 0..10_usize, lo in -0.2..1.2_f64, width in 1e-6..0.8_f64,
            values in prop::collection::vec(-1e6..1e6_f64, 8),
        ) {
            check(&scales()[which], lo, lo + width, &values);
            check(&scales()[which], f64::NEG_INFINITY, lo, &values);
            check(&scales()[which], lo, f64::INFINITY, &values);
        }

        #[test]
        fn an_end_that_is_a_scaled_value_is_closed_below_and_open_above(which in 0..10_usize, x in 1.0..9e4_f64) {
            // Ties: many values share a scaled value; all of them or none must be inside.
            let scale = scales()[which].clone();
            let scaled = scale.forward(x);
            check(&scale, scaled, scaled + 0.01, &around(x));
            check(&scale, scaled - 0.01, scaled, &around(x));
            check(&scale, scaled, scaled.next_up(), &around(x));
            let interval = scale.preimage(scaled, scaled + 0.01).expect("a range with x in it");
            prop_assert!(interval.low() <= x && interval.holds(x));
        }
    }

    #[test]
    fn is_there_where_only_a_wavering_scale_reaches_the_range() {
        // The first number whose scaled value is at least this one has a higher scaled value; a later one has it.
        let (scale, x) = (scales()[6].clone(), 69_655.620_110_047_76);
        let scaled = scale.forward(x);
        check(&scale, scaled, scaled.next_up(), &around(x));
        let interval = scale.preimage(scaled, scaled.next_up());
        assert!(interval.is_some_and(|interval| interval.holds(x)));
    }

    #[test]
    fn is_none_where_values_without_end_share_a_scaled_value() {
        let biex = scales()[9].clone();
        for (lo, hi) in [(0.0, 0.5), (0.5, 1.0), (-0.5, 0.5), (0.5, 1.5), (1.0, 2.0)] {
            assert_eq!(biex.preimage(lo, hi), None, "{lo} {hi}");
        }
        let open = biex.preimage(f64::NEG_INFINITY, 0.5).expect("an open side");
        assert!(open.holds(f64::NEG_INFINITY) && !open.holds(f64::INFINITY));
        let beyond = biex.preimage(0.5, f64::INFINITY).expect("an open side");
        assert!(
            beyond.holds(f64::INFINITY) && beyond.holds(1e9) && !beyond.holds(f64::NEG_INFINITY)
        );
        assert!(biex.preimage(1e-12, 1.0 - 1e-12).is_some());
    }

    #[test]
    fn keeps_the_logarithm_of_nothing_out_of_every_bounded_range() {
        let log = scales()[2].clone();
        let bounded = log.preimage(-1e9, 0.5).expect("a range");
        assert!(bounded.low() > 0.0);
        assert!(!bounded.holds(0.0) && !bounded.holds(-1.0) && bounded.holds(1.0));
        let open = log.preimage(f64::NEG_INFINITY, 0.5).expect("a range");
        assert!(open.holds(0.0) && open.holds(-1.0) && open.holds(f64::NEG_INFINITY));
        assert!(!open.holds(f64::NAN));
    }

    #[test]
    fn is_none_for_what_is_no_range() {
        for scale in scales() {
            for (lo, hi) in [(0.5, 0.5), (0.6, 0.5), (f64::NAN, 0.5), (0.5, f64::NAN)] {
                assert_eq!(scale.preimage(lo, hi), None);
            }
        }
    }
}
