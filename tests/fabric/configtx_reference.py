"""The channel's first configuration as `configtxgen` reads it: what our own first block is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from chainfusion.ledger.fabric.network.channel.groups import MEMBER_RULES, ORDERING_RULES
from chainfusion.ledger.fabric.network.places import Places
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, OrganisationPlan, Plan

PROFILE = "Channel"


def configtx(plan: Plan, places: Places) -> str:
    """The text of configtx.yaml, with absolute paths into the network's folder."""
    profile = {
        "Policies": _policies(),
        "Capabilities": {"V3_0": True},
        "Orderer": _orderer(plan, places),
        "Application": {
            "Organizations": [_organisation(each, places) for each in plan.organisations],
            "Policies": _policies() | {"LifecycleEndorsement": _endorsement(plan), "Endorsement": _endorsement(plan)},
            "Capabilities": {"V2_5": True},
        },
    }
    return yaml.safe_dump({"Profiles": {PROFILE: profile}}, sort_keys=False, allow_unicode=True)


def _organisation(each: OrganisationPlan, places: Places) -> dict[str, Any]:
    host = {"Host": each.host, "Port": each.port}
    return _named(each, places, MEMBER_RULES) | ({"AnchorPeers": [host]} if each.hosts else {})


def _ordering_organisation(each: OrganisationPlan, places: Places) -> dict[str, Any]:
    return _named(each, places, ORDERING_RULES) | {"OrdererEndpoints": [each.orderer]}


def _named(each: OrganisationPlan, places: Places, roles: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    policies = {name: _signature(each.msp, kinds) for name, kinds in roles.items()}
    return {"Name": each.msp, "ID": each.msp, "MSPDir": str(places.channel_msp(each.msp)), "Policies": policies}


def _orderer(plan: Plan, places: Places) -> dict[str, Any]:
    how = plan.ordering
    common = {
        "BatchTimeout": f"{how.batch_ms}ms",
        "BatchSize": {
            "MaxMessageCount": how.batch_count,
            "AbsoluteMaxBytes": f"{how.max_bytes // 1024} KB",
            "PreferredMaxBytes": f"{how.batch_bytes // 1024} KB",
        },
        "Organizations": [_ordering_organisation(each, places) for each in plan.orderers],
        "Policies": _policies() | {"BlockValidation": _meta("ANY Writers")},
        "Capabilities": {"V2_0": True},
    }
    if how.consensus is Consensus.RAFT:
        return common | {"OrdererType": "etcdraft", "EtcdRaft": _raft(plan, places)}
    mapping = [_consenter(number, each, places) for number, each in enumerate(plan.orderers, 1)]
    return common | {"OrdererType": "BFT", "ConsenterMapping": mapping, "SmartBFT": _smartbft(how)}


def _address(each: OrganisationPlan, places: Places) -> dict[str, Any]:
    certificate = str(places.orderer_tls(each.msp))
    return {
        "Host": each.host,
        "Port": each.orderer_port,
        "ClientTLSCert": certificate,
        "ServerTLSCert": certificate,
    }


def _consenter(number: int, each: OrganisationPlan, places: Places) -> dict[str, Any]:
    identity = str(places.orderer_identity(each.msp))
    return {"ID": number, "MSPID": each.msp, "Identity": identity} | _address(each, places)


def _raft(plan: Plan, places: Places) -> dict[str, Any]:
    ticks = max(plan.ordering.leader_timeout_ms // 100, 10)
    return {
        "Consenters": [_address(each, places) for each in plan.orderers],
        "Options": {
            "TickInterval": "100ms",
            "ElectionTick": ticks,
            "HeartbeatTick": 1,
            "MaxInflightBlocks": 5,
            "SnapshotIntervalSize": "16 MB",
        },
    }


def _smartbft(how: Ordering) -> dict[str, Any]:
    """SmartBFT makes a block after `RequestBatchMaxInterval`; it does not read `BatchTimeout`."""
    timeout = f"{how.leader_timeout_ms}ms"
    return {
        "RequestBatchMaxInterval": f"{how.batch_ms}ms",
        "RequestForwardTimeout": "2s",
        "RequestComplainTimeout": "10s",
        "RequestAutoRemoveTimeout": "3m0s",
        "ViewChangeResendInterval": "2s",
        "ViewChangeTimeout": "10s",
        "LeaderHeartbeatTimeout": timeout,
        "CollectTimeout": "1s",
        "IncomingMessageBufferSize": 200,
        "RequestPoolSize": 100000,
        "LeaderHeartbeatCount": 10,
    }


def _policies() -> dict[str, Any]:
    return {"Readers": _meta("ANY Readers"), "Writers": _meta("ANY Writers"), "Admins": _meta("MAJORITY Admins")}


def _endorsement(plan: Plan) -> dict[str, str]:
    """A majority of those who run a peer: Fabric's own majority would count members that cannot endorse."""
    if len(plan.hosts) == len(plan.organisations):
        return _meta("MAJORITY Endorsement")
    principals = ", ".join(f"'{each.msp}.peer'" for each in plan.hosts)
    return {"Type": "Signature", "Rule": f"OutOf({len(plan.hosts) // 2 + 1}, {principals})"}


def _meta(rule: str) -> dict[str, str]:
    return {"Type": "ImplicitMeta", "Rule": rule}


def _signature(msp: str, kinds: tuple[str, ...]) -> dict[str, str]:
    principals = ", ".join(f"'{msp}.{kind}'" for kind in kinds)
    return {"Type": "Signature", "Rule": f"OR({principals})"}
