"""The main job in headless Chromium: typed, spoken with real speech, corrected, reloaded, in two tabs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import jsonschema
import numpy as np
import pytest
import soundfile as sf

from tests.e2e.conftest import ROOT, Site
from tests.e2e.page import NAME, OTHER_SIDE, answer, finish, log_in, start, to_review, to_story, turns

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLIPS = ROOT / "tests" / "clips"
SPOKEN = ("librivox-0870.flac", "ljspeech-LJ001-0004.flac")
RATE = 16_000
SILENCE = np.zeros(int(1.5 * RATE), dtype=np.int16)


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips one after the other, a pause of 1.5 s around each: an endpointer has to see it."""
    parts = [SILENCE]
    for name in SPOKEN:
        samples, rate = sf.read(CLIPS / name, dtype="int16")
        assert rate == RATE
        parts += [samples, SILENCE]
    wav = tmp_path_factory.mktemp("microphone") / "speech.wav"
    sf.write(wav, np.concatenate(parts), RATE, subtype="PCM_16")
    return wav


def test_a_typed_intake_from_notice_to_reference(site: Site, open_browser: Callable[..., Any]) -> None:
    page = to_story(open_browser(), site.url(), name="Tom Typed", other_side="Typed Side Inc")
    assert page.title() == "Welcome", "the title must not tell what the page is"
    answer(page, "My landlord changed the locks.\nAll my things are inside.")
    to_review(page)
    shown = "\n".join(page.locator("dl").all_inner_texts())
    for said in ("Tom Typed", "Typed Side Inc", "My landlord changed the locks.\nAll my things are inside."):
        assert said in shown
    reference = finish(page)
    assert re.fullmatch(r"[A-Z0-9-]{6,20}", reference), reference
    page.reload()
    page.locator(".number", has_text=reference).wait_for()


def test_the_page_is_used_with_the_keyboard_alone_and_starts_with_the_way_out(
    site: Site, open_browser: Callable[..., Any]
) -> None:
    page = open_browser().new_page()
    page.goto(site.url())
    page.get_by_role("heading", name="Before we start").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Leave this page"
    # past the skip link and the other language, tick, Start
    for key in ("Tab", "Tab", "Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)
    page.get_by_label("Your answer").wait_for()
    page.get_by_label("Your answer").focus()
    page.keyboard.type("Kay Board")
    page.keyboard.press("Enter")
    page.get_by_text("other side").first.wait_for()


def test_leaving_replaces_the_page_and_goes_to_a_neutral_one(site: Site, open_browser: Callable[..., Any]) -> None:
    context = open_browser()
    context.route(re.compile(r"^https://"), lambda route: route.fulfill(body="<title>Elsewhere</title>"))
    page = start(context, site.url())
    page.get_by_role("button", name="Leave this page").click()
    page.wait_for_url(re.compile(r"^https://"))
    assert page.title() == "Elsewhere"
    page.go_back()
    assert "Harbor" not in page.content(), "the conversation must not be one step back"
    assert "__Host-intake" not in {cookie["name"] for cookie in context.cookies()}
    page.goto(site.url())
    page.get_by_role("heading", name="Before we start").wait_for()


@pytest.mark.timeout(240)
def test_a_spoken_intake_with_real_speech(site: Site, open_browser: Callable[..., Any], microphone: Path) -> None:
    page = to_story(open_browser(microphone), site.url(), name=NAME, other_side=OTHER_SIDE)
    first = len(turns(page))
    page.get_by_role("button", name="Speak instead").click()
    keep = page.get_by_label("keep the recording")
    assert not keep.is_checked(), "nothing is ticked beforehand"
    keep.check()
    page.get_by_role("button", name="Turn on the microphone").click()
    page.get_by_text("Listening").wait_for()
    page.locator(".caption").first.wait_for()  # words appear while they are spoken
    page.get_by_text("(spoken)").nth(1).wait_for(timeout=40_000)  # an utterance for each clip at least
    page.get_by_role("button", name="Stop the microphone").click()
    page.get_by_role("button", name="Speak instead").wait_for(timeout=30_000)

    spoken = page.locator(".turn-client", has=page.get_by_text("(spoken)")).locator(".said").all_inner_texts()
    assert _error_rate(" ".join(spoken)) <= 0.5
    numbers = [number for number, _text in turns(page)]
    assert numbers == list(range(1, len(numbers) + 1)), "a turn is missing, doubled or out of order"
    assert len(numbers) >= first + 2 * len(SPOKEN), "each utterance has its answer"

    to_review(page)
    assert page.locator(".told .said").all_inner_texts() == spoken
    reference = finish(page)
    kept = _masters_again(site, reference)
    assert [utterance["stored"]["text"] for utterance in kept] == spoken
    for utterance in kept:
        assert utterance["again"] == utterance["stored"], "the master gives other words or times"
    _staff_reads_and_hears(open_browser().new_page(), site, reference, spoken)


def test_done_while_speaking_waits_for_the_last_words(
    site: Site, open_browser: Callable[..., Any], microphone: Path
) -> None:
    page = to_story(open_browser(microphone), site.url(), name="Dora Done", other_side="Done Side Inc")
    page.get_by_role("button", name="Speak instead").click()
    page.get_by_text("may turn what I say into written words").wait_for()
    page.get_by_role("button", name="Turn on the microphone").click()
    page.locator(".caption").first.wait_for()
    to_review(page)  # in the middle of the first sentence
    assert page.locator(".told .said").first.inner_text().strip(), "what was being said is in the story"


def test_a_choice_is_taken_back_in_the_middle_of_a_sentence(
    site: Site, open_browser: Callable[..., Any], microphone: Path
) -> None:
    page = to_story(open_browser(microphone), site.url(), name="Tess Withdraw", other_side="Unsaid Holdings Inc")
    page.get_by_role("button", name="Speak instead").click()
    page.get_by_role("button", name="Turn on the microphone").click()
    page.locator(".caption").first.wait_for()
    page.get_by_role("button", name="Your choices").click()
    choices = page.get_by_role("region", name="Your choices")
    hear = choices.get_by_role("listitem").filter(has_text="into written words")
    hear.get_by_text("You said yes.").wait_for()
    hear.get_by_role("button", name="Take this back").click()
    hear.get_by_role("button", name="Yes, take it back").click()
    hear.get_by_text("You have not said yes.").wait_for()
    page.get_by_role("button", name="Speak instead").wait_for()
    choices.get_by_role("button", name="Close").click()
    spoken = page.get_by_text("(spoken)").count()
    answer(page, "I would rather type.")
    page.wait_for_timeout(2_000)
    assert page.get_by_text("(spoken)").count() == spoken, "nothing more became words"
    page.get_by_role("button", name="Español").click()
    page.get_by_text("El micrófono todavía no entiende español").wait_for()
    assert page.get_by_role("button", name="Prefiero hablar").count() == 0


def test_a_cut_connection_goes_on_recording_and_loses_nothing(
    site: Site, open_browser: Callable[..., Any], microphone: Path
) -> None:
    context = open_browser(microphone)
    sockets: list[Any] = []
    said: dict[str, list[str | bytes]] = {"client": [], "server": []}

    def pass_on(socket: Any) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        socket.on_message(_heard_by(said["client"], server))
        server.on_message(_heard_by(said["server"], socket))

    context.route_web_socket(re.compile("/ws/v1/intake"), pass_on)
    page = to_story(context, site.url(), name="Cora Cut", other_side="Cut Side Inc")
    page.get_by_role("button", name="Speak instead").click()
    page.get_by_role("button", name="Turn on the microphone").click()
    page.locator(".caption").first.wait_for()
    sockets[0].close(code=1012)
    page.get_by_text("Reconnecting, still recording").wait_for()
    page.get_by_text("(spoken)").nth(1).wait_for(timeout=40_000)
    page.get_by_role("button", name="Stop the microphone").click()
    page.get_by_role("button", name="Speak instead").wait_for(timeout=30_000)
    spoken = page.locator(".turn-client", has=page.get_by_text("(spoken)")).locator(".said").all_inner_texts()
    assert len(sockets) == 2
    assert _error_rate(" ".join(spoken)) <= 0.5
    for whose, types in (("client", {"session.resume", "ping"}), ("server", {"session.resumed", "turn", "pong"})):
        assert types <= _types_by_schema(whose, said[whose])


def test_a_refused_microphone_is_told_and_typing_goes_on(site: Site, open_browser: Callable[..., Any]) -> None:
    page = start(open_browser(allowed=False), site.url())
    page.get_by_role("button", name="Speak instead").click()
    page.get_by_role("button", name="Turn on the microphone").click()
    assert "did not let us use the microphone" in page.get_by_role("alert").inner_text()
    answer(page, "Rita Refused")
    page.get_by_text("other side").first.wait_for()


def test_staff_of_one_firm_cannot_log_in_on_the_other(site: Site, open_browser: Callable[..., Any]) -> None:
    page = open_browser().new_page()
    log_in(page, site, "summit.localhost", account_of="harbor.localhost")
    assert page.locator("input[name=password]").count() == 1, "still at the log-in"
    assert page.goto(f"{site.url('summit.localhost')}admin/intake/intake/").url.count("login") == 1


def test_a_correction_stays_beside_what_it_corrects(site: Site, open_browser: Callable[..., Any]) -> None:
    page = to_story(open_browser(), site.url(), name="Cory Wrong", other_side="Correct Side Inc")
    page.get_by_role("button", name="Correct this: Cory Wrong").click()
    page.get_by_label("What should it say?").fill("Cory Right")
    page.get_by_role("button", name="Save correction").click()
    page.locator("del").wait_for()
    page.get_by_text("Your correction").wait_for()
    assert page.locator("del").all_inner_texts() == ["Cory Wrong"]
    answer(page, "I fell on the stairs.")
    to_review(page)
    shown = "\n".join(page.locator("dl").all_inner_texts())
    assert "Cory Right" in shown
    assert "Cory Wrong" not in shown
    page.get_by_role("button", name="Correct this: I fell").click()
    page.get_by_label("What should it say?").fill("I fell on the icy stairs.")
    page.get_by_role("button", name="Save correction").click()
    page.locator(".told").get_by_text("icy").wait_for()


def test_a_reload_and_a_second_tab_show_the_same_conversation(site: Site, open_browser: Callable[..., Any]) -> None:
    context = open_browser()
    first = to_story(context, site.url(), name="Tess Tab", other_side="Tab Side Inc")
    answer(first, "Said before the reload.")
    before = turns(first)
    first.reload()
    first.get_by_label("Your answer").wait_for()
    assert turns(first) == before

    second = context.new_page()
    second.goto(site.url())
    second.get_by_label("Your answer").wait_for()
    assert turns(second) == before
    answer(second, "Said in the second tab.")
    first.bring_to_front()
    first.get_by_text("Said in the second tab.").wait_for()
    assert turns(first) == turns(second)


def test_the_page_asks_no_other_host_and_breaks_no_policy(site: Site, open_browser: Callable[..., Any]) -> None:
    context = open_browser()
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: complaints.append(message.text))
    page = to_story(context, site.url(), name="Polly See", other_side="Policy Side Inc")
    page.get_by_role("button", name="Speak instead").click()
    page.get_by_role("button", name="Turn on the microphone").click()
    page.get_by_text("Listening").wait_for()
    page.get_by_role("button", name="Stop the microphone").click()
    assert {url.split("/")[2] for url in asked} == {f"harbor.localhost:{site.port}"}
    assert [text for text in complaints if "Security" in text or "policy" in text.lower()] == []


def _staff_reads_and_hears(page: Any, site: Site, reference: str, spoken: list[str]) -> None:
    """The firm's admin has the intake; a chosen word plays and is marked while it is heard."""
    log_in(page, site, "harbor.localhost")
    page.goto(f"{site.url()}admin/intake/intake/")
    page.get_by_role("link", name=reference).click()
    for text in spoken:
        page.get_by_text(text, exact=True).first.wait_for()
    late = page.locator("[data-utterance]").first.locator(".au-word").nth(3)
    late.click()
    page.wait_for_function("document.querySelector('audio').currentTime > 0.5")
    page.locator(".au-word[aria-current=true]").first.wait_for()
    page.wait_for_function("document.querySelector('audio').ended", timeout=30_000)


def _heard_by(said: list[str | bytes], other: Any) -> Callable[[str | bytes], None]:
    """Pass messages on to the other end, and remember them."""

    def pass_on(message: str | bytes) -> None:
        said.append(message)
        other.send(message)

    return pass_on


def _types_by_schema(whose: str, messages: list[str | bytes]) -> set[str]:
    """The types of an end's JSON messages, each of which keeps to the published schema."""
    schema = json.loads((ROOT / "docs" / "protocol" / f"{whose}.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    parsed = [json.loads(message) for message in messages if isinstance(message, str)]
    for message in parsed:
        validator.validate(message)
    return {message["type"] for message in parsed}


def _masters_again(site: Site, reference: str) -> list[dict[str, Any]]:
    """Each utterance as stored, and as the recogniser hears its master now."""
    script = f"from tests.e2e.replay_masters import main; main({reference!r})"
    done = subprocess.run(
        [sys.executable, "manage.py", "--firm", "harbor.localhost", "shell", "--no-imports", "-c", script],
        cwd=ROOT,
        env=site.environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _error_rate(heard: str) -> float:
    clips = {clip["file"]: clip["text"] for clip in json.loads((CLIPS / "manifest.json").read_text())}
    return jiwer.wer(_plain(" ".join(clips[name] for name in SPOKEN)), _plain(heard))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())
