//! Sign flips by brute laws.

use super::*;
use ndarray::Array2;
use proptest::prelude::*;

const EXTENT: Extent = Extent {
    most_enumerated: 1_000_000,
    replicates: 9_999,
    seed: 2012,
    threads: 2,
};

fn run(values: &Array2<f64>, extent: &Extent) -> Option<Flips> {
    flip_signs(values.view(), 0.05, extent, &mut || true).unwrap()
}

fn one(values: &[f64], extent: &Extent) -> Option<Flips> {
    let values = Array2::from_shape_vec((1, values.len()), values.to_vec()).unwrap();
    run(&values, extent)
}

const MADE_UP: [f64; 9] = [0.31, 0.72, 0.55, -0.18, 0.93, -0.11, 0.07, 0.29, 0.44];

#[test]
fn five_patients_can_never_reach_one_in_twenty() {
    let found = one(&[0.3, 0.7, 0.5, 0.2, 0.9], &EXTENT).unwrap();
    assert_eq!(found.family.p, vec![2.0 / 32.0]);
    assert_eq!(found.family.smallest_p, vec![0.0625]);
    assert_eq!(found.family.allocations, 32);
    assert_eq!(
        (found.low[0], found.high[0]),
        (f64::NEG_INFINITY, f64::INFINITY)
    );
}

#[test]
fn patients_without_change_raise_the_floor() {
    let found = one(&[0.0, 0.0, 0.5, 0.2, 0.9, 0.4], &EXTENT).unwrap();
    assert_eq!(found.family.smallest_p, vec![8.0 / 64.0]);
}

#[test]
fn equal_changes_have_an_endless_statistic_and_no_interval() {
    let found = one(&[0.1; 6], &EXTENT).unwrap();
    assert_eq!(found.family.statistic, vec![f64::INFINITY]);
    assert_eq!(found.family.p, vec![2.0 / 64.0]);
    assert_eq!(found.family.degenerate, vec![2]);
    assert!(found.low[0].is_nan() && found.high[0].is_nan());
    let none = one(&[0.0; 6], &EXTENT).unwrap();
    assert_eq!(none.family.statistic, vec![0.0]);
    assert_eq!(none.family.p, vec![1.0]);
}

#[test]
fn a_sample_of_flips_agrees_with_all_of_them() {
    let sampled = Extent {
        most_enumerated: 0,
        ..EXTENT
    };
    let every = one(&MADE_UP, &EXTENT).unwrap();
    let some = one(&MADE_UP, &sampled).unwrap();
    assert!(!some.family.exact && some.family.allocations == 10_000);
    assert_eq!(some.family.smallest_p, vec![1e-4]);
    assert!((some.family.p[0] - every.family.p[0]).abs() < 0.01);
    assert!((some.low[0] - every.low[0]).abs() < 0.03);
    assert!((some.high[0] - every.high[0]).abs() < 0.03);
    assert_eq!(one(&MADE_UP, &sampled), Some(some));
}

#[test]
fn refuses_what_no_statistic_can_be_formed_of() {
    assert!(one(&[], &EXTENT).is_none());
    assert!(one(&[1.0, f64::NAN, f64::NAN], &EXTENT).is_none());
    assert!(one(&[1.0, f64::INFINITY, 2.0], &EXTENT).is_none());
    let values = Array2::from_elem((1, 5), 0.5);
    let found = flip_signs(values.view(), 1.0, &EXTENT, &mut || true);
    assert!(found.unwrap().is_none());
}

proptest! {
    #[test]
    fn means_beyond_the_interval_are_rejected_and_its_border_is_not(
        values in prop::collection::vec(-5.0..5.0_f64, 8),
        beyond in 1e-6..5.0_f64,
    ) {
        let found = one(&values, &EXTENT).unwrap();
        let p_at = |shift: f64| {
            let moved: Vec<f64> = values.iter().map(|x| x - shift).collect();
            one(&moved, &EXTENT).unwrap().family.p[0]
        };
        prop_assert!(p_at(found.high[0] + beyond) <= 0.05);
        prop_assert!(p_at(found.low[0] - beyond) <= 0.05);
        prop_assert!(p_at(found.high[0] - 1e-9) > 0.05);
        prop_assert!(p_at(found.low[0] + 1e-9) > 0.05);
    }

    #[test]
    fn missing_values_and_units_change_nothing(
        values in prop::collection::vec(-5.0..5.0_f64, 7),
        scale in 0.01..100.0_f64,
    ) {
        let found = one(&values, &EXTENT).unwrap();
        let mut other: Vec<f64> = values.iter().map(|x| -x * scale).collect();
        other.insert(3, f64::NAN);
        let other = one(&other, &EXTENT).unwrap();
        prop_assert_eq!(found.family.p, other.family.p);
        prop_assert_eq!(found.family.smallest_p, other.family.smallest_p);
        prop_assert!((found.low[0] * scale + other.high[0]).abs() < 1e-9 * scale);
    }

    #[test]
    fn the_family_costs_something_and_steps_give_some_back(
        values in prop::collection::vec(-3_i8..4, 3 * 7),
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let values = Array2::from_shape_vec((3, 7), values).unwrap();
        let found = run(&values, &EXTENT).unwrap().family;
        for outcome in 0..3 {
            prop_assert!(found.p_max_t[outcome] >= found.p_step_down[outcome]);
            prop_assert!(found.p_step_down[outcome] >= found.p[outcome]);
            prop_assert!(found.p[outcome] >= found.smallest_p[outcome]);
            prop_assert!(found.smallest_p[outcome] >= 2.0 / 128.0);
        }
    }
}
