"""From two configurations to the update that Fabric takes, and from an update to the configuration that it makes.

An element whose content changes is written with its version raised by one. Where members of a group come or go, the
group is written whole: every group, value and policy in it by its version, in the read set as well, so that the update
holds only as long as none of them has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fabric_protos.common import configtx_pb2 as configtx

from chainfusion.domain.errors import ChainFusionError, Text, require

PARTS = ("groups", "values", "policies")
Group: TypeAlias = Any
"""A configtx.ConfigGroup, whose package states no types."""


class NothingChanges(ChainFusionError):
    """A change after which the configuration is what it was."""

    code = "CHANNEL_NOTHING_CHANGES"
    says = Text("The channel's configuration would stay as it is.", "通道配置不会有任何变化。")
    do = Text("Propose another change.", "请提出其他变更。")


class UpdateRefused(ChainFusionError):
    """An update that does not fit the configuration in force."""

    code = "CHANNEL_UPDATE_REFUSED"
    says = Text("The change does not fit the channel as it is: {path}: {why}.", "变更与通道现状不符：{path}：{why}。")
    do = Text("Propose it anew on the present configuration.", "请基于当前配置重新提出。")


def compute_update(channel: str, before: configtx.Config, after: configtx.Config) -> configtx.ConfigUpdate:
    """The update that makes `after` of `before`. Raises: NothingChanges."""
    read, written, differs = _differences(before.channel_group, after.channel_group)
    require(differs, NothingChanges())
    return configtx.ConfigUpdate(channel_id=channel, read_set=read, write_set=written)


def apply_update(config: configtx.Config, update: configtx.ConfigUpdate) -> configtx.Config:
    """The configuration that Fabric makes of an update, signatures aside. Raises: UpdateRefused."""
    _check_read(config.channel_group, update.read_set, "Channel")
    group = _applied(config.channel_group, update.read_set, update.write_set, "Channel")
    return configtx.Config(sequence=config.sequence + 1, channel_group=group)


def written_elements(config: configtx.Config, update: configtx.ConfigUpdate) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path and present element of everything that exists and that the update writes anew: what signatures are for."""
    yield from _written((), config.channel_group, update.read_set, update.write_set)


# ------------------------------------------------------------------ computing


def _differences(before: Group, after: Group) -> tuple[Group, Group, bool]:
    """What is read and what is written of a group, and whether anything in it differs."""
    read, written, same = configtx.ConfigGroup(), configtx.ConfigGroup(), configtx.ConfigGroup()
    moved = before.mod_policy != after.mod_policy
    for part in PARTS:
        old, new = getattr(before, part), getattr(after, part)
        moved |= set(old) != set(new)
        for name in new:
            _compare(part, name, old, new, (read, written, same))
    differs = moved or any(getattr(written, part) for part in PARTS)
    read.version, written.version = before.version, before.version + moved
    if moved:
        written.mod_policy = after.mod_policy
        read.MergeFrom(same)
        written.MergeFrom(same)
    return read, written, differs


def _compare(part: str, name: str, old: Any, new: Any, sets: tuple[Group, Group, Group]) -> None:
    read, written, same = (getattr(each, part) for each in sets)
    if part == "groups":
        its_read, its_written, differs = _differences(old[name] if name in old else configtx.ConfigGroup(), new[name])
        if name not in old:
            its_written.version, its_written.mod_policy = 0, new[name].mod_policy
            written[name].CopyFrom(its_written)
        elif differs:
            read[name].CopyFrom(its_read)
            written[name].CopyFrom(its_written)
        else:
            same[name].version = old[name].version
    elif name in old and _bare(old[name]) == _bare(new[name]):
        same[name].version = old[name].version
    else:
        written[name].CopyFrom(new[name])
        written[name].version = old[name].version + 1 if name in old else 0


def _bare(element: Any) -> Any:
    """An element without its version."""
    copy = type(element)()
    copy.CopyFrom(element)
    copy.ClearField("version")
    return copy


# ------------------------------------------------------------------ applying


def _check_read(present: Group, read: Group, path: str) -> None:
    _same_version(present, read, path)
    for part in PARTS:
        old = getattr(present, part)
        for name, element in getattr(read, part).items():
            place = f"{path}/{name}"
            require(name in old, UpdateRefused(path=place, why="it is read, yet it is not there"))
            if part == "groups":
                _check_read(old[name], element, place)
            else:
                _same_version(old[name], element, place)


def _same_version(present: Any, read: Any, path: str) -> None:
    why = f"it is at version {present.version}, the change was made for {read.version}"
    require(present.version == read.version, UpdateRefused(path=path, why=why))


def _applied(present: Group, read: Group | None, written: Group, path: str) -> Group:
    rewritten = _is_rewritten(present, read, written, path)
    result = configtx.ConfigGroup(
        version=written.version, mod_policy=written.mod_policy if rewritten else present.mod_policy
    )
    for part in PARTS:
        old, new = getattr(present, part), getattr(written, part)
        beyond = sorted(set(new) - set(old))
        why = "it is added to a group that is not written anew"
        require(rewritten or not beyond, UpdateRefused(path=f"{path}/{beyond[0] if beyond else ''}", why=why))
        target = getattr(result, part)
        for name in new if rewritten else old:
            element = _element(part, name, old, _part(read, part), new, path)
            target[name].CopyFrom(element)
    return result


def _element(part: str, name: str, old: Any, read: Mapping[str, Any], new: Any, path: str) -> Any:
    place = f"{path}/{name}"
    if name not in new:
        return old[name]
    if part == "groups":
        if name not in old:
            return _new(new[name], place)
        return _applied(old[name], read.get(name), new[name], place)
    if not _is_rewritten(old.get(name), read.get(name), new[name], place):
        return old[name]
    return new[name]


def _new(group: Group, path: str) -> Group:
    """A group that was not there: everything in it is new as well."""
    require(group.version == 0, UpdateRefused(path=path, why="it is not there, yet its version is not 0"))
    for part in PARTS:
        for name, element in getattr(group, part).items():
            if part == "groups":
                _new(element, f"{path}/{name}")
            why = "it is not there, yet its version is not 0"
            require(element.version == 0, UpdateRefused(path=f"{path}/{name}", why=why))
    return group


def _is_rewritten(present: Any, read: Any, written: Any, path: str) -> bool:
    """Whether an element is written anew. Raises UpdateRefused where its version is neither kept nor raised by one."""
    if read is not None and read.version == written.version:
        return False
    if present is None:
        require(written.version == 0, UpdateRefused(path=path, why="it is not there, yet its version is not 0"))
        return True
    why = f"it is at version {present.version} and would be written as {written.version}"
    require(written.version == present.version + 1, UpdateRefused(path=path, why=why))
    return True


def _part(group: Group | None, part: str) -> Mapping[str, Any]:
    return {} if group is None else getattr(group, part)


def _written(path: tuple[str, ...], present: Group, read: Group | None, written: Group) -> Iterator[Any]:
    if read is None or read.version != written.version:
        yield path, present
    for part in PARTS:
        old = getattr(present, part)
        for name, element in getattr(written, part).items():
            if name not in old:
                continue
            its_read = _part(read, part).get(name)
            if part == "groups":
                yield from _written((*path, name), old[name], its_read, element)
            elif its_read is None or its_read.version != element.version:
                yield path, old[name]
