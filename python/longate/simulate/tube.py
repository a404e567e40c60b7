"""The events of one file: who is in the tube, how bright, and when it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.simulate import stages
from longate.simulate.blood import CELL_TYPES
from longate.simulate.optics import UPPER_LIMIT, detect
from longate.simulate.panels import SCATTER
from longate.simulate.phenotypes import (
    AUTOFLUORESCENCE_SD,
    BEADS,
    CLASSES,
    DEBRIS,
    FIRST_NK,
    UNSPECIFIC_LEVEL,
    UNSPECIFIC_SD,
    StainTable,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from longate.simulate.panels import Panel

DEBRIS_SHARE = 0.15  # of all triggers
PAIRED_SHARE = 0.03  # of cells and beads that pass the laser in a doublet
PIPETTING_CV = 0.03
TUBE_UL = 500.0  # volume of the lysed sample in the tube
FLOW_UL_PER_S = 1.0
TIMESTEP = 0.01
N_LATENT = len(stages.LATENT)
NK_CLASSES = slice(FIRST_NK, FIRST_NK + N_LATENT)
_NK_TYPE = next(i for i, cell in enumerate(CELL_TYPES) if cell.name == "NK")


@dataclass(frozen=True)
class Recipe:
    """What one tube is made of.

    Parameters
    ----------
    panel : Panel
        Stains, spillover, blood volume, beads.
    n_events : int
        Triggers wanted; the acquired share of the tube follows from it.
    concentration : (n_cell_types,) array of float64
        True cells per microlitre of blood, in the order of ``CELL_TYPES``.
    composition : (8,) array of float64
        Latent NK composition.
    beads_per_tube : int
        Of the bead lot; 0 for tubes without beads.
    without : str or None
        Marker that is left out: an FMO control (fluorescence minus one).
    """

    panel: Panel
    n_events: int
    concentration: npt.NDArray[np.float64]
    composition: npt.NDArray[np.float64]
    beads_per_tube: int
    without: str | None = None


@dataclass(frozen=True)
class Tube:
    """One simulated file and what is true of it.

    Attributes
    ----------
    events : (n_events, n_channels) array of float32
        Linear scale, in the order of ``panel.channels``; time increases.
    kind : (n_events,) array of int16
        Class of each event (index into ``CLASSES``); -1 for doublets.
    label : (n_events,) array of int8
        True NK stage (index into ``stages.LABELS``); -1 for other events.
    positive : dict of str to (n_events,) array of bool
        True positivity per marker of the panel; doublets: of either member.
    cd56 : (n_events,) array of int8
        True CD56 class: 0 negative, 1 dim, 2 bright.
    in_doublets : (n_classes,) array of int64
        Particles of each class that passed in a doublet.
    acquired : float
        Share of the tube that was acquired.
    blood_ul : float
        Blood truly in the tube, pipetting error included, microlitres.
    """

    events: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int16]
    label: npt.NDArray[np.int8]
    positive: dict[str, npt.NDArray[np.bool_]]
    cd56: npt.NDArray[np.int8]
    in_doublets: npt.NDArray[np.int64]
    acquired: float
    blood_ul: float

    @property
    def volume_nl(self) -> float:
        """Sample volume that passed, nanolitres (the unit of ``$VOL``)."""
        return 1000.0 * TUBE_UL * self.acquired


def _particles(
    rng: np.random.Generator, recipe: Recipe
) -> tuple[npt.NDArray[np.int64], float, float]:
    """Draw particles per class, the acquired share, and the blood in the tube."""
    panel = recipe.panel
    per_ul = np.zeros(len(CLASSES))
    per_ul[:FIRST_NK] = np.delete(recipe.concentration, _NK_TYPE)
    per_ul[NK_CLASSES] = recipe.concentration[_NK_TYPE] * recipe.composition
    beads = recipe.beads_per_tube if panel.beads else 0
    in_tube = per_ul.sum() * panel.blood_ul + beads
    triggers = in_tube * (1 - PAIRED_SHARE / 2) / (1 - DEBRIS_SHARE)
    acquired = min(1.0, recipe.n_events / triggers)
    blood_ul = panel.blood_ul * (1 + PIPETTING_CV * rng.standard_normal())
    expected = per_ul * blood_ul * acquired
    expected[BEADS] = beads * acquired
    expected[DEBRIS] = DEBRIS_SHARE * triggers * acquired
    return rng.poisson(expected), acquired, blood_ul


def _pair(
    rng: np.random.Generator, counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int64], int]:
    """Return classes of events then partners, hosts of the partners, n events.

    A doublet is one event (the host) that carries the light of two particles; the
    partners' rows follow after the events. Debris does not pair.
    """
    cells = counts.copy()
    cells[DEBRIS] = 0
    codes = np.arange(len(CLASSES), dtype=np.int16)
    particles = rng.permutation(np.repeat(codes, cells))
    n_pairs = int(rng.binomial(particles.size // 2, PAIRED_SHARE))
    debris = np.full(counts[DEBRIS], DEBRIS, dtype=np.int16)
    events = np.concatenate([particles[n_pairs:], debris])
    order = rng.permutation(events.size)
    rank = np.empty(events.size, dtype=np.int64)
    rank[order] = np.arange(events.size)
    classes = np.concatenate([events[order], particles[:n_pairs]])
    return classes, rank[:n_pairs], events.size


def _stain(
    rng: np.random.Generator,
    table: StainTable,
    markers: tuple[str, ...],
    classes: npt.NDArray[np.int16],
) -> tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.bool_]]]:
    """Draw the light of each dye and the true positivity of each marker."""
    n = classes.size
    dyes = np.empty((len(markers), n), dtype=np.float32)
    positive: dict[str, npt.NDArray[np.bool_]] = {}
    unspecific_level = np.float32(UNSPECIFIC_LEVEL)
    unspecific_sd = np.float32(UNSPECIFIC_SD)
    ln10 = np.float32(np.log(10))
    for j, marker in enumerate(markers):
        chance = table.positive[:, j].take(classes)
        is_positive = rng.random(n, dtype=np.float32) < chance
        level = np.where(is_positive, table.level[:, j].take(classes), unspecific_level)
        sd = np.where(is_positive, table.sd[:, j].take(classes), unspecific_sd)
        level += sd * rng.standard_normal(n, dtype=np.float32)
        level *= ln10
        np.exp(level, out=dyes[j])
        positive[marker] = is_positive
    return dyes, positive


def _scatter(
    rng: np.random.Generator,
    table: StainTable,
    classes: npt.NDArray[np.int16],
    hosts: npt.NDArray[np.int64],
    out: npt.NDArray[np.float32],
) -> None:
    """Fill FSC-A, FSC-H and SSC-A; a doublet's area adds, its height does not."""
    n_events = out.shape[1]
    sd = table.scatter_sd.take(classes)
    area = table.scatter[:, 0].take(classes)
    area += sd * rng.standard_normal(classes.size, dtype=np.float32)
    forward = np.exp(area)
    side = table.scatter[:, 1].take(classes)
    side += sd * rng.standard_normal(classes.size, dtype=np.float32)
    side = np.exp(side)
    ratio = np.float32(0.9) + np.float32(0.02) * rng.standard_normal(
        classes.size, dtype=np.float32
    )
    height = forward * ratio
    height[hosts] = np.maximum(height[hosts], height[n_events:]) * np.float32(1.05)
    forward[hosts] += forward[n_events:]
    side[hosts] += side[n_events:]
    for row, values in enumerate((forward, height, side)):
        np.minimum(values[:n_events], np.float32(UPPER_LIMIT), out=out[row])


def _labels(
    rng: np.random.Generator,
    kind: npt.NDArray[np.int16],
    positive: dict[str, npt.NDArray[np.bool_]],
) -> npt.NDArray[np.int8]:
    """Return true labels of NK singlets; markers not stained are drawn here."""
    labels = np.full(kind.size, -1, dtype=np.int8)
    nk = np.flatnonzero((kind >= FIRST_NK) & (kind < NK_CLASSES.stop))
    latent = kind[nk] - FIRST_NK
    calls: dict[str, npt.NDArray[np.bool_]] = {}
    for marker in stages.RULE_MARKERS:
        if marker in positive:
            calls[marker] = positive[marker][nk]
        else:
            chance = np.array(stages.POSITIVE[marker])[latent]
            calls[marker] = rng.random(nk.size) < chance
    labels[nk] = stages.label(stages.CD56_CLASS[latent], calls)
    return labels


def fill(rng: np.random.Generator, recipe: Recipe) -> Tube:
    """Simulate one tube.

    Parameters
    ----------
    rng : numpy.random.Generator
        The file's own generator: files do not depend on one another.
    recipe : Recipe
        What the tube is made of.

    Returns
    -------
    Tube
        Events and their truth.

    Notes
    -----
    The number of each class is Poisson(concentration x blood x acquired share).
    """
    panel = recipe.panel
    counts, acquired, blood_ul = _particles(rng, recipe)
    classes, hosts, n = _pair(rng, counts)
    table = StainTable.of(panel)
    dyes, positive = _stain(rng, table, panel.markers, classes)
    if recipe.without is not None:
        dyes[panel.markers.index(recipe.without)] = 0.0
    spread = np.float32(AUTOFLUORESCENCE_SD * np.log(10))
    glow = np.exp(spread * rng.standard_normal(classes.size, dtype=np.float32))
    glow *= table.autofluorescence.take(classes)
    dyes[:, hosts] += dyes[:, n:]
    glow[hosts] += glow[n:]

    out = np.empty((len(panel.channels), n), dtype=np.float32)
    first = len(SCATTER)
    _scatter(rng, table, classes, hosts, out[:first])
    detect(rng, panel, dyes[:, :n], glow[:n], out[first:-1])
    seconds = TUBE_UL * acquired / FLOW_UL_PER_S
    ticks = np.sort(rng.random(n)) * (seconds / TIMESTEP)
    np.floor(ticks, out=out[-1], casting="same_kind")

    kind = classes[:n].copy()
    in_doublets = np.bincount(
        np.concatenate([kind[hosts], classes[n:]]), minlength=len(CLASSES)
    )
    kind[hosts] = -1
    for calls in positive.values():
        calls[hosts] |= calls[n:]
    return Tube(
        events=out.T,
        kind=kind,
        label=_labels(rng, kind, positive),
        positive={marker: calls[:n] for marker, calls in positive.items()},
        cd56=_cd56_class(kind, positive["CD56"][:n]),
        in_doublets=in_doublets,
        acquired=acquired,
        blood_ul=blood_ul,
    )


def _cd56_class(
    kind: npt.NDArray[np.int16], positive: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    """Return 2 for CD56bright NK, 1 for other CD56 positives, else 0."""
    bright = np.zeros(len(CLASSES) + 1, dtype=bool)
    bright[NK_CLASSES] = stages.CD56_CLASS == 2
    return positive.astype(np.int8) + (positive & bright[kind])
