"""Two names: which may be one party's, which are not, and what the program says about it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.conflicts.blocking import asked, kept
from intake.conflicts.comparing import Name, compare

ODD = [
    "",
    " ",
    "😀",
    ",",
    "Jr.",
    "d/b/a",
    "(",
    '"',
    "''",
    "née",
    "-",
    "the",
    "LLC",
    "\ud800",
    "\x00",
    "ß",
    "of",
    "a" * 20_000,
]


def is_hit(one: str, other: str, kind: str = "person") -> bool:
    found, turned = compare(Name(one, kind), Name(other, kind)), compare(Name(other, kind), Name(one, kind))  # type: ignore[arg-type]
    assert found.score == pytest.approx(turned.score), "the order of the question does not matter"
    assert found.reasons
    assert 0 <= found.score <= 1
    return found.hit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bill Smith", "William Smith"),  # short forms
        ("Paco Hernández", "Francisco Hernandez"),
        ("Misha Volkov", "Mikhail Volkov"),
        ("Catherine Brown", "Kathryn Browne"),  # sound
        ("Yolanda Cabayero", "Yolanda Caballero"),
        ("win van an", "Nguyen Van An"),  # as a recogniser writes it
        ("sean o brien", "Shawn O'Brien"),
        ("rachel gold stein", "Rachel Goldstein"),
        ("Jonh Cartwright", "John Cartwright"),  # slips
        ("Czeslaw Milosz", "Czesław Miłosz"),
        ("Чайковский Пётр", "Pyotr Tchaikovsky"),  # scripts
        ("王小明", "Wang Xiao Ming"),
        ("Mao Tse-tung", "Mao Zedong"),
        ("محمد الحسيني", "Mohammed Al-Husseini"),
        ("박지성", "Park Ji-sung"),
        ("Smith, Robert J.", "Robert J Smith"),  # order
        ("Zhang Wei", "Wei Zhang"),
        ("José García López", "Jose Garcia"),  # two surnames, particles, hyphens, marriage
        ("Maria de la Cruz", "Maria Delacruz"),
        ("Mary Jones-Smith", "Mary Jones"),
        ("Susan Wright (née Halvorsen)", "Susan Halvorsen"),
        ("Karen Bell f/k/a Karen Lutz", "Karen Lutz"),
        ("J. R. Smith", "John Robert Smith"),  # initials, suffixes, titles
        ("Robert Smith Jr.", "Robert Smith"),
        ("Hon. Ruth Abramowitz (Ret.)", "Ruth Abramowitz"),
        ('William "Bill" Gates III', "Bill Gates"),
        ("Jorge Ibarra", "George Ibarra"),  # in another language
        ("Joe Garza", "José Garza"),
        ("Mykola Bondarenko", "Nikolai Bondarenko"),
        ("Zhanna Rybakova", "Janna Ribakova"),
        ("Noor ud-Din Haddad", "Nureddin Hadad"),
        ("Lee Jae Yong", "Yi Chae-yong"),
        ("JP Morales", "Juan Pablo Morales"),  # initials without points
        ("Kelly Patrick", "Patrick Kelly"),  # either may be the surname
        ("DE LEON ROBERTO", "Roberto De Leon"),
        ("Rachael Macintyre", "Rachel McIntyre"),
        ("Aimee Schaeffer", "Amy Shafer"),  # as they are heard
        ("Sean McLaughlin", "Shawn MacLachlan"),
    ],
)
def test_one_person_in_two_ways(one: str, other: str) -> None:
    assert is_hit(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Garcia", "Mario Garcia"),
        ("Daniel Lee", "Danielle Lee"),
        ("John Smith", "Joan Smith"),
        ("Michael Johnson", "Michael Johnston"),
        ("Ana Hernández", "Ana Fernández"),
        ("Robert Smith Jr", "Robert Smith Sr"),
        ("John R. Smith", "John M. Smith"),
        ("José García López", "José García Martínez"),
        ("Mary Jones", "Mary Smith"),
        ("Wei Zhang", "Wei Wang"),
        ("Mr. Pat Sheridan", "Mrs. Pat Sheridan"),
        ("Ivan Cruz", "Juan Cruz"),  # both John, but not in one language
        ("Chen Jing", "Chen Jin"),
        ("Juan Hernández", "Juana Hernández"),
    ],
)
def test_two_persons(one: str, other: str) -> None:
    assert not is_hit(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IBM", "International Business Machines Corp."),
        ("Wal-Mart Stores Inc", "Walmart"),
        ("St. Mary's Hospital", "Saint Marys Hosp"),
        ("Austin, City of", "City of Austin"),
        ("Austin ISD", "Austin Independent School District"),
        ("Vandelay Industries", "Vandalay Industries"),
        ("John Smith d/b/a Smith Plumbing", "Smith Plumbing LLC"),
        ("Blackwater USA", "Academi LLC, f/k/a Blackwater USA"),
        ("Constructora Morelos S.A. de C.V.", "Constructora Morelos"),
        ("Pemex", "Petroleos Mexicanos"),
        ("PVAMU", "Prairie View A&M University"),
        ("SEIU Local 1", "Service Employees International Union"),
        ("A-1 Bail Bonds", "A1 Bail Bonds"),
        ("AutoZone", "Auto Zone Inc"),
        ("H-E-B Grocery Company", "HEB"),
        ("SEPTA", "Southeastern Pennsylvania Transportation Authority"),
        ("Verizon Wireless", "Verizon Communications"),
        ("St. Luke's Hospital", "Saint Lukes Episcopal Hospital"),
        ("Orozco Landscaping", "Orozko Landscaping Services"),
        ("Big Mike's BBQ", "Big Mikes Barbecue"),
    ],
)
def test_one_organisation_in_two_ways(one: str, other: str) -> None:
    assert is_hit(one, other, "organisation")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("First National Bank of Omaha", "First National Bank of Tulsa"),
        ("Apex Plumbing", "Acme Plumbing"),
        ("Delta Dental", "Delta Air Lines"),
        ("Smith Plumbing", "Smith Electric"),
        ("St. Mary's Hospital", "St. Mark's Hospital"),
        ("Teamsters Local 70", "Teamsters Local 856"),
        ("SEIU Local 1", "Service Employees International Union Local 5"),
        ("Northwest Pipeline", "Northeast Pipeline"),
        ("Riverbend Towing", "Riverbend Nursery"),
        ("Harvest Foods", "Harvest Church"),
        ("St. Joseph Hospital", "St. Joseph Church"),
    ],
)
def test_two_organisations(one: str, other: str) -> None:
    assert not is_hit(one, other, "organisation")


def test_affiliates_are_told_with_their_reason() -> None:
    found = compare(Name("Acme Holdings", "organisation"), Name("Acme Logistics LLC", "organisation"))
    assert found.hit
    assert "affiliates" in " ".join(found.reasons)


def test_a_person_whose_name_an_organisation_bears() -> None:
    found = compare(Name("Rosalind Okafor", "person"), Name("Law Offices of Rosalind Okafor, P.C.", "organisation"))
    assert found.hit
    assert "bears" in found.reasons[0]


@pytest.mark.parametrize(
    ("who", "firm", "expected"),
    [
        ("Armen Haroutunian", "Haroutunian Jewelers", True),
        ("Vincent Ferragamo", "Ferragamo's Auto Body Inc.", True),
        ("Kenji Nakamura", "Nakamura & Associates", True),
        ("Elena Quinonez", "Dr. Quiñonez Pediatrics", True),
        ("John Smith", "Smith Plumbing", False),
        ("Jorge Gonzales", "J. Gonzales Trucking", True),
        ("Maria Gonzales", "J. Gonzales Trucking", False),
        ("John Deere", "Deer Park Water", False),
        ("Armen Haroutunian", "Haroutunian & Petrosyan Jewelers", False),
    ],
)
def test_a_business_named_after_a_family(who: str, firm: str, expected: bool) -> None:
    found = compare(Name(who, "person"), Name(firm, "organisation"))
    assert found.hit == expected
    if expected:
        one, other = Name(who, "person"), Name(firm, "organisation")
        assert not asked(one).isdisjoint(kept(other))
        assert not asked(other).isdisjoint(kept(one))


def test_an_alias_of_one_word_stands_for_the_given_name() -> None:
    assert compare(Name("Xóchitl Ramos", "person", ("Sochi",)), Name("Sochi Ramos", "person")).hit
    assert not compare(Name("Xóchitl Ramos", "person", ("Sochi",)), Name("Sochi Gálvez", "person")).hit


def test_aliases_count_as_names() -> None:
    assert compare(Name("Li Wei", "person", ("William Li",)), Name("Bill Lee", "person")).hit


def test_a_common_name_says_so_and_a_rare_one_does_not() -> None:
    common, rare = (
        compare(Name(name, "person"), Name(name, "person")) for name in ("John Smith", "Zbigniew Szczepanik")
    )
    assert common.per_million > 50 > 1 > rare.per_million
    assert "common name" in " ".join(common.reasons)
    assert "common name" not in " ".join(rare.reasons)


def test_a_further_detail_decides() -> None:
    def years(one: int, other: int) -> bool:
        return compare(Name("Maria Garcia", "person", (), one), Name("María García", "person", (), other)).hit

    assert years(1961, 1961)
    assert years(1961, 1962), "people err by a year"
    assert not years(1961, 1990)
    same_city = compare(
        Name("Maria Garcia", "person", (), None, "El Paso"), Name("Maria Garcia", "person", (), None, "el paso")
    )
    assert same_city.detail == "city"


@pytest.mark.parametrize("text", ODD)
def test_anything_is_a_name(text: str) -> None:
    for kind in ("person", "organisation", "unknown"):
        for other in ("John Smith", "Acme LLC", text):
            compare(Name(text, kind, (text,)), Name(other, kind))


def test_an_empty_name_is_nobodys() -> None:
    assert not compare(Name("", "person"), Name("", "person")).hit
    assert not compare(Name("😀"), Name("😀")).hit


def test_long_texts_take_no_time() -> None:
    began = time.process_time()
    for text in ("a " * 10_000, "née " * 5_000, '("' * 10_000, "d/b/a " * 4_000, "smith-" * 4_000):
        compare(Name(text), Name(text[::-1]))
    assert time.process_time() - began < 1


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["person", "organisation", "unknown"]))
def test_it_never_raises_and_is_symmetric(one: str, other: str, kind: str) -> None:
    is_hit(one, other, kind)
    found = compare(Name(one, kind), Name(one, kind))  # type: ignore[arg-type]
    assert found.score in (0, 1) or found.score >= 0.5
