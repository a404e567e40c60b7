"""Visit x response in counts: a model with the ways to ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate.longitudinal.counts import bootstrap
from longate.longitudinal.counts.model import NODES, CountModel
from longate.longitudinal.counts.model import fit as fit_model
from longate.longitudinal.counts.table import CountTable, read_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.longitudinal.counts.result import (
        CountDifference,
        CountFit,
        LikelihoodRatio,
    )


@dataclass(frozen=True)
class CountAnalysis:
    r"""Visit x response in counts, by one model.

    The linear predictor is :math:`x_{ij}'\beta + u_i` with patient i at visit j, a
    mean of its own for each visit and group, and :math:`u_i \sim N(0, \sigma_u^2)`. The
    three models are :data:`binomial`, :data:`beta_binomial` and
    :data:`negative_binomial`.

    Parameters
    ----------
    model : CountModel
        The density of a count.
    size : str
        The usual column of what a count is out of: all events n, or microlitres.
    """

    model: CountModel
    size: str

    def __repr__(self) -> str:
        """Say which model, and what can be asked."""
        return (
            f"{self.model.name} · .fit .difference_in_change .likelihood_ratio of "
            f"n_events in {self.size}"
        )

    def fit(
        self,
        data: object,
        response: object,
        *,
        k: str = "n_events",
        size: str | None = None,
        baseline: object = None,
        last: object = None,
        confidence: float = 0.95,
        nodes: int = NODES,
        circular: str = "refused",
        unmatched: str = "error",
        visit_order: Sequence[object] | None = None,
    ) -> CountFit:
        """Fit visit x response by maximum likelihood.

        Parameters
        ----------
        data : DataFrame or result with a ``.table``
            Columns ``patient``, ``visit``, `k` and `size`, one row per sample. Rows
            without a count are lost; small counts and 0 are not.
        response : DataFrame or result with a ``.table``
            Columns ``patient`` and ``label``; the unclassifiable do not enter.
        k : str
            Column of events.
        size : str, optional
            Column of all events among which the `k` are (by default ``n_parent``), or
            of the microlitres of blood that were looked at (``microlitres``; see
            :func:`microlitres_seen`).
        baseline, last : visit, optional
            The visits to compare; by default the first and the last.
        confidence : float
            Of the intervals, above 0 and below 1.
        nodes : int
            Of the adaptive quadrature; 1 is Laplace's approximation.
        circular : {"refused", "allowed"}
            What to do with labels that were derived from the counts.
        unmatched : {"error", "drop"}
            What to do with patients who have a label and no data, or data and no
            label; who is dropped stands in ``.limits`` by name.
        visit_order : sequence of visits, optional
            Every visit, first to last; by default that of an ordered categorical, or
            of the numbers in the names.

        Returns
        -------
        CountFit
            With ``.table``, ``.spread``, ``.difference`` and, where the model could not
            be fitted, ``.problem``.

        Raises
        ------
        DesignError
            If counts are no counts, patient-visits repeat, a group has fewer than two
            patients, or a compared visit was seen in one group only.
        """
        table = self._read(
            data,
            response,
            k=k,
            size=size,
            baseline=baseline,
            last=last,
            circular=circular,
            unmatched=unmatched,
            visit_order=visit_order,
        )
        return fit_model(self.model, table, nodes=nodes, confidence=confidence)

    def difference_in_change(
        self,
        data: object,
        response: object,
        *,
        k: str = "n_events",
        size: str | None = None,
        baseline: object = None,
        last: object = None,
        confidence: float = 0.95,
        nodes: int = NODES,
        circular: str = "refused",
        unmatched: str = "error",
        visit_order: Sequence[object] | None = None,
    ) -> CountDifference:
        """Return responders' change minus non-responders', in log odds or log rates.

        Parameters are those of :meth:`fit`. Where the model could not be fitted, the
        numbers are NaN, ``converged`` is False, and the first note says why.

        Raises
        ------
        DesignError
            As :meth:`fit`.

        Examples
        --------
        >>> import pandas as pd
        >>> from longate.longitudinal.counts import binomial
        >>> data = pd.DataFrame(
        ...     {"patient": list("ABCDEF") * 2, "visit": [0] * 6 + [12] * 6,
        ...      "n_events": [61, 92, 70, 88, 75, 64, 120, 171, 119, 93, 70, 66],
        ...      "n_parent": [400] * 12}
        ... )
        >>> response = pd.DataFrame(
        ...     {"patient": list("ABCDEF"),
        ...      "label": ["responder"] * 3 + ["non-responder"] * 3}
        ... )
        >>> found = binomial.difference_in_change(data, response)
        >>> round(found.estimate, 2), found.converged
        (0.82, True)
        """
        table = self._read(
            data,
            response,
            k=k,
            size=size,
            baseline=baseline,
            last=last,
            circular=circular,
            unmatched=unmatched,
            visit_order=visit_order,
        )
        fitted = fit_model(self.model, table, nodes=nodes, confidence=confidence)
        return fitted.difference

    def likelihood_ratio(
        self,
        data: object,
        response: object,
        *,
        replicates: int,
        seed: int,
        k: str = "n_events",
        size: str | None = None,
        baseline: object = None,
        last: object = None,
        nodes: int = bootstrap.NODES,
        circular: str = "refused",
        unmatched: str = "error",
        visit_order: Sequence[object] | None = None,
    ) -> LikelihoodRatio:
        """Test visit x response by a parametric bootstrap of the likelihood ratio.

        Parameters
        ----------
        replicates : int
            Draws from the model without visit x response, at least 1.
        seed : int
            Of the draws; each replicate has its own, made of it.
        data, response, k, size, baseline, last, nodes, circular, unmatched, visit_order
            As :meth:`fit`.

        Returns
        -------
        LikelihoodRatio
            With the failures counted by reason.

        Raises
        ------
        DesignError
            As :meth:`fit`, and if `replicates` or `seed` are out of range.

        References
        ----------
        Davison and Hinkley 1997, Bootstrap Methods and their Application, chapter 4,
        doi:10.1017/CBO9780511802843.
        """
        table = self._read(
            data,
            response,
            k=k,
            size=size,
            baseline=baseline,
            last=last,
            circular=circular,
            unmatched=unmatched,
            visit_order=visit_order,
        )
        return bootstrap.bootstrap(
            self.model, table, replicates=replicates, seed=seed, nodes=nodes
        )

    def _read(
        self, data: object, response: object, *, size: str | None, **options: Any
    ) -> CountTable:
        return read_counts(
            data,
            response,
            size=self.size if size is None else size,
            whole=not self.model.logs_size,
            **options,
        )
