"""The models service: recognisers behind a socket, for machines that have more of them than one voice worker.

    python -m audio.models_service            the service
    python -m audio.models_service.manifest   what is in the models volume, written and checked

One parent speaks HTTP and WebSocket (`door`, `stream`), and never decodes: a decoder holds the interpreter
while it works. Slots do, one process each, forked by the `nursery`, which has loaded and checked the model
once for all of them. Who has a socket has a slot; without a free one the socket is refused before it opens.

It needs no Django, no database and no Redis, keeps nothing of what it hears, and logs no word of it.
`docs/protocol/models.md` says what goes over the wire.
"""
