"""The files of an identity: owner-only, written whole or not at all, laid out as a Fabric MSP.

<msp>/cacerts/ca-1.pem ...             root certificates
<msp>/intermediatecerts/ca-1.pem ...   where there are any
<msp>/signcerts/cert.pem               the holder's certificate        (not in the institution's own msp/)
<msp>/keystore/<identifier>_sk         the holder's key, encrypted     (not in the institution's own msp/)
<msp>/config.yaml                      NodeOUs: client, peer, admin, orderer told apart by OU
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.certificates import Certificate, CertificateMalformed
from chainfusion.node.identity.der import pem
from chainfusion.node.identity.issuing import key_identifier
from chainfusion.node.identity.refusals import IdentityExists, NotAnOrganisation

SIGNED = Path("signcerts", "cert.pem")
NODE_OUS = "NodeOUs:\n  Enable: true\n" + "".join(
    f"  {kind}OUIdentifier:\n    OrganizationalUnitIdentifier: {kind.lower()}\n"
    for kind in ("Client", "Peer", "Admin", "Orderer")
)


@dataclass(frozen=True)
class Authorities:
    """An institution's CA certificates in DER."""

    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A draft folder that becomes `target` when the block ends well, and vanishes when it does not.

    Raises: IdentityExists.
    """
    require(not os.path.lexists(target), IdentityExists(path=str(target)))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            _sync(folder)
        _rename(draft, target)
        _sync(target.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """Writes a new file durably, readable by its owner alone; folders on the way likewise. Raises: IdentityExists."""
    for folder in reversed([parent for parent in path.parents if not parent.exists()]):
        folder.mkdir(mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise IdentityExists(path=str(path)) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes) -> None:
    """Puts new content in the place of a file in one step."""
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        write(draft, data)
        draft.replace(path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_msp(folder: Path, authorities: Authorities) -> None:
    """The part of an MSP that all may see: what a channel's configuration takes in."""
    _write_certificates(folder / "cacerts", authorities.roots)
    _write_certificates(folder / "intermediatecerts", authorities.intermediates)
    write(folder / "config.yaml", NODE_OUS.encode())


def write_holder(folder: Path, certificate: Certificate, locked_key: bytes) -> None:
    """The part of a local MSP that is its holder's: certificate and encrypted key."""
    write(folder / SIGNED, pem("CERTIFICATE", certificate.der))
    write(folder / key_path(certificate), locked_key)


def key_path(certificate: Certificate) -> Path:
    """Where in its MSP the key of a certificate lies: Fabric looks it up by this name."""
    return Path("keystore", f"{key_identifier(certificate.public_key).hex()}_sk")


def read_authorities(folder: Path) -> Authorities:
    """The CA certificates of an MSP. Raises: NotAnOrganisation, CertificateRefused."""
    roots = _read_certificates(folder / "cacerts")
    require(bool(roots), NotAnOrganisation(path=str(folder), why="no CA certificate", why_zh="没有 CA 证书"))
    return Authorities(roots, _read_certificates(folder / "intermediatecerts"))


def read_certificate(path: Path) -> Certificate:
    """The one certificate in a PEM file. Raises: NotAnOrganisation, CertificateRefused."""
    found = certificates_in(read(path))
    require(len(found) == 1, CertificateMalformed(why=f"{len(found)} certificates in {path.name} instead of one"))
    return found[0]


def read(path: Path) -> bytes:
    """A file's content. Raises: NotAnOrganisation."""
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise NotAnOrganisation(path=str(path), why=why, why_zh=f"无法读取文件（{why}）") from None


def certificates_in(encoded: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM bundle, in order. Raises: CertificateRefused."""
    try:
        found = x509.load_pem_x509_certificates(encoded)
    except ValueError as error:
        raise CertificateMalformed(why=str(error)[:200]) from None
    return tuple(Certificate.from_der(each.public_bytes(Encoding.DER)) for each in found)


def _write_certificates(folder: Path, certificates: tuple[bytes, ...]) -> None:
    for number, der in enumerate(certificates, 1):
        write(folder / f"ca-{number}.pem", pem("CERTIFICATE", der))


def _read_certificates(folder: Path) -> tuple[bytes, ...]:
    count = len(list(folder.glob("ca-*.pem"))) if folder.is_dir() else 0
    return tuple(read_certificate(folder / f"ca-{number}.pem").der for number in range(1, count + 1))


def _rename(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except (FileExistsError, NotADirectoryError):
        raise IdentityExists(path=str(target)) from None
    except OSError:
        require(not os.path.lexists(target), IdentityExists(path=str(target)))
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
