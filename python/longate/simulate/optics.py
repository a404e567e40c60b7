"""From stained particles to detector values: light, spillover, photons, electronics.

Compensation spread is not put in; it emerges, because the photons that spill over
are counted like any others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.simulate.panels import DETECTORS

if TYPE_CHECKING:
    import numpy.typing as npt

    from longate.simulate.panels import Panel

UPPER_LIMIT = 262143.0
# Above this mean the Poisson law is drawn as a normal one: at 500 photoelectrons
# its skewness is .045, and drawing it costs a quarter.
NORMAL_ABOVE = 500.0


def _photons(
    rng: np.random.Generator, mean: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Draw photoelectron counts; a normal law above :data:`NORMAL_ABOVE`."""
    counts = np.empty_like(mean)
    many = mean > NORMAL_ABOVE
    bright = mean[many]
    z = rng.standard_normal(bright.size, dtype=np.float32)
    counts[many] = bright + np.sqrt(bright) * z
    few = ~many
    counts[few] = rng.poisson(mean[few])
    return counts


def detect(
    rng: np.random.Generator,
    panel: Panel,
    dyes: npt.NDArray[np.float32],
    autofluorescence: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:
    """Fill `out` with what the detectors report.

    Parameters
    ----------
    rng : numpy.random.Generator
        The file's generator.
    panel : Panel
        Detectors and spillover.
    dyes : (n_markers, n_events) array of float32
        Light of each dye in its own detector.
    autofluorescence : (n_events,) array of float32
        Of each event, relative to a lymphocyte's median.
    out : (n_markers, n_events) array of float32
        Written in place, linear scale.

    Notes
    -----
    I_c = sum_k S_kc F_k + AF_c;
    value = Poisson(q_c I_c) / q_c + Normal(0, sigma_c^2), at most 262,143.
    Negative values stay: only the upper end of the range clips.
    """
    spillover = panel.spillover
    for column, name in enumerate(panel.detectors):
        detector = DETECTORS[name]
        light = autofluorescence * np.float32(detector.autofluorescence)
        for row in np.flatnonzero(spillover[:, column]):
            light += np.float32(spillover[row, column]) * dyes[row]
        q = np.float32(detector.efficiency)
        value = _photons(rng, light * q)
        value /= q
        noise = rng.standard_normal(value.size, dtype=np.float32)
        value += np.float32(detector.noise) * noise
        np.minimum(value, np.float32(UPPER_LIMIT), out=out[column])
