"""Routes of labelling, and the roles that get past the door of each."""

LABELLERS = ("labeller", "admin", "owner")
MANAGERS = ("admin", "owner")

LABELLING = {
    "GET /api/label/projects": LABELLERS,
    "GET /api/label/projects/{project_id}/guideline": LABELLERS,
    "GET /api/label/projects/{project_id}/guidelines/{version}": LABELLERS,
    "POST /api/label/projects/{project_id}/draw": LABELLERS,
    "POST /api/label/projects/{project_id}/undo": LABELLERS,
    "GET /api/label/projects/{project_id}/history": LABELLERS,
    "GET /api/label/assignments/{assignment_id}": LABELLERS,
    "PUT /api/label/assignments/{assignment_id}/draft": LABELLERS,
    "POST /api/label/assignments/{assignment_id}/check": LABELLERS,
    "POST /api/label/assignments/{assignment_id}/submit": LABELLERS,
    "POST /api/label/assignments/{assignment_id}/skip": LABELLERS,
    "POST /api/label/assignments/{assignment_id}/problem": LABELLERS,
    "GET /api/label/admin/projects": MANAGERS,
    "POST /api/label/admin/projects": MANAGERS,
    "GET /api/label/admin/projects/{project_id}": MANAGERS,
    "PATCH /api/label/admin/projects/{project_id}": MANAGERS,
    "DELETE /api/label/admin/projects/{project_id}": MANAGERS,
    "GET /api/label/admin/projects/{project_id}/guidelines": MANAGERS,
    "POST /api/label/admin/projects/{project_id}/guidelines": MANAGERS,
    "DELETE /api/label/admin/projects/{project_id}/guidelines/{version}": MANAGERS,
    "POST /api/label/admin/projects/{project_id}/tasks": MANAGERS,
    "GET /api/label/admin/projects/{project_id}/tasks": MANAGERS,
    "PATCH /api/label/admin/tasks/{task_id}": MANAGERS,
    "GET /api/label/admin/projects/{project_id}/progress": MANAGERS,
    "GET /api/label/admin/projects/{project_id}/judgements.jsonl": MANAGERS,
}

TAKE_A_BODY = {route for route in LABELLING if not route.startswith(("GET", "DELETE"))}
"""Routes of labelling run no model."""
