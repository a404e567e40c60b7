//! Laws of polygons: borders, vertices, hostile numbers, and the grid against every edge.

use super::*;
use crate::simd::forced::baseline;
use proptest::prelude::*;

fn square() -> Polygon {
    Polygon::new(vec![(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]).expect("a square")
}

fn pentagram() -> Polygon {
    let star = (0..5)
        .map(|k| (f64::from(k) * 0.8 * std::f64::consts::PI).sin_cos())
        .collect();
    Polygon::new(star).expect("a pentagram")
}

/// Compare the grid with all edges, in words of both kinds and one by one.
fn check(polygon: &Polygon, xs: &[f64], ys: &[f64]) {
    polygon.prepare();
    let mut mask = vec![u64::MAX; xs.len().div_ceil(64) + 1];
    let mut plain = mask.clone();
    polygon.retain(Columns::Double(&[xs, ys]), &mut mask);
    baseline(|| polygon.retain(Columns::Double(&[xs, ys]), &mut plain));
    assert_eq!(mask, plain);
    check_single(polygon, xs, ys);
    for (event, (&x, &y)) in xs.iter().zip(ys).enumerate() {
        let expected = polygon.contains_by_all_edges(x, y);
        let found = mask[event / 64] >> (event % 64) & 1 == 1;
        assert_eq!(found, expected, "({x:e}, {y:e}) in {polygon:?}");
        assert_eq!(
            polygon.contains_point(x, y),
            expected,
            "({x:e}, {y:e}) in {polygon:?}"
        );
    }
    for event in xs.len()..mask.len() * 64 {
        assert_eq!(mask[event / 64] >> (event % 64) & 1, 0);
    }
}

/// Compare columns of single precision with the same numbers one by one.
#[allow(clippy::cast_possible_truncation)] // any number will do
fn check_single(polygon: &Polygon, xs: &[f64], ys: &[f64]) {
    let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|x| *x as f32).collect() };
    let (xs, ys) = (narrow(xs), narrow(ys));
    let mut mask = vec![u64::MAX; xs.len().div_ceil(64) + 1];
    let mut plain = mask.clone();
    polygon.retain(Columns::Single(&[&xs, &ys]), &mut mask);
    baseline(|| polygon.retain(Columns::Single(&[&xs, &ys]), &mut plain));
    assert_eq!(mask, plain);
    for (event, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
        let found = mask[event / 64] >> (event % 64) & 1 == 1;
        let expected = polygon.contains_by_all_edges(x.into(), y.into());
        assert_eq!(found, expected, "({x:e}, {y:e}) in {polygon:?}");
    }
}

/// A coordinate and its neighbours.
fn around(x: f64) -> [f64; 3] {
    [x.next_down(), x, x.next_up()]
}

const HOSTILE: [f64; 13] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    1e300,
    -1e300,
    1e-300,
    -1e-300,
    5e-324,
    -5e-324,
    0.0,
    -0.0,
];

/// Vertices, points on edges, their neighbours, and hostile numbers.
fn probes(vertices: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    let mut points = Vec::new();
    for (index, &a) in vertices.iter().enumerate() {
        let b = vertices[(index + 1) % vertices.len()];
        for part in [0.0, 0.5, 0.25, 1.0 / 3.0, 0.9] {
            let (x, y) = (a.0 + part * (b.0 - a.0), a.1 + part * (b.1 - a.1));
            for x in around(x) {
                points.extend(around(y).map(|y| (x, y)));
            }
        }
        points.extend(HOSTILE.map(|hostile| (hostile, a.1)));
        points.extend(HOSTILE.map(|hostile| (a.0, hostile)));
    }
    for x in HOSTILE {
        points.extend(HOSTILE.map(|y| (x, y)));
    }
    points.into_iter().unzip()
}

#[test]
fn has_its_border_and_its_vertices_inside() {
    for (x, y) in [
        (0.0, 0.0),
        (1.0, 1.0),
        (1.0, 0.5),
        (0.5, 1.0),
        (0.5, 0.0),
        (0.0, 0.5),
    ] {
        assert!(square().contains_point(x, y), "({x}, {y})");
    }
    for (x, y) in [
        (1.0_f64.next_up(), 0.5),
        (0.5, -5e-324),
        (f64::NAN, 0.5),
        (f64::INFINITY, 0.5),
    ] {
        assert!(!square().contains_point(x, y), "({x}, {y})");
    }
}

#[test]
fn has_the_centre_of_a_pentagram_outside() {
    let star = pentagram();
    assert!(!star.contains_point(0.0, 0.0));
    assert!(star.contains_point(0.0, 0.9));
}

#[test]
fn refuses_what_has_no_area() {
    assert!(Polygon::new(vec![(0.0, 0.0), (1.0, 1.0)]).is_err());
    assert!(Polygon::new(vec![(0.0, 0.0), (1.0, 1.0), (3.0, 3.0)]).is_err());
    assert!(Polygon::new(vec![(1.0, 1.0); 4]).is_err());
    assert!(Polygon::new(vec![(0.0, 0.0), (1.0, f64::NAN), (3.0, 3.0)]).is_err());
    assert!(Polygon::new(vec![(5e-324, 0.0), (0.0, 5e-324), (0.0, 0.0)]).is_ok());
}

#[test]
fn decides_a_lattice_as_all_edges_do() {
    let star = pentagram();
    let wobbly: Vec<_> = (0..200)
        .map(|k| {
            let angle = f64::from(k) * std::f64::consts::TAU / 200.0;
            let radius = 1.0 + 0.12 * (3.0 * angle).cos() + 0.05 * (7.0 * angle).cos();
            (
                450.0 + 400.0 * radius * angle.cos(),
                450.0 + 350.0 * radius * angle.sin(),
            )
        })
        .collect();
    // On whole numbers, so that many points lie on edges.
    let whole = wobbly
        .iter()
        .step_by(10)
        .map(|(x, y)| (x.round(), y.round()))
        .collect();
    let comb = (0..60).flat_map(|k| {
        [
            (15.0 * f64::from(k), 10.0),
            (15.0 * f64::from(k) + 4.0, 880.0),
        ]
    });
    for (polygon, step, origin) in [
        (star, 2.2 / 900.0, -1.1),
        (Polygon::new(wobbly).expect("an outline"), 1.0, 0.0),
        (Polygon::new(whole).expect("an outline"), 1.0, 0.0),
        (Polygon::new(comb.collect()).expect("a comb"), 1.0, 0.0),
        (square(), 1.5 / 900.0, -0.25),
    ] {
        let at = |k: usize| origin + step * k as f64;
        let (xs, ys): (Vec<_>, Vec<_>) = (0..900 * 900).map(|k| (at(k % 900), at(k / 900))).unzip();
        check(&polygon, &xs, &ys);
    }
}

#[test]
fn is_exact_at_every_magnitude() {
    let outline = [(0.0, 0.0), (7.0, 1.0), (3.0, 3.0), (5.0, 9.0), (-2.0, 6.0)];
    let mut lattice = Vec::new();
    for x in -3..9 {
        lattice.extend((-2..11).map(|y| (f64::from(x), f64::from(y))));
    }
    for (to_x, to_y) in [
        (-1074, -1074),
        (-1074, 1020),
        (1020, 1020),
        (-600, 600),
        (0, 0),
        (-500, -500),
    ] {
        let scale = |(x, y): (f64, f64)| {
            let power = |to: i32| 2.0_f64.powi(to / 2) * 2.0_f64.powi(to - to / 2);
            (x * power(to_x), y * power(to_y))
        };
        let model = Polygon::new(outline.to_vec()).expect("an outline");
        let scaled = Polygon::new(outline.map(scale).to_vec()).expect("an outline");
        for &(x, y) in &lattice {
            let (u, v) = scale((x, y));
            assert_eq!(
                scaled.contains_by_all_edges(u, v),
                model.contains_by_all_edges(x, y),
                "{to_x} {to_y}"
            );
        }
        let (xs, ys): (Vec<_>, Vec<_>) = lattice.iter().map(|point| scale(*point)).unzip();
        check(&scaled, &xs, &ys);
        let (xs, ys) = probes(scaled.vertices());
        check(&scaled, &xs, &ys);
    }
    // A few ulps wide, far from zero.
    let ulps = |k: f64| 1e9 + k * 1e9_f64.next_up().rem_euclid(1e9);
    let narrow: Vec<_> = outline.iter().map(|&(x, y)| (ulps(x), ulps(y))).collect();
    let (xs, ys) = lattice
        .iter()
        .map(|&(x, y)| (ulps(x), ulps(y)))
        .unzip::<_, _, Vec<_>, Vec<_>>();
    check(&Polygon::new(narrow).expect("an outline"), &xs, &ys);
}

#[test]
fn bears_a_hundred_thousand_vertices() {
    let n = 100_000;
    let fine = (0..n).map(|k| {
        let angle = f64::from(k) * std::f64::consts::TAU / f64::from(n);
        (angle.cos(), angle.sin() * (1.0 + 0.01 * f64::from(k % 2)))
    });
    let teeth = (0..n).map(|k| (f64::from(k) / f64::from(n), f64::from(k % 2)));
    for outline in [fine.collect::<Vec<_>>(), teeth.collect()] {
        let polygon = Polygon::new(outline).expect("an outline");
        let (xs, ys): (Vec<_>, Vec<_>) = (0..900)
            .map(|k| {
                (
                    f64::from(k % 30) / 14.0 - 1.05,
                    f64::from(k / 30) / 14.0 - 1.05,
                )
            })
            .unzip();
        check(&polygon, &xs, &ys);
    }
}

fn on_a_lattice(n: i32) -> impl Strategy<Value = (f64, f64)> {
    (0..n, 0..n).prop_map(|(x, y)| (f64::from(x), f64::from(y)))
}

fn anywhere() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        4 => (-1.0..1.0_f64, -1.0..1.0_f64),
        1 => (-1.0..1.0_f64, Just(0.25)),
        1 => (Just(-0.5), -1.0..1.0_f64),
        1 => on_a_lattice(4).prop_map(|(x, y)| (x / 4.0, y / 4.0)),
        1 => (-1e-12..1e-12_f64, -1e-12..1e-12_f64),
    ]
}

proptest! {
    #[test]
    fn does_not_depend_on_the_first_vertex_or_the_direction(
        vertices in prop::collection::vec(on_a_lattice(8), 3..12),
        (x, y) in on_a_lattice(8), turn in 0..12_usize,
    ) {
        if let Ok(polygon) = Polygon::new(vertices.clone()) {
            let inside = polygon.contains_point(x, y);
            let mut turned = vertices;
            let turn = turn % turned.len();
            turned.rotate_left(turn);
            prop_assert_eq!(Polygon::new(turned.clone()).expect("same area").contains_point(x, y), inside);
            turned.reverse();
            prop_assert_eq!(Polygon::new(turned).expect("same area").contains_point(x, y), inside);
        }
    }

    #[test]
    fn the_grid_decides_as_all_edges_do(
        vertices in prop::collection::vec(anywhere(), 3..40), scale in -200..200_i32,
        shift in prop_oneof![Just(0.0), -1e6..1e6_f64],
    ) {
        let factor = 2.0_f64.powi(scale);
        let moved: Vec<_> = vertices.iter().map(|&(x, y)| (x * factor + shift, y * factor)).collect();
        if let Ok(polygon) = Polygon::new(moved) {
            let (xs, ys) = probes(polygon.vertices());
            check(&polygon, &xs, &ys);
        }
    }

    #[test]
    fn the_grid_decides_a_lattice_as_all_edges_do(
        vertices in prop::collection::vec(on_a_lattice(9), 3..24), part in 1..4_i32,
    ) {
        if let Ok(polygon) = Polygon::new(vertices) {
            let side = 11 * part;
            let at = |k: i32| f64::from(k) / f64::from(part) - 1.0;
            let (xs, ys): (Vec<_>, Vec<_>) =
                (0..side * side).map(|k| (at(k % side), at(k / side))).unzip();
            check(&polygon, &xs, &ys);
        }
    }

    #[test]
    fn two_that_share_an_edge_cover_their_union(
        angles in prop::collection::btree_set(0..1000_u32, 5..20), cut in 2..4_usize,
        points in prop::collection::vec((-1.2..1.2_f64, -1.2..1.2_f64), 200),
    ) {
        // A convex outline, cut along a diagonal.
        let whole: Vec<_> =
            angles.iter().map(|k| (f64::from(*k) * std::f64::consts::TAU / 1000.0).sin_cos()).collect();
        let one: Vec<_> = whole[..=cut].to_vec();
        let mut other = vec![whole[0]];
        other.extend_from_slice(&whole[cut..]);
        if let (Ok(one), Ok(other), Ok(whole)) =
            (Polygon::new(one), Polygon::new(other), Polygon::new(whole))
        {
            let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
            let (more_x, more_y) = probes(one.vertices());
            xs.extend(more_x);
            ys.extend(more_y);
            for polygon in [&one, &other, &whole] {
                polygon.prepare();
            }
            for (&x, &y) in xs.iter().zip(&ys) {
                prop_assert_eq!(one.contains_point(x, y) || other.contains_point(x, y), whole.contains_point(x, y));
                if one.contains_point(x, y) && other.contains_point(x, y) {
                    // Only their common edge belongs to both.
                    let (a, b) = (one.vertices()[0], one.vertices()[cut]);
                    prop_assert_eq!(orientation(a, b, (x, y)), 0);
                }
            }
        }
    }

    #[test]
    fn is_sure_only_where_no_shift_matters(
        vertices in prop::collection::vec(anywhere(), 3..30), exponents in (-12..0_i32, -12..0_i32),
        shifts in prop::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64), 64), gridded in any::<bool>(),
    ) {
        let Ok(polygon) = Polygon::new(vertices) else { return Ok(()) };
        if gridded {
            polygon.prepare();
        }
        let delta = (10.0_f64.powi(exponents.0), 10.0_f64.powi(exponents.1));
        let (xs, ys) = probes(polygon.vertices());
        let words = xs.len().div_ceil(64);
        let (mut inside, mut uncertain) = (vec![u64::MAX; words], vec![0; words]);
        polygon.retain_within(&[&xs, &ys], &[delta.0, delta.1], &mut inside, &mut uncertain);
        for event in 0..xs.len() {
            let bit = |mask: &[u64]| mask[event / 64] >> (event % 64) & 1 == 1;
            prop_assert!(!(bit(&inside) && bit(&uncertain)));
            if !bit(&uncertain) {
                let (x, y) = (xs[event], ys[event]);
                prop_assert_eq!(bit(&inside), polygon.contains_by_all_edges(x, y));
                for shift in &shifts {
                    let (x, y) = (x + shift.0 * delta.0, y + shift.1 * delta.1);
                    prop_assert_eq!(bit(&inside), polygon.contains_by_all_edges(x, y), "{} {}", x, y);
                }
            }
        }
    }
}

#[test]
fn equal_polygons_share_a_grid() {
    let outline = |k: u32| vec![(0.0, 0.0), (9.0, 0.5), (f64::from(k) + 0.125, 9.0)];
    let first = Polygon::shared(outline(3)).expect("an outline");
    first.prepare();
    let again = || Polygon::shared(outline(3)).expect("an outline");
    assert_eq!(again(), first);
    // Other tests may hold the store for a moment.
    assert!((0..1000).any(|_| Arc::ptr_eq(&again().raster, &again().raster)));
    let other = Polygon::shared(outline(4)).expect("an outline");
    assert!(other != first && other.raster.get().is_none());
    // Many others may come between.
    for k in 0..200 {
        Polygon::shared(outline(k)).expect("an outline");
    }
    assert_eq!(again(), first);
    assert!(LATEST.len() <= MOST_POLYGONS);
    assert!(Polygon::shared(vec![(0.0, 0.0), (f64::NAN, 1.0), (1.0, 0.0)]).is_err());
}
