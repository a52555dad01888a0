"""The chaincode package: where the contracts are served, as a template that each peer fills for itself.

All organisations install the same bytes, so that the id they vote on names one package.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping

TEMPLATE = {
    "address": "{{.address}}",
    "dial_timeout": "10s",
    "tls_required": True,
    "client_auth_required": True,
    "client_key": "{{.client_key}}",
    "client_cert": "{{.client_cert}}",
    "root_cert": "{{.root_cert}}",
}
SETTING = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"
"""The environment variable of a peer that holds the template's values as JSON; Fabric's own builder reads it too."""


def chaincode_package(label: str) -> bytes:
    """The package (.tgz): the same bytes for the same label."""
    metadata = json.dumps({"type": "ccaas", "label": label}, separators=(",", ":")).encode()
    connection = json.dumps(TEMPLATE, indent=2).encode()
    return _archive({"metadata.json": metadata, "code.tar.gz": _archive({"connection.json": connection})})


def package_id(label: str, package: bytes) -> str:
    """The id by which peers know a package: label and SHA-256."""
    return f"{label}:{hashlib.sha256(package).hexdigest()}"


def builder_setting(address: str, client_key: bytes, client_certificate: bytes, root: bytes) -> str:
    """The template's values for one peer."""
    values = {
        "address": address,
        "client_key": client_key.decode(),
        "client_cert": client_certificate.decode(),
        "root_cert": root.decode(),
    }
    return json.dumps(values, separators=(",", ":"))


def _archive(files: Mapping[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
            tar.addfile(entry, io.BytesIO(data))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as file:
        file.write(plain.getvalue())
    return packed.getvalue()
