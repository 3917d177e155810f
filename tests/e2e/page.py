"""The client's page as a person uses it: by what they read on it."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error as PlaywrightError

from audio.client import some_phone

if TYPE_CHECKING:
    from tests.e2e.conftest import Site

NAME = "Ana Bell"
OTHER_SIDE = "Northside Property LLC"


def start(context: Any, url: str) -> Any:
    """Open the page, read the notice, agree, and stand before the first question."""
    page = context.new_page()
    page.goto(url)
    page.get_by_text("It is not a lawyer").wait_for()
    assert page.get_by_role("textbox").count() == 0, "nothing may be typed before the notice is accepted"
    page.get_by_label("I understand").check()
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Your answer").wait_for()
    return page


def answer(page: Any, text: str) -> None:
    """Type an answer and wait until the assistant has replied to it."""
    replies = page.locator(".turn-assistant")
    before = replies.count()
    page.get_by_label("Your answer").fill(text)
    page.get_by_role("button", name="Send answer").click()
    elsewhere = page.get_by_role("heading", name=re.compile("We have stopped|We have paused|Is this right"))
    replies.nth(before).or_(elsewhere).first.wait_for()


def to_story(context: Any, url: str, *, name: str, other_side: str) -> Any:
    """The page at the question what happened."""
    page = start(context, url)
    answer(page, name)
    answer(page, other_side)
    press(page, "Show all subjects")
    press(page, "Housing")
    answer(page, "Texas")
    for label in ("No", "Yes", "No"):  # a lawyer, of age, held
        press(page, label)
    answer(page, some_phone())
    done = page.get_by_role("button", name="Done", exact=True)
    yes = page.get_by_role("group").get_by_role("button", name="Yes", exact=True)
    mail = page.get_by_label("Your answer")
    for _ in range(20):
        try:
            done.or_(yes).or_(mail).first.wait_for()
        except PlaywrightError as error:
            raise AssertionError(f"no question to answer on the page:\n{page.inner_text('body')}") from error
        if done.is_visible():
            return page
        try:
            if yes.is_visible():
                press(page, "Yes", patience=3_000)  # safe to be called, to be written to
            else:
                # an address that others gave too would stop this conversation (one person, many other sides)
                answer(page, f"somebody.{secrets.token_hex(4)}@example.org")
        except PlaywrightError:
            continue  # a look brought the reply before the page moved on: that was the last question
    raise AssertionError("the first questions do not end")


def press(page: Any, label: str, *, patience: float | None = None) -> None:
    """Press a button under the question and wait until the assistant has replied to it."""
    replies = page.locator(".turn-assistant")
    before = replies.count()
    page.get_by_role("group").get_by_role("button", name=label, exact=True).click(timeout=patience)
    replies.nth(before).or_(page.get_by_role("heading", name="We have")).first.wait_for()


def to_review(page: Any) -> None:
    """Done, and past every question after the story."""
    done = page.get_by_role("button", name="Done", exact=True)
    coming = page.get_by_text("Your last spoken words are still on their way")
    done.click()
    for _ in range(150):
        if not done.is_visible():
            break
        if coming.is_visible():  # a busy machine: the page says to wait and press again
            page.wait_for_timeout(3_000)
            done.click()
        page.wait_for_timeout(200)
    done.wait_for(state="detached", timeout=30_000)
    review = page.get_by_role("heading", name="Is this right?")
    skip = page.locator(".other-ways").get_by_role("button", name=re.compile("rather not say"))
    for _ in range(60):
        skip.or_(review).first.wait_for()
        if review.is_visible():
            return
        replies = page.locator(".turn-assistant").count()
        try:
            skip.click(timeout=3_000)
        except PlaywrightError:
            continue  # the socket brought the reply before the page moved on: that was the last question
        page.locator(".turn-assistant").nth(replies).or_(review).first.wait_for()
    raise AssertionError("the questions do not end")


def turns(page: Any) -> list[tuple[int, str]]:
    """Number and text of every turn in the log, as it stands on the page."""
    found: list[list[Any]] = page.locator(".turn[data-number]").evaluate_all(
        "all => all.map(turn => [Number(turn.dataset.number), turn.querySelector('.said').textContent])"
    )
    return [(number, text) for number, text in found]


def finish(page: Any) -> str:
    """Send what the review shows; the reference number."""
    page.get_by_role("button", name="Send to").click()
    page.get_by_role("heading", name="Your answers are with the firm").wait_for()
    reference: str = page.locator(".number").inner_text()
    return reference


def log_in(page: Any, site: Site, host: str, *, account_of: str | None = None) -> None:
    """Give a firm's admin an account's address and password: its own, or another firm's."""
    email, password = site.staff(account_of or host)
    page.goto(f"{site.url(host)}admin/")
    page.locator("input[name=username]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").first.click()
    page.wait_for_load_state()
