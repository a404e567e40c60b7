"""Kernels in Rust; the modules that wrap them say what the numbers mean."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Answer",
    "FileCounts",
    "LiveStudy",
    "Perturbations",
    "Plan",
    "__version__",
    "bin_density",
    "check_crc",
    "combine_masks",
    "compensate",
    "compensate_columns",
    "contains",
    "count_perturbations",
    "count_phenotypes",
    "data_set_begins",
    "density_peaks",
    "density_valley",
    "encode_metadata",
    "fit_curve",
    "flip_signs",
    "gate_arrays",
    "gate_files",
    "keywords_of_text",
    "permute_family",
    "permute_welch",
    "preimage_contains",
    "project_on_curve",
    "quadrant_counts",
    "quadrant_masks",
    "read_columns",
    "read_metadata",
    "scale_forward",
    "scale_inverse",
    "scale_preimage",
    "score_events",
    "smooth_density",
    "spillover_weights",
    "summarise",
    "superiority",
]

__version__: str

_Column: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
_Scale: TypeAlias = (
    tuple[str, Sequence[float]]
    | tuple[str, Sequence[float], tuple[str, Sequence[float]]]
)
_Value: TypeAlias = tuple[int, tuple[int, int] | None]
_Axis: TypeAlias = (
    tuple[Literal["value"], _Value, _Scale]
    | tuple[Literal["ratio"], tuple[_Value, _Value], tuple[float, float, float], _Scale]
)

class _Feed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def modified(self) -> int: ...
    def read_at(self, offset: int, length: int) -> bytes: ...

_Gate: TypeAlias = tuple[
    int | None, str, Sequence[int], Sequence[float | None] | Sequence[int | str]
]
_Location: TypeAlias = str | Path | _Feed
_Identity: TypeAlias = tuple[int, int, int, int]
_Named: TypeAlias = tuple[str, float | None]
_Estimate: TypeAlias = tuple[float, float, float, str]
_Request: TypeAlias = tuple[int | None, int, bool, Sequence[_Named], bool]

@final
class Answer:
    def __new__(
        cls,
        n_events: int,
        estimates: Sequence[_Estimate],
        values: NDArray[np.float64] | None,
    ) -> Answer: ...
    @property
    def n_events(self) -> int: ...
    @property
    def estimates(self) -> list[_Estimate]: ...
    @property
    def values(self) -> NDArray[np.float64] | None: ...

@final
class FileCounts:
    def __new__(
        cls,
        n_events: int,
        counts: Sequence[int],
        undefined: Sequence[int],
        masks: NDArray[np.uint8] | None,
        answers: Sequence[Answer],
    ) -> FileCounts: ...
    @property
    def n_events(self) -> int: ...
    @property
    def counts(self) -> list[int]: ...
    @property
    def undefined(self) -> list[int]: ...
    @property
    def masks(self) -> NDArray[np.uint8] | None: ...
    @property
    def answers(self) -> list[Answer]: ...

@final
class LiveStudy:
    def __new__(
        cls,
        jobs: Sequence[tuple[_Location, Plan, _Identity | None]],
        *,
        max_memory: int,
        threads: int,
    ) -> LiveStudy: ...
    @property
    def n_bytes(self) -> int: ...
    @property
    def n_held(self) -> int: ...
    def counts(
        self,
    ) -> tuple[NDArray[np.uint64], list[tuple[int, BaseException]]]: ...
    def set_gate(self, gate: int, becomes: Sequence[_Gate]) -> None: ...

@final
class Plan:
    def __new__(
        cls,
        channels: Sequence[int],
        matrices: Sequence[tuple[Sequence[int], NDArray[np.float64]]],
        axes: Sequence[_Axis],
        gates: Sequence[_Gate],
        kept: Sequence[_Request] = ...,
        *,
        raw: bool = ...,
    ) -> Plan: ...
    def explain(self) -> dict[str, Any]: ...

@final
class Perturbations:
    def __new__(
        cls,
        plan: Plan,
        versions: Sequence[tuple[int, _Gate]],
        perturbations: Sequence[Sequence[int]],
    ) -> Perturbations: ...

def read_metadata(
    path: _Location, wanted: Sequence[str] = ..., *, begin: int = 0
) -> dict[str, Any]: ...
def data_set_begins(path: _Location) -> list[int]: ...
def keywords_of_text(text: bytes) -> list[tuple[str, str]]: ...
def check_crc(path: _Location, *, begin: int = 0) -> bool | None: ...
def read_columns(
    path: _Location,
    channels: Sequence[int],
    raw: bool,
    *,
    begin: int = 0,
    threads: int = 0,
    identity: _Identity | None = None,
) -> tuple[list[NDArray[Any]], list[tuple[str, str, str]]]: ...
def encode_metadata(
    channels: Sequence[tuple[str, str | None, float]],
    n_events: int,
    keywords: Sequence[tuple[str, str]],
    *,
    datatype: str = "float32",
    version: str = "3.1",
) -> bytes: ...
def spillover_weights(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]: ...
def compensate_columns(
    columns: Sequence[NDArray[Any]],
    weights: NDArray[np.float64],
    out: NDArray[Any],
    *,
    threads: int = 0,
) -> None: ...
def compensate(
    observed: Sequence[NDArray[np.float64]], weights: Sequence[float]
) -> NDArray[np.float64]: ...
def scale_forward(
    scale: _Scale,
    values: NDArray[np.float64] | None,
    out: NDArray[np.float64],
    *,
    fast: bool,
    unit: float = 1.0,
) -> None: ...
def scale_inverse(
    scale: _Scale,
    scaled_values: NDArray[np.float64] | None,
    out: NDArray[np.float64],
    *,
    fast: bool,
) -> None: ...
def scale_preimage(
    scale: _Scale, lo: float, hi: float
) -> tuple[float, float] | None: ...
def preimage_contains(
    scale: _Scale, lo: float, hi: float, values: NDArray[np.float64]
) -> NDArray[np.bool_] | None: ...
def contains(
    kind: str, parameters: Sequence[float | None], columns: Sequence[_Column]
) -> NDArray[np.bool_]: ...
def quadrant_counts(
    dividers: Sequence[Sequence[float]],
    quadrants: Sequence[Sequence[int | None]],
    columns: Sequence[_Column],
) -> list[int]: ...
def quadrant_masks(
    dividers: Sequence[Sequence[float]],
    quadrants: Sequence[Sequence[int | None]],
    columns: Sequence[_Column],
) -> NDArray[np.uint64]: ...
def combine_masks(
    terms: Sequence[int | str],
    populations: Sequence[tuple[NDArray[np.uint64], NDArray[np.uint64]]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]: ...
def gate_arrays(plan: Plan, values: Sequence[_Column], n_events: int) -> FileCounts: ...
def gate_files(
    jobs: Sequence[tuple[_Location, Plan, _Identity | None]],
    threads: int,
    keep_masks: bool,
    progress: Callable[[int], object] | None,
) -> list[FileCounts | BaseException]: ...
def count_perturbations(
    jobs: Sequence[tuple[str | Path, Plan, _Identity | None, Perturbations]],
    threads: int,
    progress: Callable[[int], object] | None,
) -> list[tuple[int, list[int], NDArray[np.uint64]] | BaseException]: ...
def summarise(
    values: Sequence[NDArray[np.float64]], named: Sequence[_Named]
) -> list[_Estimate]: ...
def count_phenotypes(
    parent: NDArray[np.uint8], markers: Sequence[NDArray[np.uint8]], n_events: int
) -> NDArray[np.uint64]: ...
def bin_density(
    values: NDArray[np.float64], low: float, high: float, points: int
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
def superiority(
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
