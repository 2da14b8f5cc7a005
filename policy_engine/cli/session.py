"""What every command has at hand: its language, its library, the form of its answer, and the ways to answer, to note and to refuse."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from policy_engine.errors import InputError, Problem
from policy_engine.messages import N_, plural, translate

if TYPE_CHECKING:
    import click

    from policy_engine.explain.blocks import Explanation
    from policy_engine.load.library import Library
    from policy_engine.model.rulebook import Edition
    from policy_engine.report.json import Writer

_Read = TypeVar("_Read")
_CODES = {
    "title": "1", "faint": "2", "met": "32", "not_met": "31", "unknown": "33", "warning": "33",
    "classified": "32;1", "gap": "33;1", "undetermined": "33;1", "round": "1",
}  # fmt: skip


class Session:
    """One run of a command: what was asked of every command alike. Answers go to standard output, notes to standard error."""

    def __init__(self, language: str, rulebook: str | None = None, form: str = "text") -> None:
        self.language = language
        self.rulebook = rulebook
        self.form = form
        self.cached = False
        """Whether editions may be taken from the user's cache."""

    @cached_property
    def library(self) -> "Library":
        """The editions that were named, or those that come with the engine; a folder that is none is refused."""
        from policy_engine.load.library import Library

        return Library(self.rulebook, cached=self.cached)

    def text(self, words: str, **values: object) -> str:
        """Return a marked text in the language of the session."""
        return translate(words, self.language, **values)

    def note(self, words: str, **values: object) -> None:
        sys.stderr.write(self.text(words, **values) + "\n")

    def misused(self, words: str, option: str = "", **values: object) -> "click.UsageError":
        """Return the error for wrong usage, of an option where one is named."""
        import click

        text = self.text(words, **values)
        return click.BadParameter(text, param_hint=f"'{option}'") if option else click.UsageError(text)

    def note_reworded(self, *editions: "Edition") -> None:
        """Note that files of a sealed edition differ in comments or spacing only."""
        from policy_engine.report.problems import opening

        words = N_("{file}: the edition {edition} is sealed; comments or spacing differ from what was sealed, the meaning does not")
        for edition in editions:
            for file in edition.reworded:
                self.note(words, file=opening(file), edition=edition.id)

    def answer(self, data: Callable[[], object], page: "Callable[[], Explanation]") -> None:
        """Print an answer in the form that was asked for: data for programs, or a page for people."""
        if self.form == "json":
            self.write_data(data())
        else:
            self.write_page(page())

    @cached_property
    def writer(self) -> "Writer":
        """What writes data; it remembers what it wrote of many cases."""
        from policy_engine.report.json import Writer

        return Writer()

    def write_data(self, data: object) -> None:
        """Print data as JSON, what an iterator yields as it comes."""
        pieces = chain(self.writer.pieces(data), [b"\n"])
        there = getattr(sys.stdout, "buffer", None)
        if there is None or os.linesep != "\n":
            sys.stdout.writelines(piece.decode() for piece in pieces)
        else:  # it is UTF-8 already
            sys.stdout.flush()
            there.writelines(pieces)

    def write_page(self, page: "Explanation", *, aside: bool = False) -> None:
        """Print an explanation for people; on standard error, where standard output holds something else."""
        (sys.stderr if aside else sys.stdout).write(self.page_text(page, aside=aside))

    def page_text(self, page: "Explanation", *, aside: bool = False) -> str:
        """Return an explanation as it is printed."""
        from policy_engine.report.prose import plain, to_markdown, to_text

        return to_markdown(page) if self.form == "markdown" else to_text(page, plain if aside else style())

    def answer_refused(self, error: InputError, title: str, empty: Mapping[str, object]) -> None:
        """Print a whole document of a format for programs or minutes, its content what is wrong; for people standard error says it alone.

        Args:
            error: what is wrong.
            title: the heading of the page.
            empty: the keys of the JSON answer, with nothing in them.
        """
        from policy_engine.report.problems import problems_to_data, refused_page

        if self.form == "json":
            self.write_data({**empty, "problems": problems_to_data(error.problems)})
        elif self.form == "markdown":
            self.write_page(refused_page(title, error.problems, self.language))


def style() -> Callable[[str, str], str]:
    """Return what colours a text by its role, where standard output is a terminal that reads colours (https://no-color.org)."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return lambda text, role: f"\x1b[{_CODES[role]}m{text}\x1b[0m" if coloured and role in _CODES else text


class Refusals:
    """What a run over many cases keeps of the files that were refused, each with its problems, and of the problems of no one file."""

    def __init__(self) -> None:
        self.files: list[tuple[str, InputError]] = []
        self.others: list[Problem] = []
        """Problems that stand beside the files: a folder without a case."""

    def taken(self, paths: Iterable[str], read: Callable[[str], _Read]) -> Iterator[tuple[str, _Read]]:
        """Yield each path with what is read there; a file that is refused is kept here, and the others go on."""
        for path in paths:
            try:
                found = read(path)
            except InputError as error:
                self.files.append((path, error))
            else:
                yield path, found

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, those of a rulebook once however many cases met them."""
        return self.error().problems

    def error(self) -> InputError:
        """Return every problem as one error, which knows how many cases met each."""
        return InputError([*self.others, *(problem for _, error in self.files for problem in error.problems)])

    @property
    def by_rulebook(self) -> int:
        """How many files could not be rated for what is wrong elsewhere than in themselves: in the rulebook."""
        own = {path for path, _ in self.files}
        return sum(any(problem.location.file not in own for problem in error.problems) for _, error in self.files)

    def counted(self, rated: int, language: str) -> str:
        """Say how many files were rated and how many were not; that the rulebook has errors goes before every count."""
        refused, stopped = len(self.files), self.by_rulebook
        if not rated and stopped == refused:
            parts = (N_("Not run: the rulebook has errors."), N_("Files: {files}."))
            return " ".join(translate(part, language, files=refused) for part in parts)
        from policy_engine.explain.blocks import files_counted

        said = files_counted(rated, refused, language)
        if not stopped:
            return said
        first = plural(
            "Not run on {number} file: the rulebook has errors.", "Not run on {number} files: the rulebook has errors.", stopped, language
        )
        return f"{first} {said}"

    def before(self, page: "Explanation", rated: int, language: str) -> "Explanation":
        """Return an answer with what was refused before it; as it is where nothing was."""
        from policy_engine.report.problems import after_problems

        said = (self.counted(rated, language),) if self.files else ()
        return after_problems(page._replace(headline=" ".join(filter(None, (*said, page.headline)))), self.problems, language)

    def to_data(self) -> dict[str, Any]:
        """Return how many files were refused, and each mistake once with its places."""
        from policy_engine.report.problems import grouped_to_data

        return {"refused": len(self.files), "problems": grouped_to_data(self.problems)}

    def each(self) -> Iterator[dict[str, Any]]:
        """Return the files as data that can stand among verdicts: the case where its name could be read, and what is wrong with it."""
        from policy_engine.load.round import name_in
        from policy_engine.report.problems import grouped_to_data

        for path, error in self.files:
            refused = {"case": name_in(path) or None, "file": path, "outcome": "refused", "level": None}
            yield refused | {"problems": grouped_to_data(error.problems)}
