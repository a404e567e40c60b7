use super::*;
use crate::simd::forced::baseline;
use proptest::prelude::*;

fn scale(name: &str, parameters: &[f64]) -> Scale {
    Scale::from_name(name, parameters).expect("parameters within their constraints")
}

/// Scales as people use them, and at the limits of their parameters.
fn scales() -> Vec<Scale> {
    let mut all = vec![
        Scale::Identity,
        scale("linear", &[262_144.0, 100.0]),
        scale("log", &[262_144.0, 4.5]),
        scale("log", &[1e-3, 0.5]),
        scale("arcsinh", &[262_144.0, 4.5, 0.0]),
        scale("arcsinh", &[1000.0, 4.0, 1.0]),
        scale(
            "arcsinh",
            &[5.0 * 1.0_f64.sinh(), 1.0 / std::f64::consts::LN_10, 0.0],
        ),
        scale(
            "flowjo_biex",
            &[262_144.000_029, -10.0, 4.418_54, 0.0, 4096.0],
        ),
        scale(
            "flowjo_biex",
            &[262_144.000_029, -7.943_282, 4.418_54, 1.0, 4096.0],
        ),
        scale("flowjo_biex", &[262_144.0, 0.0, 4.5, 0.0, 4096.0]),
        scale("flowjo_biex", &[4_194_304.0, -1000.0, 5.6, 0.5, 256.0]),
    ];
    for name in ["logicle", "hyperlog"] {
        for [t, w, m, a] in [
            [262_144.0, 0.5, 4.5, 0.0],
            [1000.0, 1.0, 4.0, 0.0],
            [4_194_304.0, 1.5, 5.5, 0.5],
            [262_144.0, 2.25, 4.5, 0.0],
            [262_144.0, 0.7, 4.5, -0.7],
            [262_144.0, 1e-3, 4.5, 4.0],
            [1.0, 0.2, 1.0, 0.0],
            [1e8, 0.1, 12.0, 0.0],
        ] {
            all.push(scale(name, &[t, w, m, a]));
        }
    }
    all
}

/// Sizes from far below the linear part to far beyond the top, of both signs, with their neighbours.
fn values() -> Vec<f64> {
    let mut all = vec![
        0.0,
        -0.0,
        5e-324,
        1e-310,
        1e-300,
        1e300,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let mut size = 1e-4_f64;
    while size < 1e11 {
        all.extend([size, size.next_up(), size.next_down(), size * 1.000_1]);
        size *= 1.003_1;
    }
    for power in -13..36 {
        let size = f64::from(power).exp2();
        all.extend([size, size.next_up(), size.next_down()]);
    }
    let negative: Vec<_> = all.iter().map(|x| -x).collect();
    all.extend(negative);
    all
}

fn near(found: f64, exact: f64) -> bool {
    found.to_bits() == exact.to_bits()
        || (found.is_nan() && exact.is_nan())
        || (found - exact).abs() <= Fast::BOUND
}

#[test]
fn scaled_values_are_within_the_bound_everywhere() {
    let values = values();
    for scale in scales() {
        let fast = Fast::new(scale.clone());
        let mut found = values.clone();
        fast.forward_all(&mut found);
        for (&x, &found) in values.iter().zip(&found) {
            let exact = scale.forward(x);
            assert!(near(found, exact), "{scale:?} {x:e}: {found} for {exact}");
        }
    }
}

#[test]
fn values_brought_back_have_their_scaled_values() {
    let mut scaled_values: Vec<_> = (-150_000..=150_000).map(|i| f64::from(i) * 1e-5).collect();
    scaled_values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300, -1e-300]);
    for scale in scales() {
        let fast = Fast::new(scale.clone());
        let mut found = scaled_values.clone();
        fast.inverse_all(&mut found);
        for (&y, &found) in scaled_values.iter().zip(&found) {
            let exact = scale.inverse(y);
            let same = found.to_bits() == exact.to_bits() || (found.is_nan() && exact.is_nan());
            let back = scale.forward(found);
            assert!(
                same || (back - y).abs() <= Fast::BOUND,
                "{scale:?} {y}: {found} for {exact}"
            );
        }
    }
}

#[test]
fn both_levels_give_the_same_bits() {
    let values = values();
    let scaled_values: Vec<_> = (-1500..=1500).map(|i| f64::from(i) * 1e-3).collect();
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for scale in scales() {
        let fast = Fast::new(scale.clone());
        let run = || {
            let (mut a, mut b) = (values.clone(), scaled_values.clone());
            let (mut c, mut d) = (values.clone(), scaled_values.clone());
            scale.forward_all(&mut a);
            scale.inverse_all(&mut b);
            fast.forward_all(&mut c);
            fast.inverse_all(&mut d);
            [a, b, c, d].map(|values| bits(&values))
        };
        assert_eq!(run(), baseline(run), "{scale:?}");
        // The tables themselves are the same as well.
        let plain = baseline(|| Fast::made(scale.clone()));
        let mut c = values.clone();
        baseline(|| plain.forward_all(&mut c));
        assert_eq!(run()[2], bits(&c), "{scale:?}");
    }
}

#[test]
fn many_values_get_the_scaled_values_that_each_gets_alone() {
    let values = values();
    for scale in scales() {
        let mut out = vec![0.0; values.len()];
        scale.forward_into(&values, &mut out);
        for (&x, &found) in values.iter().zip(&out) {
            let alone = scale.forward(x);
            assert!(
                found.to_bits() == alone.to_bits() || (found.is_nan() && alone.is_nan()),
                "{scale:?} {x:e}: {found} and alone {alone}"
            );
        }
    }
}

#[test]
fn the_table_of_a_usual_scale_is_small() {
    let usual = scale("logicle", &[262_144.0, 0.5, 4.5, 0.0]);
    let Tables::Reflected(scaled_values, _) = Tables::new(&usual) else {
        unreachable!("a logicle has parabolas")
    };
    let values = Values::new(&usual, scaled_values.zero()).expect("usual");
    assert!(scaled_values.cells() <= 2048 && values.cells() <= 1024);
}

#[test]
fn flowjo_scaled_values_are_amid_the_lines_of_all_channels() {
    for scale in scales() {
        let Scale::FlowJoBiex(_) = scale else {
            continue;
        };
        // Every sixteenth of a channel of 4096, with the neighbours of the ends.
        let mut values: Vec<_> = (0..=65_536)
            .map(|i| scale.inverse(f64::from(i) / 65_536.0))
            .collect();
        let ends = [values[0], values[65_536]];
        values.extend(ends.map(f64::next_up));
        values.extend(ends.map(f64::next_down));
        let mut found = values.clone();
        Fast::new(scale.clone()).forward_all(&mut found);
        for (&x, &found) in values.iter().zip(&found) {
            assert!((0.0..=1.0).contains(&found), "{scale:?} {x:e}: {found}");
            assert!(near(found, scale.forward(x)), "{scale:?} {x:e}: {found}");
        }
    }
}

#[test]
fn tables_are_made_once_for_a_scale() {
    let of = |t| Fast::new(scale("arcsinh", &[t, 4.5, 0.0]));
    let first = of(1.0);
    // Other tests may hold or fill the list at any time.
    assert!((0..100).any(|_| Arc::ptr_eq(&of(1.0).tables, &of(1.0).tables)));
    assert!(!Arc::ptr_eq(&first.tables, &of(2.0).tables));
    for t in (1..=2 * MOST_TABLES).map(|i| i as f64) {
        assert_eq!(of(t).scale(), &scale("arcsinh", &[t, 4.5, 0.0]));
    }
    assert!(LATEST.len() <= MOST_TABLES);
}

#[test]
fn a_rising_value_has_no_lower_scaled_value() {
    let mut values: Vec<f64> = values().into_iter().filter(|x| x.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    for scale in scales() {
        let mut found = values.clone();
        Fast::new(scale.clone()).forward_all(&mut found);
        for (two, x) in found.windows(2).zip(&values) {
            let rounding = 4.0 * f64::EPSILON * two[0].abs().max(1.0);
            assert!(two[1] >= two[0] - rounding, "{scale:?} {x:e}: {two:?}");
        }
    }
}

#[test]
fn groups_that_are_not_full_or_not_within_reach_get_the_same_scaled_values() {
    let values = values();
    for scale in scales() {
        let fast = Fast::new(scale.clone());
        let mut whole = vec![0.0; values.len()];
        fast.forward_into(&values, &mut whole);
        for length in 1..=3 {
            for (values, whole) in values.chunks(length).zip(whole.chunks(length)) {
                let mut out = vec![0.0; values.len()];
                fast.forward_into(values, &mut out);
                let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan();
                assert!(out.iter().zip(whole).all(same), "{scale:?} {values:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_parameters_keep_the_bound(
        kind in 0..4_u8, t in 1e-3..1e9_f64, m in 0.3..12.0_f64, w in 0.0..=0.5_f64, a in 0.0..=1.0_f64,
        shares in prop::collection::vec(-1.2..1.2_f64, 64),
    ) {
        let w = (w * m).max(1e-6);
        let scale = match kind {
            0 => scale("logicle", &[t, w, m, a * (m - 2.0 * w)]),
            1 => scale("hyperlog", &[t, w, m, a * (m - 2.0 * w)]),
            2 => scale("arcsinh", &[t, m, a]),
            _ => scale("flowjo_biex", &[t, -10_f64.powf(2.0 * w.min(1.4)), m.max(1.5), a * 3.0, 4096.0]),
        };
        let fast = Fast::new(scale.clone());
        let mut values: Vec<_> = shares.iter().map(|&y| scale.inverse(y)).collect();
        values.extend(shares.iter().map(|&share| share * t));
        let mut found = values.clone();
        fast.forward_all(&mut found);
        for (&x, &found) in values.iter().zip(&found) {
            prop_assert!(near(found, scale.forward(x)), "{:?} {}", scale, x);
        }
    }
}
