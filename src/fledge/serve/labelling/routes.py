"""Every route of labelling."""

from fastapi import APIRouter

from fledge.database import Database
from fledge.serve.labelling.projects import guideline_admin_routes, project_admin_routes
from fledge.serve.labelling.results import result_routes
from fledge.serve.labelling.tasks import task_admin_routes
from fledge.serve.labelling.work import work_routes
from fledge.serve.people.identity import Identity


def labelling_routes(identity: Identity, database: Database) -> APIRouter:
    """Make all routes: those of labellers, then those of owners and admins."""
    router = APIRouter(include_in_schema=False)
    router.include_router(work_routes(identity, database))
    router.include_router(project_admin_routes(identity, database))
    router.include_router(guideline_admin_routes(identity, database))
    router.include_router(task_admin_routes(identity, database))
    router.include_router(result_routes(identity, database))
    return router
