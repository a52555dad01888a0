"""A network's shared part, from the institutions' offers: nothing in it is secret, and whoever has the offers can make
it again and compare."""

from __future__ import annotations

from chainfusion.domain.records import to_bytes
from chainfusion.ledger.fabric.network.offer import Offer, pem
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.node.identity import folder
from chainfusion.node.identity.folder import Authorities


def lay_out(offer: Offer, places: Places) -> None:
    """Writes an offer into a network's folder: the record itself, and its certificates as `configtxgen` reads them."""
    msp = places.channel_msp(offer.msp)
    folder.write_msp(msp, Authorities(offer.root_certificates, offer.intermediate_certificates))
    for number, der in enumerate(offer.tls_certificates, 1):
        write(msp / "tlscacerts" / f"ca-{number}.pem", pem(der))
    if offer.orderer_certificate is not None and offer.orderer_tls_certificate is not None:
        write(places.orderer_identity(offer.msp), pem(offer.orderer_certificate))
        write(places.orderer_tls(offer.msp), pem(offer.orderer_tls_certificate))
    write(places.offer(offer.msp), to_bytes(offer))
