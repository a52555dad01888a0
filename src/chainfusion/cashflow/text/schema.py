"""The JSON Schema of a document, so that editors complete and check it while it is written."""

from __future__ import annotations

import json
from typing import Any

from chainfusion.cashflow.text.document import described
from chainfusion.domain.terms.records import FORMAT


def terms_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT}",
        "title": "Chain Fusion deal terms",
    }
    return head | described()


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(terms_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
