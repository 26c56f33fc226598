"""Which packages bring a program: what is known of those that services are started with."""

from common_sync.core.formats.pip.names import normalise

_FASTAPI = frozenset({"fastapi-cli", "fastapi[standard]", "fastapi[all]"})
_OF_FLASK = (
    *("admin", "caching", "compress", "cors", "jwt-extended", "limiter", "login", "marshmallow", "migrate", "restful"),
    *("restx", "smorest", "socketio", "sqlalchemy", "wtf"),
)
_BY_THEIR_OWN_NAMES = (
    *("daphne", "hypercorn", "granian", "streamlit", "alembic", "arq", "dramatiq", "faststream", "litestar", "rq"),
    *("sanic", "taskiq", "uwsgi", "aerich", "bentoml", "chainlit", "dagster", "honcho", "locust", "mlflow", "prefect"),
    *("procrastinate", "saq", "scrapy", "scrapyd", "voila", "watchfiles", "dagster-webserver"),
)
BRINGERS: dict[str, frozenset[str]] = {
    **{one: frozenset({one}) for one in _BY_THEIR_OWN_NAMES},
    "waitress-serve": frozenset({"waitress"}),
    "gunicorn": frozenset({"gunicorn", "mlflow", "uvicorn-worker"}),
    "uvicorn": frozenset({"uvicorn", "uvicorn-worker", "chainlit", "gradio", "mcp", "prefect"}) | _FASTAPI,
    "fastapi": _FASTAPI,
    "celery": frozenset({"celery", "django-celery-beat", "django-celery-results"}),
    "flask": frozenset({"flask", "dash", "mlflow", *(f"flask-{one}" for one in _OF_FLASK)}),
    "django-admin": frozenset({"django", "djangorestframework", "django-ninja"}),
    "watchfiles": frozenset({"watchfiles", "uvicorn[standard]", *_FASTAPI}),
    "watchmedo": frozenset({"watchdog", "watchdog[watchmedo]"}),
    "supervisord": frozenset({"supervisor"}),
    "airflow": frozenset({"apache-airflow"}),
    "superset": frozenset({"apache-superset"}),
    "huey_consumer": frozenset({"huey"}),
    "huey_consumer.py": frozenset({"huey"}),
    "rqworker": frozenset({"rq"}),
    "twistd": frozenset({"twisted", "daphne", "scrapy"}),
    "jupyter": frozenset({"jupyter", "jupyter-core", "jupyter-server", "jupyterlab", "notebook"}),
    "jupyter-lab": frozenset({"jupyter", "jupyterlab", "notebook"}),
    "newrelic-admin": frozenset({"newrelic"}),
    "ddtrace-run": frozenset({"ddtrace"}),
    "opentelemetry-instrument": frozenset({"opentelemetry-distro", "opentelemetry-instrumentation"}),
}
"""Program → the packages that bring it, or that require one which does."""


def list_bringers(program: str) -> frozenset[str]:
    """Return the packages that bring a program: those that are known, else the one of its name."""
    return BRINGERS.get(program) or frozenset({normalise(program)})


def name_package(program: str) -> str:
    """Return the package that a person would add to have a program."""
    known = BRINGERS.get(program)
    if known is None or program in known:
        return program
    return next((one for one in ("django", "fastapi[standard]", "opentelemetry-distro") if one in known), min(known))
