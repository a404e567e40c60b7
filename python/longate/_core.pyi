"""Kernels in Rust; the modules that wrap them say what the numbers mean."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Plan",
    "__version__",
    "bin_density",
    "check_crc",
    "compensate",
    "count_phenotypes",
    "density_peaks",
    "density_valley",
    "encode_head",
    "fit_curve",
    "flip_signs",
    "gate_arrays",
    "gate_files",
    "invert_spillover",
    "permute_family",
    "permute_welch",
    "polygon_contains",
    "project_on_curve",
    "rank_shift",
    "read_columns",
    "read_head",
    "scale_forward",
    "scale_inverse",
    "score_events",
    "smooth_density",
]

__version__: str

_Scale: TypeAlias = tuple[str, Sequence[float]]
_Identity: TypeAlias = tuple[int, int, int]
_Gated: TypeAlias = tuple[int, list[int], list[int], list[NDArray[np.uint8]]]

@final
class Plan:
    def __new__(
        cls,
        channels: Sequence[int],
        detectors: Sequence[int],
        inverse: NDArray[np.float64] | None,
        axes: Sequence[tuple[int, int | None, _Scale]],
        gates: Sequence[Mapping[str, Any]],
    ) -> Plan: ...

def read_head(path: str | Path, dataset: int = 0) -> dict[str, Any]: ...
def check_crc(path: str | Path, dataset: int = 0) -> bool | None: ...
def read_columns(
    path: str | Path,
    channels: Sequence[int],
    raw: bool,
    *,
    dataset: int = 0,
    threads: int = 0,
    identity: _Identity | None = None,
) -> tuple[list[NDArray[Any]], list[tuple[str, str, str]]]: ...
def encode_head(
    channels: Sequence[tuple[str, str | None, float]],
    n_events: int,
    keywords: Sequence[tuple[str, str]],
    *,
    datatype: str = "float32",
    version: str = "3.1",
) -> bytes: ...
def invert_spillover(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]: ...
def compensate(
    observed: Sequence[NDArray[np.float64]], weights: Sequence[float]
) -> NDArray[np.float64]: ...
def scale_forward(
    scale: _Scale, values: NDArray[np.float64]
) -> NDArray[np.float64]: ...
def scale_inverse(
    scale: _Scale, places: NDArray[np.float64]
) -> NDArray[np.float64]: ...
def polygon_contains(
    vertices: Sequence[tuple[float, float]], points: NDArray[np.float64]
) -> NDArray[np.bool_]: ...
def gate_arrays(
    plan: Plan, values: Sequence[NDArray[np.float64]], n_events: int
) -> _Gated: ...
def gate_files(
    jobs: Sequence[tuple[str | Path, Plan, _Identity | None]],
    threads: int,
    keep_masks: bool,
    progress: Callable[[int], object] | None,
) -> list[_Gated | BaseException]: ...
def count_phenotypes(
    parent: NDArray[np.uint8], markers: Sequence[NDArray[np.uint8]], n_events: int
) -> NDArray[np.uint64]: ...
def bin_density(
    values: NDArray[np.float64], low: float, high: float, places: int
) -> tuple[NDArray[np.float64], int, int, int]: ...
def smooth_density(
    weights: NDArray[np.float64], bandwidth: float
) -> NDArray[np.float64]: ...
def density_peaks(
    density: NDArray[np.float64],
) -> list[tuple[int, float, float]]: ...
def density_valley(
    density: NDArray[np.float64], first: int, last: int
) -> int | None: ...
def score_events(
    markers: Sequence[
        tuple[
            NDArray[np.float64],
            tuple[str, Sequence[float]],
            Sequence[tuple[NDArray[np.float64], float]],
            float,
        ]
    ],
    *,
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def rank_shift(
    earlier: NDArray[np.float64], later: NDArray[np.float64]
) -> tuple[float, float, float]: ...
def fit_curve(
    points: NDArray[np.float64],
    start: NDArray[np.float64],
    *,
    knots: int,
    span: float,
    rounds: int,
    tolerance: float,
    threads: int,
) -> tuple[
    list[list[float]], tuple[NDArray[np.float64], NDArray[np.float64]], int, bool
]: ...
def project_on_curve(
    points: NDArray[np.float64], vertices: NDArray[np.float64], *, threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def permute_welch(
    values: NDArray[np.float64],
    in_first: NDArray[np.bool_],
    *,
    alpha: float,
    most_enumerated: int,
    replicates: int,
    seed: int,
) -> tuple[float, float, float, float, float, int, int, bool] | None: ...
def permute_family(
    values: NDArray[np.float64],
    in_first: NDArray[np.bool_],
    *,
    most_enumerated: int,
    replicates: int,
    seed: int,
    threads: int,
) -> dict[str, Any] | None: ...
def flip_signs(
    values: NDArray[np.float64],
    *,
    alpha: float,
    most_enumerated: int,
    replicates: int,
    seed: int,
    threads: int,
) -> dict[str, Any] | None: ...
