"""Words for codes and bits, worked out once for each pair that occurs."""

from policy_engine.columnar.answers import Cell, joined
from policy_engine.columnar.codes import Bits, Codes, Meaning


class Lookup:
    """The interpretations of each code and its bits."""

    def __init__(self, codes: Codes, relied: Bits) -> None:
        """Take the codes, and what interpretations hang on."""
        self.codes, self.relied = codes, relied
        self._found: dict[tuple[int, int], str | None] = {}

    def interpretations(self, code: int, bits: int) -> str | None:
        """Return the interpretations of a row as one text."""
        if (code, bits) not in self._found:
            self._found[code, bits] = joined(self.relied.relied_on(code, bits))
        return self._found[code, bits]

    def words(self, code: int, by_criteria: int, bits: int) -> dict[str, Cell]:
        """Return every column of a row but its criteria."""
        return {**of_meaning(self.codes.meanings[code]), "interpretations": self.interpretations(by_criteria, bits)}


def of_meaning(meaning: Meaning) -> dict[str, Cell]:
    """Return the columns that a code alone settles."""
    return {
        "answer": meaning.level or meaning.outcome, "track": meaning.track, "outcome": meaning.outcome, "level": meaning.level,
        "possible_levels": meaning.level, "gap_possible": meaning.gap, "possible_exact": True,
    }  # fmt: skip
