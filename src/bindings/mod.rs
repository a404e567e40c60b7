//! The Python boundary: array, view, detach, kernel, array. No arithmetic, no decisions.
//!
//! Every function takes what Python has, releases the interpreter, calls one kernel and hands
//! back arrays. Meaning (does this marker exist, which file is this) is checked in Python.

mod compensation;
mod density;
mod errors;
mod families;
mod fcs;
mod gates;
mod live;
mod location;
mod maturation;
mod numbers;
mod passes;
mod plan;
mod resample;
mod shared_arrays;
mod watch;

use pyo3::prelude::*;

/// Kernels of Longate; the public functions are in the package around it.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::compensation::{compensate, compensate_columns, spillover_weights};
    #[pymodule_export]
    use super::density::{bin_density, density_peaks, density_valley, smooth_density};
    #[pymodule_export]
    use super::families::{flip_signs, permute_family};
    #[pymodule_export]
    use super::fcs::{
        check_crc, data_set_begins, encode_metadata, keywords_of_text, read_columns, read_metadata,
    };
    #[pymodule_export]
    use super::gates::{combine_masks, contains, quadrant_counts, quadrant_masks};
    #[pymodule_export]
    use super::live::LiveStudy;
    #[pymodule_export]
    use super::maturation::{
        count_phenotypes, fit_curve, project_on_curve, score_events, superiority,
    };
    #[pymodule_export]
    use super::numbers::{preimage_contains, scale_forward, scale_inverse, scale_preimage};
    #[pymodule_export]
    use super::passes::{
        Answer, FileCounts, count_perturbations, gate_arrays, gate_files, summarise,
    };
    #[pymodule_export]
    use super::plan::{Perturbations, Plan};
    #[pymodule_export]
    use super::resample::permute_welch;

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        use super::PyModuleMethods;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
