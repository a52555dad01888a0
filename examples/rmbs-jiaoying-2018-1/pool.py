"""Makes pool.csv: 240 lines, each standing for a group of alike mortgages. Generated, no real loan is in it.

What the public papers of 交盈2018-1 tell of the pool is its balance, which the lines add up to. Everything else is
assumed: loans of 2010 to 2017 over 10 to 25 years at 0.85 to 1.1 of the benchmark of 4.90%, three in four by level
payments (等额本息), the others by level principal (等额本金), all reset on 1 January.
"""

from __future__ import annotations

import csv
from pathlib import Path

TOTAL = 931_384_510_000
"""Fen: 9,313,845,100.00 yuan."""
LINES = 240
BENCHMARK = 49_000
"""4.90% in ppm."""
MULTIPLES = (850, 880, 900, 950, 950, 1000, 1000, 1050, 1100, 1000)
"""Contract rate over benchmark, per mille."""
TERMS = (120, 180, 240, 240, 300, 300, 300)
CITIES = ("上海", "北京", "广州", "深圳", "南京", "杭州", "武汉", "成都", "西安", "沈阳", "重庆")
HEAD = ("资产编号", "贷款组原始金额", "未偿本金余额", "执行利率(%)", "利差(%)", "发放年月", "合同期限(月)",
        "剩余期限(月)", "还款方式", "所在城市")  # fmt: skip


def rows() -> list[tuple[str, ...]]:
    """The lines: whole numbers only, so that they are the same everywhere."""
    shapes = [_shape(n) for n in range(LINES)]
    weights = [60 + (n * 37) % 81 for n in range(LINES)]
    left = [w * (term - age) for w, (term, age, _, _) in zip(weights, shapes, strict=True)]
    upto = [sum(left[: n + 1]) * TOTAL // sum(left) for n in range(LINES)]
    balances = [b - a for a, b in zip([0, *upto], upto, strict=False)]
    return [_row(n, shape, balance) for n, (shape, balance) in enumerate(zip(shapes, balances, strict=True))]


def _shape(n: int) -> tuple[int, int, int, bool]:
    """Term, age, rate in ppm, and whether by level payments."""
    term = TERMS[(n * 5) % len(TERMS)]
    age = 8 + (n * 29) % min(92, term - 24)
    return term, age, BENCHMARK * MULTIPLES[(n * 3) % len(MULTIPLES)] // 1000, n % 4 != 3


def _row(n: int, shape: tuple[int, int, int, bool], balance: int) -> tuple[str, ...]:
    term, age, rate, level = shape
    month = 2018 * 12 + 7 - age
    return (
        f"JY{n + 1:04d}",
        _money(balance * term // (term - age)),
        _money(balance),
        f"{rate / 10_000:.4f}",
        f"{(rate - BENCHMARK) / 10_000:.4f}",
        f"{month // 12}-{month % 12 + 1:02d}",
        str(term),
        str(term - age),
        "等额本息" if level else "等额本金",
        CITIES[n % len(CITIES)],
    )


def _money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def main() -> None:
    """Writes pool.csv beside this file."""
    with (Path(__file__).parent / "pool.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([HEAD, *rows()])


if __name__ == "__main__":
    main()
