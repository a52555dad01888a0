"""Makes the stored blocks again: two small networks on this machine, one ordered by Raft, one by SmartBFT.

    FABRIC_BIN=... PYTHONPATH=src:. python tests/fabric/blocks/make_blocks.py [raft] [smartbft]

Each is founded, opens a deal with a document and a pool, defines its chaincode anew (Raft), admits an institution by a
configuration update that a majority of administrators signs, and goes on. All blocks are kept as a peer gave them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import msp_config_pb2 as msp_config
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.orderer import ab_pb2_grpc as ordering

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.opinions import DocumentFact
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.fabric.gateway.signing import serialized_identity
from chainfusion.ledger.fabric.network.lifecycle import Definition
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.wire import connect
from chainfusion.ledger.port import Receipt
from chainfusion.node.network import REPRESENTATIVE, RunningNetwork, start
from chainfusion.node.session import Session
from tests.fabric.blocks.stored import FOLDER, Stored, save
from tests.support import world
from tests.support.fabric import caught_up
from tests.support.harbour import DEAL, REPORT, document_args, pool_args
from tests.support.identities import make_member

JOINER = "MinghengMSP"
MSPS = ("DonghaiMSP", "YunjinMSP", "WangchaoMSP", "BeichenMSP")


def plan_of(consensus: Consensus, port: int) -> Plan:
    """Four institutions that order by SmartBFT; or three, of which one orders by Raft."""
    count = 4 if consensus is Consensus.SMARTBFT else 3
    roles = [INSTITUTION_ROLES[n::count] for n in range(count)]
    organisations = tuple(
        OrganisationPlan(
            msp,
            msp.removesuffix("MSP"),
            "测试机构",
            tuple(roles[n]),
            "127.0.0.1",
            port + 10 * n,
            orders=n == 0 or consensus is Consensus.SMARTBFT,
        )
        for n, msp in enumerate(MSPS[:count])
    )
    return Plan("Tests", "测试", "deals", organisations, Ordering(consensus))


class Stage:
    """A running network, and a ledger on each institution's peer."""

    def __init__(self, network: RunningNetwork, stack: ExitStack) -> None:
        self.network = network
        self.ledgers = {each.msp: self._ledger(each, stack) for each in network.plan.organisations}

    def _ledger(self, each: OrganisationPlan, stack: ExitStack) -> FabricLedger:
        files = self.network.places.tls(each.msp, "client")
        tls = Tls(files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes())
        peers = Peers([PeerAddress(each.peer)], tls)
        stack.callback(peers.close)
        client = GatewayClient(peers, Settings(channel=self.network.plan.channel))
        return FabricLedger(client, self.network.ledger_id, self.network.signer(each.msp))

    def call(self, session: Session, operation: str, **arguments: Any) -> Receipt:
        """A call that every peer has before the next institution goes on from it: a peer that is behind refuses."""
        done = session.call(operation, **arguments)
        caught_up(list(self.ledgers.values()), done.block)
        return done

    def session(self, msp: str, user: str = "desk") -> Session:
        return Session(self.ledgers[msp], registry(), self.network.signer(msp, user))

    def owner(self, role: Role) -> str:
        return next(each.msp for each in self.network.plan.organisations if role in each.roles)

    def blocks(self, msp: str) -> list[bytes]:
        ledger = self.ledgers[msp]
        return [ledger._qscc("GetBlockByNumber", str(number)) or b"" for number in range(ledger.height())]


def story(stage: Stage) -> dict[str, str]:
    """What is done on the channel before an institution joins; gives the transactions' ids."""
    plan = stage.network.plan
    founder = stage.session(plan.msps[0], REPRESENTATIVE)
    founding = stage.call(founder, "consortium.found", genesis=to_json(stage.network.genesis))
    for msp in plan.msps:
        session = stage.session(msp, REPRESENTATIVE)
        stage.call(session, "consortium.sign_agreement", **session.query("consortium.agreement"))
    parties = tuple(world.NamedParty(role, stage.owner(role)) for role in INSTITUTION_ROLES)
    opener = stage.session(stage.owner(Role.ORIGINATOR))
    opened = stage.call(opener, "deal.open", terms=world.terms(DEAL, parties))
    ours = {each.msp for each in parties} - {opener.msp}
    for each in parties:
        if each.msp in ours:
            stage.call(stage.session(each.msp), "deal.accept", deal=DEAL, role=each.role)
    tape = world.new_document("tape", DocumentKind.LOAN_TAPE)
    stage.call(opener, "document.register", deal=DEAL, document=to_json(tape))
    args = pool_args(DEAL)
    args["pool"]["tape"] = to_json(DocumentFact(tape.id, 1, tape.fingerprint))
    pool = stage.call(opener, "pool.register", **args)
    law = stage.session(stage.owner(Role.LAW_FIRM))
    together = [
        ("report", law, document_args(DEAL, REPORT)),
        ("other", stage.session(stage.owner(Role.ACCOUNTANT)), _paper("paper one")),
        ("third", stage.session(stage.owner(Role.CUSTODIAN)), _paper("paper two")),
    ]
    with ThreadPoolExecutor(3) as pool_of:
        done = list(pool_of.map(lambda each: each[1].call("document.register", **each[2]).tx_id, together))
    return {"founding": founding.tx_id, "opened": opened.tx_id, "pool": pool.tx_id} | {
        name: tx for (name, _, _), tx in zip(together, done, strict=True)
    }


def _paper(name: str) -> dict[str, Any]:
    return {"deal": DEAL, "document": to_json(world.new_document(name, DocumentKind.WORKING_PAPER))}


def define_anew(stage: Stage) -> None:
    """A second sequence of the chaincode's definition, by which only the version changes."""
    machine = stage.network.machine
    again = Definition(machine.definition.name, "2", 2, machine.definition.package_id)
    with machine.peers(stage.network.admins()) as peers:
        for peer in peers:
            peer.approve(stage.network.plan.channel, again)
        time.sleep(2)
        peers[0].commit(stage.network.plan.channel, again, peers)
        time.sleep(2)


# ------------------------------------------------------------------ a member more


def admit(stage: Stage) -> None:
    """Adds an institution to the channel's members, signed by a majority of the administrators."""
    admins = stage.network.admins()
    blocks = stage.blocks(MSPS[0])
    update = update_that_adds(JOINER, make_member(JOINER).root_der, blocks[0], stage.network.plan.channel)
    signers = [admins[msp] for msp in stage.network.plan.msps]
    majority = signers[: len(signers) // 2 + 1]
    submit(stage.network, update, majority)


def update_that_adds(msp: str, root_der: bytes, config_block: bytes, channel: str) -> configtx.ConfigUpdate:
    """The update that adds an institution, like the others but for its name and root."""
    config = config_in(config_block)
    present = config.channel_group.groups["Application"]
    model_name = sorted(present.groups)[0]
    update = configtx.ConfigUpdate(channel_id=channel)
    for part in (update.read_set, update.write_set):
        part.version = config.channel_group.version
        application = part.groups["Application"]
        application.version, application.mod_policy = present.version, present.mod_policy
        for name, group in present.groups.items():
            application.groups[name].version = group.version
        for name, policy in present.policies.items():
            application.policies[name].version = policy.version
        for name, value in present.values.items():
            application.values[name].version = value.version
    application = update.write_set.groups["Application"]
    application.version += 1
    application.groups[msp].CopyFrom(_like(present.groups[model_name], model_name, msp, root_der))
    return update


def _like(model: configtx.ConfigGroup, model_name: str, msp: str, root_der: bytes) -> configtx.ConfigGroup:
    group = configtx.ConfigGroup()
    group.CopyFrom(model)
    group.version = 0
    del group.values["AnchorPeers"]
    envelope = msp_config.MSPConfig.FromString(model.values["MSP"].value)
    inside = msp_config.FabricMSPConfig.FromString(envelope.config)
    inside.name, inside.root_certs[:] = msp, [pem_of(root_der)]
    envelope.config = inside.SerializeToString()
    group.values["MSP"].value = envelope.SerializeToString()
    for policy in group.policies.values():
        rule = policies.SignaturePolicyEnvelope.FromString(policy.policy.value)
        for each in rule.identities:
            role = principals.MSPRole.FromString(each.principal)
            role.msp_identifier = msp
            each.principal = role.SerializeToString()
        policy.policy.value = rule.SerializeToString()
    return group


def config_in(block: bytes) -> configtx.Config:
    """The configuration in a configuration block."""
    envelope = common.Envelope.FromString(common.Block.FromString(block).data.data[0])
    payload = common.Payload.FromString(envelope.payload)
    return configtx.ConfigEnvelope.FromString(payload.data).config


def pem_of(der: bytes) -> bytes:
    """A certificate in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def submit(network: RunningNetwork, update: configtx.ConfigUpdate, signers: Sequence[Any]) -> None:
    """Signs an update and gives it to an orderer."""
    data = update.SerializeToString()
    envelope = configtx.ConfigUpdateEnvelope(config_update=data)
    for number, signer in enumerate(signers):
        header = common.SignatureHeader(creator=_serialized(signer), nonce=bytes([number]) * 24).SerializeToString()
        envelope.signatures.add(signature_header=header, signature=signer.sign(header + data))
    channel = common.ChannelHeader(type=common.HeaderType.CONFIG_UPDATE, channel_id=update.channel_id)
    channel.timestamp.FromNanoseconds(time.time_ns())
    signed = common.SignatureHeader(creator=_serialized(signers[0]), nonce=b"\x01" * 24)
    header = common.Header(channel_header=channel.SerializeToString(), signature_header=signed.SerializeToString())
    payload = common.Payload(header=header, data=envelope.SerializeToString()).SerializeToString()
    whole = common.Envelope(payload=payload, signature=signers[0].sign(payload))
    each = network.plan.orderers[0]
    own = network.places.tls(each.msp, "client")
    with connect(each.orderer, own, own.ca.read_bytes()) as wire:
        answer = next(ordering.AtomicBroadcastStub(wire).Broadcast(iter([whole])))
    assert answer.status == common.Status.SUCCESS, answer


def _serialized(signer: Any) -> bytes:
    return serialized_identity(signer.msp_id, signer.certificate_der)


def await_grown(stage: Stage, before: int) -> None:
    end = time.monotonic() + 20
    while any(ledger.height() <= before for ledger in stage.ledgers.values()):
        assert time.monotonic() < end, "no new block came"
        time.sleep(0.1)


# ------------------------------------------------------------------ keeping


def make(consensus: Consensus, port: int) -> Stored:
    """One network from nothing to its stored blocks."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        network = stack.enter_context(start(plan_of(consensus, port), Path(folder) / "net"))
        stage = Stage(network, stack)
        ids = story(stage)
        if consensus is Consensus.RAFT:
            define_anew(stage)
        trustee = stage.session(stage.owner(Role.TRUSTEE))
        pool = trustee.query("pool.show", deal=DEAL)
        fact = {"version": pool["version"], "root": pool["record"]["root"]}
        ids["acknowledged"] = trustee.call("pool.acknowledge", deal=DEAL, pool=fact).tx_id
        height = stage.ledgers[MSPS[0]].height()
        admit(stage)
        await_grown(stage, height)
        ids["closed"] = stage.session(stage.owner(Role.ORIGINATOR)).call("deal.close", deal=DEAL).tx_id
        time.sleep(1)
        return Stored(network.ledger_id, network.plan.channel, ids, tuple(stage.blocks(MSPS[0])))


def main(words: Iterable[str]) -> None:
    """Makes what is asked for, or both."""
    wanted = [Consensus(word) for word in words] or list(Consensus)
    for number, consensus in enumerate(wanted):
        stored = make(consensus, 22000 + 100 * number)
        size = save(FOLDER / f"{consensus.value}.blocks.gz", stored)
        print(consensus.value, len(stored.blocks), "blocks,", size, "bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
