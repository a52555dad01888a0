"""A second verifier of evidence, written from docs/spec/evidence.md, checkpoint.md and identity.md: none of our code.

    python tests/evidence/second_verifier.py EVIDENCE TRUST [DOCUMENT]      prints OK: or FAIL:, exits 0 or 1

It is small rather than helpful: one exception for everything. The tests run it on the same files as the real one.
"""

import base64
import copy
import hashlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1
QUARTER_HOUR = timedelta(minutes=15)
GOVERNANCE = ("found", "propose", "vote", "withdraw", "leave", "renew_keys")
EVIDENCE = ("blocks", "certificates", "checkpoint", "consistency", "engine", "format", "subject", "transactions")
HEADER = ("channel", "count", "format", "membership", "number", "outcomes", "previous", "time", "transactions")
PROPOSAL = ("args", "channel", "contract", "creator", "nonce", "operation", "time", "transient", "version")
UNDERSTOOD = {"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.17", "1.2.3.4.5.6.7.8.1"}


class Bad(Exception):
    """The evidence does not hold."""


def need(condition, why):
    if not condition:
        raise Bad(why)


def sha(data):
    return hashlib.sha256(data).digest()


# ------------------------------------------------------------------ spelling


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def no_float(text):
    raise Bad(f"floating point {text}")


def parse(data):
    value = json.loads(data.decode(), parse_float=no_float, parse_constant=no_float)
    check_value(value, 0)
    need(canonical(value) == data, "another spelling")
    return value


def check_value(value, depth):
    need(depth <= 64, "too deep")
    if isinstance(value, dict):
        need(all(key.isascii() for key in value), "a key that is not ASCII")
        for item in value.values():
            check_value(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_value(item, depth + 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        need(-(2**63) <= value < 2**63, "an integer beyond 64 bits")


def unhex(text, length=None):
    need(isinstance(text, str) and re.fullmatch("(?:[0-9a-f]{2})*", text), f"no hexadecimal: {text!r:.40}")
    need(length is None or len(text) == 2 * length, "bytes of another length")
    return bytes.fromhex(text)


def hashes(texts):
    need(isinstance(texts, list), "a list of hashes is needed")
    return [unhex(text, 32) for text in texts]


def moment(text):
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    need(isinstance(text, str) and re.fullmatch(pattern, text), f"no time: {text!r:.40}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def fields(value, *names):
    need(isinstance(value, dict) and set(value) == set(names), f"an object of {names} is needed")
    return [value[name] for name in names]


def number(value):
    need(isinstance(value, int) and not isinstance(value, bool), "an integer is needed")
    return value


# ------------------------------------------------------------------ trees (RFC 9162, 2.1.3.2 and 2.1.4.2)


def leaf_hash(data):
    return sha(b"\0" + data)


def node(left, right):
    return sha(b"\1" + left + right)


def included(leaf, index, size, path, root):
    need(0 <= number(index) < size, "outside the tree")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        need(sn > 0, "path too long")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and r == root, "not in the tree")


def consistent(first, first_root, second, second_root, path):
    need(0 < first <= second, "no such tree")
    if first == second:
        need(not path and first_root == second_root, "two roots of one size")
        return
    if first & (first - 1) == 0:
        path = [first_root, *path]
    need(path, "path too short")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        need(sn > 0, "path too long")
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and fr == first_root and sr == second_root, "not one history")


# ------------------------------------------------------------------ signatures and certificates


def low_s(signature):
    r, s = decode_dss_signature(signature)
    return r > 0 and 0 < s <= HALF_ORDER and encode_dss_signature(r, s) == signature


def p256(certificate, signature, data):
    key = certificate.public_key()
    need(isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1), "no P-256 key")
    need(low_s(signature), "not low S")
    key.verify(signature, data, ECDSA(SHA256()))


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def check_form(certificate):
    need(certificate.version is x509.Version.v3, "not X.509 v3")
    need(certificate.signature_algorithm_oid.dotted_string == "1.2.840.10045.4.3.2", "not ECDSA with SHA-256")
    need(low_s(certificate.signature), "not low S")
    critical = {each.oid.dotted_string for each in certificate.extensions if each.critical}
    need(critical <= UNDERSTOOD, "a critical extension that is not understood")


def is_authority(certificate, below):
    check_form(certificate)
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    fits = constraints and constraints.ca and usage and usage.key_cert_sign
    need(fits and extension(certificate, x509.SubjectKeyIdentifier), "no authority")
    need(constraints.path_length is None or below <= constraints.path_length, "too many authorities below")
    need(isinstance(certificate.public_key(), EllipticCurvePublicKey), "no P-256 key")


def chain(certificate, member, at):
    check_form(certificate)
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    need(usage and usage.digital_signature and not (constraints and constraints.ca), "not a holder's certificate")
    if isinstance(certificate.public_key(), Ed25519PublicKey):
        need(unit(certificate) == "notary", "an Ed25519 key that is no notary's")
    roots = [load(unhex(der)) for der in member["root_certificates"]]
    others = [load(unhex(der)) for der in member["intermediate_certificates"]]
    need(climbs(certificate, roots, others, at, 0), "no chain to a root that was valid then")


def climbs(child, roots, others, at, below):
    if not child.not_valid_before_utc <= at <= child.not_valid_after_utc or below > 3:
        return False
    for issuer in roots + others:
        try:
            child.verify_directly_issued_by(issuer)
            is_authority(issuer, below)
        except Exception:
            continue
        in_time = issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc
        if (issuer in roots and in_time) or climbs(issuer, roots, others, at, below + 1):
            return True
    return False


def load(der):
    return x509.load_der_x509_certificate(der)


def unit(certificate):
    units = {each.value for each in certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)}
    found = units & {"client", "peer", "admin", "orderer", "notary"}
    return found.pop() if len(found) == 1 else None


# ------------------------------------------------------------------ the checkpoint


def read_note(text):
    need(not any(character < " " and character != "\n" for character in text), "control characters")
    body, separator, lines = text.rpartition("\n\n")
    need(separator and lines.endswith("\n"), "not a note")
    return body + "\n", [read_line(line) for line in lines[:-1].split("\n")]


def read_line(line):
    need(line.startswith("— ") and line.count(" ") == 2, "not a signature line")
    _, name, encoded = line.split(" ")
    value = base64.b64decode(encoded, validate=True)
    need(base64.b64encode(value).decode() == encoded and len(value) > 4 and name, "not canonical base64")
    return name, value[:4], value[4:]


def read_checkpoint(text):
    match = re.fullmatch(r"(chainfusion/[^\n]*)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n", text)
    need(match, "not a checkpoint")
    root = base64.b64decode(match[3])
    need(base64.b64encode(root).decode() == match[3], "not canonical base64")
    return match[1], int(match[2]), root


def notary_key(member, kind):
    certificate = load(unhex(member["notary_certificate"]))
    public = certificate.public_key()
    need(isinstance(public, Ed25519PublicKey), "no Ed25519 key")
    key_id = sha(member["msp"].encode() + b"\n" + bytes([kind]) + public.public_bytes_raw())[:4]
    return certificate, public, key_id


def check_note(text, lines, membership, last_time):
    orderer = membership["rules"]["orderer"]
    member = membership["members"][orderer]
    certificate, public, key_id = notary_key(member, 1)
    need([(name, i) for name, i, _ in lines].count((orderer, key_id)) == 1, "the log signs once")
    need(lines[0][:2] == (orderer, key_id), "the log's line is the first")
    public.verify(lines[0][2], text.encode())
    chain(certificate, member, last_time)
    witnesses = {m for m, each in membership["members"].items() if each["status"] == "active"} - {orderer}
    names = [name for name, _, _ in lines[1:]]
    need(names == sorted(set(names)) and set(names) <= witnesses, "a line that does not count")
    for name, line_id, value in lines[1:]:
        check_cosignature(text, membership["members"][name], line_id, value, last_time)
    rule = membership["rules"]["witnesses"]
    needed = max(1, -(-rule["numerator"] * len(witnesses) // rule["denominator"]))
    need(len(names) >= needed, "too few cosignatures")


def check_cosignature(text, member, line_id, value, last_time):
    certificate, public, key_id = notary_key(member, 4)
    seconds = int.from_bytes(value[:8], "big")
    need(line_id == key_id and len(value) == 72 and seconds < 2**63, "not its notary's cosignature")
    public.verify(value[8:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    time = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    chain(certificate, member, time)
    need(time >= last_time - QUARTER_HOUR, "cosigned before the last block")


# ------------------------------------------------------------------ the membership


def founded(genesis, by):
    members = {member["msp"]: member for member in genesis["members"]}
    need(by in members and len(members) == len(genesis["members"]), "not a founder")
    need(all(member["status"] == "active" for member in members.values()), "a founder that is not active")
    need(genesis["rules"]["orderer"] in members and genesis["agreement"]["version"] == 1, "not a founding")
    kept = {name: genesis[name] for name in ("agreement", "name", "name_zh", "rules")}
    ledger = sha(canonical(genesis)).hex()[:32]
    return {**kept, "ledger_id": ledger, "members": members, "proposals": [], "version": 0}


def stepped(membership, operation, args, by, tx_id):
    m = copy.deepcopy(membership)
    m["version"] += 1
    own = m["members"].get(by)
    need(own and own["status"] == "active", "not an active member")
    if operation == "propose":
        fields(args["change"], "agreement", "kind", "member", "msp", "rules")
        need(by in electorate(m, args["change"]) and possible(m, args["change"]), "not a possible change")
        m["proposals"].append({"by": by, "change": args["change"], "id": tx_id, "no": [], "yes": [by]})
    elif operation == "vote":
        found = next((each for each in m["proposals"] if each["id"] == args["proposal"]), None)
        need(found and by not in found["yes"] + found["no"], "no such vote")
        need(by in electorate(m, found["change"]), "no vote on one's own suspension")
        need(isinstance(args["approve"], bool), "not a vote")
        found["yes" if args["approve"] else "no"].append(by)
    elif operation == "withdraw":
        found = [each for each in m["proposals"] if (each["id"], each["by"]) == (args["proposal"], by)]
        need(found, "no such proposal of one's own")
        m["proposals"].remove(found[0])
        return m
    elif operation == "leave":
        need(by != m["rules"]["orderer"], "the orderer must stay")
        own["status"] = "left"
    else:
        need(operation == "renew_keys", "no such step")
        names = ("encryption_key", "intermediate_certificates", "node_certificate", "notary_certificate")
        own.update(zip(names, fields(args["keys"], *names), strict=True))
        return m
    return settled(m)


def electorate(m, change):
    active = {msp for msp, member in m["members"].items() if member["status"] == "active"}
    return active - ({change["msp"]} if change["kind"] == "suspend" else set())


def settled(m):
    shares = {"suspend": "suspension", "amend-rules": "amendment", "adopt-agreement": "agreement"}
    for each in m["proposals"]:
        voters, share = electorate(m, each["change"]), m["rules"][shares.get(each["change"]["kind"], "admission")]
        enough = lambda votes: votes > 0 and votes * share["denominator"] >= share["numerator"] * len(voters)  # noqa: B023, E731
        passes = enough(len(voters & set(each["yes"])))
        if passes or not enough(len(voters) - len(voters & set(each["no"]))):
            m["proposals"].remove(each)
            if passes and possible(m, each["change"]):
                apply(m, each["change"])
            return settled(m)
    return m


def possible(m, change):
    kind, orderer = change["kind"], m["rules"]["orderer"]
    msp = change["msp"] or (change["member"] or {}).get("msp")
    status = m["members"].get(msp, {}).get("status", "left")
    return {
        "admit": lambda: status == "left",
        "replace": lambda: status != "left",
        "suspend": lambda: status == "active" and msp != orderer,
        "reinstate": lambda: status == "suspended",
        "amend-rules": lambda: m["members"].get(change["rules"]["orderer"], {}).get("status") == "active",
        "adopt-agreement": lambda: change["agreement"]["version"] == m["agreement"]["version"] + 1,
    }[kind]()


def apply(m, change):
    kind = change["kind"]
    if kind == "admit":
        m["members"][change["member"]["msp"]] = copy.deepcopy(change["member"])
    elif kind == "replace":
        old = m["members"][change["member"]["msp"]]
        m["members"][change["member"]["msp"]] = {**change["member"], "status": old["status"]}
    elif kind in ("suspend", "reinstate"):
        m["members"][change["msp"]]["status"] = "suspended" if kind == "suspend" else "active"
    else:
        name = "rules" if kind == "amend-rules" else "agreement"
        m[name] = change[name]


# ------------------------------------------------------------------ the evidence


def ascending(items):
    return all(before < after for before, after in pairwise(items))


def tx_id_of(proposal):
    need(re.fullmatch("[0-9a-f]{48}", proposal["nonce"]), "not a nonce")
    return sha(bytes.fromhex(proposal["nonce"]) + canonical(proposal["creator"])).hex()


def is_governance(proposal):
    return proposal["contract"] == "consortium" and proposal["operation"] in GOVERNANCE


def check_founders(signed):
    genesis, signatures = fields(signed, "genesis", "signatures")
    members = {member["msp"]: member for member in genesis["members"]}
    need(genesis["format"] == "chainfusion-genesis-v1", "not a genesis")
    need(sorted(each["msp"] for each in signatures) == sorted(members), "each founder signs once")
    for each in signatures:
        certificate_hex, msp, signature = fields(each, "certificate", "msp", "signature")
        certificate = load(unhex(certificate_hex))
        chain(certificate, members[msp], moment(genesis["founded"]))
        p256(certificate, unhex(signature), b"chainfusion genesis v1\n" + canonical(genesis))


def check_creator(each, header, membership, certificates):
    proposal, signature = fields(each["transaction"], "proposal", "signature")
    member = membership["members"].get(proposal["creator"]["msp"])
    need(member and member["status"] == "active", "not an active member")
    certificate = certificates[proposal["creator"]["certificate"]]
    need(unit(certificate) in ("client", "admin"), "not a person")
    stated, recorded = moment(proposal["time"]), moment(header["time"])
    need(abs(stated - recorded) <= QUARTER_HOUR, "clocks differ")
    chain(certificate, member, stated)
    chain(certificate, member, recorded)
    p256(certificate, unhex(signature), b"chainfusion transaction v1\n" + canonical(proposal))


def check_file(evidence):
    fields(evidence, *EVIDENCE)
    need((evidence["format"], evidence["engine"]) == ("chainfusion-evidence-v1", "embedded"), "another format")
    for block in evidence["blocks"]:
        header, *_ = fields(block, "header", "path", "signature")
        fields(header, *HEADER)
        for name in ("membership", "outcomes", "previous", "transactions"):
            unhex(header[name], 32)
    for each in evidence["transactions"]:
        fields(each, "block", "index", "outcome", "outcome_path", "transaction", "transaction_path")
        fields(each["outcome"], "code", "event", "private", "response", "tx_id", "writes")
        proposal, _ = fields(each["transaction"], "proposal", "signature")
        fields(proposal, *PROPOSAL)
        fields(proposal["creator"], "certificate", "msp")
        need(isinstance(proposal["args"], dict), "arguments are an object")


def check_order(evidence, size):
    transactions, subject = evidence["transactions"], evidence["subject"]
    places = [(number(each["block"]), number(each["index"])) for each in transactions]
    numbers = [number(block["header"]["number"]) for block in evidence["blocks"]]
    digests = [sha(unhex(der)).hex() for der in evidence["certificates"]]
    need(ascending(places) and ascending(numbers) and ascending(digests), "another order")
    need(set(numbers) == {block for block, _ in places} | {size - 1}, "blocks too many or missing")
    creators = {each["transaction"]["proposal"]["creator"]["certificate"] for each in transactions}
    need(set(digests) == creators, "certificates too many or missing")
    ids = [tx_id_of(each["transaction"]["proposal"]) for each in transactions]
    need(ids.count(subject["tx_id"]) == 1, "the subject is there once")
    strangers = [i for i, t in zip(ids, transactions, strict=True) if not is_governance(t["transaction"]["proposal"])]
    need(set(strangers) <= {subject["tx_id"]}, "a transaction too many")


def check_trust(evidence, trust, signed, head):
    bridge = None
    if evidence["consistency"] is not None:
        path, root, size = fields(evidence["consistency"], "path", "root", "size")
        bridge = number(size), unhex(root, 32)
        (first, first_root), (second, second_root) = sorted([bridge, head[1:]], key=lambda each: each[0])
        consistent(first, first_root, second, second_root, hashes(path))
    if trust.startswith(b"{"):
        trusted = parse(trust)
        need(canonical(trusted["genesis"]) == canonical(signed["genesis"]), "another genesis")
        check_founders(trusted)
        return
    origin, size, root = read_checkpoint(read_note(trust.decode())[0])
    need(origin == head[0] and size > 0 and (size, root) in (head[1:], bridge), "no way to the trusted checkpoint")


def check_places(evidence, ledger, headers):
    for each in evidence["transactions"]:
        header, proposal, outcome = headers[each["block"]], each["transaction"]["proposal"], each["outcome"]
        need(proposal["channel"] == ledger, "another channel")
        need(outcome["tx_id"] == tx_id_of(proposal) and outcome["code"] == "VALID", "not a valid transaction")
        for part, tree in (("transaction", "transactions"), ("outcome", "outcomes")):
            leaf = leaf_hash(canonical(each[part]))
            path = hashes(each[f"{part}_path"])
            included(leaf, each["index"], number(header["count"]), path, unhex(header[tree]))


def check_blocks(evidence, ledger, head):
    before = None
    for block in evidence["blocks"]:
        header = block["header"]
        need(header["channel"] == ledger and header["format"] == "chainfusion-block-v1", "another ledger's block")
        need(header["count"] > 0 and (header["previous"] == "00" * 32) == (header["number"] == 0), "not a block")
        included(leaf_hash(canonical(header)), header["number"], head[1], hashes(block["path"]), head[2])
        if before is not None:
            need(moment(header["time"]) >= moment(before["time"]), "older than the block before")
            follows = header["number"] == before["number"] + 1
            need(not follows or header["previous"] == sha(canonical(before)).hex(), "does not follow")
        before = header


def replay(evidence, certificates):
    membership = at_subject = founding = None
    for block in evidence["blocks"]:
        header, before = block["header"], membership
        for each in (t for t in evidence["transactions"] if t["block"] == header["number"]):
            proposal = each["transaction"]["proposal"]
            tx_id, by = tx_id_of(proposal), proposal["creator"]["msp"]
            if tx_id == evidence["subject"]["tx_id"]:
                at_subject = membership
            if not is_governance(proposal):
                continue
            need(proposal["version"] == 1, "another version")
            if membership is None:
                after = founded(proposal["args"]["genesis"]["genesis"], by)
            else:
                after = stepped(membership, proposal["operation"], proposal["args"], by, tx_id)
            check_creator(each, header, membership or after, certificates)
            membership = after
        need(sha(canonical(membership)).hex() == header["membership"], "another membership")
        rules = before or membership
        orderer = rules["members"][rules["rules"]["orderer"]]
        node_certificate = load(unhex(orderer["node_certificate"]))
        chain(node_certificate, orderer, moment(header["time"]))
        p256(node_certificate, unhex(block["signature"]), b"chainfusion block v1\n" + canonical(header))
        founding = founding or membership
    return at_subject or founding, membership


def check_statement(evidence, stated, document):
    subject = evidence["subject"]
    opening, kind, loan, response, _ = fields(subject, "document", "kind", "loan", "response", "tx_id")
    proposal = stated["transaction"]["proposal"]
    operation = f"{proposal['contract']}.{proposal['operation']}"
    need(sha(canonical(response)).hex() == stated["outcome"]["response"], "another answer")
    need((opening is not None) == (kind == "document") and (loan is not None) == (kind == "loan"), "no such opening")
    expected = {"document": "document.register", "loan": "pool.register", "pool": "pool.register"}
    special = operation in expected.values()
    need((kind == "decision" and not special) or expected.get(kind) == operation, "another operation")
    need(document is None or kind == "document", "not of a document")
    if kind == "document":
        content, salt = fields(opening, "content_sha256", "salt")
        content, salt = unhex(content, 32), unhex(salt, 16)
        registered = unhex(proposal["args"]["document"]["fingerprint"], 32)
        need(sha(b"chainfusion document v1\n" + salt + content) == registered, "another fingerprint")
        need(document is None or sha(document) == content, "another document")
    if kind == "loan":
        index, path, record, salt = fields(loan, "index", "path", "record", "salt")
        pool = proposal["args"]["pool"]
        leaf = leaf_hash(unhex(salt, 16) + unhex(record))
        included(leaf, index, number(pool["loans"]), hashes(path), unhex(pool["root"], 32))


def examine(data, trust, document):
    need(len(data) <= 32 << 20, "too long")
    evidence = parse(data)
    check_file(evidence)
    text, lines = read_note(evidence["checkpoint"])
    head = read_checkpoint(text)
    check_order(evidence, head[1])
    first = evidence["transactions"][0]
    proposal = first["transaction"]["proposal"]
    founds = (first["block"], first["index"], proposal["contract"], proposal["operation"])
    need(founds == (0, 0, "consortium", "found") and evidence["blocks"][0]["header"]["count"] == 1, "no founding")
    signed = proposal["args"]["genesis"]
    ledger = sha(canonical(signed["genesis"])).hex()[:32]
    check_trust(evidence, trust, signed, head)
    check_founders(signed)
    headers = {block["header"]["number"]: block["header"] for block in evidence["blocks"]}
    check_places(evidence, ledger, headers)
    need(head[0] == f"chainfusion/{ledger}", "another log")
    check_blocks(evidence, ledger, head)
    certificates = {sha(unhex(der)).hex(): load(unhex(der)) for der in evidence["certificates"]}
    at_subject, last = replay(evidence, certificates)
    ids = {tx_id_of(each["transaction"]["proposal"]): each for each in evidence["transactions"]}
    stated = ids[evidence["subject"]["tx_id"]]
    check_creator(stated, headers[stated["block"]], at_subject, certificates)
    check_note(text, lines, last, moment(evidence["blocks"][-1]["header"]["time"]))
    check_statement(evidence, stated, document)


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
