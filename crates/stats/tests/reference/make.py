"""Makes values.json: reference values for the statistics of this crate, by programs that share no code with it.

    python3 -m venv venv && venv/bin/pip install scipy statsmodels krippendorff scikit-learn
    venv/bin/python make.py > values.json

Where a library has the method, the library computes it; where none has, this file does, from the formula of the paper, and
says so. The committed values were made with scipy 1.17.1, statsmodels 0.15.0, krippendorff 0.9.0, scikit-learn 1.9.1 and
numpy 2.4.6 on Python 3.11. Chance comes from random.Random with fixed seeds.
"""

import json
import math
import random

import krippendorff
import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import Table, mcnemar
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

chance = random.Random(2026)
nan = float("nan")


def clean(value):
    if isinstance(value, dict):
        return {key: clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [clean(part) for part in value]
    if isinstance(value, (np.floating, float)):
        return float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def wilson_corrected(k, n, z):
    """Newcombe (1998), method 4."""
    p, q = k / n, 1 - k / n
    low = (2 * n * p + z * z - 1 - z * math.sqrt(z * z - 2 - 1 / n + 4 * p * (n * q + 1))) / (2 * (n + z * z)) if k else 0.0
    high = (2 * n * p + z * z + 1 + z * math.sqrt(z * z + 2 - 1 / n + 4 * p * (n * q - 1))) / (2 * (n + z * z)) if k < n else 1.0
    return [max(low, 0.0), min(high, 1.0)]


def binomial():
    rows = []
    for k, n in [(0, 5), (5, 5), (1, 29), (14, 40), (50, 100), (287, 14950), (0, 14950), (2, 10), (999, 1000)]:
        for level in (0.9, 0.95, 0.99):
            z = stats.norm.ppf(1 - (1 - level) / 2)
            row = {"k": k, "n": n, "level": level, "wilson_corrected": wilson_corrected(k, n, z)}
            for ours, theirs in [("wilson", "wilson"), ("clopper_pearson", "beta"), ("agresti_coull", "agresti_coull"),
                                 ("jeffreys", "jeffreys"), ("wald", "normal")]:
                row[ours] = proportion_confint(k, n, alpha=1 - level, method=theirs)
            rows.append(row)
    return rows


def mcnemar_tests():
    rows = []
    for a, b, c, d in [(60, 1, 7, 3), (206, 12, 81, 1), (266, 21, 13, 0), (5, 4, 4, 5), (0, 10, 0, 0), (900, 150, 205, 45)]:
        table = [[a, b], [c, d]]
        n, few = b + c, min(b, c)
        rows.append({
            "counts": [a, b, c, d],
            "exact": mcnemar(table, exact=True).pvalue,
            "mid_p": 2 * stats.binom.cdf(few, n, 0.5) - stats.binom.pmf(few, n, 0.5),
            "chi2": mcnemar(table, exact=False, correction=False).statistic,
            "p": mcnemar(table, exact=False, correction=False).pvalue,
            "chi2_corrected": (max(abs(b - c) - 1, 0)) ** 2 / n,
            "p_corrected": stats.chi2.sf((max(abs(b - c) - 1, 0)) ** 2 / n, 1),
        })
    return rows


def newcombe_paired(a, b, c, d, level):
    """Newcombe (1998b), method 10."""
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    l1, u1 = proportion_confint(a + b, n, alpha=1 - level, method="wilson")
    l2, u2 = proportion_confint(a + c, n, alpha=1 - level, method="wilson")
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    top = a * d - b * c
    top = max(top - n / 2, 0) if top > 0 else top
    phi = top / math.sqrt(margins) if margins else 0.0
    low = math.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    high = math.sqrt((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2)
    return [p1 - p2 - low, p1 - p2 + high]


def tango(a, b, c, d, delta):
    """Tango's score, its nuisance share found by maximising the likelihood."""
    n = a + b + c + d

    def slope(q):  # derivative of b log(q + delta) + c log(q) + (n-b-c) log(1 - 2q - delta)
        return b / (q + delta) + (c / q if c else 0.0) - 2 * (n - b - c) / (1 - 2 * q - delta)

    tiny = 1e-15
    low, high = max(0.0, -delta) + tiny, (1 - delta) / 2 - tiny
    if slope(low) <= 0:
        q = max(0.0, -delta)
    elif slope(high) >= 0:
        q = (1 - delta) / 2
    else:
        q = optimize.brentq(slope, low, high, xtol=1e-16, rtol=1e-15)
    return (b - c - n * delta) / math.sqrt(n * (2 * q + delta - delta * delta))


def differences():
    rows = {"independent": [], "paired": [], "tost_paired": []}
    for k, n, l, m in [(56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 1, 29), (218, 300, 287, 300)]:
        low, high = confint_proportions_2indep(k, n, l, m, method="newcomb", compare="diff")
        rows["independent"].append({"first": [k, n], "second": [l, m], "interval": [low, high]})
    for counts in [(36, 12, 2, 0), (206, 12, 81, 1), (258, 21, 13, 8), (40, 5, 3, 52), (10, 0, 0, 10)]:
        for level in (0.9, 0.95):
            rows["paired"].append({"counts": counts, "level": level, "interval": newcombe_paired(*counts, level)})
    for counts in [(206, 12, 81, 1), (258, 21, 13, 8), (40, 5, 3, 52), (900, 40, 38, 22)]:
        for margin in (0.02, 0.05, 0.1):
            rows["tost_paired"].append({
                "counts": counts, "margin": margin,
                "p_above_low": stats.norm.sf(tango(*counts, -margin)), "p_below_high": stats.norm.cdf(tango(*counts, margin)),
            })
    return rows


def tost_means():
    rows = []
    for n, m, shift in [(12, 12, 0.1), (30, 30, 0.4), (8, 8, -0.2)]:
        first = [chance.gauss(10, 1) for _ in range(n)]
        second = [chance.gauss(10 + shift, 1.5) for _ in range(m)]
        _, above, below = ttost_paired(np.array(first), np.array(second), -0.8, 0.8)
        _, w_above, w_below = ttost_ind(np.array(first), np.array(second[:-2]), -0.8, 0.8, usevar="unequal")
        rows.append({"first": first, "second": second, "margin": 0.8, "paired": [above[1], below[1]],
                     "welch": [w_above[1], w_below[1]]})
    return rows


def agreement():
    rows = []
    for size, n in [(2, 40), (3, 60), (5, 80)]:
        first = [chance.randrange(size) for _ in range(n)]
        second = [value if chance.random() < 0.6 else chance.randrange(size) for value in first]
        row = {"categories": size, "first": first, "second": second}
        for name, weights in [("unweighted", None), ("linear", "linear"), ("quadratic", "quadratic")]:
            row[name] = cohen_kappa_score(first, second, weights=weights, labels=list(range(size)))
        rows.append(row)
    fleiss = []
    for items, raters, size in [(10, 3, 2), (30, 5, 4)]:
        table = []
        for _ in range(items):
            favourite = chance.randrange(size)
            votes = [favourite if chance.random() < 0.5 else chance.randrange(size) for _ in range(raters)]
            table.append([votes.count(category) for category in range(size)])
        fleiss.append({"ratings": table, "kappa": fleiss_kappa(np.array(table), method="fleiss")})
    alphas = []
    for raters, items in [(3, 15), (4, 40), (2, 25)]:
        data = []
        truths = [chance.randrange(5) for _ in range(items)]
        for _ in range(raters):
            data.append([None if chance.random() < 0.15 else truth if chance.random() < 0.6 else chance.randrange(5)
                         for truth in truths])
        matrix = [[nan if value is None else float(value) for value in row] for row in data]
        alphas.append({"raters": data} | {
            scale: krippendorff.alpha(reliability_data=matrix, level_of_measurement=scale)
            for scale in ("nominal", "ordinal", "interval")})
    return {"cohen": rows, "fleiss": fleiss, "krippendorff": alphas}


def multiplicity():
    rows = []
    for count in (1, 5, 12):
        p_values = [chance.random() ** 2 for _ in range(count)]
        p_values[-1] = p_values[0]
        rows.append({"p": p_values, "holm": multipletests(p_values, method="holm")[1],
                     "benjamini_hochberg": multipletests(p_values, method="fdr_bh")[1]})
    return rows


def clusters():
    rows = []
    for groups, largest in [(6, 5), (40, 3), (25, 12)]:
        values, names = [], []
        for group in range(groups):
            level = chance.gauss(0, 1)
            for _ in range(1 + chance.randrange(largest)):
                values.append(level + chance.gauss(0, 1.5))
                names.append(group)
        y, g = np.array(values), np.array(names)
        fit = sm.OLS(y, np.ones(len(y))).fit(cov_type="cluster", cov_kwds={"groups": g})
        n, k = len(y), groups
        sizes = np.array([np.sum(g == name) for name in range(k)])
        means = np.array([y[g == name].mean() for name in range(k)])
        between = float(np.sum(sizes * (means - y.mean()) ** 2) / (k - 1))
        within = float(sum(((y[g == name] - means[name]) ** 2).sum() for name in range(k)) / (n - k))
        typical = float((n - np.sum(sizes**2) / n) / (k - 1))
        # The resamples of random.Random(42), as the crate draws them, and the intervals by NumPy's quantiles.
        draws = random.Random(42)
        sums = np.array([y[g == name].sum() for name in range(k)])
        positions = np.array([[draws.choice(range(k)) for _ in range(k)] for _ in range(2000)])
        resampled = sums[positions].sum(axis=1) / sizes[positions].sum(axis=1)
        left_out = np.array([(y.sum() - sums[name]) / (n - sizes[name]) for name in range(k)])
        apart = left_out.mean() - left_out
        acceleration = (apart**3).sum() / (6 * (apart**2).sum() ** 1.5)
        # A resample of every cluster once is the sample, but for the order of its sums: it counts half.
        tie = 1e-9 * (resampled.max() - resampled.min())
        below = (resampled - y.mean() < -tie).sum() + (abs(resampled - y.mean()) <= tie).sum() / 2
        bias = stats.norm.ppf(below / len(resampled))
        tails = []
        for tail in (0.025, 0.975):
            z = bias + stats.norm.ppf(tail)
            tails.append(stats.norm.cdf(bias + z / (1 - acceleration * z)))
        rows.append({
            "values": values, "clusters": names, "standard_error": fit.bse[0], "mean": fit.params[0],
            "independent": y.std(ddof=1) / math.sqrt(n), "kish": sizes.sum() ** 2 / (sizes**2).sum(),
            "icc": (between - within) / (between + (typical - 1) * within),
            "percentile": np.quantile(resampled, [0.025, 0.975]), "bca": np.quantile(resampled, tails),
        })
    return rows


def power():
    """The formulas of Connor (1987) and of Fleiss, Levin and Paik (2003), solved by brentq."""
    z = stats.norm.ppf(0.975)

    def paired(n, share, d):
        return stats.norm.cdf((d * math.sqrt(n) - z * math.sqrt(share)) / math.sqrt(share - d * d))

    def independent(n, m, p, d):
        mean = (n * p + m * (p + d)) / (n + m)
        return stats.norm.cdf((d - z * math.sqrt(mean * (1 - mean) * (1 / n + 1 / m)))
                              / math.sqrt(p * (1 - p) / n + (p + d) * (1 - p - d) / m))

    rows = {"paired": [], "independent": []}
    for n, share, d in [(300, 0.11, 0.05), (300, 0.31, 0.1), (1000, 0.05, 0.02)]:
        smallest = optimize.brentq(lambda x: paired(n, share, x) - 0.8, 1e-6, share * 0.999, xtol=1e-15)
        rows["paired"].append({"pairs": n, "discordant": share, "difference": d, "power": paired(n, share, d),
                               "smallest_at_80": smallest})
    for n, m, p, d in [(300, 300, 0.5, 0.1), (150, 400, 0.05, 0.08), (5000, 300, 0.8, 0.05)]:
        smallest = optimize.brentq(lambda x: independent(n, m, p, x) - 0.8, 1e-6, (1 - p) * 0.999, xtol=1e-15)
        rows["independent"].append({"first": n, "second": m, "baseline": p, "difference": d,
                                    "power": independent(n, m, p, d), "smallest_at_80": smallest})
    return rows


def trend():
    """statsmodels tests linear by linear association by permutation, whose variance has N - 1 in the place of N."""
    rows = []
    for steps in [[(0.1, 9, 50), (0.5, 11, 50), (1.0, 16, 50), (2.0, 30, 50)], [(0, 3, 40), (1, 5, 25), (4, 2, 60)],
                  [(1, 66, 100), (2, 70, 100), (3, 64, 100), (4, 69, 100), (5, 71, 100)]]:
        scores = np.array([score for score, _, _ in steps], dtype=float)
        table = Table(np.array([[n - k, k] for _, k, n in steps]), shift_zeros=False)
        found = table.test_ordinal_association(row_scores=scores, col_scores=np.array([0.0, 1.0]))
        total = sum(n for _, _, n in steps)
        z = found.zscore * math.sqrt(total / (total - 1))
        rows.append({"steps": steps, "z": z, "p": 2 * stats.norm.sf(abs(z))})
    return rows


print(json.dumps(clean({
    "binomial": binomial(), "mcnemar": mcnemar_tests(), "differences": differences(), "tost_means": tost_means(),
    "agreement": agreement(), "multiplicity": multiplicity(), "clusters": clusters(), "power": power(),
    "trend": trend(),
}), indent=1))
