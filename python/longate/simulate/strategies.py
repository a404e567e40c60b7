"""Gating strategies for the simulated tubes, with fixed gates.

All fluorescence is on one fixed logicle scale. Each threshold lies about mid-way,
on that scale, between the modes it separates; the comment beside it names the
modes as log10 of the linear scale. Staining is stable in the simulator, so the
same gates serve every file: a real study would have to show that first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longate.cytometry.transforms import Logicle
    from longate.gating.strategy.strategy import GatingStrategy

# Height is .90 of area for single particles (sd .02), at most .6 for two cells.
_SINGLETS = [(1e3, 0.82e3), (250e3, 205e3), (250e3, 245e3), (1e3, 0.98e3)]
_SMALLEST_SSC = 8e3  # debris 7k, lymphocytes 25k
_LYMPHOCYTE_SSC = 45e3  # NK 28k, monocytes 60k
_GRANULOCYTE_SSC = 92e3  # monocytes 60k, neutrophils 140k

CD45_POSITIVE = 0.45  # debris 2.1, granulocytes 3.9
CD45_BRIGHT = 0.71  # basophils 3.8, lymphocytes 4.4
CD3_POSITIVE = 0.49  # negative 2.1, T cells 4.3
DUMP_POSITIVE = 0.46  # negative 2.1, B cells 4.0
CD14_POSITIVE = 0.48  # negative 2.1, monocytes 4.2
CD19_POSITIVE = 0.46  # negative 2.1, B cells 4.0
CD4_POSITIVE = 0.48  # negative 2.1, CD4 T 4.2
CD8_LOW = 0.40  # negative 2.1, CD8low T 3.5
CD8_BRIGHT = 0.67  # CD8low T 3.5, CD8bright T 4.4
CD56_POSITIVE = 0.44  # negative 2.1, dim 3.8
CD56_BRIGHT = 0.73  # dim 3.8, bright 4.6
CD16_POSITIVE = 0.41  # negative 2.1, CD56bright CD16+ 3.6 (the dimmest positives)
CD16_NEUTROPHIL = 0.53  # eosinophils 2.1, neutrophils 4.6
KIR_POSITIVE = 0.41  # negative 2.1, positive 3.6
NKG2A_POSITIVE = 0.38  # negative 2.1, late CD56dim 3.3 (the dimmest positives)
NKG2C_POSITIVE = 0.41  # negative 2.1, positive 3.6
CX3CR1_POSITIVE = 0.38  # negative 2.1, positive 3.3
CD57_POSITIVE = 0.46  # negative 2.1, positive 4.0
BEADS_CD3 = 0.85  # T cells 4.3, beads 5.2
BEADS_CD19 = 0.82  # B cells 4.0, beads 5.2


def _scale() -> Logicle:
    from longate.cytometry.transforms import Logicle

    return Logicle(t=262144.0, w=0.5, m=4.5, a=0.0)


def nk_strategy() -> GatingStrategy:
    """Return the gating strategy of the simulated NK tube.

    Returns
    -------
    GatingStrategy
        Singlets > Leukocytes > Lymphocytes > CD3- dump-, which holds CD56+, CD16+
        and NK (CD56+ or CD16+). Below NK, one range gate per marker: CD56bright,
        KIR+, NKG2A+, NKG2C+, CX3CR1+, CD57+.

    Notes
    -----
    Scale: logicle with T = 262144, W = 0.5, M = 4.5, A = 0. Compensation is that
    of the acquisition. The gates are made for the simulator's stains, not for
    real data.
    """
    from longate.gating.gates.boolean import BooleanGate
    from longate.gating.gates.polygon import PolygonGate
    from longate.gating.gates.rectangle import RectangleGate
    from longate.gating.strategy.strategy import GatingStrategy

    below_nk = {
        "CD56bright": ("CD56", CD56_BRIGHT),
        "KIR+": ("KIR", KIR_POSITIVE),
        "NKG2A+": ("NKG2A", NKG2A_POSITIVE),
        "NKG2C+": ("NKG2C", NKG2C_POSITIVE),
        "CX3CR1+": ("CX3CR1", CX3CR1_POSITIVE),
        "CD57+": ("CD57", CD57_POSITIVE),
    }
    parent = "CD3- dump-"
    return GatingStrategy(
        name="simulated NK tube",
        scale=_scale(),
        gates=[
            PolygonGate("Singlets", x="FSC-A", y="FSC-H", vertices=_SINGLETS),
            RectangleGate(
                "Leukocytes",
                parent="Singlets",
                dimensions={
                    "CD45": (CD45_POSITIVE, None),
                    "SSC-A": (_SMALLEST_SSC, None),
                },
            ),
            RectangleGate(
                "Lymphocytes",
                parent="Leukocytes",
                dimensions={
                    "CD45": (CD45_BRIGHT, None),
                    "SSC-A": (None, _LYMPHOCYTE_SSC),
                },
            ),
            RectangleGate(
                parent,
                parent="Lymphocytes",
                dimensions={
                    "CD3": (None, CD3_POSITIVE),
                    "dump": (None, DUMP_POSITIVE),
                },
            ),
            RectangleGate(
                "CD56+", parent=parent, dimensions={"CD56": (CD56_POSITIVE, None)}
            ),
            RectangleGate(
                "CD16+", parent=parent, dimensions={"CD16": (CD16_POSITIVE, None)}
            ),
            BooleanGate("NK", "CD56+ or CD16+", parent=parent),
            *(
                RectangleGate(name, parent="NK", dimensions={marker: (low, None)})
                for name, (marker, low) in below_nk.items()
            ),
        ],
    )


def lineage_strategy() -> GatingStrategy:
    """Return the gating strategy of the simulated lineage tube.

    Returns
    -------
    GatingStrategy
        Beads at the root, by fluorescence; Cells (not Beads) > Singlets >
        Leukocytes, which holds Neutrophils, Eosinophils, Monocytes and
        Lymphocytes. Lymphocytes hold T cells (CD4 T, CD8bright T, CD8low T),
        B cells, and CD3- CD14- CD19- with CD56+, CD16+ and NK (CD56+ or CD16+):
        the NK parent of the NK tube.

    Notes
    -----
    Scale and compensation as in :func:`nk_strategy`. CD8low T cells are CD3+ CD4-
    with CD8 between the negative and the bright mode: NK cells with dim CD8 are
    not among them. Beads are taken before the singlet gate, cells after it.
    """
    from longate.gating.gates.boolean import BooleanGate
    from longate.gating.gates.polygon import PolygonGate
    from longate.gating.gates.rectangle import RectangleGate
    from longate.gating.strategy.strategy import GatingStrategy

    def rectangle(
        name: str, parent: str | None, **dimensions: tuple[float | None, float | None]
    ) -> RectangleGate:
        named = {"SSC-A" if k == "SSC" else k: v for k, v in dimensions.items()}
        return RectangleGate(name, parent=parent, dimensions=named)

    cd4_negative = (None, CD4_POSITIVE)
    granulocytes = (_GRANULOCYTE_SSC, None)
    parent = "CD3- CD14- CD19-"
    return GatingStrategy(
        name="simulated lineage tube",
        scale=_scale(),
        gates=[
            rectangle("Beads", None, CD3=(BEADS_CD3, None), CD19=(BEADS_CD19, None)),
            BooleanGate("Cells", "not Beads"),
            PolygonGate(
                "Singlets", x="FSC-A", y="FSC-H", vertices=_SINGLETS, parent="Cells"
            ),
            rectangle(
                "Leukocytes",
                "Singlets",
                CD45=(CD45_POSITIVE, None),
                SSC=(_SMALLEST_SSC, None),
            ),
            rectangle(
                "Neutrophils",
                "Leukocytes",
                CD16=(CD16_NEUTROPHIL, None),
                SSC=granulocytes,
            ),
            rectangle(
                "Eosinophils",
                "Leukocytes",
                CD16=(None, CD16_NEUTROPHIL),
                SSC=granulocytes,
            ),
            rectangle(
                "Monocytes",
                "Leukocytes",
                CD14=(CD14_POSITIVE, None),
                SSC=(None, _GRANULOCYTE_SSC),
            ),
            rectangle(
                "Lymphocytes",
                "Leukocytes",
                CD45=(CD45_BRIGHT, None),
                SSC=(None, _LYMPHOCYTE_SSC),
            ),
            rectangle("T cells", "Lymphocytes", CD3=(CD3_POSITIVE, None)),
            rectangle("CD4 T", "T cells", CD4=(CD4_POSITIVE, None)),
            rectangle(
                "CD8bright T", "T cells", CD4=cd4_negative, CD8=(CD8_BRIGHT, None)
            ),
            rectangle(
                "CD8low T", "T cells", CD4=cd4_negative, CD8=(CD8_LOW, CD8_BRIGHT)
            ),
            rectangle(
                "B cells",
                "Lymphocytes",
                CD3=(None, CD3_POSITIVE),
                CD19=(CD19_POSITIVE, None),
            ),
            rectangle(
                parent,
                "Lymphocytes",
                CD3=(None, CD3_POSITIVE),
                CD14=(None, CD14_POSITIVE),
                CD19=(None, CD19_POSITIVE),
            ),
            rectangle("CD56+", parent, CD56=(CD56_POSITIVE, None)),
            rectangle("CD16+", parent, CD16=(CD16_POSITIVE, None)),
            BooleanGate("NK", "CD56+ or CD16+", parent=parent),
        ],
    )
