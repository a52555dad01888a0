"""Where an institution's node keeps what is its own, and where the ledger that it uses lies.

<home>/identity/        its organisation: certificates, and keys locked under passwords
<home>/genesis.json     the genesis that it trusts, as its people checked it when they joined
<home>/witness.json     the last checkpoint that its notary cosigned
<home>/node.json        settings: the engine, where its ledger is found, and who works here
<home>/connection.json  on Fabric: the connection profile
<home>/anchor.json      on Fabric: the channel's first block by its hash, which evidence is verified against
<home>/blocks.log       on Fabric: what the own peer recorded, 32 bytes a block

On the embedded engine the ledger lies in a folder that the institutions share:

<ledger>/ledger.db      the embedded ledger: one file
<ledger>/genesis.json   the signed genesis
<ledger>/store/         encrypted objects
<ledger>/ledger.json    whose node orders, and where its identity lies
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import BadRecord, from_bytes, from_json, to_bytes
from chainfusion.node.connection import Connection
from chainfusion.node.identity.organisation import Organisation, open_organisation

R = TypeVar("R")
CONNECTION = "connection.json"


class NotJoined(ChainFusionError):
    """A node that has no ledger yet."""

    code = "NOT_JOINED"
    says = Text("The node in {home} has not joined a ledger.", "{home} 中的节点尚未加入账本。")
    do = Text(
        "Run `chainfusion consortium join` with the ledger's folder.",
        "请先运行 `chainfusion consortium join` 加入账本。",
    )


class FileDamaged(ChainFusionError):
    """A settings or genesis file that cannot be read as what it should be."""

    code = "FILE_DAMAGED"
    says = Text("{path} is not usable: {why}.", "文件 {path} 无法使用：{why}。")
    do = Text("Restore the file from where it came.", "请从来源恢复该文件。")


class FileExists(ChainFusionError):
    """Something is already where a new file or folder would go."""

    code = "FILE_EXISTS"
    says = Text("{path} exists already; nothing was written.", "{path} 已存在，未写入任何内容。")
    do = Text("Choose another place.", "请选择其他位置。")


class GenesisDiffers(ChainFusionError):
    """A connection profile of another ledger than the genesis."""

    code = "GENESIS_DIFFERS"
    says = Text("The profile is of ledger {ledger}, the genesis of {genesis}.",
                "连接配置属于账本 {ledger}，而创世文件属于 {genesis}。")  # fmt: skip
    do = Text("Take both from the same consortium.", "请使用同一联盟的连接配置与创世文件。")


class OtherEngine(ChainFusionError):
    """Something that one engine has and this home's does not."""

    code = "OTHER_ENGINE"
    says = Text("{what} is done on the {needed} engine; the home {home} works on {engine}.",
                "{what_zh}仅适用于 {needed} 引擎；{home} 使用的是 {engine}。")  # fmt: skip
    do = Text("See docs/fabric-network.md for what takes its place.", "替代方式见 docs/fabric-network.md。")


class Engine(StrEnum):
    """What a ledger runs on: one file, or a channel of Hyperledger Fabric."""

    EMBEDDED = "embedded"
    FABRIC = "fabric"


@dataclass(frozen=True)
class NodeSettings:
    """The content of node.json: the engine, its ledger's folder or connection profile, and who works here unless a call
    names somebody else."""

    engine: Engine
    ledger: str
    user: str


@dataclass(frozen=True)
class LedgerSettings:
    """The content of ledger.json: the member that orders, and the folder of its identity, seen from the ledger's."""

    orderer: str
    identity: str


@dataclass(frozen=True)
class LedgerFolder:
    """The shared folder of an embedded ledger."""

    path: Path

    @property
    def database(self) -> Path:
        """The ledger's one file."""
        return self.path / "ledger.db"

    @property
    def store(self) -> Path:
        """Where encrypted objects lie."""
        return self.path / "store"

    @property
    def genesis_file(self) -> Path:
        """The signed genesis."""
        return self.path / "genesis.json"

    @property
    def settings_file(self) -> Path:
        """Who orders."""
        return self.path / "ledger.json"

    def genesis(self) -> SignedGenesis:
        """The signed genesis that the ledger was founded on. Raises: FileDamaged."""
        return read_record(self.genesis_file, SignedGenesis)

    def settings(self) -> LedgerSettings:
        """Who orders. Raises: FileDamaged."""
        return read_record(self.settings_file, LedgerSettings)

    def lay(self, signed: SignedGenesis, orderer_identity: Path) -> None:
        """Writes what a ledger's folder needs before its first block: the genesis, and whose node orders."""
        place = os.path.relpath(orderer_identity.resolve(), self.path.resolve())
        write_record(self.genesis_file, signed)
        write_record(self.settings_file, LedgerSettings(signed.genesis.rules.orderer, place))

    def clear(self) -> None:
        """Takes back what was laid for a ledger that was not founded: no block is lost by it."""
        for file in (self.genesis_file, self.settings_file, *self.path.glob(f"{self.database.name}*")):
            file.unlink(missing_ok=True)

    def orderer(self) -> Organisation:
        """The identity of the member that orders. Raises: FileDamaged, NotAnOrganisation."""
        return open_organisation((self.path / self.settings().identity).resolve())


@dataclass(frozen=True)
class Home:
    """One institution's folder."""

    path: Path

    @property
    def identity(self) -> Path:
        """The folder of the organisation's identity."""
        return self.path / "identity"

    @property
    def genesis_file(self) -> Path:
        """The genesis that this institution trusts."""
        return self.path / "genesis.json"

    @property
    def anchor_file(self) -> Path:
        """On Fabric: what evidence from the channel is verified against."""
        return self.path / "anchor.json"

    @property
    def trust_file(self) -> Path:
        """What evidence of this home's ledger is verified against: the genesis, or on Fabric the anchor."""
        return self.anchor_file if self.settings().engine is Engine.FABRIC else self.genesis_file

    @property
    def witness_file(self) -> Path:
        """What the notary remembers."""
        return self.path / "witness.json"

    def organisation(self) -> Organisation:
        """The institution's public parts. Raises: NotAnOrganisation, CertificateRefused."""
        return open_organisation(self.identity)

    @property
    def _settings_file(self) -> Path:
        return self.path / "node.json"

    @property
    def has_joined(self) -> bool:
        """Whether this node has a ledger."""
        return self._settings_file.exists()

    def settings(self) -> NodeSettings:
        """Raises: NotJoined, FileDamaged."""
        require(self.has_joined, NotJoined(home=str(self.path)))
        return read_record(self._settings_file, NodeSettings)

    def ledger(self) -> LedgerFolder:
        """The embedded ledger that this node uses. Raises: NotJoined, FileDamaged, OtherEngine."""
        settings = self.settings()
        self._require(settings, Engine.EMBEDDED, Text("a ledger's folder", "账本文件夹"))
        return LedgerFolder((self.path / settings.ledger).resolve())

    def connection(self) -> Connection:
        """How this node reaches its channel, seen from the home. Raises: NotJoined, FileDamaged, OtherEngine."""
        settings = self.settings()
        self._require(settings, Engine.FABRIC, Text("a connection profile", "连接配置"))
        return read_record(self.path / settings.ledger, Connection)

    def genesis(self) -> SignedGenesis:
        """The genesis that this institution trusts. Raises: FileDamaged."""
        return read_record(self.genesis_file, SignedGenesis)

    def store(self) -> Path:
        """Where encrypted objects lie. Raises: NotJoined, FileDamaged."""
        if self.settings().engine is Engine.FABRIC:
            return (self.path / self.connection().store).resolve()
        return self.ledger().store

    def join(self, ledger: LedgerFolder, user: str) -> None:
        """Keeps the ledger's genesis as what this institution trusts, and where the ledger lies."""
        signed = ledger.genesis()
        write_record(self.genesis_file, signed)
        relative = os.path.relpath(ledger.path.resolve(), self.path.resolve())
        write_record(self._settings_file, NodeSettings(Engine.EMBEDDED, relative, user))

    def connect(self, profile: Path, signed: SignedGenesis, user: str) -> None:
        """Keeps a connection profile, and the genesis as what this institution trusts.

        Raises: FileDamaged, GenesisDiffers.
        """
        connection, ledger_id = read_profile(profile), signed.genesis.ledger_id
        require(connection.ledger == ledger_id, GenesisDiffers(ledger=connection.ledger, genesis=ledger_id))
        write_record(self.path / CONNECTION, connection.moved(profile.parent, self.path))
        write_record(self.genesis_file, signed)
        write_record(self._settings_file, NodeSettings(Engine.FABRIC, CONNECTION, user))

    def _require(self, settings: NodeSettings, engine: Engine, what: Text) -> None:
        differs = OtherEngine(what=what.en, what_zh=what.zh, needed=engine, engine=settings.engine, home=str(self.path))
        require(settings.engine is engine, differs)


def read_record(path: Path, kind: type[R]) -> R:
    """The record in a file of canonical JSON. Raises: FileDamaged."""
    try:
        return from_bytes(kind, path.read_bytes())
    except OSError as error:
        raise FileDamaged(path=str(path), why=error.strerror or str(error)) from None
    except (BadRecord, NotCanonical) as error:
        raise FileDamaged(path=str(path), why=error.message()) from None


def read_profile(path: Path) -> Connection:
    """A connection profile as people write it: JSON with any spaces and order. Raises: FileDamaged."""
    try:
        return from_json(Connection, json.loads(path.read_bytes()))
    except OSError as error:
        raise FileDamaged(path=str(path), why=error.strerror or str(error)) from None
    except ValueError as error:
        raise FileDamaged(path=str(path), why=str(error)) from None
    except BadRecord as error:
        raise FileDamaged(path=str(path), why=error.message()) from None


def write_record(path: Path, record: Any) -> None:
    """Puts a record's canonical bytes in the place of a file, in one durable step."""
    write_bytes(path, to_bytes(record))


def write_bytes(path: Path, data: bytes) -> None:
    """Puts `data` in the place of a file, its owner's alone to read, in one durable step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
