"""A network's shared folder, from the institutions' offers: nothing in it is secret, and each institution makes it
again from the same offers and compares before it takes part."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.founders import check_founder
from chainfusion.ledger.evidence.signatures import SignatureRefused
from chainfusion.ledger.fabric.network.channel.config import block_time
from chainfusion.ledger.fabric.network.channel.first_block import first_block
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.offer import Offer, pem, read_offer
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import Plan
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan
from chainfusion.node.home import FileExists, read_record
from chainfusion.node.identity import folder
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.network.site import Site


class SharedPartRefused(ChainFusionError):
    """A network's shared folder whose parts do not belong together."""

    code = "NETWORK_SHARED_PART_REFUSED"
    says = Text("The network's shared folder does not fit: {why}.", "网络公共文件夹不一致：{why_zh}。")
    do = Text("Assemble it again from the institutions' own offers.", "请依据各机构提供的入网资料重新汇编。")


@dataclass(frozen=True)
class Shared:
    """What all institutions of a network have in common."""

    plan: Plan
    offers: tuple[Offer, ...]
    genesis: SignedGenesis
    made: datetime

    @property
    def block(self) -> bytes:
        """The channel's first block."""
        return first_block(self.plan, self.offers, self.made)

    def check(self) -> None:
        """Checks that plan, offers and genesis speak of the same institutions. Raises: SharedPartRefused."""
        lines = tuple(each.organisation for each in self.offers)
        same = lines == self.plan.organisations
        _need(same, "the plan's organisations are not those of the offers", "规划中的机构与入网资料不符")
        members = {each.msp: each for each in self.genesis.genesis.members}
        signed = {each.msp: each for each in self.genesis.signatures}
        for each in filter(lambda each: each.organisation in self.plan.taking_part, self.offers):
            member = members.get(each.msp)
            if member is None or member.root_certificates != each.root_certificates:
                raise _refused(
                    f"the genesis does not know {each.msp} as its offer does", f"创世文件与 {each.msp} 的入网资料不符"
                )
            _need(each.msp in signed, f"{each.msp} has not signed the genesis", f"{each.msp} 尚未签署创世文件")
            try:
                check_founder(self.genesis.genesis, member, signed[each.msp])
            except (CertificateRefused, SignatureRefused) as error:
                raise _refused(f"{each.msp}: {error.message()}", f"{each.msp}：{error.message('zh')}") from None


def assemble(plan: Plan, offers: Sequence[Offer], genesis: SignedGenesis, root: Path) -> Shared:
    """Writes a network's shared folder. Raises: SharedPartRefused, OfferRefused, FileExists."""
    require(not root.exists(), FileExists(path=str(root)))
    by_name = {each.msp: each for each in offers}
    missing = [msp for msp in plan.msps if msp not in by_name]
    _need(not missing, f"no offer of {', '.join(missing)}", f"缺少 {', '.join(missing)} 的入网资料")
    shared = Shared(plan, tuple(by_name[msp] for msp in plan.msps), genesis, datetime.now(UTC).replace(microsecond=0))
    shared.check()
    _write(shared, Places(root.resolve()))
    return shared


def read_shared(root: Path) -> Shared:
    """A network's shared folder, whose first block is made again from the offers and compared.

    Raises: SharedPartRefused, PlanRefused, OfferRefused, ConfigurationUnreadable, FileDamaged, OSError.
    """
    places = Places(root.resolve())
    plan, block = read_plan(places.plan.read_bytes()), places.block.read_bytes()
    offers = tuple(read_offer(places.offer(msp).read_bytes()) for msp in plan.msps)
    shared = Shared(plan, offers, read_record(places.genesis, SignedGenesis), block_time(block))
    shared.check()
    same = shared.block == block
    _need(same, "the channel's first block is not what plan and offers make", "通道首个区块与规划及入网资料不符")
    return shared


def adopt(site: Site, root: Path) -> Shared:
    """Takes a network's shared part into an institution's home, once it has checked it and found its own offer in it.

    An institution that comes later is no part of the plan: it is added to its own copy. Where the home has a channel of
    another name already, this one is taken in beside it, for the same nodes. Raises: as `read_shared`.
    """
    shared, own = read_shared(root), read_offer(site.places.offer(site.msp).read_bytes())
    found = next((each for each in shared.offers if each.msp == site.msp), None)
    fits = found is None or found == own
    _need(fits, f"the offer of {site.msp} in it is not your own", f"其中 {site.msp} 的入网资料并非本机构所出")
    plan, places = shared.plan, _place_of(site, shared.plan.channel)
    if found is None:
        plan = replace(plan, organisations=(*plan.organisations, own.organisation))
    for part in (places.channel_msp(site.msp).parent, places.orderers, places.offers):
        shutil.rmtree(part, ignore_errors=True)
    _write(shared, places)
    if found is None:
        lay_out(own, places)
    write(places.plan, write_plan(plan))
    if places.part is None:
        Machine(plan, places, (site.msp,)).write_files()
    return shared


def _place_of(site: Site, channel: str) -> Places:
    """Where a channel's shared part goes: the home's own place for its first, a folder in `channels` for others."""
    has_another = site.places.plan.exists() and site.plan.channel != channel
    return Site(site.home, channel).places if has_another else site.places


def lay_out(offer: Offer, places: Places) -> None:
    """Writes an offer into a network's folder: the record itself, and its certificates as files."""
    msp = places.channel_msp(offer.msp)
    folder.write_msp(msp, Authorities(offer.root_certificates, offer.intermediate_certificates))
    for number, der in enumerate(offer.tls_certificates, 1):
        write(msp / "tlscacerts" / f"ca-{number}.pem", pem(der))
    if offer.orderer_certificate is not None and offer.orderer_tls_certificate is not None:
        write(places.orderer_identity(offer.msp), pem(offer.orderer_certificate))
        write(places.orderer_tls(offer.msp), pem(offer.orderer_tls_certificate))
    write(places.offer(offer.msp), to_bytes(offer))


def _write(shared: Shared, places: Places) -> None:
    write(places.plan, write_plan(shared.plan))
    write(places.genesis, to_bytes(shared.genesis))
    for each in shared.offers:
        lay_out(each, places)
    write(places.block, shared.block)


def _need(holds: bool, why: str, why_zh: str) -> None:
    require(holds, _refused(why, why_zh))


def _refused(why: str, why_zh: str) -> SharedPartRefused:
    return SharedPartRefused(why=why, why_zh=why_zh)
