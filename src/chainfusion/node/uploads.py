"""Files on their way from a browser into a deal: small ones sealed at once, large ones by a job.

A large file waits in the home, readable to the node's operator alone, until the job has sealed and registered it.
"""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.port import Receipt
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Added, Upload
from chainfusion.node.jobs import Job, Jobs, Kind, Stage, Work
from chainfusion.node.private import new_file

AT_ONCE = 8 * 1024 * 1024
"""Bytes that are sealed while the browser waits."""
KIND = "document-add"
KEPT_SECONDS = 24 * 3600
"""How long a file waits whose job was refused or interrupted, so that it can be run again."""


class UploadGone(ChainFusionError):
    """A job that is run again after its file was removed."""

    code = "UPLOAD_GONE"
    says = Text("The file of this job is not kept any more.", "该任务的文件已不再保留。")
    do = Text("Upload it again from the deal's documents.", "请在项目文件页面重新上传。")


@dataclass(frozen=True)
class Uploads:
    """What waits in `folder` for `jobs`."""

    folder: Path
    jobs: Jobs

    @classmethod
    def of(cls, home: Path, jobs: Jobs) -> Uploads:
        """In an institution's home."""
        made = cls(home / "uploads", jobs)
        stages = (Stage("sealing", Text("Seal and register", "加密并登记"), Text("bytes", "字节")),)
        jobs.offer(Kind(KIND, Text("Upload a document", "上传文件"), stages, made._run, is_large=True))
        return made

    def add(
        self, desk: Desk, account: str, upload: Upload, size: int, *, next_of: str | None = None, request: str
    ) -> Added | Job:
        """Seals and registers a file of `size` bytes, or starts the job that does. A repeat of `request` does nothing.

        Raises: as `documents.add`; of a large file what the contract refuses, before anything is kept; TooManyJobs.
        """
        if size <= AT_ONCE or desk.session.first(request) is not None:
            return documents.add(desk, upload, next_of=next_of, request=request)
        documents.check(desk, upload, next_of)
        arguments = {
            "file": self._keep(upload),
            "size": size,
            "name": upload.name,
            "media_type": upload.media_type,
            "kind": upload.kind.value,
            "readers": list(upload.readers),
            "next_of": next_of,
            "request": request,
        }
        job = self.jobs.start(KIND, account, desk, deal=upload.deal, about=DOCUMENT_KIND_NAMES[upload.kind].en,
                              arguments=arguments, request=request, then=f"/deals/{upload.deal}/documents")  # fmt: skip
        if job.arguments["file"] != arguments["file"]:  # a repeat: the first one's file is worked on
            (self.folder / str(arguments["file"])).unlink(missing_ok=True)
        return job

    def _keep(self, upload: Upload) -> str:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        name = secrets.token_hex(16)
        with new_file(self.folder / name) as kept:
            shutil.copyfileobj(upload.content, kept, 1 << 20)
        return name

    def _sweep(self) -> None:
        """Removes what no job comes back to."""
        long_ago = time.time() - KEPT_SECONDS
        for each in self.folder.iterdir():
            if each.stat().st_mtime < long_ago:
                each.unlink(missing_ok=True)

    def _run(self, work: Work) -> Any:
        given = work.arguments
        path = self.folder / str(given["file"])
        repeated = work.desk.session.repeated(given["request"])
        if repeated is None:
            require(path.is_file(), UploadGone())
            repeated = self._seal(work, path)
        path.unlink(missing_ok=True)
        document = documents.answer(repeated, Document)
        return {"document": document.id, "version": document.version, "fingerprint": document.fingerprint.hex(),
                "transaction": repeated.tx_id, "block": repeated.block}  # fmt: skip

    def _seal(self, work: Work, path: Path) -> Receipt:
        given = work.arguments
        work.at("sealing", 0, given["size"])
        with path.open("rb") as content:
            upload = Upload(
                deal=work.job.deal,
                kind=DocumentKind(given["kind"]),
                content=content,
                name=given["name"],
                media_type=given["media_type"],
                readers=tuple(given["readers"]),
            )
            return documents.add(
                work.desk,
                upload,
                next_of=given["next_of"],
                request=given["request"],
                progress=lambda done, _: work.tell(done, given["size"]),
            ).receipt
