"""The published response rules, as values.

Parameters marked "common usage" have no single source. A boundary to know: from
an EDSS of 5.5, ``msprog_default`` and ``expand`` count +0.5, ``cut55`` asks +1.0.
"""

from __future__ import annotations

from longate.clinical.any_worsening import AnyWorsening
from longate.clinical.confirmation import BETTER, Confirmation, Steps
from longate.clinical.confirmed_change import ConfirmedChange
from longate.clinical.disease_activity import NoEvidenceOfActivity

_MSPROG = Steps(((0.0, 0.0, 1.5), (1.0, 5.0, 1.0), (5.5, 10.0, 0.5)))
_EXPAND = Steps(((3.0, 5.0, 1.0), (5.5, 6.5, 0.5)))
_CUT55 = Steps(((0.0, 0.0, 1.5), (1.0, 5.5, 1.0), (6.0, 10.0, 0.5)))
_IMPROVEMENT = Steps(((2.0, 5.0, 1.0), (5.5, 10.0, 0.5)))
_TWELVE_WEEKS, _THREE_MONTHS, _TWENTY_FOUR_WEEKS = 84, 90, 168
_MSPROG_SOURCE = (
    "defaults of msprog: Montobbio et al. 2024, Mult Scler, "
    "doi:10.1177/13524585241243157"
)

CHANVILLARD = AnyWorsening(
    name="chanvillard2012",
    statement=(
        "responder = EDSS never above its baseline through the last visit "
        "and no relapse; any increase or relapse = non-responder"
    ),
    source="Chanvillard et al. 2012, PLoS One 7:e39625",
)

MSPROG = ConfirmedChange(
    name="msprog_default",
    statement=(
        "responder = no confirmed worsening of EDSS by 1.5 from 0, 1.0 from 1.0 to "
        "5.0, 0.5 from 5.5, confirmed after 84 days (7 earlier to 2 years later); "
        "reference and confirming visits not within 30 days after a relapse"
    ),
    source=_MSPROG_SOURCE,
    steps=_MSPROG,
    confirmation=Confirmation(
        _TWELVE_WEEKS,
        late=2 * 365.25,
        after_relapse_baseline=30,
        after_relapse_confirmation=30,
    ),
)

EXPAND = ConfirmedChange(
    name="expand",
    statement=(
        "responder = no worsening of EDSS by 1.0 from 3.0 to 5.0 or 0.5 from 5.5 to "
        "6.5, confirmed after 3 months (90 days, 7 earlier allowed); other "
        "baselines are not defined"
    ),
    source=(
        "primary outcome of EXPAND (siponimod in SPMS): Kappos et al. 2018, Lancet "
        "391:1263, doi:10.1016/S0140-6736(18)30475-6; the 7 days are common usage"
    ),
    steps=_EXPAND,
    confirmation=Confirmation(_THREE_MONTHS),
)

CUT55 = ConfirmedChange(
    name="cut55",
    statement=(
        "responder = no worsening of EDSS by 1.5 from 0, 1.0 from 1.0 to 5.5 or 0.5 "
        "from 6.0, confirmed after 3 months (90 days, 7 earlier allowed); visits "
        "within 30 days after a relapse do not serve"
    ),
    source="common usage in trials and registries; the 1.5 from 0 and the 7 days too",
    steps=_CUT55,
    confirmation=Confirmation(
        _THREE_MONTHS,
        after_relapse_baseline=30,
        after_relapse_change=30,
        after_relapse_confirmation=30,
    ),
)

TWELVE_WEEKS = ConfirmedChange(
    name="confirmed_12_weeks",
    statement=(
        "responder = no worsening of EDSS by 1.5 from 0, 1.0 from 1.0 to 5.0, 0.5 "
        "from 5.5, confirmed after 12 weeks (84 days, 7 earlier allowed), whatever "
        "the relapses"
    ),
    source="common usage; the steps are those of msprog_default",
    steps=_MSPROG,
    confirmation=Confirmation(_TWELVE_WEEKS),
)

TWENTY_FOUR_WEEKS = ConfirmedChange(
    name="confirmed_24_weeks",
    statement=(
        "responder = no worsening of EDSS by 1.5 from 0, 1.0 from 1.0 to 5.0, 0.5 "
        "from 5.5, confirmed after 24 weeks (168 days, 7 earlier allowed), whatever "
        "the relapses"
    ),
    source=(
        "common usage; the EMA's guideline on trials in MS recommends 24 weeks or "
        "more; the steps are those of msprog_default"
    ),
    steps=_MSPROG,
    confirmation=Confirmation(_TWENTY_FOUR_WEEKS),
)

IMPROVEMENT = ConfirmedChange(
    name="confirmed_improvement",
    statement=(
        "responder = improvement of EDSS by 1.0 from 2.0 to 5.0 or 0.5 from 5.5, "
        "confirmed after 12 weeks (84 days, 7 earlier allowed); a baseline below "
        "2.0 leaves no room and is not defined"
    ),
    source="common usage: the mirror of the steps of msprog_default",
    steps=_IMPROVEMENT,
    confirmation=Confirmation(_TWELVE_WEEKS),
    direction=BETTER,
)

ROVING = ConfirmedChange(
    name="roving_baseline",
    statement=(
        "responder = no confirmed worsening as in msprog_default (84 days), from a "
        "reference that moves to the confirming visit of each confirmed improvement"
    ),
    source=(
        "the roving reference of Kappos et al. 2018, Mult Scler 24:963, "
        "doi:10.1177/1352458517709619, for improvements; steps and days: "
        + _MSPROG_SOURCE
    ),
    steps=_MSPROG,
    confirmation=MSPROG.confirmation,
    roving=True,
)

NEDA3 = NoEvidenceOfActivity(
    name="neda3",
    statement=(
        "responder = no relapse, no worsening of EDSS as in confirmed_12_weeks, and "
        "no new or enlarging T2 lesion nor enhancing lesion after baseline"
    ),
    source="common usage: no evidence of disease activity in three domains",
    worsening=TWELVE_WEEKS,
)

PRESETS = (
    CHANVILLARD,
    MSPROG,
    EXPAND,
    CUT55,
    TWELVE_WEEKS,
    TWENTY_FOUR_WEEKS,
    IMPROVEMENT,
    ROVING,
    NEDA3,
)
