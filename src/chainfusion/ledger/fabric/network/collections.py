"""The private data collections that a chaincode's definition declares.

Their members alone hold the values, read and write them, and endorse their writing, by majority; all members of the
channel see the hashes. An organisation's own collection needs no declaration: Fabric has one for each.
"""

from __future__ import annotations

from collections.abc import Sequence

from fabric_protos.peer import collection_pb2 as collection
from fabric_protos.peer import policy_pb2 as policy

from chainfusion.ledger.fabric.network.channel.groups import peers_policy
from chainfusion.ledger.fabric.network.plan import CollectionPlan


def declared(plans: Sequence[CollectionPlan]) -> bytes:
    """The collections as a definition carries them, empty where there are none."""
    package = collection.CollectionConfigPackage(config=[_config(each) for each in plans])
    return bytes(package.SerializeToString(deterministic=True))


def _config(plan: CollectionPlan) -> collection.CollectionConfig:
    others = len(plan.members) - 1
    config = collection.StaticCollectionConfig(
        name=plan.name,
        member_orgs_policy=collection.CollectionPolicyConfig(signature_policy=peers_policy(plan.members, 1, "member")),
        required_peer_count=plan.copies,
        maximum_peer_count=others,
        block_to_live=plan.blocks,
        member_only_read=True,
        member_only_write=True,
        endorsement_policy=policy.ApplicationPolicy(
            signature_policy=peers_policy(plan.members, len(plan.members) // 2 + 1, "peer")
        ),
    )
    return collection.CollectionConfig(static_collection_config=config)
