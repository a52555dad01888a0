"""Makes pool.csv: 120 lines, each standing for a group of alike consumer loans. Generated, no real loan is in it.

1,000,000,000.00 yuan in instalments of 12, 24 and 36 months at 8.4% to 14.4%, none older than eleven months.
"""

from __future__ import annotations

import csv
from pathlib import Path

TOTAL = 100_000_000_000
"""Fen."""
LINES = 120
TERMS = (12, 24, 36)
HEAD = ("资产编号", "贷款组原始金额", "未偿本金余额", "年利率(%)", "发放年月", "期数", "剩余期数", "所在省份")
REGIONS = ("广东", "江苏", "浙江", "山东", "四川", "河南", "湖北", "福建")


def rows() -> list[tuple[str, ...]]:
    """The lines: whole numbers only, so that they are the same everywhere."""
    shapes = [_shape(n) for n in range(LINES)]
    weights = [(50 + (n * 31) % 61) * (term - age) for n, (term, age, _) in enumerate(shapes)]
    upto = [sum(weights[: n + 1]) * TOTAL // sum(weights) for n in range(LINES)]
    balances = [b - a for a, b in zip([0, *upto], upto, strict=False)]
    return [_row(n, *shape, balance) for n, (shape, balance) in enumerate(zip(shapes, balances, strict=True))]


def _shape(n: int) -> tuple[int, int, int]:
    """Term, age and rate in ppm."""
    term = TERMS[n % 3]
    return term, 1 + (n * 7) % 11, 84_000 + (n * 17) % 25 * 2_500


def _row(n: int, term: int, age: int, rate: int, balance: int) -> tuple[str, ...]:
    month = 2025 * 12 + 2 - age
    return (
        f"XF{n + 1:04d}",
        _money(balance * term // (term - age)),
        _money(balance),
        f"{rate / 10_000:.4f}",
        f"{month // 12}-{month % 12 + 1:02d}",
        str(term),
        str(term - age),
        REGIONS[n % len(REGIONS)],
    )


def _money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def main() -> None:
    """Writes pool.csv beside this file."""
    with (Path(__file__).parent / "pool.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([HEAD, *rows()])


if __name__ == "__main__":
    main()
