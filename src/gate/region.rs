//! Regions: gates that are decided by geometry, on the scaled values of an event.
//!
//! A kind of region is one file under `region/` with a struct that implements [`Region`], and one
//! line in [`regions!`] below. Nothing else in the crate names a kind: the plan, the columns in
//! memory and the Python boundary know [`Shape`] alone.
//!
//! [`Region::contains`] is the law. The other methods are faster ways to the same answer, with
//! defaults that a kind may leave as they are until it has something better.

mod ellipsoid;
mod polygon;

pub use ellipsoid::Ellipsoid;
pub use polygon::Polygon;

use crate::error::{Error, Result};

/// Events of one word of a mask.
const WORD: usize = 64;

/// Scaled values of events, one column per dimension, as they are stored.
#[derive(Clone, Copy)]
pub enum Columns<'a> {
    /// Double precision.
    Double(&'a [&'a [f64]]),
    /// Single precision.
    Single(&'a [&'a [f32]]),
}

impl Columns<'_> {
    /// Number of events that all columns have.
    #[must_use]
    pub fn n_events(self) -> usize {
        match self {
            Self::Double(columns) => columns.iter().map(|column| column.len()).min(),
            Self::Single(columns) => columns.iter().map(|column| column.len()).min(),
        }
        .unwrap_or(0)
    }

    /// The value of an event in one dimension, in double precision.
    #[must_use]
    pub fn value(self, dimension: usize, event: usize) -> f64 {
        match self {
            Self::Double(columns) => columns[dimension][event],
            Self::Single(columns) => f64::from(columns[dimension][event]),
        }
    }
}

/// A gate that is decided by the point at which an event lies.
pub trait Region: Sized {
    /// What Python calls the kind; more than one where the parameters have several readings.
    const NAMES: &'static [&'static str];

    /// The region with these numbers, called by one of [`Self::NAMES`].
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for numbers that make no region; says what would be right.
    fn from_parameters(name: &str, parameters: &[f64]) -> Result<Self>;

    /// Number of dimensions.
    fn dimensions(&self) -> usize;

    /// Return whether a point, one number per dimension, is inside; never with a NaN. This decides.
    fn contains(&self, point: &[f64]) -> bool;

    /// Keep in `mask` the events inside, each decided as [`Self::contains`] does. Bits beyond the
    /// last event are cleared.
    fn retain(&self, columns: Columns, mask: &mut [u64]) {
        let n_events = columns.n_events();
        let mut point = vec![0.0; self.dimensions()];
        for (index, word) in mask.iter_mut().enumerate() {
            let first = index * WORD;
            let asked = *word & lowest_bits(n_events.saturating_sub(first));
            *word = retain_bits(asked, |bit| {
                for (dimension, value) in point.iter_mut().enumerate() {
                    *value = columns.value(dimension, first + bit);
                }
                self.contains(&point)
            });
        }
    }

    /// Decide events whose values are only nearly known: those of dimension `i` to within
    /// `errors[i]`. Of the events asked for in `inside`, those surely inside stay; those that might
    /// be either move to `undecided` (maybe too many, never too few).
    fn retain_within(
        &self,
        columns: &[&[f64]],
        errors: &[f64],
        inside: &mut [u64],
        undecided: &mut [u64],
    ) {
        let _ = (columns, errors);
        undecided.copy_from_slice(inside);
        inside.fill(0);
    }

    /// The lowest and the highest value in each dimension that may be inside; `None` where there
    /// is no such bound.
    fn bounding_box(&self) -> Option<Vec<(f64, f64)>> {
        None
    }

    /// Build what makes many decisions fast.
    fn prepare(&self) {}
}

/// The enum over all kinds of regions, and its dispatch: one line per kind.
macro_rules! regions {
    ($($(#[$doc:meta])* $kind:ident),+ $(,)?) => {
        /// A region of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Shape {
            $($(#[$doc])* $kind($kind),)+
        }

        impl Shape {
            /// The names of all kinds.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$($kind::NAMES),+].into_iter().flatten().copied()
            }

            /// A region by the name of its kind and its parameters.
            ///
            /// # Errors
            /// [`Error::MalformedGate`] for a kind that there is not, or what its constructor
            /// refuses.
            pub fn from_name(name: &str, parameters: &[f64]) -> Result<Self> {
                $(if $kind::NAMES.contains(&name) {
                    return $kind::from_parameters(name, parameters).map(Self::$kind);
                })+
                let known: Vec<_> = Self::names().collect();
                Err(Error::MalformedGate {
                    detail: format!("there is no kind of gate {name:?}; known: {}", known.join(", ")),
                })
            }

            /// Number of dimensions.
            #[must_use]
            pub fn dimensions(&self) -> usize {
                match self { $(Self::$kind(region) => region.dimensions()),+ }
            }

            /// See [`Region::contains`].
            #[must_use]
            pub fn contains(&self, point: &[f64]) -> bool {
                match self { $(Self::$kind(region) => region.contains(point)),+ }
            }

            /// See [`Region::retain`].
            pub fn retain(&self, columns: Columns, mask: &mut [u64]) {
                match self { $(Self::$kind(region) => region.retain(columns, mask)),+ }
            }

            /// See [`Region::retain_within`].
            pub fn retain_within(
                &self,
                columns: &[&[f64]],
                errors: &[f64],
                inside: &mut [u64],
                undecided: &mut [u64],
            ) {
                match self {
                    $(Self::$kind(region) => {
                        region.retain_within(columns, errors, inside, undecided);
                    })+
                }
            }

            /// See [`Region::bounding_box`].
            #[must_use]
            pub fn bounding_box(&self) -> Option<Vec<(f64, f64)>> {
                match self { $(Self::$kind(region) => region.bounding_box()),+ }
            }

            /// See [`Region::prepare`].
            pub fn prepare(&self) {
                match self { $(Self::$kind(region) => region.prepare()),+ }
            }
        }

        $(impl From<$kind> for Shape {
            fn from(region: $kind) -> Self {
                Self::$kind(region)
            }
        })+
    };
}

regions! {
    /// A polygon in two dimensions.
    Polygon,
    /// An ellipsoid in two or more dimensions.
    Ellipsoid,
}

/// The bits of `word` whose events hold.
#[inline]
fn retain_bits(word: u64, mut holds: impl FnMut(usize) -> bool) -> u64 {
    let (mut kept, mut rest) = (0, word);
    while rest != 0 {
        let bit = rest.trailing_zeros();
        kept |= u64::from(holds(bit as usize)) << bit;
        rest &= rest - 1;
    }
    kept
}

/// Parameters that are all there; only the bounds of rectangles may be left open.
///
/// # Errors
/// [`Error::MalformedGate`] for one that is not.
pub(crate) fn numbers(parameters: &[Option<f64>]) -> Result<Vec<f64>> {
    let all: Option<Vec<f64>> = parameters.iter().copied().collect();
    all.ok_or_else(|| Error::MalformedGate {
        detail: "only the bounds of a rectangle may be left open".into(),
    })
}

/// A word with its lowest `n` bits set.
fn lowest_bits(n: usize) -> u64 {
    if n >= WORD { u64::MAX } else { (1 << n) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind with the defaults of the trait alone.
    struct HalfPlane(f64);

    impl Region for HalfPlane {
        const NAMES: &'static [&'static str] = &["half_plane"];

        fn from_parameters(_: &str, parameters: &[f64]) -> Result<Self> {
            Ok(Self(parameters[0]))
        }

        fn dimensions(&self) -> usize {
            2
        }

        fn contains(&self, point: &[f64]) -> bool {
            point[0] + point[1] >= self.0
        }
    }

    #[test]
    fn a_kind_with_one_law_is_decided_in_every_way() {
        let gate = HalfPlane::from_parameters("half_plane", &[0.5]).expect("a number");
        let xs: Vec<f64> = (0..150).map(|k| f64::from(k) / 150.0).collect();
        let ys: Vec<f64> = xs.iter().map(|x| 0.25 - x * x).collect();
        let expected = |k: usize| k < 150 && xs[k] + ys[k] >= 0.5;
        let (mut mask, mut undecided) = (vec![u64::MAX; 4], vec![0; 4]);
        gate.retain(Columns::Double(&[&xs, &ys]), &mut mask);
        for k in 0..256 {
            assert_eq!(mask[k / 64] >> (k % 64) & 1 == 1, expected(k), "{k}");
        }
        gate.retain_within(&[&xs, &ys], &[0.1, 0.1], &mut mask, &mut undecided);
        assert_eq!(mask, [0; 4]);
        assert!((0..150).all(|k| undecided[k / 64] >> (k % 64) & 1 == u64::from(expected(k))));
        assert!(gate.bounding_box().is_none());
    }

    #[test]
    fn refuses_a_kind_that_there_is_not() {
        let refused = Shape::from_name("heptagram", &[]).expect_err("no such kind");
        assert!(refused.to_string().contains("polygon"), "{refused}");
        assert!(Shape::from_name("polygon", &[0.0, 1.0, 2.0]).is_err());
        assert!(Shape::from_name("ellipsoid", &[0.0; 6]).is_err());
    }
}
