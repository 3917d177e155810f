"""`make run`: everything a newcomer needs, from one command, under one process that watches it.

    python -m legal_intake.runner

It keeps its data in `DATA_DIR` (`.data/`), starts PostgreSQL and Redis from their wheels, migrates, makes
two demo firms, and starts the server, a worker, the voice slots and the scheduler as children that
end with it, however it ends. Development only.
"""
