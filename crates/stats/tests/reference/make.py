"""Makes values.json: reference values for the statistics of this crate, by programs that share no code with it.

    python3 -m venv venv && venv/bin/pip install scipy statsmodels krippendorff scikit-learn
    venv/bin/python make.py > values.json

Where a library has the method, the library computes it; where none has, this file does, from the formula of the paper, and
says so. The committed values were made with scipy 1.17.1, statsmodels 0.15.0, krippendorff 0.9.0, scikit-learn 1.9.1 and
numpy 2.4.6 on Python 3.11. Chance comes from random.Random with fixed seeds.
"""

import itertools
import json
import math
import random

import krippendorff
import numpy as np
import statsmodels.api as sm
from scipy import integrate, optimize, special, stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import StratifiedTable, Table, mcnemar
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportion_effectsize
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


def ranks():
    """Mogstad et al. (2024): one-sided tests of all ordered pairs, adjusted by Holm by statsmodels, then counted."""
    rows = []
    for count, degrees in [(3, 12.0), (6, 40.0), (9, None)]:
        truth = [chance.gauss(0, 2) for _ in range(count)]
        factor = np.array([[chance.gauss(0, 0.4) for _ in range(count + 2)] for _ in range(count)])
        covariance = factor @ factor.T
        pairs = list(itertools.permutations(range(count), 2))
        z = [(truth[i] - truth[j]) / math.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]) for i, j in pairs]
        p = stats.norm.sf(z) if degrees is None else stats.t.sf(z, degrees)
        rejected, adjusted = multipletests(p, alpha=0.05, method="holm")[:2]
        best, worst = [1] * count, [count] * count
        for (i, j), ahead in zip(pairs, rejected):
            best[j] += int(ahead)
            worst[i] -= int(ahead)
        rows.append({"estimates": truth, "covariance": covariance, "degrees": degrees, "best": best, "worst": worst,
                     "pairs": pairs, "adjusted": adjusted})
    return rows


def projection(*names):
    """Onto the means of all combinations of these factors."""
    keys = list(zip(*names))
    columns = sorted(set(keys))
    design = np.array([[float(key == column) for column in columns] for key in keys])
    return design @ np.linalg.inv(design.T @ design) @ design.T, design, len(columns)


def components():
    """Sums of squares by projections, and their expectations by traces (Searle 1971, section 10.2), solved as linear equations."""
    two, three = [], []
    for cases, repeats in [(5, 3), (12, 4), (30, 2)]:
        rows = []
        for case in range(cases):
            level = chance.gauss(0, 1)
            for _ in range(repeats + chance.randrange(2)):
                value = level + chance.gauss(0, 1)
                rows.append((case, value if cases != 30 else float(value > 0)))
        names, y = [row[0] for row in rows], np.array([row[1] for row in rows])
        n = len(y)
        mean = np.full((n, n), 1 / n)
        of_case, z_case, a = projection(names)
        squares = [y @ (of_case - mean) @ y, y @ (np.eye(n) - of_case) @ y]
        expected = [[np.trace(z_case.T @ (of_case - mean) @ z_case), a - 1], [0.0, n - a]]
        two.append({"rows": rows, "components": np.linalg.solve(expected, squares)})
    for cases in (4, 10, 20):
        rows = []
        for case in range(cases):
            level = chance.gauss(0, 2)
            for repeat in range(1 + chance.randrange(3)):
                of_repeat = level + chance.gauss(0, 1)
                for _ in range(1 + chance.randrange(3)):
                    rows.append((case, repeat, of_repeat + chance.gauss(0, 0.5)))
        names, of, y = [row[0] for row in rows], [row[1] for row in rows], np.array([row[2] for row in rows])
        n = len(y)
        mean = np.full((n, n), 1 / n)
        of_case, z_case, a = projection(names)
        of_repeat, z_repeat, b = projection(names, of)
        steps = [of_case - mean, of_repeat - of_case, np.eye(n) - of_repeat]
        squares = [y @ step @ y for step in steps]
        expected = [[np.trace(z_case.T @ step @ z_case), np.trace(z_repeat.T @ step @ z_repeat), np.trace(step)] for step in steps]
        three.append({"rows": rows, "components": np.linalg.solve(expected, squares), "degrees": [a - 1, b - a, n - b]})
    return {"two": two, "three": three}


def effects():
    rows = {"h": [], "paired": [], "odds": [], "ratio": [], "paired_ratio": [], "cliff": []}
    for p, q in [(0.1, 0.2), (0.99, 0.5), (0.0, 0.3)]:
        rows["h"].append({"p": p, "q": q, "h": proportion_effectsize(p, q)})
    for n in (4, 15, 60):
        first = [chance.gauss(5, 2) for _ in range(n)]
        second = [value + chance.gauss(0.5, 1) for value in first]
        apart = np.array(first) - np.array(second)
        average = math.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / 2)
        f = n - 1
        correction = special.gamma(f / 2) / (math.sqrt(f / 2) * special.gamma((f - 1) / 2))
        rows["paired"].append({"first": first, "second": second, "d_z": apart.mean() / apart.std(ddof=1),
                               "g_av": correction * apart.mean() / average})
        other = [round(value) for value in second[: n - 1]]
        rounded = [round(value) for value in first]
        u = stats.mannwhitneyu(rounded, other, method="asymptotic").statistic
        rows["cliff"].append({"first": rounded, "second": other, "delta": 2 * u / (n * (n - 1)) - 1})
    z = stats.norm.ppf(0.975)
    for a, b, c in [(40, 12, 3), (200, 30, 55), (7, 1, 1)]:
        low, high = proportion_confint(b, b + c, alpha=0.05, method="beta")
        rows["odds"].append({"b": b, "c": c, "ratio": b / c, "interval": [low / (1 - low), high / (1 - high)]})
        ratio, reach = (a + b) / (a + c), z * math.sqrt((b + c) / ((a + b) * (a + c)))
        rows["paired_ratio"].append({"a": a, "b": b, "c": c, "ratio": ratio,
                                     "interval": [ratio * math.exp(-reach), ratio * math.exp(reach)]})
    for k, n, l, m in [(12, 100, 30, 120), (3, 50, 1, 40), (250, 300, 200, 290)]:
        rows["ratio"].append({"first": [k, n], "second": [l, m], "ratio": (k / n) / (l / m), "interval":
                              confint_proportions_2indep(k, n, l, m, method="log", compare="ratio", correction=False)})
    return rows


def prevalence():
    """Rogan and Gladen (1978), Lang and Reiczigel (2014)."""
    rows = []
    for (x, n), (s, ns), (t, nt) in [((30, 300), (45, 50), (90, 100)), ((2, 78), (50, 100), (199, 200)),
                                     ((150, 160), (38, 40), (30, 40)), ((0, 300), (29, 30), (30, 30))]:
        for level in (0.9, 0.95):
            z = stats.norm.ppf(1 - (1 - level) / 2)
            p, se, sp = (x + z * z / 2) / (n + z * z), (s + 1) / (ns + 2), (t + 1) / (nt + 2)
            vp, vse, vsp = p * (1 - p) / (n + z * z), se * (1 - se) / (ns + 2), sp * (1 - sp) / (nt + 2)
            share = (p + sp - 1) / (se + sp - 1)
            shift = 2 * z * z * (share * vse - (1 - share) * vsp)
            reach = z * math.sqrt(vp + share**2 * vse + (1 - share) ** 2 * vsp) / (se + sp - 1)
            rows.append({
                "reported": [x, n], "found": [s, ns], "passed_over": [t, nt], "level": level,
                "unbounded": (x / n + t / nt - 1) / (s / ns + t / nt - 1),
                "interval": [min(max(share + shift - reach, 0), 1), min(max(share + shift + reach, 0), 1)],
            })
    return rows


def power_of_means():
    rows = {"paired": [], "independent": [], "equivalence": [], "pairs": [], "cases": []}
    for n, d in [(5, 0.9), (20, 0.5), (300, 0.2), (2000, 0.05)]:
        rows["paired"].append({"n": n, "d": d, "power": TTestPower().power(d, n, 0.05),
                               "n_at_80": TTestPower().solve_power(d, power=0.8, alpha=0.05),
                               "d_at_80": optimize.brentq(lambda d: TTestPower().power(d, n, 0.05) - 0.8, 1e-6, 4 / math.sqrt(n), xtol=1e-15)})
    for n, ratio, d in [(20, 1.0, 0.8), (50, 2.0, 0.4), (400, 0.5, 0.2)]:
        rows["independent"].append({"n": n, "ratio": ratio, "d": d, "power": TTestIndPower().power(d, n, 0.05, ratio=ratio),
                                    "n_at_80": TTestIndPower().solve_power(d, power=0.8, alpha=0.05, ratio=ratio)})
    for n, d, margin in [(12, 0.0, 0.8), (40, 0.1, 0.5), (300, -0.05, 0.2)]:
        f, error = n - 1, 1 / math.sqrt(n)
        critical = stats.t.ppf(0.95, f)

        def both(s):  # given the sample's deviation, both one-sided tests reject
            reach = critical * s * error
            inside = stats.norm.cdf((margin - reach - d) / error) - stats.norm.cdf((-margin + reach - d) / error)
            return inside * stats.chi.pdf(s * math.sqrt(f), f) * math.sqrt(f)

        most = margin / error / critical
        points = sorted({1.0, min(1.0, most)})
        found = integrate.quad(both, 0, most, points=points, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
        rows["equivalence"].append({"n": n, "d": d, "margin": margin, "power": found})
    z = stats.norm.ppf(0.975)
    for share, d in [(0.1, 0.05), (0.3, 0.1), (0.05, 0.01)]:
        n = next(n for n in itertools.count(1)
                 if stats.norm.cdf((d * math.sqrt(n) - z * math.sqrt(share)) / math.sqrt(share - d * d)) >= 0.8)
        rows["pairs"].append({"discordant": share, "difference": d, "pairs": n})
    for p, d in [(0.5, 0.1), (0.05, 0.08), (0.9, -0.1)]:
        mean, spread = p + d / 2, p * (1 - p) + (p + d) * (1 - p - d)
        n = next(n for n in itertools.count(1) if stats.norm.cdf(
            (abs(d) - z * math.sqrt(mean * (1 - mean) * 2 / n)) / math.sqrt(spread / n)) >= 0.9)
        rows["cases"].append({"baseline": p, "difference": d, "cases": n})
    return rows


def stratified():
    """statsmodels, but for the risk difference: weights of Mantel and Haenszel, variance of Sato (1989)."""
    rows = []
    z = stats.norm.ppf(0.975)
    for strata in [[(81, 87, 234, 270), (192, 263, 55, 80)], [(12, 40, 20, 38), (3, 25, 9, 31), (30, 50, 28, 45), (1, 9, 4, 12)],
                   [(5, 10, 5, 10), (50, 100, 40, 90), (7, 200, 12, 220)]]:
        tables = [np.array([[a, n - a], [c, m - c]], dtype=float) for a, n, c, m in strata]
        found = StratifiedTable(tables, shift_zeros=False)
        a, n, c, m = (np.array(column, dtype=float) for column in zip(*strata))
        whole = n + m
        weights = n * m / whole
        difference = ((a / n - c / m) * weights).sum() / weights.sum()
        p = (n**2 * c - m**2 * a + n * m * (m - n) / 2) / whole**2
        q = (a * (m - c) + c * (n - a)) / (2 * whole)
        error = math.sqrt(difference * p.sum() + q.sum()) / weights.sum()
        rows.append({
            "strata": strata, "chi2": found.test_null_odds().statistic, "p": found.test_null_odds().pvalue,
            "chi2_corrected": found.test_null_odds(correction=True).statistic,
            "p_corrected": found.test_null_odds(correction=True).pvalue,
            "odds_ratio": found.oddsratio_pooled, "interval": np.exp(found.logodds_pooled_confint()),
            "breslow_day": found.test_equal_odds().statistic, "tarone": found.test_equal_odds(adjust=True).statistic,
            "p_homogeneous": found.test_equal_odds(adjust=True).pvalue,
            "difference": difference, "difference_interval": [difference - z * error, difference + z * error],
        })
    return rows


def permutation():
    """SciPy's test of pairs for one metric; for several the step-down of Westfall and Young, over all flips."""
    rows = []
    for clusters, metrics in [(6, 1), (10, 3), (12, 4)]:
        common = [chance.gauss(0.3, 1) for _ in range(clusters)]
        table = np.array([[value + chance.gauss(0.4, 1) for value in common] for _ in range(metrics)])
        alone = [stats.permutation_test((row,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue for row in table]
        scaled = table / np.sqrt((table**2).sum(axis=1, keepdims=True))
        flips = np.array(list(itertools.product([1.0, -1.0], repeat=clusters)))
        observed, spread = np.abs(scaled.sum(axis=1)), np.abs(flips @ scaled.T)
        order = np.argsort(-observed)
        adjusted, floor = [0.0] * metrics, 0.0
        for place, metric in enumerate(order):
            largest = spread[:, order[place:]].max(axis=1)
            floor = max(floor, (largest >= observed[metric] - 1e-9).mean())
            adjusted[metric] = floor
        rows.append({"contributions": table, "alone": alone, "adjusted": adjusted})
    return rows


print(json.dumps(clean({
    "binomial": binomial(), "mcnemar": mcnemar_tests(), "differences": differences(), "tost_means": tost_means(),
    "agreement": agreement(), "multiplicity": multiplicity(), "clusters": clusters(), "power": power(),
    "trend": trend(), "ranks": ranks(), "components": components(), "effects": effects(), "prevalence": prevalence(),
    "power_of_means": power_of_means(), "stratified": stratified(), "permutation": permutation(),
}), indent=1))
