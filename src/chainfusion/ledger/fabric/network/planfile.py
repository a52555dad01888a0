"""A network's plan as YAML: every key known, every value checked, every refusal with its line.

consortium: {name: Bohai consortium, name_zh: 渤海联盟}
channel: deals
ordering: {consensus: smartbft, batch: 50 ms}
organisations:
  - {msp: DonghaiMSP, name: Donghai Bank, name_zh: 东海银行, roles: [originator, servicer], host: 127.0.0.1, port: 7000}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import yaml

from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.plan import (
    HIGHEST_PORT,
    HOST,
    LOWEST_PORT,
    MSP_ID,
    CollectionPlan,
    Consensus,
    Database,
    Ordering,
    OrganisationPlan,
    Plan,
    PlanRefused,
)
from chainfusion.tape.errors import BadMapping
from chainfusion.yamlfile import Node, parse_yaml

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_UNITS = {"ms": 1, "s": 1000, "KiB": 1024, "MiB": 1024 * 1024}


def read_plan(data: bytes) -> Plan:
    """The plan in a YAML file's bytes. Raises: PlanRefused, with line, path and reason."""
    try:
        root = parse_yaml(data, BadMapping)
        return _plan(root)
    except BadMapping as error:
        facts = error.facts
        raise PlanRefused(line=facts["line"], path=facts["path"], why=facts["why"]) from None


def _plan(root: Node) -> Plan:
    top = _keys(
        root,
        {"consortium", "channel", "organisations"},
        {"ordering", "database", "chaincode", "collections", "members"},
    )
    names = _keys(top["consortium"], {"name", "name_zh"}, set())
    organisations = tuple(_organisation(each) for each in top["organisations"].parts())
    chaincode = _keys(top["chaincode"], set(), {"name", "version", "processes"}) if "chaincode" in top else {}
    try:
        return Plan(
            name=_text(names["name"]),
            name_zh=_text(names["name_zh"]),
            channel=_text(top["channel"]),
            organisations=organisations,
            ordering=_ordering(top["ordering"]) if "ordering" in top else Ordering(),
            database=_word(top["database"], Database) if "database" in top else Database.LEVELDB,
            chaincode=_text(chaincode["name"]) if "name" in chaincode else "chainfusion",
            chaincode_version=_text(chaincode["version"]) if "version" in chaincode else "1",
            chaincode_processes=_number(chaincode["processes"]) if "processes" in chaincode else 1,
            members=tuple(_text(each) for each in top["members"].parts()) if "members" in top else (),
            collections=tuple(map(_collection, top["collections"].parts())) if "collections" in top else (),
        )
    except PlanRefused as error:
        place = top.get(error.facts["path"].partition(".")[0], root)
        raise PlanRefused(**error.facts | {"line": place.line}) from None


def _organisation(node: Node) -> OrganisationPlan:
    keys = _keys(node, {"msp", "name", "name_zh", "roles"}, {"host", "port", "orders", "peer"})
    orders = _yes_or_no(keys["orders"]) if "orders" in keys else True
    hosts = _yes_or_no(keys["peer"]) if "peer" in keys else True
    if orders or hosts:
        _keys(node, {"host", "port"}, set(keys))
    return OrganisationPlan(
        msp=_matching(keys["msp"], MSP_ID, "an MSP id: a letter, then letters, digits, dots and hyphens"),
        name=_text(keys["name"]),
        name_zh=_text(keys["name_zh"]),
        roles=tuple(_word(each, Role) for each in keys["roles"].parts()),
        host=_matching(keys["host"], HOST, "a host name or an IPv4 address") if "host" in keys else "",
        port=_port(keys["port"]) if "port" in keys else 0,
        orders=orders,
        hosts=hosts,
    )


def _port(node: Node) -> int:
    port = _number(node)
    if not LOWEST_PORT <= port <= HIGHEST_PORT:
        raise node.refuse(f"a port from {LOWEST_PORT} to {HIGHEST_PORT} is needed")
    return port


def _collection(node: Node) -> CollectionPlan:
    keys = _keys(node, {"name", "members"}, {"copies", "blocks"})
    return CollectionPlan(
        name=_text(keys["name"]),
        members=tuple(_text(each) for each in keys["members"].parts()),
        copies=_count(keys["copies"]) if "copies" in keys else 0,
        blocks=_count(keys["blocks"]) if "blocks" in keys else 0,
    )


def _ordering(node: Node) -> Ordering:
    known = {"consensus", "batch", "batch_count", "batch_size", "max_size", "leader_timeout"}
    keys = _keys(node, set(), known)
    usual = Ordering()

    def given(key: str, read: Callable[[Node], T], otherwise: T) -> T:
        return read(keys[key]) if key in keys else otherwise

    return Ordering(
        consensus=given("consensus", lambda each: _word(each, Consensus), usual.consensus),
        batch_ms=given("batch", _duration, usual.batch_ms),
        batch_count=given("batch_count", _number, usual.batch_count),
        batch_bytes=given("batch_size", _size, usual.batch_bytes),
        max_bytes=given("max_size", _size, usual.max_bytes),
        leader_timeout_ms=given("leader_timeout", _duration, usual.leader_timeout_ms),
    )


def write_plan(plan: Plan) -> str:
    """The plan as YAML that `read_plan` reads as the same plan."""
    how = plan.ordering
    value = {
        "consortium": {"name": plan.name, "name_zh": plan.name_zh},
        "channel": plan.channel,
        **({"members": list(plan.members)} if plan.members else {}),
        "chaincode": {
            "name": plan.chaincode,
            "version": plan.chaincode_version,
            "processes": plan.chaincode_processes,
        },
        "database": plan.database.value,
        "ordering": {
            "consensus": how.consensus.value,
            "batch": f"{how.batch_ms} ms",
            "batch_count": how.batch_count,
            "batch_size": f"{how.batch_bytes // 1024} KiB",
            "max_size": f"{how.max_bytes // 1024} KiB",
            "leader_timeout": f"{how.leader_timeout_ms} ms",
        },
        **({"collections": [_written(each) for each in plan.collections]} if plan.collections else {}),
        "organisations": [
            {
                "msp": each.msp,
                "name": each.name,
                "name_zh": each.name_zh,
                "roles": [role.value for role in each.roles],
                **({"host": each.host, "port": each.port} if each.listens else {}),
                "orders": "yes" if each.orders else "no",
                "peer": "yes" if each.hosts else "no",
            }
            for each in plan.organisations
        ],
    }
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return re.sub(r"\b(orders|peer): '(yes|no)'", r"\1: \2", text)


def _written(each: CollectionPlan) -> dict[str, Any]:
    return {"name": each.name, "members": list(each.members), "copies": each.copies, "blocks": each.blocks}


# ------------------------------------------------------------------ values


def _keys(node: Node, needed: set[str], allowed: set[str]) -> dict[str, Node]:
    items = node.items()
    for name, value in items.items():
        if name not in needed | allowed:
            raise value.refuse(f"unknown key; known are {', '.join(sorted(needed | allowed))}")
    for name in sorted(needed - items.keys()):
        raise node.refuse(f"the key {name} is missing")
    return items


def _text(node: Node) -> str:
    text = node.text().strip()
    if not (0 < len(text) <= 64 and text.isprintable()):
        raise node.refuse("1 to 64 printable characters are needed")
    return text


def _matching(node: Node, form: re.Pattern[str], what: str) -> str:
    text = node.text()
    if not form.fullmatch(text):
        raise node.refuse(f"{text[:80]!r} is not {what}")
    return text


def _number(node: Node) -> int:
    number = _count(node)
    if number == 0:
        raise node.refuse("a whole number above 0 is needed")
    return number


def _count(node: Node) -> int:
    text = node.text()
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise node.refuse(f"{text[:80]!r} is not a whole number")
    return int(text)


def _duration(node: Node) -> int:
    return _measured(node, ("ms", "s"))


def _size(node: Node) -> int:
    return _measured(node, ("KiB", "MiB"))


def _measured(node: Node, units: tuple[str, ...]) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,5}) ?([A-Za-z]+)", node.text())
    if found is None or found[2] not in units:
        raise node.refuse(f"{node.text()[:80]!r} is not a number with {' or '.join(units)}")
    return int(found[1]) * _UNITS[found[2]]


def _word(node: Node, kind: type[E]) -> E:
    try:
        return kind(node.text())
    except ValueError:
        raise node.refuse(f"{node.text()[:80]!r} is none of {', '.join(kind)}") from None


def _yes_or_no(node: Node) -> bool:
    if node.text() not in ("yes", "no"):
        raise node.refuse("yes or no is needed")
    return node.text() == "yes"
