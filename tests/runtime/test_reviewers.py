"""Whom captured text is sealed to: never a new key while half of one is there, and mistakes with their place."""

import stat

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.settings import load_settings
from lockgate.runtime.prepare import prepare
from lockgate.runtime.reviewers import known_recipients, recipients
from lockgate.store.sealing import read_reviewer_key


def files(home):
    return home.certs / "reviewer.key", home.certs / "reviewer.pub"


def test_the_first_start_makes_a_pair(home):
    settings = load_settings(home)
    assert known_recipients(home, settings) == ()
    made = recipients(home, settings)
    private, public = files(home)
    assert made == (public.read_text().strip(),) == known_recipients(home, settings)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_lost_public_half_is_written_anew_from_the_secret_one(home):
    prepare(home)
    private, public = files(home)
    before, identity = public.read_text(), read_reviewer_key(private)
    public.unlink()
    prepare(home)
    assert public.read_text() == before
    assert read_reviewer_key(private) == identity


def test_a_lost_secret_half_is_the_reviewers_business(home):
    """It is meant to be moved away."""
    prepare(home)
    private, public = files(home)
    private.unlink()
    prepare(home)
    assert not private.exists()
    assert recipients(home, load_settings(home)) == (public.read_text().strip(),)


def test_a_public_half_that_is_none_is_told_with_its_file(home):
    prepare(home)
    files(home)[1].write_text("age1nonsense\n")
    with pytest.raises(UsageError, match=r"reviewer\.pub holds no age public key[^$]*delete it"):
        prepare(home)


def test_a_secret_half_that_others_can_read_is_not_used(home):
    prepare(home)
    private, public = files(home)
    public.unlink()
    private.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        prepare(home)


def test_a_listed_recipient_that_is_none_is_told_with_file_and_line(home):
    prepare(home)
    good = files(home)[1].read_text().strip()
    home.settings_file.write_text(f"version: 1\ncapture:\n  recipients:\n    - {good}\n    - age1nonsense\n    - later\n")
    with pytest.raises(UsageError, match=r"gateway\.yaml:5:7: `age1nonsense` is not an age public key") as refused:
        prepare(home)
    assert len(refused.value.problems) == 2


def test_a_secret_key_in_the_settings_is_never_shown(home):
    prepare(home)
    (secret,) = read_reviewer_key(files(home)[0])
    home.settings_file.write_text(f"capture: {{recipients: [{secret}]}}\n")
    with pytest.raises(UsageError, match=r"gateway\.yaml:1:24: this is a secret key") as refused:
        prepare(home)
    assert secret[:20] not in str(refused.value)
