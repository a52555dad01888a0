"""From two configurations to the update between them, and back: whatever the configurations are."""

from __future__ import annotations

from typing import Any

import pytest
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import policies_pb2 as policies
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.fabric.network.channel.facts import facts_of
from chainfusion.ledger.fabric.network.channel.update import (
    NothingChanges,
    UpdateRefused,
    apply_update,
    compute_update,
)

texts = st.sampled_from(["a", "b", "c", "d"])
values = st.builds(configtx.ConfigValue, version=st.integers(0, 3), value=st.binary(max_size=2), mod_policy=texts)
rules = st.builds(
    configtx.ConfigPolicy,
    version=st.integers(0, 3),
    mod_policy=texts,
    policy=st.builds(policies.Policy, type=st.integers(0, 3), value=st.binary(max_size=2)),
)
groups = st.recursive(
    st.builds(
        configtx.ConfigGroup,
        version=st.integers(0, 3),
        mod_policy=texts,
        values=st.dictionaries(texts, values, max_size=3),
        policies=st.dictionaries(texts, rules, max_size=3),
    ),
    lambda inner: st.builds(
        configtx.ConfigGroup,
        version=st.integers(0, 3),
        mod_policy=texts,
        values=st.dictionaries(texts, values, max_size=3),
        groups=st.dictionaries(texts, inner, max_size=3),
    ),
    max_leaves=8,
)


def bare(group: configtx.ConfigGroup) -> Any:
    """A group's content without versions."""
    return (
        group.mod_policy,
        {name: (each.value, each.mod_policy) for name, each in group.values.items()},
        {name: (each.policy.SerializeToString(), each.mod_policy) for name, each in group.policies.items()},
        {name: bare(each) for name, each in group.groups.items()},
    )


@given(groups, groups)
def test_an_update_makes_of_one_configuration_the_other(
    before: configtx.ConfigGroup, wanted: configtx.ConfigGroup
) -> None:
    one, other = configtx.Config(channel_group=before), configtx.Config(channel_group=wanted)
    if bare(before) == bare(wanted):
        with pytest.raises(NothingChanges):
            compute_update("deals", one, other)
        return
    update = compute_update("deals", one, other)
    found = apply_update(one, update)
    assert bare(found.channel_group) == bare(wanted)
    assert found.sequence == one.sequence + 1
    with pytest.raises(UpdateRefused):
        apply_update(found, update)


@given(groups, st.data())
def test_whatever_changes_is_shown(before: configtx.ConfigGroup, data: st.DataObject) -> None:
    changed = configtx.ConfigGroup()
    changed.CopyFrom(before)
    group = changed
    while group.groups and data.draw(st.booleans()):
        group = group.groups[data.draw(st.sampled_from(sorted(group.groups)))]
    what = data.draw(st.sampled_from(["value", "policy", "modified by"]))
    if what == "value":
        group.values["MSP"].value += b"x"
    elif what == "policy":
        group.policies["new"].policy.value += b"x"
    else:
        group.mod_policy += "x"
    old, new = (facts_of(configtx.Config(channel_group=each)) for each in (before, changed))
    assert old != new
