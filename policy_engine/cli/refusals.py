"""What a run over many cases keeps of the files that it could not rate: told first and counted, while the others go on."""

from collections.abc import Iterable
from typing import Any

from policy_engine.errors import N_, InputError, Problem
from policy_engine.explain.blocks import Explanation, Section
from policy_engine.explain.words import files_counted
from policy_engine.messages import plural, translate


class Refusals:
    """The files that were refused, each with its problems, and the problems of no one file."""

    def __init__(self) -> None:
        """Begin a run in which nothing was refused yet."""
        self.files: list[tuple[str, InputError]] = []
        self.others: list[Problem] = []
        """Problems that stand beside the files: a folder without a case."""

    def add(self, path: str, error: InputError) -> None:
        """Keep a file that was refused."""
        self.files.append((path, error))

    @property
    def problems(self) -> list[Problem]:
        """Every problem, those of a rulebook once however many cases met them."""
        return list(self.error().problems)

    def error(self) -> InputError:
        """Return every problem as one error, which knows how many cases met each."""
        return InputError([*self.others, *(problem for _, error in self.files for problem in error.problems)])

    @property
    def by_rulebook(self) -> int:
        """How many files could not be rated for what is wrong elsewhere than in themselves: in the rulebook."""
        own = {path for path, _ in self.files}
        return sum(any(problem.location.file not in own for problem in error.problems) for _, error in self.files)

    def page(self, title: str, rated: int, language: str) -> Explanation:
        """Return what stands before the answers: how many files were rated, how many refused, and why."""
        headline = counted(rated, len(self.files), self.by_rulebook, language)
        return Explanation(title, headline, "round", (), (self.section(language),))

    def before(self, page: Explanation, rated: int, language: str) -> Explanation:
        """Return an answer with what was refused before it; as it is where nothing was."""
        if not self.problems:
            return page
        said = (counted(rated, len(self.files), self.by_rulebook, language),) if self.files else ()
        return page._replace(headline=" ".join((*said, page.headline)), sections=(self.section(language), *page.sections))

    def section(self, language: str) -> Section:
        """Return each slip once, with its places."""
        from policy_engine.report.slips import slip_section  # noqa: PLC0415  (only where something is wrong)

        return slip_section(self.problems, language)

    def data(self) -> list[dict[str, Any]]:
        """Return each slip once as data, with its places."""
        from policy_engine.report.slips import slips_to_data  # noqa: PLC0415

        return slips_to_data(self.problems)

    def each(self) -> Iterable[dict[str, Any]]:
        """Return the files as data that can stand among verdicts: the case where its name could be read, and what is wrong with it."""
        from policy_engine.load.round import name_in  # noqa: PLC0415
        from policy_engine.report.slips import slips_to_data  # noqa: PLC0415

        for path, error in self.files:
            yield {
                "case": name_in(path) or None, "file": path, "outcome": "refused", "level": None, "problems": slips_to_data(error.problems),
            }  # fmt: skip


def counted(rated: int, refused: int, by_rulebook: int, language: str) -> str:
    """Say how many files were rated and how many were not; that the rulebook has errors goes before every count."""
    if not rated and by_rulebook == refused:
        parts = (N_("Not run: the rulebook has errors."), N_("Files: {files}."))
        return " ".join(translate(part, language, files=refused) for part in parts)
    said = files_counted(rated, refused, language)
    if not by_rulebook:
        return said
    first = plural(
        "Not run on {number} file: the rulebook has errors.", "Not run on {number} files: the rulebook has errors.", by_rulebook, language
    )
    return f"{first} {said}"
