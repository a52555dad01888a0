"""What one institution deploys on its own hosts: its nodes' keys and configuration, systemd units, container compose.

Nothing of another institution goes in but what the channel's first block makes public. Programs find everything under
one path, on a host and in a container alike.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.fabric.network import builder, collections
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.nodefiles import NodeFolder, core_yaml, orderer_yaml
from chainfusion.ledger.fabric.network.package import SETTING, builder_setting
from chainfusion.ledger.fabric.network.places import TlsFiles, write
from chainfusion.ledger.fabric.network.plan import Database, OrganisationPlan

FABRIC = "3.1"
INSTALLED = Path("/srv/chainfusion")
"""Where a bundle is put on a host unless told otherwise."""


class BundleExists(ChainFusionError):
    """A place that is taken."""

    code = "BUNDLE_EXISTS"
    says = Text("{path} exists already; nothing was written.", "{path} 已存在，未写入任何内容。")
    do = Text("Choose another place.", "请选择其他位置。")


@dataclass(frozen=True)
class Bundle:
    """One organisation's bundle. `installed` is where it will lie on the host."""

    machine: Machine
    organisation: OrganisationPlan
    ledger_id: str
    installed: Path = INSTALLED

    def write(self, target: Path) -> tuple[str, ...]:
        """Writes the bundle to a new folder; gives the names of its files. Raises: BundleExists, OSError."""
        require(not target.exists(), BundleExists(path=str(target)))
        kinds = ["peer", "chaincode", "client"] + (["orderer"] if self.organisation.orders else [])
        for kind in kinds:
            self._copy_keys(target, kind)
        for name, (text, mode) in self.files().items():
            write(target / name, text, mode)
        shutil.copyfile(self.machine.places.block, target / "first.block")
        shutil.copyfile(self.machine.places.package, target / "chaincode.tgz")
        return tuple(sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()))

    def files(self) -> dict[str, tuple[str, int]]:
        """The text and mode of every file but keys and certificates."""
        one = self.organisation
        peer = NodeFolder(self.installed / "peer", self.installed / "builder")
        contained = NodeFolder(self.installed / "peer", None)
        database = self.machine.plan.database
        found = {
            "peer/core.yaml": core_yaml(one, peer, database),
            "peer/container/core.yaml": core_yaml(one, contained, database),
            "peer/env": _environment(self._peer_settings()),
            "chaincode/env": _environment(self._chaincode_settings()),
            "systemd/chainfusion-peer.service": self._unit("peer", "/usr/local/bin/peer node start"),
            "systemd/chainfusion-chaincode.service": self._unit("chaincode", _PYTHON + " -m " + _CHAINCODE),
            "compose.yaml": yaml.safe_dump(self._compose(), sort_keys=False),
            "Dockerfile": _DOCKERFILE,
            "prometheus.yaml": yaml.safe_dump(self._scraping(), sort_keys=False),
            "README.md": _README.format(msp=one.msp, installed=self.installed, admin=one.orderer_admin, fabric=FABRIC),
        }
        if one.orders:
            folder = NodeFolder(self.installed / "orderer", None)
            found["orderer/orderer.yaml"] = orderer_yaml(one, folder)
            found["systemd/chainfusion-orderer.service"] = self._unit("orderer", "/usr/local/bin/orderer")
        modes = {name: (text, 0o600) for name, text in found.items()}
        source = f"#!/usr/bin/python3 -IS\n{Path(builder.__file__).read_text()}"
        return modes | {f"builder/bin/{step}": (source, 0o700) for step in ("detect", "build", "release")}

    # -------------------------------------------------------------- parts

    def _copy_keys(self, target: Path, kind: str) -> None:
        source = self.machine.places.node(self.organisation.msp, kind)
        for part in ("msp", "tls"):
            if (source / part).is_dir():
                shutil.copytree(source / part, target / kind / part)

    def _peer_settings(self) -> dict[str, str]:
        own = self.machine.places.tls(self.organisation.msp, "peer")
        parts = own.key.read_bytes(), own.certificate.read_bytes(), own.ca.read_bytes()
        return {
            "FABRIC_CFG_PATH": str(self.installed / "peer"),
            SETTING: builder_setting(self.organisation.chaincode, *parts),
        }

    def _chaincode_settings(self) -> dict[str, str]:
        tls = TlsFiles(self.installed / "chaincode" / "tls")
        return {
            "CHAINCODE_ID": self.machine.definition.package_id,
            "CHAINCODE_ADDRESS": self.organisation.chaincode,
            "CHAINCODE_LEDGER_ID": self.ledger_id,
            collections.SETTING: collections.setting(self.machine.plan.collections),
            "CHAINCODE_TLS_KEY": str(tls.key),
            "CHAINCODE_TLS_CERT": str(tls.certificate),
            "CHAINCODE_TLS_CLIENT_CA": str(tls.ca),
        }

    def _unit(self, kind: str, command: str) -> str:
        environment = f"EnvironmentFile={self.installed}/{kind}/env"
        if kind == "orderer":
            environment = f"Environment=FABRIC_CFG_PATH={self.installed}/orderer"
        folder = f"{self.installed}/{kind}"
        msp = self.organisation.msp
        return _UNIT.format(kind=kind, msp=msp, environment=environment, command=command, folder=folder)

    def _compose(self) -> dict[str, Any]:
        peer = self._service(f"hyperledger/fabric-peer:{FABRIC}", "peer", "peer node start")
        peer["environment"] = {"FABRIC_CFG_PATH": str(self.installed / "peer" / "container")}
        services = {"peer": peer, "chaincode": self._service(None, "chaincode", f"python -m {_CHAINCODE}")}
        if self.organisation.orders:
            orderer = self._service(f"hyperledger/fabric-orderer:{FABRIC}", "orderer", "orderer")
            del orderer["env_file"]
            orderer["environment"] = {"FABRIC_CFG_PATH": str(self.installed / "orderer")}
            services["orderer"] = orderer
        if self.machine.plan.database is Database.COUCHDB:
            services["couchdb"] = self._couchdb()
            peer["depends_on"] = ["couchdb"]
        return {"name": f"chainfusion-{self.organisation.msp.lower()}", "services": services}

    def _service(self, image: str | None, kind: str, command: str) -> dict[str, Any]:
        """The host's network, so that addresses are the plan's; each container sees its own node's folder alone."""
        place = self.installed / kind
        source: dict[str, Any] = {"image": image} if image else {"build": {"context": "."}}
        return source | {
            "command": command,
            "network_mode": "host",
            "restart": "unless-stopped",
            "stop_grace_period": "30s",
            "env_file": [f"{kind}/env"],
            "volumes": [f"./{kind}:{place}"],
            "read_only": True,
            "tmpfs": ["/tmp"],  # noqa: S108 - inside the container
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
        }

    def _couchdb(self) -> dict[str, Any]:
        port = self.organisation.couchdb.rpartition(":")[2]
        return {
            "image": "couchdb:3.4",
            "restart": "unless-stopped",
            "environment": {"COUCHDB_USER": "${COUCHDB_USER:?}", "COUCHDB_PASSWORD": "${COUCHDB_PASSWORD:?}"},
            "ports": [f"127.0.0.1:{port}:5984"],
            "volumes": ["./couchdb:/opt/couchdb/data"],
        }

    def _scraping(self) -> dict[str, Any]:
        one, tls = self.organisation, TlsFiles(self.installed / "client" / "tls")
        addresses = [one.peer_operations, *([one.orderer_operations] if one.orders else [])]
        job = {
            "job_name": f"fabric-{one.msp}",
            "scheme": "https",
            "tls_config": {"ca_file": str(tls.ca), "cert_file": str(tls.certificate), "key_file": str(tls.key)},
            "static_configs": [{"targets": addresses}],
        }
        return {"scrape_configs": [job]}


def _environment(settings: dict[str, str]) -> str:
    """Lines that systemd and compose read alike: what stands in single quotes is taken as it is."""
    return "".join(f"{name}='{value}'\n" for name, value in settings.items())


_CHAINCODE = "chainfusion.ledger.fabric.chaincode"
_PYTHON = "/opt/chainfusion/bin/python"
_UNIT = """[Unit]
Description=Chain Fusion: {kind} of {msp}
Wants=network-online.target
After=network-online.target

[Service]
{environment}
WorkingDirectory={folder}
ExecStart={command}
User=chainfusion
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=strict
ReadWritePaths={folder}

[Install]
WantedBy=multi-user.target
"""
_DOCKERFILE = """FROM python:3.12-slim
COPY chainfusion-*.whl /
RUN pip install --no-cache-dir /chainfusion-*.whl 'chainfusion[fabric]' && useradd --uid 7051 chainfusion
USER chainfusion
"""
_README = """# {msp}: what to deploy

Put this folder at `{installed}`, readable by the user `chainfusion` alone: it holds the private keys of your nodes.
Nothing in it belongs to another institution.

With systemd: Fabric {fabric}'s `peer` and `orderer` in /usr/local/bin, this program in /opt/chainfusion (a virtual
environment with the extra `fabric`), then copy systemd/* to /etc/systemd/system and enable the services.
In containers: put this program's wheel beside `Dockerfile`, then `docker compose up -d`. Fabric's own builder in the
peer's image takes the same chaincode package.

Then join the channel: POST first.block to https://{admin}/participation/v1/channels (`osnadmin channel join`), have the
peer join it, install chaincode.tgz and approve it. prometheus.yaml scrapes health and metrics with the client's
certificate in client/tls.
"""
