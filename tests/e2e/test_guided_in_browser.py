"""A whole playbook in headless Chromium: by typing alone, in Spanish, and with a pause for safety."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Site
from tests.e2e.page import answer, finish, log_in, press, start, to_story

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: What is typed to a question that holds these words; the first that fits.
TYPED = (
    ("state is the home", "it is in Texas"),
    ("a lawyer now", "no I don't have one"),
    ("18 or older", "yes I am thirty four"),
    ("in jail", "no"),
    ("phone number", "five one two five five five oh one four seven"),
    ("safe place", "yes"),
    ("safe for us to call", "yes you can"),
    ("leave you a voice message", "no please don't"),
    ("send you a text", "yes"),
    ("send you an e-mail", "no"),
    ("get into your home", "yes"),
    ("kind of home", "an apartment that I rent"),
    ("water, lights", "the lights are off so no"),
    ("notice or letter", "yes"),
    ("When did you get it", "on May 3rd"),
    ("day to leave", "I don't know"),
    ("court date", "no"),
    ("unpaid", "yes"),
    ("About how much", "about twelve hundred dollars"),
    ("need repairs", "no not really"),
    ("How many people", "there are four of us"),
    ("hope will happen", "I hope that we can stay"),
    ("e-mail, if you have one", "I'd rather not say"),
    ("language", "English"),
    ("times of day", "in the evening after six"),
)


def asked(page: Any) -> str:
    """What the assistant said last."""
    words: str = page.locator(".turn-assistant .said").last.inner_text()
    return words


def type_on(page: Any, until: str) -> list[str]:
    """Answer whatever is asked by typing, until a heading or button of this name is there; the questions."""
    questions: list[str] = []
    end = page.get_by_role("heading", name=until).or_(page.get_by_role("button", name=until, exact=True))
    for _ in range(40):
        if end.first.is_visible():
            return questions
        question = asked(page).split("\n")[-1]
        questions.append(question)
        said = next((typed for part, typed in TYPED if part in question), None)
        assert said is not None, f"nobody knows what to say to: {question}"
        answer(page, said)
    raise AssertionError(f"still asked: {asked(page)}")


def test_a_whole_playbook_by_typing_alone(site: Site, open_browser: Callable[..., Any]) -> None:
    page = start(open_browser(), site.url())
    answer(page, "my name is Wanda Whole")
    assert "Wanda Whole" in asked(page), "names are read back"
    answer(page, "it is against Whole Side Property LLC")
    answer(page, "my landlord wants to evict me from my apartment")
    page.get_by_role("group").get_by_role("button").first.wait_for()
    answer(page, "eviction")
    early = type_on(page, "Done")
    assert "(512) 555-0147" in page.locator(".log").inner_text(), "numbers are read back"
    answer(page, "I got a notice on May 3 2026. We owe 1200 dollars in rent. The lights are off.")
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_text("May 3, 2026").first.wait_for()
    late = type_on(page, "Is this right?")
    questions = early + late
    assert len(questions) == len(set(questions)), "a question was put again after a usable answer"
    assert not [one for one in late if "When did you get it" in one or "About how much" in one], "told in the story"

    shown = page.locator(".review").inner_text()
    for part in ("Wanda Whole", "Whole Side Property", "Eviction", "Texas", "May 3, 2026", "$1,200", "not said"):
        assert part in shown, part
    page.get_by_role("button", name=re.compile("This is right: When did you get it")).click()
    page.get_by_text("You said that this is right.").wait_for()
    page.get_by_role("button", name=re.compile(r"Correct this: \$1,200")).click()
    page.get_by_label("What should it say?").fill("1,350 dollars")
    page.get_by_role("button", name="Save correction").click()
    page.get_by_text("$1,350").first.wait_for()
    reference = finish(page)

    staff = open_browser().new_page()
    log_in(staff, site, "harbor.localhost")
    staff.goto(f"{site.url()}admin/intake/intake/")
    staff.get_by_role("link", name=reference).click()
    summary = staff.locator("section[aria-labelledby=summary]")
    for part in ("Eviction", "$1,350", "May 3, 2026", "confirmed by the client", "Water or lights or heat are off"):
        summary.get_by_text(part).first.wait_for()
    summary.get_by_role("link", name=re.compile("^turn ")).first.click()
    staff.wait_for_url(re.compile("#turn-[0-9]+$"))


def test_in_spanish_from_the_first_page_on(site: Site, open_browser: Callable[..., Any]) -> None:
    page = open_browser().new_page()
    page.goto(site.url())
    page.get_by_role("button", name="Español").click()
    page.get_by_text("No puede dar consejos legales").wait_for()
    assert page.evaluate("document.documentElement.lang") == "es"
    page.get_by_label("Entiendo, y quiero usar").check()
    page.get_by_role("button", name="Empezar").click()
    box = page.get_by_label("Su respuesta")
    box.fill("me llamo Inés Núñez")
    box.press("Enter")
    page.get_by_text("Gracias, Inés Núñez.").wait_for()
    page.get_by_text("¿Quién está del otro lado?").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_text("All right, we go on in English.").wait_for()
    page.get_by_label("Your answer").wait_for()


def test_danger_pauses_with_numbers_and_the_person_goes_on(site: Site, open_browser: Callable[..., Any]) -> None:
    page = to_story(open_browser(), site.url(), name="Pat Paused", other_side="Paused Side Inc")
    page.get_by_label("Your answer").fill("I want to kill myself tonight")
    page.get_by_role("button", name="Send answer").click()
    page.get_by_role("heading", name="We have paused").wait_for()
    page.get_by_role("link", name="988").first.wait_for()
    assert page.get_by_role("link", name="911").first.get_attribute("href") == "tel:911"
    page.reload()
    page.get_by_role("heading", name="We have paused").wait_for()
    page.get_by_role("button", name="I am safe, go on").click()
    page.get_by_role("button", name="Done", exact=True).wait_for()
    answer(page, "They changed the locks.")


def test_going_back_and_leaving_a_question_open(site: Site, open_browser: Callable[..., Any]) -> None:
    page = start(open_browser(), site.url())
    answer(page, "Bo Back")
    answer(page, "Back Side Inc")
    page.get_by_role("button", name="Go back one question").click()
    page.get_by_text("Here is that question again").wait_for()
    page.get_by_role("button", name=re.compile("don.t know")).click()
    page.get_by_text("In one line").last.wait_for()
    press(page, "Show all subjects")
    page.get_by_role("group").get_by_role("button", name="None of these").wait_for()
