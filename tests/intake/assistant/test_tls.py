"""Over TLS: the certificate has to be the name's, though the connection goes to an address."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from intake.assistant import chat
from intake.assistant.chat import Failed, Question, Server
from tests.support.model_server import ModelServer, says

NAME = "models.test"


def certificate(folder: Path, name: str) -> Path:
    """A certificate of its own for `name`, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelServer]:
    path = certificate(tmp_path, request.param)
    house = ModelServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    house.wrap(context)
    monkeypatch.setattr(chat, "_tls", lambda: ssl.create_default_context(cafile=str(path)))
    try:
        yield house
    finally:
        house.close()


async def ask(house: ModelServer) -> chat.Reply:
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def resolve(host: Any, port: Any, **more: Any) -> Any:
        return await real("127.0.0.1" if host == NAME else host, port, **more)

    loop.getaddrinfo = resolve  # type: ignore[method-assign]
    port = house.host.rpartition(":")[2]
    server = Server(f"https://{NAME}:{port}/v1", "sk-x", (f"{NAME}:{port}",))
    try:
        return await chat.ask(server, Question("small", [{"role": "user", "content": "x"}], 8, 9, 10))
    finally:
        await chat.close_clients()


@pytest.mark.parametrize("tls_server", [NAME], indirect=True)
async def test_a_certificate_of_the_name_will_do(tls_server: ModelServer) -> None:
    tls_server.act = says("Thank you.")
    assert (await ask(tls_server)).text == "Thank you."
    assert tls_server.calls[0][1]["host"].startswith(NAME)


@pytest.mark.parametrize("tls_server", ["elsewhere.test"], indirect=True)
async def test_a_certificate_of_another_name_will_not(tls_server: ModelServer) -> None:
    with pytest.raises(Failed) as failed:
        await ask(tls_server)
    assert failed.value.kind == "down"
    assert tls_server.calls == []
