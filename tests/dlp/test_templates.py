"""Templates stand for random characters that are the same at every run."""

from lockgate.dlp.templates import expand


def test_a_template_always_expands_to_the_same_text():
    assert expand("ghp_{alnum:36}") == expand("ghp_{alnum:36}")
    assert len(expand("ghp_{alnum:36}")) == 40


def test_two_places_of_one_template_differ():
    first, second = expand("{hex:32} {hex:32}").split()
    assert first != second


def test_braces_that_name_no_alphabet_stay():
    assert expand("${HOME} {name} {hex} {alnum:x}") == "${HOME} {name} {hex} {alnum:x}"
