"""Every command in one table: the function that runs it, what it says of itself, its options; the function is loaded when it is called."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from policy_engine.cli.quick import FORMATS
from policy_engine.columnar.order import ENGINES
from policy_engine.columnar.order import FORMATS as TABLES
from policy_engine.messages import LANGUAGES, N_
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.verdict import OUTCOMES


class Parameter(NamedTuple):
    """An option, or an argument, which says nothing of itself; the settings are click's own, but for `words`, which fill the help."""

    names: Sequence[str]
    help: str | None
    settings: Mapping[str, Any]


class Command(NamedTuple):
    """A command: its module in `policy_engine.cli` and the function there (a group has none), and its help, short and long.

    Every command has the option `--lang`: as the last one, where it does not stand among the others.
    """

    runs: str
    short: str
    help: str
    parameters: Sequence[Parameter]


PATH = click.Path()


def _option(names: str, metavar: str, says: str, **settings: Any) -> Parameter:
    return Parameter(names.split(), says, {"metavar": metavar, **settings})


def _path(names: str, metavar: str, says: str, **settings: Any) -> Parameter:
    return _option(names, metavar, says, type=PATH, **settings)


def _choice(names: str, choices: Sequence[str], says: str, **settings: Any) -> Parameter:
    return Parameter(names.split(), says, {"type": click.Choice(choices), **settings})


def _flag(names: str, says: str) -> Parameter:
    return Parameter(names.split(), says, {"is_flag": True})


def _formats(*formats: str, says: str = N_("How the answer is written.")) -> Parameter:
    return _choice("--format form", formats, says, default="text")


def _argument(name: str, metavar: str, **settings: Any) -> Parameter:
    return Parameter([name], None, {"metavar": metavar, **settings})


def _complete_edition(context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    """Return the editions whose id begins with what is typed."""
    from policy_engine.load.library import Library

    params: dict[str, object] = context.params
    folder = params.get("rulebook")
    return [name for name in Library(str(folder) if folder else None).folders() if name.startswith(typed)]


def _complete_code(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    from policy_engine.load.files import codes

    return [code for code in codes() if code.startswith(typed.upper())]


_RULEBOOK = _path(
    "--rulebook", "DIR", N_("The folder that holds the editions, or one edition. Default: the editions that come with the engine.")
)
_EDITION = _option(
    "--edition", "ID", N_("The edition to rate under, instead of the one that a case names."), shell_complete=_complete_edition
)
_ANY_EDITION = _argument("edition", "[EDITION]", required=False, shell_complete=_complete_edition)
_RECORD = _path(
    "--record", "FILE",
    N_("Append a record of each case, with its verdict and a hash chain, to this file (JSON Lines; packed where a new one ends with .gz)."),
)  # fmt: skip
_CASES = _path("--cases", "DIR", N_("A case file, or a folder that holds some; may be given several times."), multiple=True)
_SIGNERS = _path("--signers", "FILE", N_("Allowed signers, as ssh-keygen reads them."))
_IDENTITY = _option("--identity", "WHO", N_("Who must have signed."))
LANGUAGE = _choice("--lang", LANGUAGES, N_("Language of what is shown."))
_FORMAT = _formats(*FORMATS)

_MEND = N_("Mend what is certain, and changes no meaning: letters in pieces, a missing schema line. A sealed edition is left alone.")
_FIND = N_(
    """Find every record that was changed, removed or moved, every run that was cut or recorded twice, and print the head of the chain.

    Each record is held against the text of its case as well. Keep the head elsewhere, in the minutes for instance: whole runs
    cut off at the end can only be seen by who knows it (`--head`, or `--head-file` with what `record head --sign` wrote).
    Ends with 1 where anything is not as it was written."""
)

APP = Command(
    "",
    "",
    N_("""Rate cases under a rulebook, and say why.

    A case file states the facts about one person or unit; a rulebook holds one edition of the guideline as data. The
    engine proposes a level with every reason, clause and figure; the competent authority decides.

    \b
    First steps:
      policy-engine new-case --output case.yaml     write a blank case, with every question in it
      policy-engine evaluate case.yaml              rate it
      policy-engine round folder                    rate a year's cases together

    \b
    Exit codes: 0 answered, 1 the answer is no, 2 wrong usage,
    3 bad or missing input, or output that cannot be written,
    70 a fault of ours, 129, 130, 143 stopped from outside.

    \b
    Completion in the shell: eval "$(_POLICY_ENGINE_COMPLETE=bash_source policy-engine)"
    (also zsh_source, fish_source)."""),
    (LANGUAGE,),
)
COMMANDS: Mapping[str, Command] = {
    "evaluate": Command(
        "evaluate:evaluate_files",
        N_("Rate case files, and say why."),
        N_("""Rate one or more case files, and say why.

    CASE is a case file, a folder that holds some, or `-` for standard input. Text is for people; `--format json` is for
    programs, and puts nothing else on standard output. A bad file does not hide the others: their verdicts are printed, and
    its errors go to standard error."""),
        (
            _argument("cases", "CASE...", nargs=-1, required=True, type=PATH),
            _EDITION,
            _RULEBOOK,
            _formats(*FORMATS, says=N_("How verdicts are written.")),
            _RECORD,
            LANGUAGE,
            _option(
                "--fail-on",
                "OUTCOME,...",
                N_("Exit with 1 where a verdict has one of these outcomes: {outcomes}."),
                words={"outcomes": ", ".join(OUTCOMES)},
            ),
        ),
    ),
    "new-case": Command(
        "new_case:new_case",
        N_("Write a blank case, with every question in it."),
        N_("""Write a blank case file: every fact that the edition asks for, with its question, type, unit and clause.

    Every fact is `unknown`; the file is valid as it stands, and `evaluate` tells which answers would decide. Without
    `--track` it asks for the facts of every track."""),
        (
            _EDITION,
            _option("--track", "T", N_("Ask only for the facts of this track.")),
            _path("--output -o", "FILE", N_("Write to a new file instead of the screen.")),
            _RULEBOOK,
        ),
    ),
    "round": Command(
        "round:show_round",
        N_("Rate a year's cases together."),
        N_("""Rate a folder of cases as one year's round: units, collectives, then persons.

    Cases name their `unit:`, their `superior:` and their `collective:`. A level that another case rests on is taken from that
    case: the decided one where there is one, else the proposed one, and it is said which. The tables show how the levels are
    spread by unit, and which cases need somebody's eye. Nobody's level is changed."""),
        (
            _argument("folder", "DIR", type=PATH),
            _EDITION,
            _RULEBOOK,
            _option(
                "--as-of",
                "DATE",
                N_("Look at the round as it stood on a day: later decisions are left out, and papers not yet due are set apart."),
            ),
            _choice(
                "--fail-level", SEVERITIES, N_("Exit with 1 where there is a finding, a missing or a late paper as bad as this, or worse.")
            ),
            _RECORD,
            _FORMAT,
        ),
    ),
    "batch": Command(
        "batch:rate_rows",
        N_("Rate rows of Parquet, CSV or JSONL files."),
        N_("""Rate rows of Parquet, CSV or JSONL files: a column for each fact, a row for each case.

    IN is a file, a pattern like 'year/*.parquet', a folder, or `-` for standard input. The answers go to one file, row by row
    in the same order; it appears whole or not at all, and `-` is standard output. A cell that is empty or `unknown` was not
    recorded; `none` is known not to exist. A row with a bad value has no answer, and is reported with its place, its column and the
    reason. Rows in are answers out and rows refused."""),
        (
            _argument("paths", "IN...", nargs=-1, required=True, type=PATH),
            _path("--to", "OUT", N_("The file for the answers."), required=True),
            _option("--edition", "ID", N_("The edition to rate under. Default: the last one issued.")),
            _option("--against", "ID", N_("An edition to compare with: how many rows go from what to what.")),
            _flag("--level-only", N_("Write the level alone, or the outcome where there is none.")),
            _flag("--explain-columns", N_("Write a column for each criterion too, and the interpretations relied on.")),
            _option("--keep", "COL", N_("A column to hand on as it is; `case` always is."), multiple=True),
            _path("--rejects", "FILE", N_("A file for the rows that are refused.")),
            _choice("--from-format", TABLES, N_("What the files are, where their names do not tell.")),
            _option("--separator", "SIGN", N_("What separates cells of CSV (`,` `;` `|` or `tab`), where the headings do not tell.")),
            _choice("--to-format", TABLES, N_("How answers are written, where the name does not tell.")),
            _flag("--excel", N_("Begin CSV files with the mark by which Excel knows UTF-8.")),
            _choice("--engine", ENGINES, N_("What works the columns out."), default="polars"),
            _RULEBOOK,
        ),
    ),
    "clauses": Command(
        "clauses:show_clauses",
        N_("Print what encodes each clause of the text."),
        N_("""Print the clause map of an edition, both ways: what encodes each clause, and which clause each part stands for.

    With `--source` every operative phrase is sought in the official text, inside the very clause that it is cited from.
    Ends with 1 where a clause is neither encoded nor explained, where a cite leads to no clause, or where the text does not
    bear a phrase out."""),
        (
            _ANY_EDITION,
            _path("--source", "FILE", N_("The official text, as a plain text file.")),
            _RULEBOOK,
            _FORMAT,
        ),
    ),
    "interpretations": Command(
        "clauses:show_interpretations",
        N_("List the interpretations of the text, and the cases that rest on each."),
        N_("""List where the text is silent, how it is read until the policy owner decides, and what rests on each interpretation.

    With files or folders of cases, each interpretation is listed with the cases that rest on it."""),
        (
            _ANY_EDITION,
            _argument("paths", "[CASE...]", nargs=-1, type=PATH),
            _CASES,
            _RULEBOOK,
            _FORMAT,
        ),
    ),
    "compare": Command(
        "compare:show_compare",
        N_("Tell what two editions say differently."),
        N_("""Tell what two editions say differently: figures, criteria, facts, levels, interpretations, chapters, clauses.

    BEFORE and AFTER are ids of editions. With `--cases` every case is rated under both, and it is shown how the levels shift,
    who moves and by which criterion, and which cases one of the editions cannot rate. With `--prove` (extra `prove`) it is
    shown of all cases at once which levels can become which, with a smallest case of each. Ends with 0 whether or not they
    differ, and with 1 where a proof stays undecided."""),
        (
            _argument("before", "BEFORE", shell_complete=_complete_edition),
            _argument("after", "AFTER", shell_complete=_complete_edition),
            _CASES,
            _flag("--prove proven", N_("Ask it of all cases at once.")),
            _RULEBOOK,
            _FORMAT,
        ),
    ),
    "prove": Command(
        "prove:show_proof",
        N_("Ask what holds in every case."),
        N_("""Ask of every case at once: gaps and overlaps, levels that cannot be reached, criteria that never decide, the ladder of
    levels, and what an edition promises of itself.

    Every answer is PROVEN, REFUTED by a smallest case, or UNDECIDED. Without EDITION every edition is asked about. With
    `--witnesses` each case is written as a file that `policy-engine evaluate` rates. Ends with 1 where a claim is not proven.
    Needs the extra `prove`."""),
        (
            _ANY_EDITION,
            _path(
                "--witnesses", "DIR", N_("Write every smallest case into this folder as a case file; files that are there are not touched.")
            ),
            _option(
                "--budget",
                "STEPS",
                N_("How many steps the solver may take for one question; where they run out, the answer is UNDECIDED."),
                type=click.IntRange(1, 2**32 - 1),
            ),
            _RULEBOOK,
            _FORMAT,
        ),
    ),
    "edition": Command(
        "",
        N_("Look after the library of editions."),
        N_("""Look after the library of editions.

    An edition is one folder of files. `new` copies one as a draft, `seal` writes down what an issued one means, and from then
    on every command refuses it if a single value is changed; `verify` says what was changed."""),
        (),
    ),
    "edition list": Command("edition:show_list", N_("List the editions."), N_("List the editions."), (_FORMAT, _RULEBOOK)),
    "edition show": Command(
        "edition:show_one", N_("Show what an edition holds."), N_("Show what an edition holds."), (_ANY_EDITION, _FORMAT, _RULEBOOK)
    ),
    "edition new": Command(
        "edition:make_new",
        N_("Copy an edition as a draft."),
        N_("""Copy an edition under a new id and period, as a draft; comments are kept.

    What still speaks of the old period is listed with its place."""),
        (
            _argument("name", "NEW"),
            _option("--from source", "OLD", N_("The edition to copy."), required=True),
            _option("--period", "YEAR", N_("The year or quarter it governs; without it, the year in its id.")),
            _path("--to", "DIR", N_("The folder of editions to copy it into.")),
            _FORMAT,
            _RULEBOOK,
        ),
    ),
    "edition seal": Command(
        "edition:seal",
        N_("Write down what an issued edition means."),
        N_("""Write down what an issued edition means, file by file, in `editions.lock` beside it.

    With `--sign KEY` the lock is signed with an SSH key (`ssh-keygen -Y sign`)."""),
        (
            _argument("name", "EDITION"),
            _flag("--again", N_("Seal anew an edition whose meaning is not what was sealed.")),
            _path("--sign", "KEY", N_("Sign the lock with this SSH key.")),
            _RULEBOOK,
        ),
    ),
    "edition verify": Command(
        "edition:verify",
        N_("Hold sealed editions against their seals."),
        N_("""Work out anew what sealed editions mean, and name every value, file or comment that is not as it was sealed.

    With `--signers FILE --identity WHO` the signature of the lock is verified as well. Ends with 1 where a meaning changed."""),
        (
            _argument("names", "[EDITION...]", nargs=-1),
            _SIGNERS,
            _IDENTITY,
            _FORMAT,
            _RULEBOOK,
        ),
    ),
    "record": Command("", N_("Look after decision records."), N_("Look after decision records."), ()),
    "record verify": Command(
        "record:verify_records",
        N_("Hold a file of records against its hash chain."),
        _FIND,
        (
            _argument("path", "FILE", type=PATH),
            _option("--head", "HASH", N_("The head that was kept elsewhere; it must be in the chain.")),
            _path(
                "--head-file",
                "FILE",
                N_("The file in which `record head --sign` kept the head; with --signers, `FILE.head` where none is named."),
            ),
            _SIGNERS,
            _IDENTITY,
            _formats("text", "json"),
        ),
    ),
    "record head": Command(
        "record:show_head",
        N_("Print the head to keep elsewhere."),
        N_("""Print the head of the chain as a line for the minutes, with what it vouches for.

    With `--sign KEY` that is written to `FILE.head`, and signed with an SSH key (`ssh-keygen -Y sign`) in `FILE.head.sig`:
    send both to another office. `record verify FILE --signers SIGNERS --identity WHO` holds the file against them. Ends with 1
    where anything in the file is not as it was written; a broken chain is not signed."""),
        (
            _argument("path", "FILE", type=PATH),
            _path("--sign", "KEY", N_("Write the head to `FILE.head`, and sign it with this SSH key.")),
            _formats("text", "json"),
        ),
    ),
    "replay": Command(
        "record:replay_records",
        N_("Rate recorded cases again."),
        N_("""Rate every recorded case again under the edition pinned in its record, and demand the same verdict to the byte.

    A difference is put down to the rulebook, the case, the schemas or the engine, with the first step that differs. With
    `--against` the cases are rated under another edition, to see what it would have said: who moves, and the criterion that
    decides it. Ends with 1 where a verdict differs or the chain of records is broken."""),
        (
            _argument("path", "FILE", type=PATH),
            _option("--against", "EDITION", N_("Ask what this edition would have said.")),
            _RULEBOOK,
            _FORMAT,
        ),
    ),
    "test": Command(
        "test:test_cases",
        N_("Hold cases against what their authors expect."),
        N_("""Rate cases and hold each against what its author expects under `expect:`.

    A case that expects nothing fails, and so does a run without a case. It is shown which criteria no case has seen met, not
    met and unknown, and which figures no case has seen just below, exactly and just above. Ends with 1 where an expectation is
    not met, or where a small change of the rulebook would go unnoticed (`--mutate`)."""),
        (
            _argument("paths", "CASE...", nargs=-1, required=True, type=PATH),
            _flag("--mutate", N_("Make small changes to the rulebook, one at a time, and tell which of them no case notices.")),
            _path(
                "--suggest",
                "DIR",
                N_("Write the cases that are missing into this folder; what must come out of them, a person has to say."),
            ),
            _EDITION,
            _RULEBOOK,
            _formats("text", "json", "markdown", "junit"),
        ),
    ),
    "check": Command(
        "check:check_editions",
        N_("Hold editions against themselves."),
        N_("""Hold editions against themselves: every edition of the library, or those that are named.

    Tells what is wrong with their files, and what in them nothing uses, stands twice, is left out of the text or of one
    language, and where the sign or the figure of a condition is not the one of the phrase that it cites. Ends with 1 where
    something is found that is as bad as the fail level."""),
        (
            _argument("editions", "[EDITION...]", nargs=-1, shell_complete=_complete_edition),
            _choice("--fail-level", SEVERITIES, N_("How bad a finding must be for the command to end with 1."), default="error"),
            _flag(
                "--fix",
                _MEND,
            ),
            _RULEBOOK,
            _formats("text", "human", "json", "markdown", "github", "sarif", "junit"),
        ),
    ),
    "fmt": Command(
        "fmt:format_files",
        N_("Give YAML files their canonical layout."),
        N_("""Bring rulebook and case files into their canonical layout.

    PATH is a file, a folder that is searched, or `-` for standard input to standard output. Indentation, blank lines, line
    ends, the modeline for editors and the width of prose are set; comments and values stay as they are. Each file is read
    again before it is written, and refused if it would mean anything else."""),
        (
            _argument("paths", "PATH...", nargs=-1, required=True, type=PATH),
            _flag("--check", N_("Write nothing; end with 1 where a file would change, and name it.")),
            _flag("--diff", N_("Write nothing; show what would change.")),
            _FORMAT,
        ),
    ),
    "explain": Command(
        "explain:explain_codes",
        N_("Tell what a code means, and how it is mended."),
        N_("""Tell what a code means: what was found, why it is refused or reported, and how it is mended.

    CODE is a code as errors and findings show it, such as PE302. Without one, all codes are listed."""),
        (
            _argument("names", "[CODE...]", nargs=-1, shell_complete=_complete_code),
            _FORMAT,
        ),
    ),
}
