#!/usr/bin/env python
"""Legal Intake's command line. `manage.py --firm HOST COMMAND` runs COMMAND inside a firm."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
    from tenants.commandline import main

    sys.exit(main(sys.argv))
