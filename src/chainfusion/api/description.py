"""OpenAPI 3.1 of the whole API: what the routes say, with the ledger's records beside the views."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from chainfusion.api.schemas import Schemas


def describe(app: FastAPI, schemas: Schemas) -> None:
    """Has the application describe itself with the records in `schemas`; made once, when it is first asked for."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                openapi_version="3.1.0",
            )
            components = found.setdefault("components", {})
            components.setdefault("schemas", {}).update(schemas.components)
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]  # FastAPI's own way to extend the description
