"""Refusals of product templates."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class UnknownTemplate(ChainFusionError):
    """A name that no product template has."""

    code = "UNKNOWN_TEMPLATE"
    says = Text("There is no product template {product}; there are {known}.", "没有产品模板 {product}；现有：{known}。")
    do = Text("Choose one of these.", "请从中选择。")


class BadTemplate(ChainFusionError):
    """A product template that does not say what a deal begins with."""

    code = "BAD_TEMPLATE"
    says = Text("Product template, line {line}, {path}: {why}.", "产品模板第 {line} 行，{path}：{why}。")
    do = Text("Correct that line; docs/products.md describes the form.", "请更正该行；格式见 docs/products.md。")
