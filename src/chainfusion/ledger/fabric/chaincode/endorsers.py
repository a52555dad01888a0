"""Whose peers must endorse a change of one key: Fabric's key-level policy.

Such a policy takes the place of the chaincode's own for its key, so that one which named the party alone would let the
party's peer write what it likes. Hence both stand in it: all the parties, and the majority that every other key needs.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import msp_principal_pb2 as principals

VALIDATION_PARAMETER = "VALIDATION_PARAMETER"
"""The metadata under which peers look for a key's policy."""


def endorsers_policy(parties: Collection[str], members: Collection[str]) -> bytes:
    """A SignaturePolicyEnvelope: a peer of each party, and of more than half of the members (MSP ids)."""
    return _policy(tuple(sorted(set(parties))), tuple(sorted(set(members))))


@lru_cache(maxsize=1024)
def _policy(parties: tuple[str, ...], members: tuple[str, ...]) -> bytes:
    envelope = policies.SignaturePolicyEnvelope()
    for msp in members:
        role = principals.MSPRole(msp_identifier=msp, role=principals.MSPRole.PEER)
        envelope.identities.add(
            principal_classification=principals.MSPPrincipal.ROLE, principal=role.SerializeToString()
        )
    others = [number for number, msp in enumerate(members) if msp not in parties]
    further = max(0, len(members) // 2 + 1 - len(parties))
    both = envelope.rule.n_out_of
    both.n = 2 if further else 1
    _of(both.rules.add(), len(parties), [members.index(each) for each in parties])
    if further:  # a signature counts once in a policy, so that the parties' own are counted off the majority
        _of(both.rules.add(), further, others)
    return bytes(envelope.SerializeToString(deterministic=True))


def _of(rule: policies.SignaturePolicy, count: int, numbers: Collection[int]) -> None:
    rule.n_out_of.n = count
    for number in numbers:
        rule.n_out_of.rules.add(signed_by=number)
