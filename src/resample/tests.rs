use super::*;
use proptest::prelude::*;

const PLAN: Plan = Plan {
    alpha: 0.05,
    most_enumerated: 1_000_000,
    replicates: 9_999,
    seed: 2012,
};

fn run(values: &[f64], n_first: usize, plan: &Plan) -> Option<Permutation> {
    let labels: Vec<bool> = (0..values.len()).map(|at| at < n_first).collect();
    permute_labels(
        ArrayView1::from(values),
        ArrayView1::from(&labels[..]),
        plan,
    )
}

const MADE_UP: [f64; 12] = [
    0.31, 0.72, 0.55, 0.18, 0.93, -0.11, 0.07, 0.29, -0.34, 0.13, 0.02, -0.21,
];

#[test]
fn looks_at_all_792_allocations_of_five_against_seven() {
    let found = run(&MADE_UP, 5, &PLAN).unwrap();
    assert_eq!(found.allocations, 792);
    assert!(found.exact);
    assert_eq!(found.smallest_p, 1.0 / 792.0);
}

#[test]
fn counts_both_mirror_images_in_the_floor_of_equal_groups() {
    let found = run(&MADE_UP[..8], 4, &PLAN).unwrap();
    assert_eq!(found.smallest_p, 2.0 / 70.0);
}

#[test]
fn raises_the_floor_where_values_are_tied() {
    let found = run(&[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0], 3, &PLAN).unwrap();
    assert!(found.smallest_p > 1.0 / 35.0, "{found:?}");
}

#[test]
fn the_interval_ends_where_p_crosses_alpha() {
    let found = run(&MADE_UP, 5, &PLAN).unwrap();
    let p_at = |shift: f64| {
        let mut moved = MADE_UP;
        moved[..5].iter_mut().for_each(|value| *value -= shift);
        run(&moved, 5, &PLAN).unwrap().p
    };
    assert!(p_at(found.low - 1e-9) <= 0.05 && p_at(found.low + 1e-9) > 0.05);
    assert!(p_at(found.high + 1e-9) <= 0.05 && p_at(found.high - 1e-9) > 0.05);
}

#[test]
fn the_interval_is_endless_where_the_floor_is_above_alpha() {
    let found = run(&MADE_UP[..5], 2, &PLAN).unwrap();
    assert_eq!((found.low, found.high), (f64::NEG_INFINITY, f64::INFINITY));
}

#[test]
fn says_infinite_where_neither_group_varies() {
    let found = run(&[0.3, 0.3, 0.3, 0.1, 0.1, 0.1], 3, &PLAN).unwrap();
    assert_eq!(found.statistic, f64::INFINITY);
    assert_eq!(found.p, 2.0 / 20.0);
    assert_eq!(found.degenerate, 2);
    assert!(found.low.is_nan() && found.high.is_nan());
}

#[test]
fn equal_values_are_no_effect() {
    let found = run(&[0.1; 6], 3, &PLAN).unwrap();
    assert_eq!((found.statistic, found.p, found.degenerate), (0.0, 1.0, 20));
}

#[test]
fn refuses_what_no_statistic_can_be_formed_of() {
    assert_eq!(run(&MADE_UP[..5], 1, &PLAN), None);
    assert_eq!(run(&MADE_UP[..5], 4, &PLAN), None);
    assert_eq!(run(&[], 0, &PLAN), None);
    let labels = ArrayView1::from(&[true, true, false, false]);
    assert_eq!(
        permute_labels(ArrayView1::from(&MADE_UP), labels, &PLAN),
        None
    );
    assert_eq!(run(&[1.0, 2.0, f64::NAN, 4.0], 2, &PLAN), None);
    assert_eq!(run(&MADE_UP, 5, &Plan { alpha: 1.0, ..PLAN }), None);
}

#[test]
fn a_sample_of_allocations_agrees_with_all_of_them() {
    let sampled = Plan {
        most_enumerated: 0,
        ..PLAN
    };
    let every = run(&MADE_UP, 5, &PLAN).unwrap();
    let some = run(&MADE_UP, 5, &sampled).unwrap();
    assert!(!some.exact && some.allocations == 10_000);
    assert_eq!(some.smallest_p, 1e-4);
    let error = (every.p * (1.0 - every.p) / 1e4).sqrt();
    assert!(
        (some.p - every.p).abs() < 4.0 * error + 1e-4,
        "{some:?} {every:?}"
    );
    assert!((some.low - every.low).abs() < 0.02);
    assert_eq!(run(&MADE_UP, 5, &sampled), Some(some));
}

proptest! {
    #[test]
    fn p_does_not_depend_on_units_or_on_the_order_of_patients(
        values in prop::collection::vec(-5.0..5.0_f64, 9),
        scale in 0.01..100.0_f64,
        shift in -50.0..50.0_f64,
    ) {
        let found = run(&values, 4, &PLAN).unwrap();
        let mut other: Vec<f64> = values.iter().map(|x| x * scale + shift).collect();
        other[..4].reverse();
        other[4..].reverse();
        let other = run(&other, 4, &PLAN).unwrap();
        prop_assert_eq!(found.p, other.p);
        prop_assert_eq!(found.smallest_p, other.smallest_p);
        prop_assert!((found.low * scale - other.low).abs() < 1e-6 * scale);
        prop_assert!((found.high * scale - other.high).abs() < 1e-6 * scale);
    }

    #[test]
    fn nothing_beyond_the_interval_is_accepted_and_its_border_is(
        values in prop::collection::vec(-5.0..5.0_f64, 9),
        beyond in 1e-6..20.0_f64,
    ) {
        let found = run(&values, 4, &PLAN).unwrap();
        let p_at = |delta: f64| {
            let mut moved = values.clone();
            moved[..4].iter_mut().for_each(|value| *value -= delta);
            run(&moved, 4, &PLAN).unwrap().p
        };
        prop_assert!(p_at(found.high + beyond) <= 0.05);
        prop_assert!(p_at(found.low - beyond) <= 0.05);
        prop_assert!(p_at(found.high - 1e-9) > 0.05);
        prop_assert!(p_at(found.low + 1e-9) > 0.05);
    }

    #[test]
    fn p_is_never_below_its_floor(
        values in prop::collection::vec(-2_i8..3, 8),
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let found = run(&values, 3, &PLAN).unwrap();
        prop_assert!(found.p >= found.smallest_p && found.p <= 1.0);
        prop_assert!(found.smallest_p >= 1.0 / 56.0);
    }
}
