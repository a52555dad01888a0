"""Pages on which people act: a module for each area, all in the same manner (`submission`)."""

from __future__ import annotations

from fastapi import APIRouter

from chainfusion.api import analyses
from chainfusion.api import documents as uploads
from chainfusion.node.office import Office
from chainfusion.web.forms import (
    analysis,
    consortium,
    deals,
    definitions,
    documents,
    duties,
    jobs,
    opinions,
    pool,
    process,
    review,
    tape,
    terms,
    versions,
)


def routers(office: Office) -> tuple[APIRouter, ...]:
    """Every area's pages. They stand before the pages that read, whose addresses take any word."""
    return (
        jobs.router(office),
        jobs.api(office),
        consortium.router(office),
        deals.router(office),
        definitions.router(office),
        duties.router(office),
        tape.router(office),
        pool.router(office),
        process.router(office),
        versions.router(office),
        documents.router(office),
        opinions.router(office),
        terms.router(office),
        review.router(office),
        analysis.router(office),
        analyses.router(office),
        uploads.router(office),
    )
