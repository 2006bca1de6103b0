"""Rejoin: the attendance companion of virtual intensive outpatient programs."""

from pathlib import Path
from typing import TYPE_CHECKING

from webapp.config import Settings

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

    from webapp.db import Database

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None, database: "Database | None" = None) -> "OpenAPI":
    """The web application. `settings` default to the environment's; `database` to the one they name."""
    # Imported here, so that the worker and the command line start without the web.
    from flask_openapi3.models.info import Info
    from flask_openapi3.openapi import OpenAPI

    from webapp import log
    from webapp.db import Database
    from webapp.web import wiring

    settings = settings or Settings.load()
    log.configure(settings.log_format)
    app = OpenAPI(
        "webapp",
        info=Info(title="Rejoin", version="1"),
        doc_ui=False,
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance.resolve()),
    )
    wiring.wire(
        app,
        settings,
        database or Database(settings.database_url, settings.database_key, settings.keyring),
    )
    return app
