//! Tests of `rectangle`.

use super::*;
use proptest::prelude::*;

fn dimension(min: Option<f64>, max: Option<f64>, interval: Interval) -> AxisBounds {
    AxisBounds::new(0, Scale::Identity, (min, max), interval).expect("an interval")
}

#[test]
fn is_half_open_by_the_standard_and_closed_on_request() {
    let gate = dimension(Some(1.0), Some(2.0), Interval::HalfOpen);
    assert!(gate.holds(1.0) && !gate.holds(2.0));
    let gate = dimension(Some(1.0), Some(2.0), Interval::Closed);
    assert!(gate.holds(1.0) && gate.holds(2.0) && !gate.holds(2.0_f64.next_up()));
}

#[test]
fn holds_no_nan_even_where_unbounded() {
    let gate = dimension(None, None, Interval::HalfOpen);
    assert!(!gate.holds(f64::NAN));
    assert!(gate.holds(f64::INFINITY) && gate.holds(f64::NEG_INFINITY));
}

proptest! {
    #[test]
    fn words_decide_as_single_values_do(
        mut values in prop::collection::vec(-50.0..3e5_f64, 1..=64),
        lower in prop::option::of(-0.1..0.6_f64), width in prop::option::of(0.0..0.6_f64),
        closed in any::<bool>(), ulps in -3..3_i64,
    ) {
        let scale = Scale::from_name("logicle", &[262_144.0, 0.5, 4.5, 0.0]).expect("a scale");
        let upper = width.map(|width| lower.unwrap_or(0.0) + width + 1e-3);
        let interval = if closed { Interval::Closed } else { Interval::HalfOpen };
        let dimension = AxisBounds::new(0, scale.clone(), (lower, upper), interval).expect("an interval");
        for bound in [lower, upper].into_iter().flatten() {
            let cut = scale.inverse(bound);
            values.push(f64::from_bits(cut.to_bits().wrapping_add_signed(ulps)));
        }
        values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0]);
        let words = values.len().div_ceil(64) + 1;
        let (mut mask, mut plain) = (vec![u64::MAX; words], vec![u64::MAX; words]);
        dimension.keep(&values, &mut mask);
        crate::simd::forced::baseline(|| dimension.keep(&values, &mut plain));
        prop_assert_eq!(&mask, &plain);
        prop_assert_eq!(mask[words - 1], 0);
        for (chunk, kept) in values.chunks(64).zip(mask) {
            let word = dimension.holds_word(chunk);
            prop_assert_eq!(word, kept);
            for (bit, &x) in chunk.iter().enumerate() {
                prop_assert_eq!(word >> bit & 1 == 1, dimension.holds(x), "{}", x);
            }
        }
    }
}

#[test]
fn bounds_decide_as_the_comparisons_say() {
    let numbers = [
        f64::NEG_INFINITY,
        f64::MIN,
        -1.0,
        -5e-324,
        -0.0,
        0.0,
        5e-324,
        1e-300,
        0.1,
        1.0,
        1e300,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let sides = numbers.map(Some).into_iter().chain([None]);
    for (min, max) in sides
        .clone()
        .flat_map(|min| sides.clone().map(move |max| (min, max)))
    {
        for interval in [Interval::HalfOpen, Interval::Closed] {
            let Ok(bounds) = Bounds::new((min, max), interval) else {
                assert!(AxisBounds::new(0, Scale::Identity, (min, max), interval).is_err());
                continue;
            };
            let (low, high) = bounds.in_single_precision();
            for x in numbers
                .into_iter()
                .flat_map(|x| [x.next_down(), x, x.next_up()])
            {
                let below = max.is_none_or(|max| match interval {
                    Interval::HalfOpen => x < max,
                    Interval::Closed => x <= max,
                });
                let expected = !x.is_nan() && min.is_none_or(|min| x >= min) && below;
                assert_eq!(bounds.holds(x), expected, "{x:e} in {min:?} {max:?}");
                #[allow(clippy::cast_possible_truncation)]
                let single = x as f32;
                assert_eq!(
                    single >= low && single <= high,
                    bounds.holds(f64::from(single))
                );
            }
        }
    }
}

#[test]
fn refuses_dividers_that_do_not_increase() {
    for cuts in [&[1.0, 1.0][..], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
        assert!(Bounds::between(cuts).is_err());
    }
    assert!(Bounds::between(&[]).is_err(), "nothing is cut");
}

#[test]
fn refuses_an_interval_without_events() {
    for (min, max) in [(2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0)] {
        let bounds = (Some(min), Some(max));
        assert!(AxisBounds::new(0, Scale::Identity, bounds, Interval::HalfOpen).is_err());
    }
}
