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
from chainfusion.ledger.fabric.network import builder
from chainfusion.ledger.fabric.network.grounds import channel_settings
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.nodefiles import NodeFolder, core_yaml, orderer_yaml
from chainfusion.ledger.fabric.network.package import SETTING, builder_setting
from chainfusion.ledger.fabric.network.places import TlsFiles, write
from chainfusion.ledger.fabric.network.plan import OPERATIONS, Database, OrganisationPlan

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
        for kind in (*self._kinds, "client"):
            self._copy_keys(target, kind)
        for name, (text, mode) in self.files().items():
            write(target / name, text, mode)
        shutil.copyfile(self.machine.places.block, target / "first.block")
        shutil.copyfile(self.machine.places.package, target / "chaincode.tgz")
        return tuple(sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()))

    def files(self) -> dict[str, tuple[str, int]]:
        """The text and mode of every file but keys and certificates."""
        one = self.organisation
        found = {
            "compose.yaml": yaml.safe_dump(self._compose(), sort_keys=False),
            "prometheus.yaml": yaml.safe_dump(self._scraping(), sort_keys=False),
            "README.md": _README.format(msp=one.msp, installed=self.installed, admin=one.orderer_admin, fabric=FABRIC),
        }
        found |= {f"systemd/chainfusion-{kind}.service": self._unit(kind, _COMMANDS[kind]) for kind in self._kinds}
        if one.orders:
            folder = NodeFolder(self.installed / "orderer", None)
            found["orderer/orderer.yaml"] = orderer_yaml(one, folder)
        modes = {name: (text, 0o600) for name, text in (found | self._peer_files()).items()}
        source = f"#!/usr/bin/python3 -IS\n{Path(builder.__file__).read_text()}"
        steps = ("detect", "build", "release") if one.hosts else ()
        return modes | {f"builder/bin/{step}": (source, 0o700) for step in steps}

    # -------------------------------------------------------------- parts

    @property
    def _kinds(self) -> tuple[str, ...]:
        one = self.organisation
        return (*(("peer", "chaincode") if one.hosts else ()), *(("orderer",) if one.orders else ()))

    def _peer_files(self) -> dict[str, str]:
        if not self.organisation.hosts:
            return {}
        peer = NodeFolder(self.installed / "peer", self.installed / "builder")
        contained = NodeFolder(self.installed / "peer", None)
        database = self.machine.plan.database
        return {
            "peer/core.yaml": core_yaml(self.organisation, peer, database),
            "peer/container/core.yaml": core_yaml(self.organisation, contained, database),
            "peer/env": _environment(self._peer_settings()),
            "chaincode/env": _environment(self._chaincode_settings()),
            "Dockerfile": _DOCKERFILE,
        }

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
            "CHAINCODE_OPERATIONS": self.organisation.chaincode_operations,
            "CHAINCODE_PROCESSES": str(self.machine.plan.chaincode_processes),
            **channel_settings(self.machine.plan, self.machine.places, self.ledger_id),
            "CHAINCODE_TLS_KEY": str(tls.key),
            "CHAINCODE_TLS_CERT": str(tls.certificate),
            "CHAINCODE_TLS_CLIENT_CA": str(tls.ca),
        }

    def _unit(self, kind: str, command: str) -> str:
        environment = f"EnvironmentFile={self.installed}/{kind}/env"
        if kind == "peer" and self.machine.plan.database is Database.COUCHDB:
            environment += f"\nEnvironmentFile={self.installed}/couchdb.env"
        if kind == "orderer":
            environment = f"Environment=FABRIC_CFG_PATH={self.installed}/orderer"
        folder = f"{self.installed}/{kind}"
        msp = self.organisation.msp
        return _UNIT.format(kind=kind, msp=msp, environment=environment, command=command, folder=folder)

    def _compose(self) -> dict[str, Any]:
        services = {kind: self._service(kind) for kind in self._kinds}
        if self.organisation.hosts and self.machine.plan.database is Database.COUCHDB:
            services["couchdb"] = self._couchdb()
            services["peer"]["depends_on"] = ["couchdb"]
            services["peer"]["env_file"].append("couchdb.env")
        return {"name": f"chainfusion-{self.organisation.msp.lower()}", "services": services}

    def _service(self, kind: str) -> dict[str, Any]:
        """The host's network, so that addresses are the plan's; each container sees its own node's folder alone."""
        image = None if kind == "chaincode" else f"hyperledger/fabric-{kind}:{FABRIC}"
        places = {"peer": self.installed / "peer" / "container", "orderer": self.installed / "orderer"}
        found: dict[str, Any] = {"image": image} if image else {"build": {"context": "."}}
        found |= {"command": _COMMANDS[kind].rpartition("/")[2], "network_mode": "host", "restart": "unless-stopped"}
        if kind != "orderer":
            found["env_file"] = [f"{kind}/env"]
        if kind in places:
            found["environment"] = {"FABRIC_CFG_PATH": str(places[kind])}
        return found | {
            "stop_grace_period": "30s",
            "volumes": [f"./{kind}:{self.installed / kind}"],
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
            "env_file": ["couchdb.env"],
            "ports": [f"127.0.0.1:{port}:5984"],
            "volumes": ["./couchdb:/opt/couchdb/data"],
        }

    def _scraping(self) -> dict[str, Any]:
        one, tls = self.organisation, TlsFiles(self.installed / "client" / "tls")
        first = one.port + OPERATIONS
        contracts = [f"{one.host}:{first + number}" for number in range(self.machine.plan.chaincode_processes)]
        addresses = [one.peer_operations, *contracts] if one.hosts else []
        addresses += [one.orderer_operations] if one.orders else []
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


_COMMANDS = {
    "peer": "/usr/local/bin/peer node start",
    "orderer": "/usr/local/bin/orderer",
    "chaincode": "/opt/chainfusion/bin/python -m chainfusion.ledger.fabric.chaincode",
}
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
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
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
peer join it, install chaincode.tgz and approve it; `chainfusion network join` does all of that from the institution's
folder. prometheus.yaml scrapes the metrics of every node with the client's certificate in client/tls.

Where the plan has CouchDB, write couchdb.env beside this file, for the database and the peer alike:

    COUCHDB_USER=...
    COUCHDB_PASSWORD=...
    CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME=...   (the same)
    CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD=...   (the same)
"""
