"""`make template`: build tenants/template.sql on an embedded PostgreSQL of its own, made and removed here.

python -m legal_intake.make_template [--check]
"""

from __future__ import annotations

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

from legal_intake.embedded import start_postgres


def main(arguments: list[str]) -> int:
    """Start, build (or check), stop. The exit status is the command's."""
    folder = Path(tempfile.mkdtemp(prefix="legal-intake-template-"))
    folder.chmod(0o755)  # PostgreSQL runs as another account when we are root
    try:
        server = start_postgres(folder / "postgres", fsync=False)
        try:
            os.environ.update(
                DJANGO_SETTINGS_MODULE="legal_intake.settings",
                ENVIRONMENT="development",
                DATABASE_URL=server.url,
                MASTER_KEY=base64.b64encode(os.urandom(32)).decode(),
            )
            from tenants.commandline import main as manage

            return manage(["manage.py", "template", "check" if "--check" in arguments else "build"])
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
