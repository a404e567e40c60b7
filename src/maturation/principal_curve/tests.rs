use super::*;
use proptest::prelude::*;

const FIT: Fit = Fit {
    knots: 20,
    span: 0.2,
    rounds: 30,
    tolerance: 1e-4,
    threads: 1,
};

/// Points beside three quarters of a circle, from the angle 0 on; their angles.
fn arc_points(n: u32, noise: f64) -> (Vec<f64>, Vec<f64>) {
    let mut state = 2012_u64;
    let mut unit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut points, mut angles) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let angle = 1.5 * std::f64::consts::PI * unit();
        let radius = 1.0 + noise * (unit() + unit() - 1.0);
        points.extend([
            radius * angle.cos(),
            radius * angle.sin(),
            noise * (unit() - 0.5),
        ]);
        angles.push(angle);
    }
    (points, angles)
}

#[test]
fn follows_three_quarters_of_a_circle() -> Result<()> {
    let (points, angles) = arc_points(20_000, 0.2);
    let start: Vec<f64> = angles.iter().map(|a| a + 0.5 * (7.0 * a).sin()).collect();
    let curve = fit_curve(&points, 3, &start, &FIT)?;
    assert!(curve.settled);
    let mean = curve.projections.squares.iter().sum::<f64>() / 20_000.0;
    let length = 1.5 * std::f64::consts::PI;
    for (arc, angle) in curve.projections.arcs.iter().zip(&angles) {
        assert!((arc - angle).abs() < 0.25, "{arc} {angle}");
    }
    assert!(mean < 0.012, "{mean}");
    let ends = curve.line.vertices();
    assert!((ends[0][0] - 1.0).abs() < 0.1 && ends[0][1].abs() < 0.15);
    assert!(
        curve
            .projections
            .arcs
            .iter()
            .all(|&arc| arc <= length * 1.05)
    );
    Ok(())
}

#[test]
fn neither_order_nor_threads_matter() -> Result<()> {
    let (points, angles) = arc_points(40_000, 0.3);
    let fit = Fit { rounds: 4, ..FIT };
    let curve = fit_curve(&points, 3, &angles, &fit)?;
    for threads in [0, 2, 5] {
        assert_eq!(
            curve,
            fit_curve(&points, 3, &angles, &Fit { threads, ..fit })?
        );
    }
    let back: Vec<f64> = points.chunks_exact(3).rev().flatten().copied().collect();
    let start: Vec<f64> = angles.iter().rev().copied().collect();
    let reversed = fit_curve(&back, 3, &start, &fit)?;
    assert_eq!(curve.line, reversed.line);
    let arcs: Vec<f64> = reversed.projections.arcs.iter().rev().copied().collect();
    assert_eq!(curve.projections.arcs, arcs);
    Ok(())
}

#[test]
fn projecting_the_points_again_finds_their_projections() -> Result<()> {
    let (points, angles) = arc_points(2_000, 0.3);
    let curve = fit_curve(&points, 3, &angles, &FIT)?;
    assert_eq!(curve.projections, curve.line.project(&points, 3, 2)?);
    let flat: Vec<f64> = curve.line.vertices().concat();
    assert_eq!(curve.line, Polyline::new(&flat, 3)?);
    Ok(())
}

#[test]
fn refuses_what_is_no_cloud() {
    let (points, angles) = arc_points(100, 0.3);
    let few = Fit { knots: 40, ..FIT };
    assert!(matches!(
        fit_curve(&points, 3, &angles, &few),
        Err(Error::Length { .. })
    ));
    assert!(fit_curve(&points, 2, &angles, &FIT).is_err());
    let mut broken = points.clone();
    broken[7] = f64::NAN;
    assert!(matches!(
        fit_curve(&broken, 3, &angles, &FIT),
        Err(Error::NotANumber { index: 7, .. })
    ));
    assert!(fit_curve(&vec![1.0; 300], 3, &angles, &FIT).is_err()); // all in one point
    assert!(Polyline::new(&[0.0, 0.0], 2).is_err());
}

proptest! {
    #[test]
    fn every_point_of_a_line_is_on_it(slope in -3.0..3.0_f64, offset in -2.0..2.0_f64) {
        let projections: Vec<f64> = (0..200_u8).map(|i| f64::from(i) / 20.0).collect();
        let points: Vec<f64> = projections.iter().flat_map(|&x| [x, slope * x + offset]).collect();
        let curve = fit_curve(&points, 2, &projections, &FIT).expect("a cloud");
        // Bin means shorten the line by half a bin at either end.
        let unit = (1.0 + slope * slope).sqrt();
        prop_assert!(curve.projections.squares.iter().all(|&square| square.sqrt() < 0.2 * unit));
        prop_assert!(curve.projections.arcs.windows(2).all(|w| w[1] >= w[0]));
    }
}
