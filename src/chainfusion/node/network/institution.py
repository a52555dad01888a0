"""An institution's own part in a network: its nodes' keys, in its own folder, and what it offers to the others."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.fabric.network import tls
from chainfusion.ledger.fabric.network.offer import FORMAT, Offer
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import OrganisationPlan, check_organisation
from chainfusion.node.identity import folder
from chainfusion.node.identity.enrolment import attributes_of
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.identity.issuing import Profile, der_of, issue_leaf, view_of
from chainfusion.node.identity.keyfile import plain_key
from chainfusion.node.identity.organisation import Organisation, export_key, unlock_authority


class NodesExist(ChainFusionError):
    """An institution whose nodes have keys already."""

    code = "NETWORK_NODES_EXIST"
    says = Text("The nodes of {msp} have keys already, in {path}.", "{msp} 的节点已有密钥，位于 {path}。")
    do = Text("Use the offer that was written with them.", "请使用当时生成的入网资料。")


def make_nodes(
    organisation: Organisation, each: OrganisationPlan, places: Places, password: bytes, now: datetime | None = None
) -> Offer:
    """Keys and certificates of an institution's nodes, made in its own folder; gives what it may show to others.

    `password` opens the institution's CA and its node's key. Raises: NodesExist, PlanRefused, WrongPassword,
    IdentityMissing where the institution's CA is elsewhere.
    """
    check_organisation(each)
    now = now or datetime.now(UTC)
    place = places.node(each.msp, "tls-ca")
    require(not place.exists(), NodesExist(msp=each.msp, path=str(place.parent)))
    authority = _make_tls(places, each, now)
    if each.hosts:
        _make_peer(places, organisation, password)
    if each.orders:
        _make_orderer(places, organisation, password, now)
    return _offer(organisation, each, places, authority)


def _make_tls(places: Places, each: OrganisationPlan, now: datetime) -> tls.TlsAuthority:
    authority = tls.make_authority(places, each.msp, now)
    kinds = (*(("peer", "chaincode") if each.hosts else ()), *(("orderer",) if each.orders else ()), "client")
    names = (*((each.host,) if each.listens else ()), *tls.LOOPBACK)
    for kind in kinds:
        tls.issue(authority, places.tls(each.msp, kind), f"{kind}.{each.msp}", names, now)
    return authority


def _make_peer(places: Places, organisation: Organisation, password: bytes) -> None:
    msp = places.node(organisation.msp_id, "peer") / "msp"
    folder.write_msp(msp, organisation.authorities)
    certificate = organisation.node.certificate
    write(msp / folder.SIGNED, (organisation.node.folder / folder.SIGNED).read_bytes())
    (msp / "keystore").mkdir(mode=0o700)
    export_key(organisation.node, password, msp / folder.key_path(certificate))


def _make_orderer(places: Places, organisation: Organisation, password: bytes, now: datetime) -> None:
    name = f"orderer.{organisation.msp_id}"
    key = generate_private_key(SECP256R1())
    profile = Profile(organisation.profile.name_en, name, "orderer", attributes_of(name, "orderer", ()))
    authority = unlock_authority(organisation, password)
    certificate = view_of(issue_leaf(authority, key.public_key(), profile, now))
    msp = places.node(organisation.msp_id, "orderer") / "msp"
    folder.write_msp(msp, Authorities((der_of(authority.certificate),)))
    folder.write_holder(msp, certificate, plain_key(key))


def _offer(organisation: Organisation, each: OrganisationPlan, places: Places, authority: tls.TlsAuthority) -> Offer:
    identity = served = None
    if each.orders:
        identity = folder.read_certificate(places.node(each.msp, "orderer") / "msp" / folder.SIGNED).der
        pem = places.tls(each.msp, "orderer").certificate.read_bytes()
        served = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return Offer(
        format=FORMAT,
        msp=each.msp,
        name=each.name,
        name_zh=each.name_zh,
        roles=each.roles,
        host=each.host,
        port=each.port,
        hosts=each.hosts,
        root_certificates=organisation.authorities.roots,
        intermediate_certificates=organisation.authorities.intermediates,
        tls_certificates=(authority.certificate.public_bytes(Encoding.DER),),
        orderer_certificate=identity,
        orderer_tls_certificate=served,
    )
