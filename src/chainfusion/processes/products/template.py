"""Product templates as they are kept: a folder each with `product.yaml`, `mapping.yaml` and `criteria.yaml`.

The index of working papers (`indexes/`) and the structure of the terms (`structures/`) are shared by several products;
a product says which, and fills the structure in.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from chainfusion.domain.calendar import newest
from chainfusion.domain.deal import Product
from chainfusion.domain.document_kinds import DocumentKind, IndexEntry
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.roles import Role
from chainfusion.processes import library
from chainfusion.processes.products.refusals import BadTemplate, UnknownTemplate
from chainfusion.processes.values import given, integer, keys, word
from chainfusion.yamlfile import Node, parse_yaml

_KEYS = "name product currency process version index calendar structure terms"
_TERMS = "every pool_balance size_a size_sub coupon_a servicing legal_maturity"
_MORE_TERMS = "size_b coupon_b default_limit revolving_periods disposal incentive reserve reserve_target rate_index"


@dataclass(frozen=True, slots=True)
class ProductTemplate:
    """What a deal of one kind begins with. process: a definition of the library, by name and version; mapping, criteria
    and terms are texts for their own readers, with comments in both languages."""

    id: str
    name: Text
    product: Product
    currency: str
    process: str
    version: int
    index: tuple[IndexEntry, ...]
    mapping: str
    criteria: str
    terms: str

    @property
    def definition(self) -> Definition:
        """The process of such deals."""
        return library.definition(self.process)


def names() -> tuple[str, ...]:
    """The products that there are templates for."""
    return tuple(sorted(folder.name for folder in _kept("library").iterdir() if folder.is_dir()
                        and folder.joinpath("product.yaml").is_file()))  # fmt: skip


def template(name: str) -> ProductTemplate:
    """A product's template. Raises: UnknownTemplate, BadTemplate."""
    if name not in names():
        raise UnknownTemplate(product=name, known=", ".join(names()))
    folder = _kept("library").joinpath(name)
    items = keys(parse_yaml(folder.joinpath("product.yaml").read_bytes(), BadTemplate), _KEYS, "also")
    title = keys(items["name"], "zh en")
    told = Text(title["en"].text(), title["zh"].text())
    return ProductTemplate(
        id=name,
        name=told,
        product=word(Product)(items["product"]),
        currency=items["currency"].text(),
        process=items["process"].text(),
        version=integer(items["version"]),
        index=_index(items),
        mapping=folder.joinpath("mapping.yaml").read_text(encoding="utf-8"),
        criteria=folder.joinpath("criteria.yaml").read_text(encoding="utf-8"),
        terms=_terms(name, told, items),
    )


def _kept(part: str) -> Traversable:
    return files(__package__).joinpath(part)


def _index(items: dict[str, Node]) -> tuple[IndexEntry, ...]:
    """The shared index, and what the product adds to it."""
    shared = _kept("indexes").joinpath(f"{items['index'].text()}.yaml")
    lines = parse_yaml(shared.read_bytes(), BadTemplate).items()
    also = items["also"].items() if "also" in items else {}
    return tuple(IndexEntry(_kind(kind, role), word(Role)(role)) for kind, role in (lines | also).items())


def _kind(text: str, at: Node) -> DocumentKind:
    if text not in set(DocumentKind):
        raise at.refuse(f"{text[:40]!r} is no kind of document")
    return DocumentKind(text)


def _terms(name: str, title: Text, items: dict[str, Node]) -> str:
    """The structure of the terms, filled in."""
    values = keys(items["terms"], _TERMS, _MORE_TERMS)
    filled = {key: node.text() for key, node in values.items() if key != "rate_index"}
    structure = _kept("structures").joinpath(f"{items['structure'].text()}.yaml").read_text(encoding="utf-8")
    return Template(structure).substitute(
        filled,
        deal=f"{name}-2026-1",
        title_zh=title.zh,
        title_en=title.en,
        currency=items["currency"].text(),
        calendar=f"{newest(items['calendar'].text())}+statutory",
        indices=given(values, "rate_index", _rate_index, ""),
    )


def _rate_index(node: Node) -> str:
    named = {key: part.text() for key, part in keys(node, "id zh en").items()}
    return "\nindices:\n  {id}: {{title: {{zh: {zh}, en: {en}}}}}\n".format_map(named)
