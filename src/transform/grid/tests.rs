use super::*;
use proptest::prelude::*;

fn scale(name: &str, parameters: &[f64]) -> Scale {
    Scale::from_name(name, parameters).expect("parameters within their constraints")
}

fn grids() -> Vec<Grid> {
    let biex = |width| scale("flowjo_biex", &[262_144.0, width, 4.5, 0.0, 4096.0]);
    [
        (biex(-10.0), [256.0, 0.0, 1.0, 0.0, 1.0]),
        (biex(-316.0), [1024.0, 0.0, 1.0, 0.0, 1.0]),
        (biex(0.0), [100.0, 0.0, 1.0, 0.0, 1.0]),
        (
            scale("linear", &[1.0, 0.0]),
            [256.0, 0.0, 262_144.0, 0.5, 0.0],
        ),
        (
            scale("linear", &[1.0, 0.0]),
            [256.0, -51.5, 180.25, 0.5, 0.0],
        ),
        (scale("log", &[262_144.0, 4.5]), [256.0, 0.0, 1.0, 0.5, 0.0]),
        (
            scale("arcsinh", &[26_214.4, 2.3, 0.0]),
            [256.0, -1.1, 1.0, 0.0, 0.0],
        ),
        (
            scale("logicle", &[262_144.0, 0.5, 4.5, 0.0]),
            [256.0, 0.0, 1.0, 0.0, 0.0],
        ),
        (Scale::Identity, [65_536.0, 1.0, 1.0 + 1e-9, 0.0, 0.0]),
    ]
    .into_iter()
    .map(|(base, parameters)| Grid::new(base, parameters).expect("a grid"))
    .collect()
}

#[test]
fn a_cell_is_the_number_of_borders_not_above() {
    for grid in grids() {
        for &border in grid.borders.iter().filter(|border| border.is_finite()) {
            for x in [
                border.next_down(),
                border,
                border.next_up(),
                -border,
                1.01 * border,
            ] {
                let count = grid.borders.iter().filter(|b| **b <= x).count();
                assert_eq!(grid.forward(x), count as f64, "{x:e}");
            }
        }
    }
}

#[test]
fn borders_are_where_the_base_scale_reaches_a_cell() {
    for grid in grids() {
        for (j, &border) in grid.borders.iter().enumerate().take(as_index(grid.last())) {
            let cell = (j + 1) as f64;
            if matches!(grid.base, Scale::FlowJoBiex(_)) {
                let channel = (cell * 4096.0 / grid.n).ceil();
                assert_eq!(grid.base.forward(border) * 4096.0, channel);
            } else if border > grid.borders[0] {
                let start = cell - grid.offset;
                assert!(grid.position(border) >= start);
                assert!(grid.position(border.next_down()) < start);
            }
        }
    }
}

#[test]
fn keeps_within_the_axis_what_is_finite() {
    for grid in grids() {
        assert_eq!(grid.forward(1e300), grid.last());
        assert_eq!(grid.forward(-1e300), 0.0);
        assert!(grid.forward(f64::NAN).is_nan());
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(grid.forward(infinite), infinite);
            assert_eq!(grid.inverse(infinite), infinite);
        }
    }
}

#[test]
fn goes_on_beyond_a_linear_axis_when_brought_back() {
    let linear = &grids()[3];
    assert_eq!(linear.inverse(1.0), 512.0);
    assert_eq!(linear.inverse(300.0), 1024.0 * 299.5);
    assert_eq!(linear.inverse(-2.0), -1024.0 * 2.5);
}

#[test]
fn names_the_broken_constraint() {
    let broken = |parameters| match Grid::new(Scale::Identity, parameters) {
        Err(Error::ScaleParameters { constraint, .. }) => constraint,
        _ => "none",
    };
    assert!(broken([256.5, 0.0, 1.0, 0.0, 1.0]).starts_with("a whole number"));
    assert_eq!(broken([256.0, 1.0, 1.0, 0.0, 1.0]), "low < high");
    assert_eq!(broken([256.0, 0.0, 1.0, 0.2, 1.0]), "an offset of 0 or 0.5");
    assert_eq!(broken([256.0, 0.0, 1.0, 0.5, 2.0]), "overflow of 0 or 1");
    let nested = Grid::new(Scale::Identity, [4.0, 0.0, 1.0, 0.0, 0.0]).expect("a grid");
    let nested = Scale::Grid(std::sync::Arc::new(nested));
    assert!(Grid::new(nested, [4.0, 0.0, 1.0, 0.0, 0.0]).is_err());
}

proptest! {
    #[test]
    fn the_smallest_value_of_a_cell_is_in_it(which in 0..8_usize, cell in 1..99_u32) {
        let grid = &grids()[which];
        let value = grid.inverse(f64::from(cell));
        prop_assert_eq!(grid.forward(value), f64::from(cell));
        prop_assert_eq!(grid.forward(value.next_down()), f64::from(cell - 1));
    }
}
