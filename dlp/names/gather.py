"""Makes the lists of this folder anew: `python dlp/names/gather.py FAKER NAMES WORDS`.

FAKER is an unpacked wheel of Faker (MIT), NAMES an unpacked source package of `names` 0.3.0, which carries the lists of the
1990 census of the United States (public domain), and WORDS the folder of
Debian's `american-english` and `american-english-small` (SCOWL). Not part of the product: what
it makes is. Names are kept folded to lower case, each list sorted, so that a change of a source is a readable difference.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from zoneinfo import available_timezones

HERE = Path(__file__).parent
FAMILY_NAMES_OF_THE_CENSUS = 25_000
GIVEN_NAMES_OF_THE_CENSUS = 4_000
_NAME = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_SHORTEST = 2


def main(faker: str, names: str, words: str) -> None:
    """Write the three lists."""
    sys.path.insert(0, faker)
    census = Path(names) / "names"
    given = _of_faker(Path(faker), "first_name") | _of_census(
        [census / "dist.male.first", census / "dist.female.first"], GIVEN_NAMES_OF_THE_CENSUS
    )
    family = _of_faker(Path(faker), "last_name") | _of_census([census / "dist.all.last"], FAMILY_NAMES_OF_THE_CENSUS)
    common, all_words = (_words(Path(words) / name) for name in ("american-english-small", "american-english"))
    _write("given.txt", given)
    _write("family.txt", family)
    _write("ordinary.txt", common | _places() | (given | family) & all_words)


def _of_faker(root: Path, beginning: str) -> set[str]:
    found: set[str] = set()
    for folder in sorted((root / "faker/providers/person").iterdir()):
        if (folder / "__init__.py").exists():
            provider = import_module(f"faker.providers.person.{folder.name}").Provider
            for attribute in dir(provider):
                values = getattr(provider, attribute)
                if attribute.startswith(beginning) and isinstance(values, tuple | list | Mapping):
                    found.update(_names(values))
    return found


def _names(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        for name in [value] if isinstance(value, str) else _names(value) if isinstance(value, tuple | list) else []:
            folded = unicodedata.normalize("NFKC", name).casefold()
            if _NAME.fullmatch(folded) and len(folded) >= _SHORTEST:
                yield folded


def _of_census(files: Iterable[Path], most: int) -> set[str]:
    return {line.split()[0].lower() for file in files for line in file.read_text(encoding="ascii").splitlines()[:most]}


def _places() -> set[str]:
    address = import_module("faker.providers.address.en_US").Provider
    names = {*address.countries, *address.states, *(zone.rpartition("/")[2] for zone in available_timezones())}
    return {name.casefold() for name in names}


def _words(file: Path) -> set[str]:
    return {
        word
        for word in file.read_text(encoding="utf-8").split()
        if _NAME.fullmatch(word) and word.islower() and "'" not in word
    }


def _write(name: str, names: Iterable[str]) -> None:
    (HERE / name).write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
