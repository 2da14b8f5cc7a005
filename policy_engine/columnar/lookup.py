"""Words for codes and bits, worked out once for each pair that occurs."""

from policy_engine.columnar.answers import joined
from policy_engine.columnar.codes import Bits, Codes


class Lookup:
    """The readings of each code and its bits."""

    def __init__(self, codes: Codes, relied: Bits) -> None:
        """Take the codes, and what readings hang on."""
        self.codes, self.relied = codes, relied
        self._found: dict[tuple[int, int], str | None] = {}

    def readings(self, code: int, bits: int) -> str | None:
        """Give the readings of a row as one text."""
        if (code, bits) not in self._found:
            self._found[code, bits] = joined(self.relied.relied_on(code, bits))
        return self._found[code, bits]
