"""What every name of a deal stands for, and whether a formula adds what can be added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainfusion.domain.terms.formula import COMPARISONS, Apply, Kind, Literal, Name, Tree, names_in, parse, unparse
from chainfusion.domain.terms.records import Act, DealTerms
from chainfusion.domain.terms.refusals import BadFormula

POOL = (
    "opening", "closing", "scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "fees", "purchased",
)  # fmt: skip
"""What the collections of a period tell of the pool, as names `pool.opening` ...; `pool.principal` is the sum of
scheduled and prepaid, `pool.initial` the pool's balance at the cut-off date."""
ACCOUNT = ("balance", "target", "lent", "carried")
TRANCHE_MONEY = (
    "size", "balance", "opening", "interest_due", "interest_accrued", "interest_paid", "principal_paid",
    "return_paid", "written_down",
)  # fmt: skip
CLAIM = ("due", "accrued", "paid")
HISTORY = ("earlier", "lifetime", "previous", "recent")
ROUNDINGS = ("down", "up", "half_up", "half_even")
_SCALAR = (Kind.MONEY, Kind.RATIO, Kind.COUNT)


def kinds(terms: DealTerms) -> dict[str, Kind]:
    """Every name that a formula of the terms may use, but those of values, with its kind."""
    money = [f"pool.{name}" for name in (*POOL, "principal", "initial")] + ["notes.balance", "notes.opening", "rest"]
    money += [f"{a.id}.{name}" for a in terms.accounts for name in ACCOUNT if name != "target" or a.target is not None]
    money += [f"{t.id}.{name}" for t in terms.tranches for name in TRANCHE_MONEY]
    money += [f"{c.id}.{name}" for c in terms.claims for name in CLAIM]
    money += [f"{h.id}.received" for h in terms.hedges] + [f"{p.id}.paid" for p in terms.parties] + ["assets.paid"]
    money += [f"{found.id}.{s.id}.paid" for found in terms.lists for s in found.steps if s.act is not Act.TEST]
    found = dict.fromkeys(money, Kind.MONEY)
    found |= {f"{t.id}.coupon": Kind.RATIO for t in terms.tranches} | {i.id: Kind.RATIO for i in terms.indices}
    found |= {t.id: t.kind for t in terms.tables} | {p.id: p.kind for p in terms.private}
    found |= (
        {e.id: Kind.TRUTH for e in terms.events}
        | {t.id: Kind.TRUTH for t in terms.triggers}
        | {"last_period": Kind.TRUTH}
    )
    found |= {f"state.{s.id}": Kind.TRUTH for s in terms.states}
    return found | {"period": Kind.COUNT, "year": Kind.COUNT, "date": Kind.DATE}


def constants(terms: DealTerms) -> dict[str, int]:
    """Names whose value never changes: what a formula may divide by, if it is not nothing."""
    return {"pool.initial": terms.pool_balance} | {f"{t.id}.size": t.size for t in terms.tranches}


class Typing:
    """Kinds of formulas in one deal; values (named formulas) are looked through."""

    def __init__(self, terms: DealTerms) -> None:
        self.digits = terms.digits
        self.currency = terms.currency
        self.kinds: Mapping[str, Kind] = kinds(terms)
        self.constants = constants(terms)
        self.values = {v.id: v.formula for v in terms.values}

    def tree(self, formula: str) -> Tree:
        """The tree of a formula. Raises: BadFormula."""
        return parse(formula, self.digits)

    def require(self, formula: str, wanted: Kind) -> Tree:
        """The tree of a formula that must be of a kind. Raises: BadFormula."""
        tree = self.tree(formula)
        found = self.of(tree)
        if found is not wanted and not (wanted is Kind.RATIO and _is_count(tree)):
            why = f"{_A[wanted]} is needed here, not {_A[found]}"
            raise BadFormula(formula=formula, why=why + _HINT.get((wanted, found), "").format(currency=self.currency))
        return tree

    def of(self, tree: Tree, through: tuple[str, ...] = ()) -> Kind:
        """The kind of a tree. Raises: BadFormula for unknown names, circular values and what does not fit."""
        if isinstance(tree, Literal):
            if tree.kind is Kind.MONEY and tree.currency != self.currency:
                raise self._bad(tree, f"the deal's currency is {self.currency}")
            return tree.kind
        if isinstance(tree, Name):
            return self._of_name(tree, through)
        inner = tuple(self.of(arg, through) for arg in tree.args)
        return self._applied(tree, inner)

    def _of_name(self, tree: Name, through: tuple[str, ...]) -> Kind:
        name = tree.name
        if name in self.values:
            if name in through:
                raise self._bad(tree, "it is defined by itself: " + " -> ".join((*through, name)))
            return self.of(self.tree(self.values[name]), (*through, name))
        if name not in self.kinds:
            raise self._bad(tree, f"there is no {name!r}" + _similar(name, (*self.kinds, *self.values)))
        return self.kinds[name]

    def _applied(self, tree: Apply, inner: tuple[Kind, ...]) -> Kind:
        op = tree.op
        if op in ("and", "or", "not"):
            return self._all(tree, inner, Kind.TRUTH)
        if op in COMPARISONS or op in ("+", "-", "min", "max", "neg"):
            return self._alike(tree, inner)
        if op == "*":
            return self._product(tree, *inner)
        if op == "/":
            return self._quotient(tree, *inner)
        if op in HISTORY:
            return self._history(tree, inner)
        return self._function(tree, inner)

    def _function(self, tree: Apply, inner: tuple[Kind, ...]) -> Kind:
        if tree.op == "if":
            self._fit(tree, inner[0] is Kind.TRUTH, "the first value is a condition")
            return self._alike(Apply("+", tree.args[1:]), inner[1:])
        if tree.op == "ratio":
            self._fit(tree, inner[0] is inner[1] and inner[0] in _SCALAR, "a ratio is of two values of one kind")
            self._fit(tree, inner[2] is Kind.RATIO or _is_count(tree.args[2]), "the third value is the ratio where "
                      "the second value is nothing")  # fmt: skip
            return Kind.RATIO
        if tree.op == "yearly":
            self._fit(tree, inner == (Kind.RATIO, Kind.MONEY), "yearly takes a ratio and an amount of money")
            return Kind.MONEY
        rounds = isinstance(tree.args[0], Apply) and tree.args[0].op in ("*", "/", "ratio", "yearly")
        self._fit(tree, rounds, "a rounding stands around a product or a quotient")
        return inner[0]

    def _alike(self, tree: Apply, inner: tuple[Kind, ...]) -> Kind:
        found = set(inner)
        if found == {Kind.RATIO, Kind.COUNT}:
            counts = all(_is_count(a) for a, k in zip(tree.args, inner, strict=True) if k is Kind.COUNT)
            self._fit(tree, counts, "a count does not go with a ratio")
            found = {Kind.RATIO}
        if found == {Kind.MONEY, Kind.COUNT} and any(a == Literal(0, Kind.COUNT) for a in tree.args):
            self._fit(tree, False, f"an amount has its currency: 0 {self.currency}")
        self._fit(tree, len(found) == 1, " and ".join(sorted(k.value for k in found)) + " do not go together")
        kind = found.pop()
        compares = tree.op in COMPARISONS
        fits = kind in _SCALAR or (compares and kind is Kind.DATE)
        self._fit(tree, fits, f"{tree.op} does not apply to a {kind.value}")
        return Kind.TRUTH if compares else kind

    def _all(self, tree: Apply, inner: tuple[Kind, ...], kind: Kind) -> Kind:
        self._fit(tree, all(k is kind for k in inner), f"{tree.op} stands between conditions")
        return kind

    def _product(self, tree: Apply, left: Kind, right: Kind) -> Kind:
        pair = {left, right}
        self._fit(tree, pair <= set(_SCALAR) and (left, right) != (Kind.MONEY, Kind.MONEY), "these do not multiply")
        return next(k for k in _SCALAR if k in pair)

    def _quotient(self, tree: Apply, left: Kind, right: Kind) -> Kind:
        self._fit(tree, self.constant(tree.args[1]) not in (None, 0), "it divides by what may be nothing: write "
                  "ratio(a, b, value where b is nothing)")  # fmt: skip
        self._fit(tree, left in _SCALAR and right in _SCALAR, "these do not divide")
        if left is right:
            return Kind.RATIO
        self._fit(tree, right is not Kind.MONEY, "nothing but money is divided by money")
        return left if left is not Kind.COUNT else Kind.RATIO

    def _history(self, tree: Apply, inner: tuple[Kind, ...]) -> Kind:
        used = set(self.all_names(tree.args[0]))
        self._fit(tree, "rest" not in used, "what is left at a step has no history")
        self._fit(tree, not _has_history(tree.args[0]), "a sum of sums over time")
        self._fit(tree, inner[0] in _SCALAR, f"{tree.op} is of a number")
        if tree.op == "recent":
            n = tree.args[1]
            self._fit(tree, isinstance(n, Literal) and n.kind is Kind.COUNT and 1 <= n.value <= 60, "recent(x, n) is "
                      "over 1 to 60 periods")  # fmt: skip
        return inner[0]

    def constant(self, tree: Tree) -> int | None:
        """The value of a literal or of a name that never changes; None of anything else."""
        if isinstance(tree, Literal):
            return tree.value
        return self.constants.get(tree.name) if isinstance(tree, Name) else None

    def direct_names(self, formula: str) -> Iterator[str]:
        """The names that a formula itself mentions. Raises: BadFormula."""
        return names_in(self.tree(formula))

    def all_names(self, tree: Tree, through: tuple[str, ...] = ()) -> Iterator[str]:
        """The names of a tree and of the values that it uses."""
        for name in names_in(tree):
            yield name
            if name in self.values and name not in through:
                yield from self.all_names(self.tree(self.values[name]), (*through, name))

    def _fit(self, tree: Tree, holds: bool, why: str) -> None:
        if not holds:
            raise self._bad(tree, why)

    def _bad(self, tree: Tree, why: str) -> BadFormula:
        return BadFormula(formula=unparse(tree, self.digits)[:120], why=why)


_A = {
    Kind.MONEY: "an amount of money",
    Kind.RATIO: "a ratio",
    Kind.COUNT: "a count",
    Kind.TRUTH: "a condition",
    Kind.DATE: "a date",
}
_HINT = {
    (Kind.MONEY, Kind.COUNT): "; an amount has its currency, such as 500_000.00 {currency}",
    (Kind.MONEY, Kind.RATIO): "; say of what it is a share, such as 2% * pool.opening",
}


def _is_count(tree: Tree) -> bool:
    return isinstance(tree, Literal) and tree.kind is Kind.COUNT


def _has_history(tree: Tree) -> bool:
    return isinstance(tree, Apply) and (tree.op in HISTORY or any(_has_history(arg) for arg in tree.args))


def _similar(name: str, known: tuple[str, ...]) -> str:
    tail = name.rsplit(".", 1)[-1].lower()
    near = [k for k in known if k.lower().endswith(tail) or k.lower() == name.lower()]
    return f"; there is {', '.join(near[:3])}" if near else ""
