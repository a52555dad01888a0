"""A second verifier of evidence from a Fabric channel, written from docs/spec/evidence-fabric.md: none of our code.

    python -m tests.evidence.second_fabric_verifier EVIDENCE ANCHOR [DOCUMENT]

It reads protobuf by Fabric's own messages, and is small rather than helpful: one exception for everything. What both
pages share (spelling, certificates, trees, notes, statements) it takes from the second verifier of embedded ledgers.
"""

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as c
from fabric_protos.common import configtx_pb2 as ct
from fabric_protos.common import configuration_pb2 as cf
from fabric_protos.common import policies_pb2 as pol
from fabric_protos.ledger.rwset import rwset_pb2 as rw
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2 as kv
from fabric_protos.msp import identities_pb2 as idp
from fabric_protos.msp import msp_config_pb2 as mc
from fabric_protos.msp import msp_principal_pb2 as mp
from fabric_protos.orderer import configuration_pb2 as oc
from fabric_protos.peer import chaincode_pb2 as cc
from fabric_protos.peer import policy_pb2 as ap
from fabric_protos.peer import proposal_pb2 as pr
from fabric_protos.peer import proposal_response_pb2 as rp
from fabric_protos.peer import transaction_pb2 as tx
from fabric_protos.peer.lifecycle import chaincode_definition_pb2 as cd
from fabric_protos.peer.lifecycle import db_pb2 as db

from tests.evidence.second_verifier import (
    QUARTER_HOUR,
    canonical,
    chain,
    check_statement,
    fields,
    hashes,
    included,
    leaf_hash,
    need,
    p256,
    parse,
    read_checkpoint,
    read_note,
    sha,
    unhex,
    unit,
)

EVIDENCE = (
    "attestation",
    "blocks",
    "channel",
    "configurations",
    "demands",
    "engine",
    "format",
    "ledger",
    "place",
    "subject",
)
ANCHOR = ("attestations", "block", "chaincode", "channel", "definition", "format", "ledger", "members")
ROLES = {2: "client", 3: "peer", 4: "orderer"}


def der(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + content


class Block:
    def __init__(self, value):
        data, metadata, self.number, previous, lines = fields(
            value, "data", "metadata", "number", "previous", "signatures"
        )
        self.data = [unhex(each) for each in data]
        self.metadata, self.previous = unhex(metadata), unhex(previous, 32 if self.number else 0)
        self.lines = [tuple(map(unhex, fields(each, "header", "signature"))) for each in lines]
        need(self.data and self.number >= 0, "no such block")
        number = self.number.to_bytes(self.number.bit_length() // 8 + 1, "big")
        parts = der(2, number) + der(4, self.previous) + der(4, sha(b"".join(self.data)))
        self.header = der(0x30, parts)
        self.hash = sha(self.header)

    @property
    def last_config(self):
        return c.OrdererBlockMetadata.FromString(self.metadata).last_config.index


# ------------------------------------------------------------------ configuration


def certificate(pem):
    return x509.load_pem_x509_certificate(pem)


class Config:
    def __init__(self, block):
        need(len(block.data) == 1, "no configuration")
        payload = c.Payload.FromString(c.Envelope.FromString(block.data[0]).payload)
        header = c.ChannelHeader.FromString(payload.header.channel_header)
        need(header.type == 1, "no configuration")
        whole = ct.ConfigEnvelope.FromString(payload.data)
        self.number, self.channel, self.update = block.number, header.channel_id, whole.last_update
        self.time = header.timestamp.ToDatetime(tzinfo=UTC)
        self.sequence, self.root = whole.config.sequence, whole.config.channel_group
        self.msps, self.members = {}, set()
        for group in ("Application", "Orderer"):
            for each in self.root.groups[group].groups.values():
                msp = mc.FabricMSPConfig.FromString(mc.MSPConfig.FromString(each.values["MSP"].value).config)
                need(self.msps.setdefault(msp.name, msp) == msp, "an MSP stated in two ways")
                self.members |= {msp.name} if group == "Application" else set()

    def identity(self, serialized, at):
        found = idp.SerializedIdentity.FromString(serialized)
        return self.identity_of(found.mspid, certificate(found.id_bytes), at)

    def identity_of(self, name, leaf, at):
        msp = self.msps[name]
        self.chained(msp, leaf, at)
        lists = [x509.load_pem_x509_crl(each) for each in msp.revocation_list]
        gone = {(each.issuer, entry.serial_number) for each in lists for entry in each}
        need((leaf.issuer, leaf.serial_number) not in gone, "revoked")
        role = unit(leaf) if msp.fabric_node_ous.enable else None
        need(role in ("client", "peer", "admin", "orderer") or not msp.fabric_node_ous.enable, "no role")
        return name, leaf, role

    def chained(self, msp, leaf, at):
        roots, others = (
            [certificate(each).public_bytes(Encoding.DER).hex() for each in certificates]
            for certificates in (msp.root_certs, msp.intermediate_certs)
        )
        chain(leaf, {"root_certificates": roots, "intermediate_certificates": others}, at)

    # -------------------------------------------------------------- policies

    def met(self, path, signers):
        *groups, name = path.split("/")[2:]
        group = self.root
        for each in groups:
            if each not in group.groups:
                return False
            group = group.groups[each]
        return path.startswith("/Channel/") and self.met_in(group, name, signers)

    def met_in(self, group, name, signers):
        if name not in group.policies:
            return False
        policy = group.policies[name].policy
        if policy.type == 1:
            return signed(pol.SignaturePolicyEnvelope.FromString(policy.value), signers)
        need(policy.type == 3, "a policy of another kind")
        meta = pol.ImplicitMetaPolicy.FromString(policy.value)
        below = list(group.groups.values())
        needed = [min(1, len(below)), len(below), len(below) // 2 + 1][meta.rule]
        return sum(self.met_in(each, meta.sub_policy, signers) for each in below) >= needed

    # -------------------------------------------------------------- orderers

    def check_orderers(self, block, at):
        kind = oc.ConsensusType.FromString(self.root.groups["Orderer"].values["ConsensusType"].value).type
        need(kind in ("BFT", "etcdraft"), "another consensus")
        value = self.root.groups["Orderer"].values["Orderers"].value if kind == "BFT" else b""
        consenters = {each.id: each for each in cf.Orderers.FromString(value).consenter_mapping}
        signers = []
        for header, signature in block.lines:
            if kind == "BFT":
                who = consenters[c.IdentifierHeader.FromString(header).identifier]
                signer = self.identity_of(who.msp_id, certificate(who.identity), at)
            else:
                signer = self.identity(c.SignatureHeader.FromString(header).creator, at)
            need(signer[2] == "orderer" and signer not in signers, "not another orderer")
            p256(signer[1], signature, block.metadata + header + block.header)
            signers.append(signer)
        headers = [header for header, _ in block.lines]
        need(headers == sorted(set(headers)), "signatures in disorder")
        count = len(consenters)
        needed = -(-(count + (count - 1) // 3 + 1) // 2) if kind == "BFT" else 1
        need(len(signers) >= needed and self.met("/Channel/Orderer/BlockValidation", signers), "too few orderers")

    # -------------------------------------------------------------- updates

    def check_next(self, later):
        need(later.channel == self.channel and later.sequence == self.sequence + 1, "it does not follow")
        payload = c.Payload.FromString(later.update.payload)
        header = c.ChannelHeader.FromString(payload.header.channel_header)
        need((header.type, header.channel_id) == (2, self.channel), "no update of this channel")
        signed_update = ct.ConfigUpdateEnvelope.FromString(payload.data)
        update = ct.ConfigUpdate.FromString(signed_update.config_update)
        need(update.channel_id == self.channel, "an update of another channel")
        signers = self.valid(
            (c.SignatureHeader.FromString(each.signature_header).creator, each.signature,
             each.signature_header + signed_update.config_update, later.time)
            for each in signed_update.signatures
        )  # fmt: skip
        now, read, write = (dict(flat(each)) for each in (self.root, update.read_set, update.write_set))
        need(all(key in now and now[key].version == each.version for key, each in read.items()), "read otherwise")
        changes = {k: e for k, e in write.items() if k not in read or read[k].version != e.version}
        need(changes, "no change")
        for (kind, path), each in changes.items():
            before = now.get((kind, path))
            need(each.version == (before.version + 1 if before else 0) and each.mod_policy, "another version")
            if before:
                rule = before.mod_policy
                group = path if kind == "groups" else path[:-1]
                need(self.met(rule if rule[0] == "/" else "/".join(("", *group, rule)), signers), "not allowed")
        need(built(now | changes, ("Channel",)) == later.root, "not what the update makes")

    def valid(self, given):
        """Whose signatures hold, each once."""
        found = []
        for identity, signature, data, at in given:
            try:
                signer = self.identity(identity, at)
                p256(signer[1], signature, data)
            except Exception:
                continue
            found += [signer] if signer not in found else []
        return found


def flat(group, path=("Channel",)):
    yield ("groups", path), group
    for name, each in group.groups.items():
        yield from flat(each, (*path, name))
    for kind in ("values", "policies"):
        for name, each in getattr(group, kind).items():
            yield (kind, (*path, name)), each


def built(found, path):
    group = found["groups", path]
    made = ct.ConfigGroup(version=group.version, mod_policy=group.mod_policy)
    for name in group.groups:
        made.groups[name].CopyFrom(built(found, (*path, name)))
    for kind in ("values", "policies"):
        for name in getattr(group, kind):
            getattr(made, kind)[name].CopyFrom(found[kind, (*path, name)])
    return made


def signed(envelope, signers):
    used = tried(envelope.rule, envelope.identities, signers, frozenset())
    return envelope.version == 0 and used is not None


def tried(rule, principals, signers, used):
    if rule.WhichOneof("Type") == "signed_by":
        for place, signer in enumerate(signers):
            if place not in used and meant(principals[rule.signed_by], signer):
                return used | {place}
        return None
    met = 0
    for each in rule.n_out_of.rules:
        after = tried(each, principals, signers, used)
        if after is not None:
            met, used = met + 1, after
    return used if met >= rule.n_out_of.n else None


def meant(principal, signer):
    name, leaf, role = signer
    if principal.principal_classification == 2:
        found = idp.SerializedIdentity.FromString(principal.principal)
        return found.mspid == name and certificate(found.id_bytes) == leaf
    if principal.principal_classification != 0:
        return False
    wanted = mp.MSPRole.FromString(principal.principal)
    held = {0: True, 1: role == "admin"}.get(wanted.role, ROLES.get(wanted.role) == role)
    return wanted.msp_identifier == name and held


# ------------------------------------------------------------------ transactions


class Call:
    def __init__(self, data, channel):
        envelope = c.Envelope.FromString(data)
        self.payload, self.signature = envelope.payload, envelope.signature
        payload = c.Payload.FromString(self.payload)
        header = c.ChannelHeader.FromString(payload.header.channel_header)
        self.signer = c.SignatureHeader.FromString(payload.header.signature_header)
        self.time, self.tx_id = header.timestamp.ToDatetime(tzinfo=UTC), header.tx_id
        need(header.type == 3 and header.channel_id == channel, "no call on this channel")
        need(sha(self.signer.nonce + self.signer.creator).hex() == self.tx_id, "another id")
        (action,) = tx.Transaction.FromString(payload.data).actions
        need(action.header == payload.header.signature_header, "another creator")
        inner = tx.ChaincodeActionPayload.FromString(action.payload)
        self.endorsed, self.endorsements = inner.action.proposal_response_payload, inner.action.endorsements
        answered = rp.ProposalResponsePayload.FromString(self.endorsed)
        asked = inner.chaincode_proposal_payload
        hashed = sha(payload.header.channel_header + payload.header.signature_header + asked)
        need(hashed == answered.proposal_hash, "another proposal")
        done = pr.ChaincodeAction.FromString(answered.extension)
        invoked = pr.ChaincodeProposalPayload.FromString(asked).input
        spec = cc.ChaincodeInvocationSpec.FromString(invoked).chaincode_spec
        extension = pr.ChaincodeHeaderExtension.FromString(header.extension)
        self.chaincode = spec.chaincode_id.name
        need({self.chaincode} == {extension.chaincode_id.name, done.chaincode_id.name} != {""}, "several chaincodes")
        need(done.response.status == 200, "no success")
        self.args, self.response = list(spec.input.args), done.response.payload
        sets = rw.TxReadWriteSet.FromString(done.results).ns_rwset
        need(len({each.namespace for each in sets}) == len(sets), "a namespace twice")
        self.sets = {each.namespace: kv.KVRWSet.FromString(each.rwset) for each in sets}

    def read(self, key, namespace="_lifecycle"):
        (found,) = [each for each in self.sets[namespace].reads if each.key == key]
        need(found.HasField("version"), "a key that was not there")
        return found.version.block_num, found.version.tx_num

    def demanded(self, key):
        """Whether the call changes a key, and the policy that it gives to it."""
        own = self.sets[self.chaincode]
        entries = [entry for each in own.metadata_writes if each.key == key for entry in each.entries]
        found = [each.value for each in entries if each.name == "VALIDATION_PARAMETER"]
        need(found or key in {each.key for each in own.writes}, "a key that it does not change")
        return found[0] if found else None

    def written(self, key):
        found = [each.value for each in self.sets["_lifecycle"].writes if each.key == key]
        return found[0] if found else None

    def check(self, config, policy):
        who = config.identity(self.signer.creator, self.time)
        need(who[2] in ("client", "admin"), "no person")
        p256(who[1], self.signature, self.payload)
        endorsers = config.valid(
            (each.endorser, each.signature, self.endorsed + each.endorser, self.time) for each in self.endorsements
        )
        if policy.WhichOneof("Type") == "channel_config_policy_reference":
            need(config.met(policy.channel_config_policy_reference, endorsers), "too few endorsements")
        else:
            need(signed(policy.signature_policy, endorsers), "too few endorsements")
        return endorsers


class Case:
    def __init__(self, evidence, anchor):
        self.evidence, self.anchor = evidence, anchor
        blocks = [Block(each) for each in evidence["blocks"]]
        self.blocks = {each.number: each for each in blocks}
        numbers = [each.number for each in blocks]
        need(numbers == sorted(set(numbers)), "blocks in disorder")
        self.chain = evidence["configurations"]
        need(self.chain and self.chain == sorted(set(self.chain)) and self.chain[0] == numbers[0], "no such chain")
        for earlier, later in pairwise(blocks):
            need(later.number > earlier.number + 1 or later.previous == earlier.hash, "not linked")
        self.used = set(self.chain)
        self.configs = {number: Config(self.blocks[number]) for number in self.chain}

    def call(self, place):
        block, index = place
        need(0 <= index < len(self.blocks[block].data), "no such place")
        self.used.add(block)
        return Call(self.blocks[block].data[index], self.evidence["channel"])

    def in_force(self, number):
        newest = max(each for each in self.chain if each < number)
        need(self.blocks[number].last_config == newest, "a configuration is hidden")
        return self.configs[newest]

    def check_chain(self):
        first, anchor = self.blocks[self.chain[0]], self.anchor
        need((first.number, first.hash.hex()) == (anchor["block"]["number"], anchor["block"]["hash"]), "not trusted")
        need(not first.metadata and not first.lines, "signed once more")
        need(self.configs[first.number].channel == self.evidence["channel"] == anchor["channel"], "another channel")
        for before, number in pairwise(self.chain):
            block, config = self.blocks[number], self.configs[number]
            need(block.last_config == number, "it does not name itself")
            self.configs[before].check_orderers(block, config.time)
            self.configs[before].check_next(config)

    def policy(self, call, place):
        sequence, validation = (f"namespaces/fields/{call.chaincode}/{name}" for name in ("Sequence", "ValidationInfo"))
        known = self.anchor["definition"]
        places = (
            {name: tuple(known[name][k] for k in ("block", "index")) for name in ("sequence", "validation")}
            if known
            else {}
        )
        version = call.read(sequence)
        if version == places.get("sequence"):
            return ap.ApplicationPolicy.FromString(unhex(known["policy"]))
        first = True
        while True:
            need(version < place, "defined later")
            defining = self.call(version)
            need(defining.chaincode == "_lifecycle" and (not first or defining.written(sequence)), "no definition")
            config = self.in_force(version[0])
            config.check_orderers(self.blocks[version[0]], defining.time)
            rule = ap.ApplicationPolicy(channel_config_policy_reference="/Channel/Application/LifecycleEndorsement")
            defining.check(config, rule)
            info, place, first = defining.written(validation), version, False
            if info is not None:
                found = cd.ChaincodeValidationInfo.FromString(db.StateData.FromString(info).Bytes)
                need(found.validation_plugin == "vscc", "another plugin")
                return ap.ApplicationPolicy.FromString(found.validation_parameter)
            version = defining.read(validation)
            if version == places.get("validation"):
                return ap.ApplicationPolicy.FromString(unhex(known["policy"]))

    def check_demands(self, call, place, endorsers):
        demands = [fields(each, "key", "places") for each in self.evidence["demands"]]
        keys = [key for key, _ in demands]
        need(keys == sorted(set(keys)), "demands in disorder")
        for key, places in demands:
            call.demanded(key)
            step, before, given = call, place, None
            for each in places:
                where = tuple(fields(each, "block", "index"))
                need(given is None and step.read(key, call.chaincode) == where < before, "no such writer")
                step, before = self.call(where), where
                need(step.chaincode == call.chaincode, "another chaincode")
                config = self.in_force(where[0])
                config.check_orderers(self.blocks[where[0]], step.time)
                step.check(config, self.policy(step, where))
                given = step.demanded(key)
            need(signed(pol.SignaturePolicyEnvelope.FromString(given), endorsers), "a demand that is not met")

    def check_attestation(self, config, block, index, time):
        found = self.evidence["attestation"]
        if found is None:
            need(self.anchor["attestations"] == 0, "nobody attests")
            return
        certificates, codes, note, path = fields(found, "certificates", "codes", "note", "path")
        codes = unhex(codes)
        need(len(codes) == len(block.data) and codes[index] == 0, "not valid")
        text, lines = read_note(note)
        origin, size, root = read_checkpoint(text)
        need(origin == f"chainfusion/{self.evidence['ledger']}", "another log")
        leaf = canonical({"codes": codes.hex(), "hash": block.hash.hex(), "number": block.number})
        included(leaf_hash(leaf), block.number, size, hashes(path), root)
        names = [name for name, _, _ in lines]
        need(names == sorted(set(names)) and set(names) <= config.members, "a line that does not count")
        need(len(lines) == len(certificates) and len(lines) >= max(1, self.anchor["attestations"]), "too few")
        for (name, key_id, value), encoded in zip(lines, certificates, strict=True):
            leaf = x509.load_der_x509_certificate(unhex(encoded))
            public, seconds = leaf.public_key(), int.from_bytes(value[:8], "big")
            need(isinstance(public, Ed25519PublicKey) and unit(leaf) == "notary" and len(value) == 72, "no notary's")
            need(key_id == sha(name.encode() + b"\n\x04" + public.public_bytes_raw())[:4], "another key")
            public.verify(value[8:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
            seen = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
            config.chained(config.msps[name], leaf, seen)
            need(seen >= time - QUARTER_HOUR, "attested before")


def examine(data, trust, document):
    need(len(data) <= 32 << 20, "too long")
    evidence, anchor = parse(data), parse(trust)
    fields(evidence, *EVIDENCE)
    fields(anchor, *ANCHOR)
    need((evidence["format"], evidence["engine"]) == ("chainfusion-evidence-v1", "fabric"), "another format")
    need(anchor["format"] == "chainfusion-fabric-anchor-v1" and anchor["ledger"] == evidence["ledger"], "no anchor")
    need((anchor["definition"] is None) == (anchor["block"]["number"] == 0), "no anchor")
    case = Case(evidence, anchor)
    place = tuple(fields(evidence["place"], "block", "index"))
    call, block = case.call(place), case.blocks[place[0]]
    case.check_chain()
    config = case.in_force(block.number)
    need(config.number == case.chain[-1], "a configuration too new")
    config.check_orderers(block, call.time)
    need(call.tx_id == evidence["subject"]["tx_id"], "another subject")
    for earlier in block.data[: place[1]]:
        payload = c.Payload.FromString(c.Envelope.FromString(earlier).payload)
        need(c.ChannelHeader.FromString(payload.header.channel_header).tx_id != call.tx_id, "repeated")
    need(call.chaincode == anchor["chaincode"], "another chaincode")
    endorsers = call.check(config, case.policy(call, place))
    case.check_demands(call, place, endorsers)
    need(case.used == set(case.blocks), "a block that is not needed")
    case.check_attestation(config, block, place[1], call.time)
    contract, _, rest = call.args[0].decode().partition("@")
    proposal = {"contract": contract, "operation": rest.partition(".")[2], "args": parse(call.args[1])}
    answer = {"transaction": {"proposal": proposal}, "outcome": {"response": sha(call.response).hex()}}
    check_statement(evidence, answer, document)


def verify(data, trust, document=None):
    """Whether the evidence holds; anything that goes wrong on the way means that it does not."""
    try:
        examine(data, trust, document)
    except Exception:
        return False
    return True


if __name__ == "__main__":
    given = [Path(name).read_bytes() for name in sys.argv[1:]]
    holds = verify(*given)
    print("OK:" if holds else "FAIL:", sys.argv[1])
    sys.exit(0 if holds else 1)
