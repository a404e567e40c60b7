//! Laws of ellipsoids, and hostile numbers.

use super::*;
use proptest::prelude::*;

fn matrix(rows: &[&[f64]]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.to_vec()).collect()
}

fn message(made: Result<Ellipsoid>) -> String {
    made.expect_err("a refusal").to_string()
}

#[test]
fn has_its_border_inside() {
    let circle = Ellipsoid::new(&[0.0, 0.0], &matrix(&[&[1.0, 0.0], &[0.0, 1.0]]), 25.0);
    let circle = circle.expect("a circle");
    for point in [[3.0, 4.0], [-5.0, 0.0], [0.0, 5.0], [4.0, -3.0]] {
        assert!(circle.contains(&point), "{point:?}");
    }
    assert!(!circle.contains(&[3.0, 4.0_f64.next_up()]));
    assert!(!circle.contains(&[5.0_f64.next_up(), 0.0]));
    // Variances of 2 have no square root among numbers; their quotients are exact.
    let round = Ellipsoid::new(&[1.0, 1.0], &matrix(&[&[2.0, 0.0], &[0.0, 2.0]]), 1.0);
    assert!(round.expect("a circle").contains(&[2.0, 0.0]));
    // Half-axes of 10 and 5, turned by 45 degrees: vertices at 10 / √2.
    let turned = Ellipsoid::new(&[0.0, 0.0], &matrix(&[&[62.5, 37.5], &[37.5, 62.5]]), 1.0);
    let turned = turned.expect("an ellipse");
    let tip = 50.0_f64.sqrt();
    assert!(turned.contains(&[tip * (1.0 - 1e-12), tip * (1.0 - 1e-12)]));
    assert!(!turned.contains(&[tip * (1.0 + 1e-12), tip * (1.0 + 1e-12)]));
    assert!(!turned.contains(&[tip / 1.5, -tip / 1.5]));
}

#[test]
fn holds_nothing_that_is_not_a_number() {
    let round = Ellipsoid::new(&[0.0, 0.0], &matrix(&[&[1.0, 0.5], &[0.5, 1.0]]), f64::MAX);
    let round = round.expect("an ellipse");
    for hostile in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!round.contains(&[hostile, 0.0]) && !round.contains(&[0.0, hostile]));
        assert!(!round.contains(&[hostile, hostile]));
    }
}

#[test]
fn squares_semi_axes_of_any_size() {
    for size in [1e-300, 1e-160, 1e-100, 1.0, 1e100, 1e150] {
        let square: f64 = size * size;
        for (variance, distance) in [(1.0, square), (square, 1.0), (size, size)] {
            if variance < 1e-307 || distance < 1e-307 {
                continue;
            }
            let round = Ellipsoid::new(
                &[0.0; 2],
                &matrix(&[&[variance, 0.0], &[0.0, variance]]),
                distance,
            );
            let round = round.expect("a circle");
            let (inner, outer) = (size * (1.0 - 1e-12), size * (1.0 + 1e-12));
            assert!(
                round.contains(&[inner, 0.0]) && round.contains(&[0.0, -inner]),
                "{size:e}"
            );
            assert!(
                !round.contains(&[outer, 0.0]) && !round.contains(&[0.0, -outer]),
                "{size:e}"
            );
            assert!(!round.contains(&[1e300, 1e300]) && round.contains(&[5e-324, -5e-324]));
        }
    }
}

#[test]
fn refuses_what_is_no_ellipsoid() {
    let unit = matrix(&[&[1.0, 0.0], &[0.0, 1.0]]);
    let two = [0.0, 0.0];
    for (made, part) in [
        (
            Ellipsoid::new(&[0.0], &matrix(&[&[1.0]]), 1.0),
            "at least 2 dimensions",
        ),
        (
            Ellipsoid::new(&[0.0, f64::NAN], &unit, 1.0),
            "mean of an ellipsoid must be finite",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 0.0]]), 1.0),
            "has 1 rows, expected 2",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 0.0], &[0.0]]), 1.0),
            "row 2 of the covariance",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 0.0], &[0.0, f64::INFINITY]]), 1.0),
            "finite",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 0.5], &[0.4, 1.0]]), 1.0),
            "not symmetric",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 2.0], &[2.0, 1.0]]), 1.0),
            "not positive definite",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[1.0, 1.0], &[1.0, 1.0]]), 1.0),
            "not positive definite",
        ),
        (
            Ellipsoid::new(&two, &matrix(&[&[0.0, 0.0], &[0.0, 1.0]]), 1.0),
            "not positive definite",
        ),
        (Ellipsoid::new(&two, &unit, 0.0), "must be positive"),
        (Ellipsoid::new(&two, &unit, -1.0), "must be positive"),
        (Ellipsoid::new(&two, &unit, f64::NAN), "must be positive"),
        (
            Ellipsoid::as_written(&two, &matrix(&[&[1.0, 1.0], &[1.0, 1.0]]), 1.0),
            "no inverse",
        ),
    ] {
        let message = message(made);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn takes_a_matrix_as_it_is_written_on_request() {
    // The matrix of ISAC's Ellipsoid3D: neither symmetric nor positive definite.
    let rows = matrix(&[&[2.5, 7.5, 17.5], &[7.5, 7.0, 13.5], &[15.5, 13.5, 4.3]]);
    let mean = [40.3, 30.6, 20.8];
    assert!(message(Ellipsoid::new(&mean, &rows, 1.0)).contains("not symmetric"));
    let form = Ellipsoid::as_written(&mean, &rows, 1.0).expect("a matrix with an inverse");
    assert!(form.contains(&mean));
    // Along the eigenvector of a negative eigenvalue there is no end.
    assert!(form.contains(&[mean[0] + 1000.0, mean[1] - 1000.0, mean[2]]));
    for hostile in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for at in 0..3 {
            let mut point = mean;
            point[at] = hostile;
            assert!(!form.contains(&point), "{point:?}");
        }
    }
    let strict = matrix(&[&[2.0, 1.0], &[1.0, 3.0]]);
    assert_eq!(
        Ellipsoid::as_written(&[0.0; 2], &strict, 1.0).expect("definite"),
        Ellipsoid::new(&[0.0; 2], &strict, 1.0).expect("definite")
    );
}

/// A covariance `A Aᵀ` and its factor.
fn spread(n: usize) -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<Vec<f64>>)> {
    prop::collection::vec(prop::collection::vec(-2.0..2.0_f64, n), n).prop_map(move |mut a| {
        for (i, row) in a.iter_mut().enumerate() {
            row[i] += 5.0;
        }
        let entry = |i: usize, j: usize| (0..n).fold(0.0, |sum, k| sum + a[i][k] * a[j][k]);
        let covariance = (0..n)
            .map(|i| (0..n).map(|j| entry(i, j)).collect())
            .collect();
        (covariance, a)
    })
}

fn image(a: &[Vec<f64>], shift: &[f64], x: &[f64]) -> Vec<f64> {
    let rows = a.iter().zip(shift);
    rows.map(|(row, s)| row.iter().zip(x).fold(*s, |sum, (a, x)| sum + a * x))
        .collect()
}

#[test]
fn single_precision_is_used_where_it_leaves_little_undecided() {
    let ellipse = |mean: f64, variance: f64, mixed: f64, distance| {
        let rows = matrix(&[&[variance, mixed], &[mixed, 1.0]]);
        let gate = Ellipsoid::new(&[mean, 0.0], &rows, distance);
        gate.expect("an ellipse").single.is_some()
    };
    assert!(ellipse(0.0, 1.0, 0.0, 1.0) && ellipse(100.0, 1.0, 0.9, 1e9));
    assert!(!ellipse(1e6, 1.0, 0.0, 1.0) && ellipse(1e6, 1e12, 0.0, 1.0));
    assert!(!ellipse(0.0, 1.0, 1.0 - 1e-9, 1.0) && !ellipse(0.0, 1e80, 0.0, 1.0));
}

proptest! {
    #[test]
    fn columns_of_single_precision_are_decided_as_their_values(
        (covariance, _) in spread(2), off in (-1.0..1.0_f64, -1.0..1.0_f64), far in -3..6_i32,
        angles in prop::collection::vec((0.0..6.3_f64, -25.0..0.0_f64, any::<bool>()), 1..700),
        scales in (-45..45_i32, -45..45_i32), distance in -40..40_i32, tilt in 0..14_i32,
        given in any::<u64>(),
    ) {
        // Points up to 2⁻²⁵ of the radius from the border, of ellipses thin and thick, near and far.
        let (fx, fy) = (2.0_f64.powi(scales.0), 2.0_f64.powi(scales.1));
        let thin = 4.0_f64.powi(-tilt);
        let slope = covariance[1][0] / covariance[0][0];
        let rest = thin * (covariance[1][1] - slope * covariance[1][0]);
        let corner = slope * slope * covariance[0][0] + rest;
        let rows = vec![
            vec![covariance[0][0] * fx * fx, covariance[1][0] * fx * fy],
            vec![covariance[1][0] * fx * fy, corner * fy * fy],
        ];
        let square = 2.0_f64.powi(distance) * 1.3;
        let away = 10.0_f64.powi(far) * square.sqrt();
        let mean = [off.0 * away * fx, off.1 * away * fy];
        let gate = Ellipsoid::new(&mean, &rows, square);
        prop_assume!(gate.is_ok());
        let gate = gate.expect("just seen");
        let (across, along) = (covariance[0][0].sqrt(), rest.sqrt());
        #[allow(clippy::cast_possible_truncation)]
        let (mut xs, mut ys): (Vec<f32>, Vec<f32>) = angles.iter().map(|(angle, near, beyond)| {
            let change = near.exp2() * if *beyond { 1.0 } else { -1.0 };
            let radius = square.sqrt() * (1.0 + change);
            let u = angle.cos() * radius * across;
            let v = slope * u + angle.sin() * radius * along;
            ((mean[0] + u * fx) as f32, (mean[1] + v * fy) as f32)
        }).unzip();
        #[allow(clippy::cast_possible_truncation)]
        let middle = [mean[0] as f32, mean[1] as f32];
        let hostile = [
            f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e38, -1e38, 1e20, 0.0, -0.0,
            f32::MIN_POSITIVE, 1e-45, -1e-40, middle[0], middle[1],
        ];
        for x in hostile {
            for y in hostile {
                xs.push(x);
                ys.push(y);
            }
        }
        let n = xs.len();
        let mut mask = vec![given; n.div_ceil(64) + 1];
        let mut plain = mask.clone();
        gate.retain(Columns::Single(&[&xs, &ys]), &mut mask);
        crate::simd::forced::baseline(|| gate.retain(Columns::Single(&[&xs, &ys]), &mut plain));
        prop_assert_eq!(&mask, &plain);
        for event in 0..mask.len() * 64 {
            let asked = given >> (event % 64) & 1 == 1;
            let expected = asked && event < n
                && gate.contains(&[f64::from(xs[event]), f64::from(ys[event])]);
            prop_assert_eq!(mask[event / 64] >> (event % 64) & 1 == 1, expected, "{}", event);
        }
    }

    #[test]
    fn follows_an_affine_map(
        (covariance, a) in spread(3), mean in prop::collection::vec(-9.0..9.0_f64, 3),
        x in prop::collection::vec(-20.0..20.0_f64, 3), distance in 0.1..30.0_f64,
    ) {
        // x in (μ, B Bᵀ) if and only if A x + s in (A μ + s, A B Bᵀ Aᵀ).
        let gate = Ellipsoid::new(&mean, &covariance, distance).expect("positive definite");
        let shift = [3.0, -70.0, 0.25];
        let product = |l: &[Vec<f64>], r: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
            l.iter().map(|row| (0..3).map(|j| (0..3).map(|k| row[k] * r(k, j)).sum()).collect()).collect()
        };
        let half = product(&a, &|i, j| covariance[i][j]);
        let mapped = product(&half, &|i, j| a[j][i]);
        let mapped = Ellipsoid::new(&image(&a, &shift, &mean), &mapped, distance).expect("positive definite");
        let square = gate.distance_square(|i| x[i]) / gate.most;
        // Rounding decides only on the border itself.
        if (square - 1.0).abs() > 1e-9 {
            prop_assert_eq!(mapped.contains(&image(&a, &shift, &x)), gate.contains(&x));
        }
    }

    #[test]
    fn words_decide_as_single_points_do(
        (covariance, _) in spread(3), mean in prop::collection::vec(-9.0..9.0_f64, 3),
        points in prop::collection::vec(prop::collection::vec(-20.0..20.0_f64, 3), 1..1200),
        scale in -300..300_i32, given in any::<u64>(), strict in any::<bool>(), n_axes in 2..=3_usize,
    ) {
        let factor = 2.0_f64.powi(scale);
        let covariance: Vec<Vec<f64>> = covariance[..n_axes].iter().enumerate()
            .map(|(i, row)| row[..n_axes].iter().enumerate()
                .map(|(j, c)| if strict || (i, j) != (0, 1) { c * factor * factor } else { 0.0 }).collect())
            .collect();
        let mean: Vec<f64> = mean[..n_axes].iter().map(|m| m * factor).collect();
        let gate = if strict {
            Ellipsoid::new(&mean, &covariance, 0.7).expect("positive definite")
        } else {
            Ellipsoid::as_written(&mean, &covariance, 0.7).expect("an inverse")
        };
        let mut columns: Vec<Vec<f64>> = (0..n_axes)
            .map(|i| points.iter().map(|point| point[i] * factor).collect()).collect();
        for (i, column) in columns.iter_mut().enumerate() {
            column[0] = [f64::NAN, f64::INFINITY, 1e300][i];
            column.extend([mean[i], 1e300, 1e-300, f64::NEG_INFINITY, 5e-324, mean[i]]);
            // Straight along one axis to within an ulp of the border.
            let edge = mean[i] + if i == 0 { (0.7 * covariance[0][0]).sqrt() } else { 0.0 };
            column.extend([edge.next_down(), edge, edge.next_up()]);
        }
        let n = columns[0].len();
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut mask = vec![given; n.div_ceil(64) + 1];
        let mut plain = mask.clone();
        gate.retain(Columns::Double(&views), &mut mask);
        crate::simd::forced::baseline(|| gate.retain(Columns::Double(&views), &mut plain));
        prop_assert_eq!(&mask, &plain);
        for event in 0..mask.len() * 64 {
            let asked = given >> (event % 64) & 1 == 1;
            let expected = asked && event < n
                && gate.contains(&columns.iter().map(|column| column[event]).collect::<Vec<_>>());
            prop_assert_eq!(mask[event / 64] >> (event % 64) & 1 == 1, expected, "{}", event);
        }
    }

    #[test]
    fn is_sure_only_where_no_shift_matters(
        (covariance, _) in spread(2), angles in prop::collection::vec((0.0..6.3_f64, 0.9..1.1_f64), 64),
        delta in (1e-12..0.1_f64, 1e-12..0.1_f64), shift in (-1.0..1.0_f64, -1.0..1.0_f64),
    ) {
        let gate = Ellipsoid::new(&[1.0, 2.0], &covariance, 1.0).expect("positive definite");
        let l = (covariance[0][0].sqrt(), covariance[1][0] / covariance[0][0].sqrt());
        let rest = (covariance[1][1] - l.1 * l.1).sqrt();
        let (xs, ys): (Vec<f64>, Vec<f64>) = angles.iter().map(|(angle, radius)| {
            let (u, v) = (angle.cos() * radius, angle.sin() * radius);
            (1.0 + l.0 * u, 2.0 + l.1 * u + rest * v)
        }).unzip();
        let (mut inside, mut uncertain) = ([u64::MAX], [0]);
        gate.retain_within(&[&xs, &ys], &[delta.0, delta.1], &mut inside, &mut uncertain);
        prop_assert_eq!(inside[0] & uncertain[0], 0);
        for event in 0..64 {
            let near = [xs[event] + shift.0 * delta.0, ys[event] + shift.1 * delta.1];
            if uncertain[0] >> event & 1 == 0 {
                prop_assert_eq!(gate.contains(&near), inside[0] >> event & 1 == 1);
            }
        }
    }
}
