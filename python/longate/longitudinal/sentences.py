"""What a result says in words: its answer, its limits, its assumptions.

The difference in change always comes first. A change within one group is
described beside it and never judged by itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from longate.longitudinal.power import welch_levels
from longate.longitudinal.welch import FEWEST_FOR_TEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.longitudinal.design import Design


_RATIO = ("ratio", "ratio_low", "ratio_high")


def number(value: float) -> str:
    """Return three significant digits, without exponent where readable."""
    if math.isnan(value):
        return "not available"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        digits = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
        return f"{value:.{digits}f}"
    return f"{value:.2e}"


def p_words(p: float, alpha: float = 0.05) -> str:
    """Return ``p = 0.012`` or ``p < 0.0001``, on the side of `alpha` where p is.

    Examples
    --------
    >>> from longate.longitudinal.sentences import p_words
    >>> p_words(0.0496), p_words(0.0504), p_words(0.049996), p_words(0.012)
    ('p = 0.0496', 'p = 0.0504', 'p = 0.049996', 'p = 0.012')
    """
    if math.isnan(p):
        return "p not available"
    if p < 1e-4:
        return "p < 0.0001"
    for digits in range(2, 17):
        shown = f"{p:.{digits}g}"
        if float(shown) == p or (
            (float(shown) < alpha) == (p < alpha)
            and not (math.isclose(float(shown), alpha))
        ):
            break
    return f"p = {shown}"


def tested_words(row: Mapping[str, Any], alpha: float) -> str:
    """Return p and adjusted p of an outcome of a family."""
    if math.isnan(row["p"]):
        exact = p_words(row["permutation_p"], alpha)
        return f"too few patients for a test, exact permutation {exact}"
    adjusted = p_words(row["p_adjusted"], alpha)
    return f"{p_words(row['p'], alpha)}, adjusted {adjusted.removeprefix('p = ')}"


def interval(low: float, high: float) -> str:
    """Return ``0.03 to 0.12``."""
    return f"{number(low)} to {number(high)}"


def headline(row: Mapping[str, Any], design: Design, confidence: float) -> str:
    """Say the difference in change of one outcome in one sentence."""
    level = f"{100 * confidence:g} % interval"
    what, first, last = row["outcome"], design.baseline, design.last
    alpha = 1 - confidence
    test = (
        f"too few patients for a test, exact permutation "
        f"{p_words(row['permutation_p'], alpha)}"
        if math.isnan(row["p"])
        else f"Welch t, {p_words(row['p'], alpha)}"
    )
    test += (
        f"; {row['n_responder']} responders and {row['n_non_responder']} non-responders"
    )
    if row["scale"] in ("identity", "fraction"):
        change = f"The change in {what} from {first} to {last}"
        ends = (row["low"], row["high"])
        measured = f"difference {number(row['estimate'])}"
        direction = "higher" if row["estimate"] > 0 else "lower"
        told = (
            f"was {number(abs(row['estimate']))} {direction} in responders than in "
            f"non-responders"
        )
    else:
        ratio = "ratio" if row["scale"] == "log" else "odds ratio"
        change = f"The {ratio} of {last} to {first} in {what}"
        ends = (row["ratio_low"], row["ratio_high"])
        measured = f"{design.measure.ratio} {number(row['ratio'])}"
        told = (
            f"was {number(row['ratio'])} times as large in responders as in "
            f"non-responders"
        )
    if row["low"] > 0 or row["high"] < 0:
        return f"{change} {told} ({level} {interval(*ends)}; {test})."
    return (
        f"{change} was not shown to differ between responders and non-responders: "
        f"{measured} ({level} {interval(*ends)}; {test})."
    )


def within(groups: pd.DataFrame, scale: str, confidence: float) -> str:
    """Say the changes within the groups: intervals, no test."""
    parts = []
    words, columns = "Mean change", ("mean_change", "low", "high")
    if groups["ratio"].notna().any():
        words, columns = "Ratio of last to baseline", _RATIO
        if scale == "logit":
            words = "Odds ratio of last to baseline"
    for label in ("responder", "non-responder"):
        row = groups[groups["label"] == label].iloc[0]
        mean, low, high = (row[column] for column in columns)
        parts.append(f"{label}s {number(mean)} ({interval(low, high)})")
    return (
        f"{words} within groups, described and not tested ({100 * confidence:g} % "
        f"intervals): {', '.join(parts)}."
    )


def permuted(row: Mapping[str, Any]) -> str:
    """Say what the permutation of labels gives beside Welch's t."""
    ends = (row["permutation_low"], row["permutation_high"])
    if row["scale"] in ("log", "logit"):
        ends = (math.exp(ends[0]), math.exp(ends[1]))
    return (
        f"Sensitivity: permutation of labels {p_words(row['permutation_p'])} "
        f"(smallest possible {row['permutation_smallest_p']:.2g}), interval "
        f"{interval(*ends)}."
    )


def seen_words(flow: pd.DataFrame) -> str:
    """Say how many patients have a value, by visit and label."""
    steps = flow[flow["step"].str.startswith("value at ")]
    parts = []
    for step, rows in steps.groupby("step", sort=False):
        counts = rows.groupby("label", sort=False)["n"].agg(["min", "max"])
        spans = [
            f"{low}" if low == high else f"{low}-{high}"
            for low, high in counts.itertuples(index=False)
        ]
        parts.append(f"{str(step).removeprefix('value at ')}: {'/'.join(spans)}")
    return (
        f"Patients with a value (responder/non-responder/unclassifiable): "
        f"{', '.join(parts)}."
    )


def family_words(table: pd.DataFrame) -> str:
    """Say how many outcomes were tested together, and with what control."""
    tested = int(table["p"].notna().sum())
    untested = int((table["problem"] != "").sum())
    few = len(table) - tested - untested
    more = f"; {untested} could not be tested (see problem)" if untested else ""
    more += f"; {few} with too few patients for a test" if few else ""
    return (
        f"Family of {tested} outcomes tested together, p adjusted by "
        f"Benjamini-Hochberg (expected share of false findings){more}."
    )


def limits_of(
    table: pd.DataFrame, design: Design, confidence: float, *, circular: bool
) -> tuple[str, ...]:
    """Say what these patients cannot show."""
    tested = table[table["problem"] == ""]
    alpha = 1 - confidence
    said = [
        *_too_few(tested),
        *_power(tested[tested["p"].notna()], confidence),
        *_level(tested[tested["p"].notna()], alpha),
        *_smallest_p(tested, alpha),
    ]
    labels = design.labels
    said += design.limits
    unknown = labels.patients("unclassifiable")
    who = f" ({', '.join(unknown)})" if unknown else ""
    said.append(
        f"Response is conditional on being followed: {len(unknown)} of "
        f"{len(labels.by_patient)} labelled patients are unclassifiable{who}, and the "
        f"primary analysis takes those with a label and both visits. See "
        f".participant_flow, and .sensitivity for worst-case and best-case labels."
    )
    said += _baseline(tested)
    said.append(
        "Response was judged over the same time as the change: the two are "
        "associated, and neither predicts or causes the other by this analysis."
    )
    if circular:
        said.insert(
            0,
            f"CIRCULAR, allowed on request: the labels ({labels.rule}) were derived "
            f"from {design.measure.name}, so a difference is built in and p says "
            f"nothing.",
        )
    return tuple(said)


def _too_few(tested: pd.DataFrame) -> list[str]:
    few = tested[tested["p"].isna()]
    if few.empty:
        return []
    sizes = few[["n_responder", "n_non_responder"]].drop_duplicates()
    named = ", ".join(f"{n} v {m}" for n, m in sizes.itertuples(index=False))
    which = "" if len(few) == len(tested) else f" ({', '.join(few['outcome'])})"
    return [
        f"Too few patients for a test{which}: {named}. With fewer than "
        f"{FEWEST_FOR_TEST} in a group Welch's t rejects in up to 12 % of studies "
        f"without a difference. The interval has so few degrees of freedom that it "
        f"covers whatever the variances; the exact permutation p is beside it."
    ]


def _level(tested: pd.DataFrame, alpha: float) -> list[str]:
    """State the type I error of Welch's t for exactly these group sizes."""
    said = []
    for n, m in (
        tested[["n_responder", "n_non_responder"]]
        .drop_duplicates()
        .itertuples(index=False)
    ):
        low, high = welch_levels(n, m, alpha)
        after = ""
        if min(n, m) - 1 >= FEWEST_FOR_TEST:
            less = welch_levels(n - 1, m - 1, alpha)
            after = (
                f" with one patient fewer in each group, {100 * less[0]:.1f} to "
                f"{100 * less[1]:.1f} %;"
            )
        said.append(
            f"With exactly {n} v {m} patients Welch's t at {100 * alpha:.2g} % rejects "
            f"in {100 * low:.1f} to {100 * high:.1f} % of studies without a "
            f"difference, as one group varies up to three times as much as the other "
            f"(normal changes);{after} below {FEWEST_FOR_TEST} in a group no test is "
            f"made."
        )
    return said


def _power(tested: pd.DataFrame, confidence: float) -> list[str]:
    said = []
    sizes = tested.groupby(["n_responder", "n_non_responder"], sort=True)
    for (n, m), rows in sizes:
        in_sd = rows["smallest_effect_sd"].iloc[0]
        here = (
            f" (here {number(rows['smallest_effect'].iloc[0])} on the scale of "
            f"analysis, by the observed standard deviation)"
            if len(rows) == 1
            else f" ({len(rows)} outcomes)"
        )
        said.append(
            f"With {n} responders and {m} non-responders a true difference of about "
            f"{in_sd:.2f} standard deviations of change{here} is found with 80 % "
            f"probability at p < {1 - confidence:.2g}; smaller ones will mostly be "
            f"missed, and look larger than they are when found. (Power of "
            f"Welch's t for normal changes of equal variance.)"
        )
    return said


def _smallest_p(tested: pd.DataFrame, alpha: float) -> list[str]:
    m = len(tested)
    if not m:
        return []
    least = tested["permutation_smallest_p"]
    low, high = float(least.min()), float(least.max())
    span = f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"
    said = [
        f"The permutation of labels cannot give a p below {span} with these patients "
        f"and ties."
    ]
    if m > 1:
        scaled = f"{low * m:.2g}" if low == high else f"{low * m:.2g} to {high * m:.2g}"
        said[0] = (
            f"{said[0][:-1]}; times the family of {m} that is {scaled}, the smallest "
            f"adjusted permutation p of a single outcome that stands out. Above "
            f"{alpha:.2g} x {m} = {alpha * m:.2g} nothing can be found."
        )
    if low > alpha:
        said[0] += (
            f" That is above {alpha:.2g}: by permutation nothing can be found here."
        )
    return said


def _baseline(tested: pd.DataFrame) -> list[str]:
    if len(tested) != 1:
        return [
            "Groups that differ at baseline may approach each other by regression to "
            "the mean alone: see baseline_difference in .table."
        ]
    row = tested.iloc[0]
    return [
        f"At baseline responders minus non-responders was "
        f"{number(row['baseline_difference'])} (interval "
        f"{interval(row['baseline_low'], row['baseline_high'])}, scale of analysis): "
        f"groups that differ at baseline may approach each other by regression to "
        f"the mean alone."
    ]


def assumptions_of(design: Design, confidence: float) -> tuple[str, ...]:
    """Say what the numbers rest on."""
    scale = {
        "identity": "Values are analysed as they are; differences are in their unit.",
        "log": "Values are analysed as natural logarithms; ratios are exponentials.",
        "logit": (
            "Counts k of n are analysed as ln((k + 1/2) / (n - k + 1/2)); every known "
            "count stays in, and counting noise is part of the variance. Outcomes with "
            "few events are analysed as fractions k / n (see .limits)."
        ),
        "fraction": (
            "Fractions k / n are analysed, whose mean does not depend on n; counting "
            "noise is part of the variance."
        ),
    }[design.measure.scale]
    return (
        f"Labels by the rule {design.labels.rule}; they are taken as known.",
        f"Visits in the order {design.order}; change = {design.last} minus "
        f"{design.baseline}, per patient; visits between are shown and not used.",
        scale,
        "Primary: Welch's t of the patients' changes. Patients are independent and "
        "changes roughly normal in each group; their variances may differ.",
        "Permutation: labels are exchangeable under no difference, asymptotically "
        "also with unequal variances thanks to the Welch-studentised statistic; with "
        "few patients not quite (by Monte Carlo at 5 against 7 it rejects in 7 to 8 % "
        "of studies where responders vary two to three times as much).",
        "Patients without both visits are left out: right where their being lost "
        "does not depend on the change that was not seen.",
        "Two-sided throughout; intervals "
        f"at {100 * confidence:g} % each, not adjusted for the number of outcomes.",
    )
