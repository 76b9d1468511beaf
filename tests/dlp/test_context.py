"""Context is whole words, near by, the nearest first."""

import pytest

from lockgate.dlp.columns import heading_of
from lockgate.dlp.context import ContextRule, WordFinder


def rule(*words: str, against: tuple[str, ...] = (), before: int = 30, after: int = 10) -> ContextRule:
    return ContextRule(words=WordFinder(words), against=WordFinder(against), before=before, after=after)


def look(context: ContextRule, text: str, value: str = "4711") -> tuple[str | None, bool]:
    start = text.index(value)
    return context.look(text, start, start + len(value))


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("lic", "public 4711", None),
        ("lic", "lic 4711", "lic"),
        ("lic", "lic. 4711", "lic"),
        ("account number", "account_number=4711", "account number"),
        ("account number", "accountNumber: 4711", "account number"),
        ("account number", "Account-Numbers: 4711", "account number"),
        ("account number", "account of the number 4711", None),
        ("pin", "spinning 4711", None),
        ("pin", "pin4711", None),
        ("card", "4711, a card", "card"),
        ("card", "4711 is my cardigan", None),
        ("sécurité sociale", "numéro de Sécurité Sociale 4711", "sécurité sociale"),
    ],
)
def test_only_whole_words_count(word, text, found):
    assert look(rule(word), text) == (found, False)


def test_a_word_out_of_reach_does_not_count():
    assert look(rule("card"), "card " + "x" * 40 + " 4711") == (None, False)


def test_a_word_cut_by_the_reach_is_not_a_whole_word():
    assert look(rule("card", after=8), "4711 has cardigan") == (None, False)


def test_the_nearer_word_wins():
    context = rule("account", against=("routing",))
    assert look(context, "account 9, routing 4711") == (None, True)
    assert look(context, "routing 9, account 4711") == ("account", False)


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("id,ssn\n1,4711", "ssn"),
        ("| id | ssn |\n| 1 | 4711 |", " ssn "),
        ("intro\n\nid;ssn\n1;2\n3;4711", "ssn"),
        ("id\tssn\n4711\t1", "id"),
        ("just, prose\nwithout a table 4711", "just"),
        ("one line 4711", ""),
        ("a heading without columns\n4711", ""),
    ],
)
def test_a_heading_is_that_of_the_values_column(text, heading):
    assert heading_of(text, text.index("4711")) == heading


@pytest.mark.parametrize(
    ("text", "value", "heading"),
    [
        ("INSERT INTO people (name, email, dob) VALUES ('Roe, Jane', 'x@y.example', '3/18/1950');", "3/18", "dob"),
        ("insert into `crm`.`people` (`name`,`dob`) values ('it''s (me)', '1950-03-18')", "1950", "dob"),
        ("INSERT INTO p (a, dob) VALUES ('1', '2'), ('3', '1950-03-18')", "1950", "dob"),
        ("INSERT INTO p (a, dob) VALUES ('1', '2'); and 1950-03-18", "1950", ""),
        ("INSERT INTO p (dob) VALUES ('1', '1950-03-18')", "1950", ""),
        ("values (1, 1950)", "1950", ""),
    ],
)
def test_a_value_of_an_insert_stands_under_the_name_of_its_column(text, value, heading):
    assert heading_of(text, text.index(value)) == heading
