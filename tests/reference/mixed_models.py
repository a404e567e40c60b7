"""Mixed models by the definitions: dense matrices, numerical optimum, no shortcuts.

V is built for all values at once; restricted likelihood is maximised by a
general optimiser over standard deviations and partial correlations; Kenward and
Roger's quantities are those of their paper of 1997 (doi:10.2307/2533558).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize


def intercept_parts(patients):
    """Return G of (patient variance, residual variance)."""
    same = np.equal.outer(patients, patients).astype(float)
    return [same, np.eye(len(patients))]


def unstructured_parts(patients, visits):
    """Return G of each variance and covariance of the visits."""
    same = np.equal.outer(patients, patients)
    parts = []
    for one in range(max(visits) + 1):
        for other in range(one + 1):
            pair = np.logical_and.outer(visits == one, visits == other)
            parts.append((same & (pair | pair.T)).astype(float))
    return parts


def covariance_of(variances, parts):
    return sum(value * part for value, part in zip(variances, parts, strict=True))


def deviance(variances, parts, x, y):
    """Return -2 log restricted likelihood."""
    v = covariance_of(variances, parts)
    sign, size = np.linalg.slogdet(v)
    if sign <= 0:
        return np.inf
    w = np.linalg.inv(v)
    a = x.T @ w @ x
    e = y - x @ np.linalg.solve(a, x.T @ w @ y)
    n, p = x.shape
    fixed = np.linalg.slogdet(a)[1]
    return size + fixed + e @ w @ e + (n - p) * np.log(2 * np.pi)


def elements_of(free, k):
    """Return the lower triangle of a covariance from sds and partial correlations."""
    sds, partial = np.exp(free[:k]), iter(np.tanh(free[k:]))
    root = np.zeros((k, k))
    for row in range(k):
        left = 1.0
        for at in range(row):
            root[row, at] = next(partial) * np.sqrt(left)
            left -= root[row, at] ** 2
        root[row, row] = np.sqrt(left)
    root *= sds[:, None]
    full = root @ root.T
    return full[np.tril_indices(k)]


def unstructured_estimates(parts, x, y, k):
    """Return the variances and covariances of largest restricted likelihood."""
    free = np.r_[np.full(k, np.log(y.std())), np.full(k * (k - 1) // 2, 0.4)]
    for _ in range(4):
        free = minimize(
            lambda f: deviance(elements_of(f, k), parts, x, y),
            free,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000},
        ).x
    return elements_of(free, k)


class Inference:
    """Kenward-Roger and Satterthwaite at given variances."""

    def __init__(self, variances, parts, x, y):
        w = np.linalg.inv(covariance_of(variances, parts))
        self.phi = np.linalg.inv(x.T @ w @ x)
        self.beta = self.phi @ x.T @ w @ y
        project = w - w @ x @ self.phi @ x.T @ w
        self.p = [-x.T @ w @ g @ w @ x for g in parts]
        q = [[x.T @ w @ g @ w @ h @ w @ x for h in parts] for g in parts]
        expected = [
            [np.trace(project @ g @ project @ h) / 2 for h in parts] for g in parts
        ]
        observed = [
            [y @ project @ g @ project @ h @ project @ y for h in parts] for g in parts
        ]
        self.expected = np.array(expected)
        self.w = np.linalg.inv(self.expected)
        self.w_observed = np.linalg.inv(np.array(observed) - self.expected)
        bias = sum(
            self.w[r, s] * (q[r][s] - self.p[r] @ self.phi @ self.p[s])
            for r in range(len(parts))
            for s in range(len(parts))
        )
        self.adjusted = self.phi + 2 * self.phi @ bias @ self.phi

    def df(self, contrast, w=None):
        w = self.w if w is None else w
        v = contrast @ self.phi @ contrast
        d = np.array([-contrast @ self.phi @ p @ self.phi @ contrast for p in self.p])
        return 2 * v**2 / (d @ w @ d)

    def joint(self, contrasts):
        """Return F, df2 and scale of Kenward and Roger."""
        ell = len(contrasts)
        theta = contrasts.T @ np.linalg.inv(contrasts @ self.phi @ contrasts.T)
        theta = theta @ contrasts
        m = [theta @ self.phi @ p @ self.phi for p in self.p]
        pairs = [(r, s) for r in range(len(m)) for s in range(len(m))]
        a1 = sum(self.w[r, s] * np.trace(m[r]) * np.trace(m[s]) for r, s in pairs)
        a2 = sum(self.w[r, s] * np.trace(m[r] @ m[s]) for r, s in pairs)
        b = (a1 + 6 * a2) / (2 * ell)
        g = ((ell + 1) * a1 - (ell + 4) * a2) / ((ell + 2) * a2)
        bottom = 3 * ell + 2 * (1 - g)
        c1, c2, c3 = g / bottom, (ell - g) / bottom, (ell + 2 - g) / bottom
        mean = 1 / (1 - a2 / ell)
        variance = 2 / ell * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = variance / (2 * mean**2)
        df2 = 4 + (ell + 2) / (ell * rho - 1)
        scale = df2 / (mean * (df2 - 2))
        middle = np.linalg.inv(contrasts @ self.adjusted @ contrasts.T)
        found = contrasts @ self.beta
        return scale * found @ middle @ found / ell, df2, scale
