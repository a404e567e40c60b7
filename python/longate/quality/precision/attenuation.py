"""Effects attenuated by error of measurement, and their corrected rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.quality.precision.result import Uncertainty

TAG = "corrected for assay variation (its size taken as known)"


def corrected_for_assay(
    uncertainty: Uncertainty,
    *,
    sd_change: float | None = None,
    sd_baseline: float | None = None,
    standardised: Sequence[float] | None = None,
    auc: Sequence[float] | None = None,
    slope: Sequence[float] | None = None,
) -> pd.DataFrame:
    r"""Return what error of measurement attenuates, as observed and as corrected.

    A difference of mean changes is not biased by error of measurement: neither it nor
    its interval is corrected. Attenuated are, with
    :math:`R = 1 - 2 s^2 / SD^2_{change}`:

    * a standardised effect: :math:`d / \sqrt R`;
    * an area under the ROC curve: :math:`\Phi(\Phi^{-1}(AUC) / \sqrt R)`, binormal;
    * the slope of an ANCOVA on the baseline: :math:`b / (1 - s^2/SD^2_{baseline})`.

    Parameters
    ----------
    uncertainty : Uncertainty
        On the scale of the analysis; its outermost total is s.
    sd_change : float, optional
        Standard deviation of the patients' changes (pooled within groups); needed for
        `standardised` and `auc`.
    sd_baseline : float, optional
        Standard deviation of the baseline values; needed for `slope`.
    standardised, auc, slope : sequence of float, optional
        Estimate, or estimate and both ends of its interval, which are corrected by the
        same factor.

    Returns
    -------
    DataFrame
        ``measure, row`` (observed or corrected), ``estimate, low, high, assay_share``
        (of the variance), ``tag``.

    Raises
    ------
    DesignError
        If a standard deviation is missing, or assay variation explains all of it.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159; Fuller 1987, Measurement Error Models, section
    1.1.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import longate as lg
    >>> random = np.random.default_rng(3)
    >>> rows = [(run, m + random.normal(0, 0.01)) for run in range(12)
    ...         for m in [random.normal(0.5, 0.01)] for _ in range(3)]
    >>> table = pd.DataFrame(rows, columns=["run", "index"]).assign(blood="control")
    >>> found = lg.quality.uncertainty(table, terms=("run",), specimen="blood")
    >>> made = lg.quality.corrected_for_assay(found, sd_change=0.05,
    ...                                       standardised=(1.2, 0.3, 2.1))
    >>> bool(made["estimate"][1] > made["estimate"][0])
    True
    """
    import pandas as pd
    from scipy.special import ndtr, ndtri

    variance = float(uncertainty.total()["variance"])
    rows: list[dict[str, object]] = []
    for name, values, sd, needed, factor in (
        ("standardised effect", standardised, sd_change, "sd_change", 2.0),
        ("AUC", auc, sd_change, "sd_change", 2.0),
        ("ANCOVA slope", slope, sd_baseline, "sd_baseline", 1.0),
    ):
        if values is None:
            continue
        share = _share(factor * variance, sd, name, needed)
        reliability = 1 - share
        if name == "AUC":
            if not all(0 <= value <= 1 for value in values):
                msg = f"an AUC lies between 0 and 1, got {tuple(values)!r}"
                raise DesignError(msg)
            made = [float(ndtr(ndtri(v) / math.sqrt(reliability))) for v in values]
        elif name == "ANCOVA slope":
            made = [v / reliability for v in values]
        else:
            made = [v / math.sqrt(reliability) for v in values]
        for row, found, tag in (("observed", values, ""), ("corrected", made, TAG)):
            ends = [*map(float, found), math.nan, math.nan][:3]
            rows.append(
                {
                    "measure": name,
                    "row": row,
                    "estimate": ends[0],
                    "low": ends[1],
                    "high": ends[2],
                    "assay_share": share,
                    "tag": tag,
                }
            )
    columns = ["measure", "row", "estimate", "low", "high", "assay_share", "tag"]
    return pd.DataFrame(rows, columns=columns)


def _share(variance: float, sd: float | None, name: str, needed: str) -> float:
    if sd is None or not (sd > 0 and math.isfinite(sd)):
        msg = f"a corrected {name} needs {needed}= above 0, got {sd!r}"
        raise DesignError(msg)
    share = variance / sd**2
    if share >= 1:
        msg = (
            f"assay variation ({math.sqrt(variance):.3g}) explains all of {needed} "
            f"({sd:.3g}); nothing is left to be corrected: check the scale of both"
        )
        raise DesignError(msg)
    return share
