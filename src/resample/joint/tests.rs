//! Joint permutations against one outcome at a time, and laws.

use super::super::{Plan, permute_labels};
use super::*;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

const EXTENT: Extent = Extent {
    most_enumerated: 1_000_000,
    replicates: 4_999,
    seed: 2012,
    threads: 2,
};

fn run(values: &Array2<f64>, n_first: usize, extent: &Extent) -> Option<Family> {
    let labels: Array1<bool> = (0..values.ncols()).map(|at| at < n_first).collect();
    permute_jointly(values.view(), labels.view(), extent, &mut || true).unwrap()
}

fn cohort(outcomes: usize, patients: usize) -> Array2<f64> {
    Array2::from_shape_fn((outcomes, patients), |(outcome, patient)| {
        let x = (outcome * 31 + patient * 17 + 5) as f64;
        (x * 1.37).sin() + f64::from(patient < 5) * 0.2 * outcome as f64
    })
}

#[test]
fn each_outcome_agrees_with_its_own_permutation() {
    let values = cohort(11, 12);
    for n_first in [5, 7] {
        let found = run(&values, n_first, &EXTENT).unwrap();
        let labels: Array1<bool> = (0..12).map(|at| at < n_first).collect();
        let plan = Plan {
            alpha: 0.05,
            most_enumerated: 1_000,
            replicates: 1,
            seed: 1,
        };
        for (outcome, row) in values.rows().into_iter().enumerate() {
            let alone = permute_labels(row, labels.view(), &plan).unwrap();
            assert_eq!(found.p[outcome], alone.p);
            assert_eq!(found.smallest_p[outcome], alone.smallest_p);
            assert!((found.statistic[outcome] - alone.statistic).abs() < 1e-12);
        }
        assert_eq!(found.allocations, 792);
    }
}

#[test]
fn one_outcome_has_nothing_to_adjust_for() {
    let found = run(&cohort(1, 12), 5, &EXTENT).unwrap();
    assert_eq!(found.p, found.p_max_t);
    assert_eq!(found.p, found.p_step_down);
    assert_eq!(found.smallest_p, found.smallest_p_max_t);
}

#[test]
fn threads_change_no_number() {
    for (values, extent) in [(cohort(20, 12), EXTENT), (cohort(9, 30), EXTENT)] {
        let one = run(
            &values,
            5,
            &Extent {
                threads: 1,
                ..extent
            },
        );
        let three = run(
            &values,
            5,
            &Extent {
                threads: 3,
                ..extent
            },
        );
        assert_eq!(one, three);
        assert!(one.is_some());
    }
}

#[test]
fn sampled_allocations_are_those_of_one_outcome() {
    let values = cohort(3, 30);
    let found = run(&values, 14, &EXTENT).unwrap();
    let labels: Array1<bool> = (0..30).map(|at| at < 14).collect();
    let plan = Plan {
        alpha: 0.05,
        most_enumerated: EXTENT.most_enumerated,
        replicates: EXTENT.replicates,
        seed: EXTENT.seed,
    };
    for (outcome, row) in values.rows().into_iter().enumerate() {
        let alone = permute_labels(row, labels.view(), &plan).unwrap();
        assert_eq!(found.p[outcome], alone.p);
    }
    assert_eq!((found.allocations, found.exact), (5_000, false));
    assert_eq!(found.smallest_p, vec![1.0 / 5_000.0; 3]);
}

#[test]
fn patients_without_an_outcome_leave_its_statistic_alone() {
    let mut values = cohort(2, 8);
    values[(0, 1)] = f64::NAN;
    values[(0, 6)] = f64::NAN;
    let found = run(&values, 3, &EXTENT).unwrap();
    // Six have it; of the 56 allocations, those with the two missing patients
    // in the first group leave one value there: 6. None empties the second.
    assert_eq!(found.undefined, vec![6, 0]);
    assert_eq!(found.allocations, 56);
}

#[test]
fn refuses_what_no_statistic_can_be_formed_of() {
    let mut values = cohort(2, 8);
    assert!(run(&values, 1, &EXTENT).is_none());
    assert!(run(&values.slice(ndarray::s![..0, ..]).to_owned(), 3, &EXTENT).is_none());
    values[(1, 0)] = f64::NAN;
    assert!(run(&values, 3, &EXTENT).is_some());
    values[(1, 1)] = f64::NAN;
    assert!(run(&values, 3, &EXTENT).is_none());
    values[(1, 1)] = f64::INFINITY;
    assert!(run(&values, 3, &EXTENT).is_none());
    let labels = Array1::from_elem(7, true);
    let found = permute_jointly(values.view(), labels.view(), &EXTENT, &mut || true);
    assert!(found.unwrap().is_none());
}

proptest! {
    #[test]
    fn the_family_costs_something_and_steps_give_some_back(
        values in prop::collection::vec(-3_i8..4, 4 * 8),
        gaps in prop::collection::vec(0_usize..32, 0..3),
    ) {
        let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
        for gap in gaps {
            values[gap] = f64::NAN;
        }
        let values = Array2::from_shape_vec((4, 8), values).unwrap();
        if let Some(found) = run(&values, 4, &EXTENT) {
            for outcome in 0..4 {
                prop_assert!(found.p_max_t[outcome] >= found.p_step_down[outcome]);
                prop_assert!(found.p_step_down[outcome] >= found.p[outcome]);
                prop_assert!(found.p[outcome] >= found.smallest_p[outcome]);
                prop_assert!(found.p_max_t[outcome] >= found.smallest_p_max_t[outcome]);
                prop_assert!(found.smallest_p_max_t[outcome] >= found.smallest_p[outcome]);
                prop_assert!(found.smallest_p[outcome] >= 1.0 / 70.0);
            }
        }
    }
}
