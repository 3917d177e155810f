"""Playbooks in the admin: an office manager changes words, tries them, publishes, and takes them back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from intake import interviews
from intake.models import (
    FIRM_CHAIN,
    AuditEvent,
    PlaybookVersion,
)
from intake.playbooks.reading import shipped
from intake.services import playbooks
from tenants.context import firm_scope, public_scope
from tenants.models import Domain
from tests.intake.playbooks.firm import NEW, OLD, publish, text_of
from tests.intake.talk import begin, fresh
from tests.intake.test_admin import staff

BASE = "/admin/intake/playbookversion/"
PAGE = f"{BASE}housing/"
DRAFT = f"{PAGE}draft/"


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    found: str = response.content.decode()
    return found


def do(client: Client, act: str, key: str = "housing", **more: Any) -> Any:
    return client.post(f"{BASE}{key}/do/", {"act": act, **more}, follow=True)


def form(page: str) -> dict[str, Any]:
    """The fields of a draft's form as a browser would send them back."""
    page = page[page.index('id="draft"') : page.index('id="check"')]
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        given = dict(re.findall(r'(name|value|type)="([^"]*)"', tag))
        if given.get("type") == "checkbox" and " checked" not in tag:
            continue
        if given.get("name") == "codes":
            fields.setdefault("codes", []).append(given["value"])
        elif "name" in given and given["name"] != "csrfmiddlewaretoken":
            plain = "on" if given.get("type") == "checkbox" else ""
            fields[given["name"]] = given.get("value", plain).replace("&#x27;", "'").replace("&amp;", "&")
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]+)" selected', options)
        fields[name] = chosen[1] if chosen else "required"
    return fields


def to_story() -> list[list[str]]:
    answers = ["Texas", "no", "yes", "no"]
    first = [["say", "Ann Example"], ["say", "Sam Sample"], ["choose", "@list"], ["choose", "HO-00-00-00-00"]]
    rest = [["choose", "@skip"]] * 12
    return [
        *first,
        ["say", answers[0]],
        *(["choose", one] for one in answers[1:]),
        *rest[:6],
        ["say", "They locked me out."],
    ]


@pytest.fixture
def client() -> Client:
    return staff("attorney")


@pytest.fixture
def draft(client: Client) -> Client:
    assert do(client, "draft").redirect_chain[-1][0] == DRAFT
    return client


def test_the_list_says_what_new_clients_are_asked(client: Client) -> None:
    page = html(client.get(BASE))
    assert page.count("As it ships (version 1)") == len(shipped())
    assert "Housing and eviction" in page
    publish()
    playbooks.switch_off(key="family", user=None)
    page = html(client.get(BASE))
    assert "Your version 1001" in page
    assert "Nothing: switched off" in page


def test_a_question_is_reworded_previewed_published_and_rolled_back(draft: Client) -> None:
    address = f"{DRAFT}question/can_enter/"
    assert OLD in html(draft.get(address))
    given = {"revision": 1, "wording-en": f"  {NEW}\n", "wording-es": "¿Puede entrar hoy a su casa?", "help-en": "",
             "help-es": "", "need": "required", "asked": "on"}  # fmt: skip
    page = html(draft.post(address, given, follow=True))
    assert NEW in page
    assert "1 difference" not in page
    assert "2 differences" in page
    assert NEW in html(draft.get(f"{PAGE}compare/?new=draft&old=shipped"))
    tried = {"version": "draft", "inputs": json.dumps(to_story())}
    assert NEW in html(draft.post(f"{PAGE}try/", {**tried, "done": "1"}))
    before = begin("Maria Silva", "Globex", "They locked me out.")
    page = html(do(draft, "publish", revision=2, note="Plainer"))
    assert "Version 1001 is published" in page
    assert "Plainer" in page
    assert interviews.playbook_for("HO-00-00-00-00").question("can_enter").wording["en"] == NEW
    assert fresh(before).playbook == "housing@1"
    publish(source=text_of(new="Is your home open to you?"))
    page = html(do(draft, "rollback", version=1001))
    assert "The text of version 1001 is in use again, as version 1003." in page
    assert interviews.playbook_for("HO-00-00-00-00").question("can_enter").wording["en"] == NEW
    events = AuditEvent.objects.filter(chain=FIRM_CHAIN, target_type="playbook").order_by("sequence")
    assert [event.action for event in events] == ["playbook.published", "playbook.published", "playbook.rolled_back"]
    assert [event.actor[:6] for event in events] == ["staff:", "system", "staff:"]


def test_order_need_papers_areas_and_what_is_not_asked(draft: Client) -> None:
    given = form(html(draft.get(DRAFT)))
    places = {key: int(value) for key, value in given.items() if key.startswith("place-")}
    assert places["place-repairs"] > places["place-home_kind"] > places["place-can_enter"]
    del given["asked-notice_received"]
    given |= {
        "place-repairs": "1", "need-repairs": "required", "drop-lease": "on", "title-en": "Your home",
        "paper-new1-en": "Letters from the city", "paper-new1-es": "Cartas de la ciudad", "codes": ["HO-00-00-00-00"],
        "note": "First repairs",
    }  # fmt: skip
    page = html(draft.post(DRAFT, given, follow=True))
    assert "The draft is saved." in page
    assert "not asked: what leads to it is not" in page
    found = playbooks.publish(key="housing", user=None)
    assert found.note == "First repairs"
    asked = interviews.playbook_for("HO-00-00-00-00")
    after = [question.key for question in asked.questions if not question.before_gate]
    assert after[0] == "repairs"
    assert asked.question("repairs").need == "required"
    assert not {"notice_received", "notice_date", "leave_date"} & set(after)
    assert asked.titles["en"] == "Your home"
    assert asked.list_codes == ("HO-00-00-00-00",)
    assert "lease" not in {paper.key for paper in asked.documents}
    assert asked.documents[-1].titles == {"en": "Letters from the city", "es": "Cartas de la ciudad"}
    assert asked.documents[-1].key == "letters_from_the_city"


def test_a_question_is_added_without_the_text(draft: Client) -> None:
    address = f"{DRAFT}new-question/"
    given = {"revision": 1, "wording-en": "Who lives with you?", "wording-es": "¿Quién vive con usted?", "kind": "text"}
    page = html(draft.post(address, given, follow=True))
    assert "Who lives with you?" in page
    assert "words of their own" in page
    do(draft, "publish")
    question = interviews.playbook_for("HO-00-00-00-00").questions[-1]
    assert (question.key, question.need, question.before_gate) == ("who_lives_with_you", "strengthens", False)
    do(draft, "draft")
    page = html(draft.post(address, {**given, "wording-es": ""}, follow=True))
    assert "words (Spanish)" in page
    assert draft.post(address, {**given, "kind": "choice"}).status_code == 404
    assert draft.get(address).status_code == 302


def test_a_page_that_is_saved_unchanged_changes_nothing(draft: Client) -> None:
    given = form(html(draft.get(DRAFT)))
    draft.post(DRAFT, given)
    assert "0 differences" in html(draft.get(DRAFT))


def test_what_cannot_be_is_said_in_words_and_what_was_typed_stays(draft: Client) -> None:
    given = {"revision": 1, "wording-en": "Short now?", "wording-es": "", "need": "required", "asked": "on"}
    page = html(draft.post(f"{DRAFT}question/can_enter/", given), 400)
    assert "Question &quot;Short now?&quot;: words (Spanish)" in page
    assert "one line of 1 to 400 characters" in page or "at least 1 characters" in page
    assert OLD in PlaybookVersion.objects.get().source
    given = form(html(draft.get(DRAFT)))
    given["place-repairs"] = given["place-can_enter"]
    text = PlaybookVersion.objects.get().source
    hanging = text.replace("  - key: repairs\n", "  - key: repairs\n    ask_if: {question: can_enter, is: 'no'}\n")
    playbooks.save_draft(key="housing", source=hanging, user=None)
    given["revision"] = "2"
    page = html(draft.post(DRAFT, given), 400)
    assert "&quot;can_enter&quot; is asked later than &quot;repairs&quot;" in page


def test_two_people_at_one_draft(draft: Client) -> None:
    playbooks.save_draft(key="housing", source=text_of(), user=None)
    given = {"revision": 1, "wording-en": "Mine?", "wording-es": "¿Lo mío?", "need": "required", "asked": "on"}
    page = html(draft.post(f"{DRAFT}question/can_enter/", given), 409)
    assert "Somebody else saved this draft" in page
    assert "Mine?" in page
    assert "Mine?" not in PlaybookVersion.objects.get().source
    assert "Somebody else saved" in html(do(draft, "publish", revision=1))


def test_the_text_is_kept_with_its_problems_and_not_published(draft: Client) -> None:
    address = f"{DRAFT}text/"
    page = html(draft.get(address))
    assert 'class="li-numbers"' in page
    assert "This text is good." in page
    text = PlaybookVersion.objects.get().source
    cases = {
        "type: yes_no": ("type: yesno", "yes_no"),
        "      es: ¿Puede entrar a su casa hoy?\n": ("", "the language &quot;es&quot; is missing"),
        "key: can_enter\n": ("key: can_enter\n    ask_if: {question: repairs, known: true}\n", "is asked later than"),
        "list_codes:": ("x: &a [1]\nlist_codes:", "no anchors"),
    }
    for revision, (old, (new, said)) in enumerate(cases.items(), start=1):
        bad = text.replace(old, new, 1)
        page = html(draft.post(address, {"revision": revision, "source": bad}, follow=True))
        assert said in page, said
        if new.startswith("type"):
            assert f'data-line="{bad[: bad.index(new)].count(chr(10)) + 1}"' in page
        assert "things to put right first" in page or "thing to put right first" in page
        assert "Open the text" in html(do(draft, "publish", revision=revision + 1))
        assert "things to put right" in html(draft.get(DRAFT)) or "thing to put right" in html(draft.get(DRAFT))
    assert PlaybookVersion.objects.get().status == "draft"
    assert draft.get(f"{PAGE}try/").status_code == 302


def test_circles_are_named_with_their_way(draft: Client) -> None:
    text = PlaybookVersion.objects.get().source
    for key, other in (("repairs", "hope"), ("hope", "repairs")):
        text = text.replace(f"  - key: {key}\n", f"  - key: {key}\n    ask_if: {{question: {other}, known: true}}\n")
    page = html(draft.post(f"{DRAFT}text/", {"revision": 1, "source": text}, follow=True))
    assert "go in a circle: repairs -&gt; hope -&gt; repairs" in page


def test_300_kilobytes_are_refused_kindly_and_shown_again(draft: Client) -> None:
    page = html(draft.post(f"{DRAFT}text/", {"revision": 1, "source": "# mine\n" * 43_000}), 400)
    assert "at most 262,144 bytes" in page
    assert "The text was not saved." in page
    assert "# mine" in page
    assert "# mine" not in PlaybookVersion.objects.get().source


def test_words_that_the_guard_would_stop_are_warned_about_and_can_be_published(draft: Client) -> None:
    given = {
        "revision": 1, "wording-en": "You should sue your landlord now.", "wording-es": "Do you have a home for today?",
        "need": "required", "asked": "on",
    }  # fmt: skip
    page = html(draft.post(f"{DRAFT}question/can_enter/", given, follow=True))
    assert "Our own words would not say this" in page
    assert "words (English)" in page
    assert "This does not look like Spanish." in page
    assert "English grade" in page
    assert "is published" in html(do(draft, "publish", revision=2))


def test_dropping_what_protects_a_client_is_told(draft: Client) -> None:
    given = form(html(draft.get(DRAFT)))
    del given["asked-has_lawyer"]
    page = html(draft.post(DRAFT, given, follow=True))
    assert "Then nobody at the firm has to decide when" in page


def test_a_playbook_of_the_firms_own(client: Client) -> None:
    given = {"title_en": "Tickets and tows", "title_es": "Multas y grúas", "codes": ["TR-00-00-00-00"]}
    page = html(client.post(f"{BASE}new-playbook/", given, follow=True))
    assert "Begun with the general questions" in page
    assert interviews.playbook_for("TR-00-00-00-00").key == "general"
    do(client, "publish", key="tickets_and_tows")
    assert interviews.playbook_for("TR-00-00-00-00").name == "tickets_and_tows@1001"
    page = html(client.post(f"{BASE}new-playbook/", {**given, "codes": ["ZZ-00-00-00-00"]}), 400)
    assert "no LIST code" in page


def test_switching_off_and_back_to_what_ships(client: Client) -> None:
    page = html(do(client, "off", note="We do not do evictions"))
    assert "Nothing: switched off" in page
    assert "We do not do evictions" in page
    assert interviews.playbook_for("HO-00-00-00-00").key == "general"
    assert "As it ships" in html(do(client, "shipped"))
    assert 'value="off"' not in html(client.get(f"{BASE}general/"))
    assert "cannot be switched off" in html(do(client, "off", key="general"))


# -- who may, and where


@pytest.mark.parametrize("role", ["intake", "read-only", None])
def test_others_read_and_try_and_change_nothing(role: str | None) -> None:
    publish()
    playbooks.start_draft(key="housing", user=None)
    reader = staff(role)
    for address in (BASE, PAGE, f"{PAGE}try/", f"{PAGE}compare/", f"{PAGE}export/"):
        assert reader.get(address).status_code == 200, address
    for address in (BASE, PAGE, f"{PAGE}try/"):
        page = html(reader.get(address))
        assert 'name="act"' not in page
        assert DRAFT not in page
    for address in (
        DRAFT,
        f"{DRAFT}text/",
        f"{DRAFT}question/can_enter/",
        f"{DRAFT}new-question/",
        f"{BASE}new-playbook/",
    ):
        assert reader.get(address).status_code == 403, address
        assert reader.post(address, {}).status_code == 403, address
    for act in ("draft", "publish", "discard", "off", "shipped", "rollback"):
        assert do(reader, act).status_code == 403, act
    assert PlaybookVersion.objects.count() == 2


def test_a_visitor_is_sent_to_log_in() -> None:
    visitor = Client(headers={"host": "harbor.localhost"})
    for address in (BASE, PAGE, f"{PAGE}try/", DRAFT):
        assert visitor.get(address).status_code == 302


def test_what_is_not_there_is_not_found(client: Client) -> None:
    for address in (f"{BASE}none/", DRAFT, f"{DRAFT}text/", f"{PAGE}compare/?old=9&new=8", f"{PAGE}try/?version=7"):
        assert client.get(address).status_code == 404, address
    assert client.get(f"{PAGE}do/").status_code == 302
    assert "no such playbook" in html(do(client, "nonsense"))
    assert "no such playbook" in html(do(client, "rollback", version="1" * 40))


def test_another_firms_admin_shows_none_of_it(live_firms: Any) -> None:
    here, other = live_firms
    with public_scope():
        hosts = [Domain.objects.get(tenant_id=ref.id).domain for ref in live_firms]
    with firm_scope(here):
        publish(source=text_of(new="A wording of one firm alone?"))
        own = staff("attorney", host=hosts[0])
        assert "Your version 1001" in html(own.get(BASE))
    with firm_scope(other):
        there = staff("attorney", host=hosts[1], email="sue@summit.test")
        assert "Your version" not in html(there.get(BASE))
        assert there.get(f"{PAGE}try/?version=1001").status_code == 404
        assert "of one firm alone" not in html(there.get(f"{PAGE}export/"))
        publish(source=text_of(new="A wording of the other firm?"))
    with firm_scope(here):
        assert "of one firm alone" in html(own.get(f"{PAGE}export/"))
        assert (
            interviews.guided_named("housing@1001").question("can_enter").wording["en"]
            == "A wording of one firm alone?"
        )


def test_words_are_escaped(draft: Client) -> None:
    evil = "<script>alert(1)</script> Is it so?"
    given = {"revision": 1, "wording-en": evil, "wording-es": evil, "need": "required", "asked": "on"}
    draft.post(f"{DRAFT}question/can_enter/", given)
    pages = [DRAFT, f"{DRAFT}question/can_enter/", f"{DRAFT}text/", f"{PAGE}compare/?new=draft&old=shipped"]
    for address in pages:
        page = html(draft.get(address))
        assert "<script>alert" not in page, address
        assert "&lt;script&gt;alert" in page, address
