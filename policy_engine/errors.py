"""Every error of the engine: the tree of exceptions, and the catalogue of what can be wrong with input.

::

    PolicyEngineError
    ├── InputError      a case, rulebook or record is bad or missing; carries Problems   exit code 3
    ├── MissingExtraError    a command needs a library that is not installed         exit code 2
    └── EngineFaultError     the engine broke its own promise                            exit code 70

Wrong usage of the command line is click's `UsageError` (exit code 2).

A problem is data: a code, a place, the words that fill its sentence. Its text is made where it
is shown, in the reader's language. Each code has one wording, one page in `docs/errors/` and
one file in `cases/bad/`. Imports nothing but the places and the wording.
"""

from collections.abc import Mapping, Sequence

from policy_engine.messages import N_, Kind
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

CATALOGUE: Mapping[str, Kind] = {
    # 1xx: the text of a file
    "PE101": Kind(N_("the file is not UTF-8 text: byte `{byte}` cannot be read"), N_("save the file as UTF-8")),
    "PE102": Kind(N_("the file is larger than {limit} bytes"), N_("split the file; a case or a chapter is never this large")),
    "PE103": Kind(N_("nested deeper than {limit} levels"), N_("flatten this part of the file")),
    "PE104": Kind(N_("more than {limit} values in one file"), N_("split the file")),
    "PE105": Kind(N_("this line is not valid YAML: {found}"), "{remedy}"),
    "PE106": Kind(N_("the key `{key}` stands twice; it stood first in line {first}"),
        N_("keep one of the two; nothing is chosen for you")),
    "PE107": Kind(N_("anchors, aliases and merge keys are not allowed: `{found}`"), N_("write the value out in full")),
    "PE108": Kind(N_("tags and directives are not allowed: `{found}`"), N_("write the plain value")),
    "PE109": Kind(N_("`{found}` is read differently by different YAML readers"), N_("write {suggestion}")),
    "PE110": Kind(N_("`{key}` has no value"),
        N_("write `unknown` if it was not recorded, or `none` if it is known not to exist; else remove the line")),
    "PE111": Kind(N_("the file {found}"), N_("keep one document in a file")),
    "PE112": Kind(N_("the key `{found}` is not a text"), N_("write the key as plain text or in quotes")),
    "PE113": Kind(N_("`{found}` is no number that can be read exactly"),
        N_("write the figure itself, in at most 15 digits, or `unknown`")),
    "PE114": Kind(N_("the file cannot be read: {reason}"), N_("check the path and the rights on the file")),
    "PE116": Kind(N_("the folder holds more than {limit} {things}"),
        N_("name the folder that was meant; one that is really so large has to be split")),
    "PE117": Kind(N_("the line is longer than {limit} bytes"),
        N_("see whether the file is what it should be; a line that long is no row and no record")),
    "PE118": Kind(N_("there are {found} columns, and at most {limit} are read"),
        N_("delete the columns that are no facts; an edition has far fewer")),
    # 2xx: the shape of a file
    "PE201": Kind(N_("the key `{key}` is not known here{nearest}"), N_("keys known here: {known}")),
    "PE202": Kind(N_("the key `{key}` is missing{under}"), N_("add `{key}:` here")),
    "PE203": Kind(N_("found {found}, where {wanted} belongs"), N_("see the page of this error for the forms that are read")),
    "PE204": Kind(N_("`{found}` is not one of the values allowed here{nearest}"), N_("values allowed here: {known}")),
    "PE205": Kind(N_("the file does not fit its schema{under}: {words}"), N_("mend the value so that the sentence above holds")),
    "PE206": Kind(N_("`{found}` is no day of the calendar{nearest}"), N_("write year, month and day, like 2020-12-15")),
    # 3xx: conditions of a rulebook
    "PE301": Kind(N_("`{found}` is not in the condition language{hint}"), N_("see `docs/language.md` for what a condition may hold")),
    "PE302": Kind(N_("the name `{name}` is not declared{nearest}"), N_("declare it as a fact or a threshold, or correct its spelling")),
    "PE303": Kind(N_("found {found}, where {wanted} belongs"), N_("compare and add only values of the same kind")),
    "PE304": Kind(N_("the bare number `{found}` stands in a condition"),
        N_("name it under `thresholds:`, with its clause and its phrase, and use the name")),
    "PE305": Kind(N_("`{found}`: nothing says that `{whole}` is above zero"),
        N_("guard it with `applies_when: {whole} > 0`, or with a rule under `requires:`")),
    "PE306": Kind(N_("the condition is too large: at most {characters} characters and {depth} levels of nesting"),
        N_("split it into several criteria")),
    "PE307": Kind(N_("`{found}` is not a function call of the condition language"), N_("functions: {usage}")),
    "PE308": Kind(N_("`{found}` multiplies two facts"), N_("one factor of a product must be a threshold")),
    "PE309": Kind(N_("`{found}` is not a choice of this fact{nearest}"), N_("choices: {choices}")),
    # 4xx: an edition as a whole
    "PE401": Kind(N_("`{name}` is referred to here, but no {sort} of that name exists{nearest}"), N_("correct the name, or declare it")),
    "PE402": Kind(N_("the name `{name}` is declared twice; first at {first}"), N_("give each its own name")),
    "PE403": Kind(N_("the level `{level}` {fault}"), "{remedy}"),
    "PE404": Kind(N_("`{found}` is not a figure that can be read exactly{nearest}"),
        N_("write `50%`, `3`, `90 points`, `6 months` or a day like `2020-12-15`")),
    "PE405": Kind(N_("the edition has no file of the kind `{kind}:`"), N_("add a file that begins with `{kind}:`")),
    "PE406": Kind(N_("the edition has two files of the kind `{kind}:`; the other is {first}"), N_("keep one")),
    "PE407": Kind(N_("`{name}` is worked out from itself: {chain}"), N_("break the circle; write one of them as a plain fact")),
    "PE408": Kind(N_("the sentence has a placeholder `{{{name}}}` that no threshold fills{nearest}"),
        N_("use the name of a threshold of this track")),
    "PE409": Kind(N_("the name `{name}` cannot be used: {reason}"), N_("use small letters, digits and _, beginning with a letter")),
    "PE410": Kind(N_("the period ends on {until}, before it begins on {begins}"), N_("correct `from:` and `until:`")),
    "PE411": Kind(N_("an exception needs groups that are named after a case, which its condition is about"),
        N_("write under `per:` one of: {links}")),
    "PE412": Kind(N_("the list `{name}` is gathered from other cases, but its items have no {missing}"),
        N_("declare under `fields:` both `id` (text) and `level` (level)")),
    "PE413": Kind(N_("by the edition's own figures this can never hold: {rule}"), N_("correct the figures, or the rule")),
    # 5xx: a case
    "PE501": Kind(N_("the edition declares no fact `{name}`{nearest}"), N_("correct the name; facts that nobody declared are never read")),
    "PE502": Kind(N_("`{name}` is {found}, where {wanted} belongs"), N_("write {wanted}, or `unknown`")),
    "PE503": Kind(N_("`{found}` is not a choice of `{name}`{nearest}"), N_("choices: {choices}")),
    "PE504": Kind(N_("`{name}` is {given}, but the list `{items}` (line {line}) gives {counted}"),
        N_("correct the one or the other; neither is preferred")),
    "PE505": Kind(N_("these figures cannot all be right: {figures}"), N_("correct one of them (lines: {places}). {says}")),
    "PE506": Kind(N_("no figures could complete this case: {rules}"),
        N_("correct the facts that these rules hold against each other: {facts}")),
    "PE507": Kind(N_("`{name}` is `{found}`, but this fact always exists"), N_("write its value, or `unknown`")),
    "PE508": Kind(N_("`{name}` is {given}, but `{source}` stands in for it here, and that is {other}"),
        N_("leave `{name}` out, or make `{condition}` true")),
    "PE509": Kind(N_("`{name}` is {given}, but what it follows from gives {derived}: {rule}"),
        N_("correct the one or the other; neither is preferred")),
    "PE510": Kind(N_("several tracks apply to this case: {tracks}"), N_("the rulebook must tell them apart under `applies_to:`")),
    "PE511": Kind(N_("no case file was found in `{folder}`"), N_("name a case file, or a folder that holds some")),
    "PE512": Kind(N_("the case `{name}` stands twice; the other is {first}"), N_("give each case its own name under `case:`")),
    "PE515": Kind(N_("`{path}` is a table of rows, not a case file"),
        N_("rate its rows with `policy-engine batch {path} --to ANSWERS.csv`")),
    "PE516": Kind(N_("a round is a folder of case files, and `{path}` is one file"),
        N_("name its folder, or rate this case alone with `policy-engine evaluate {path}`")),
    # 6xx: the library of editions
    "PE601": Kind(N_("there is no edition `{name}`{nearest}"), N_("editions here: {known}")),
    "PE602": Kind(N_("no edition governs the period {period}"), N_("editions here: {known}")),
    "PE603": Kind(N_("the edition `{name}` does not govern the period {period}, which the case names"),
        N_("correct `edition:` or `period:`")),
    "PE604": Kind(N_("two editions are named `{name}`; the other is {first}"), N_("give each edition its own id")),
    "PE605": Kind(N_("two editions govern the period {period}: {known}"), N_("name one of them under `edition:`")),
    "PE606": Kind(N_("the case names neither an edition nor a period"),
        N_('write `edition: "2020"` with the id of the edition, or `period:`')),
    "PE607": Kind(N_("no edition was found in `{folder}`"), N_("name the folder that holds the editions with `--rulebook`")),
    "PE608": Kind(N_("the edition `{name}` is sealed, and `{path}` was changed: sealed as `{sealed}`, found `{found}`"),
        N_("put the value back; to change the rules, make a new edition: policy-engine edition new")),
    "PE609": Kind(N_("the edition `{name}` is sealed, and this file of it is missing"), N_("put the file back")),
    "PE610": Kind(N_("the edition `{name}` is sealed, and this file was added to it"),
        N_("take the file away; to change the rules, make a new edition: policy-engine edition new")),
    "PE611": Kind(N_("the file of records is empty"), N_("name a file that `--record` wrote")),
    "PE612": Kind(
        N_("no edition governs the period {period}: it lies in a gap between `{before}`, up to {until}, and `{after}`, from {begins}"),
        N_("correct the period, or close the gap: a case never falls through to another edition")),
    "PE613": Kind(N_("this is no line of a lock: `{found}`"),
        N_("put `editions.lock` back as it was when the editions were sealed; nothing beside a lock that is not whole is taken for "
           "issued")),
    "PE614": Kind(N_("`{name}` stands twice in the lock; it stood first in line {first}"),
        N_("put `editions.lock` back as it was when the editions were sealed; nothing is chosen for you")),
    "PE615": Kind(N_("the lock is not whole: of the edition `{name}` it lacks the first line, or the lines of its files"),
        N_("put `editions.lock` back as it was when the editions were sealed")),
    "PE616": Kind(N_("the edition `{name}` is sealed, and its folder is not there"),
        N_("put the folder back; of an edition that is withdrawn, take the lines out of the lock, and sign it anew")),
    "PE617": Kind(N_("`{name}` cannot be the id of an edition"),
        N_("use letters, digits, dots and dashes, beginning with a letter or digit")),
    "PE618": Kind(N_("the first file of an edition, with `edition:`, is `edition.yaml` in its folder, not `{found}`"),
        N_("name it `edition.yaml`: by that file an edition is found, and its seal")),
    "PE620": Kind(N_("this file keeps no head of a chain of records"), N_("name a file that `record head FILE --sign KEY` wrote")),
    "PE622": Kind(N_("another run has held this file for {seconds} seconds; nothing was recorded"),
        N_("wait until it is done, or stop it, and run this again")),
    # 7xx: a round
    "PE701": Kind(N_("`{link}: {name}` names no case of this round{nearest}"),
        N_("correct the name, add the case, or list the unit in the file `round:`")),
    "PE702": Kind(N_("these cases wait for each other, so none can be rated first: {chain}"), N_("correct one of the links: {places}")),
    "PE703": Kind(N_("the name `{name}` is used twice in this round; the other is {first}"),
        N_("give each case its own name under `case:`")),
    "PE704": Kind(N_("`{name}` is {given}, but the cases of this round that name `{case}` as their {link} give {counted}"),
        N_("correct the figure, or the cases: {cases}")),
    "PE705": Kind(N_("`{link}: {name}` could mean several cases of this round: {cases}"), N_("write the name that stands under `case:`")),
    "PE706": Kind(N_("this case is rated under edition {name}, but the round under {other}"),
        N_("a round is one year; move the case, or name one edition with `--edition`")),
    "PE707": Kind(N_("this folder has two files `round:`; the other is {first}"), N_("keep one")),
    # 80x to 82x: an edition held against itself
    # What nothing uses
    "PE801": Kind(N_("nothing reads the fact `{name}`, which stands for {clause}"),
        N_("use it in a rule of that clause, or take it away; a fact kept only for old cases cites no clause")),
    "PE802": Kind(N_("the fact `{name}` is declared but unused"), N_("take it away, unless old cases state it"), "note"),
    "PE803": Kind(N_("no condition uses the threshold `{name}`"),
        N_("use it where its figure decides something, or take it away"), "warning"),
    "PE804": Kind(N_("nothing rests on the interpretation `{name}`"),
        N_("name it under `interpretations:` of what rests on it, or take it away"), "warning"),
    "PE805": Kind(N_("no track uses the shared criterion `{name}`"), N_("take it up with `use:`, or take it away"), "warning"),
    "PE806": Kind(N_("no route names the body `{name}`"), N_("name it in a route, or take it away")),
    # What stands twice
    "PE807": Kind(N_("`{name}` asks the same as `{other}` in the same level (line {line}): {condition}"),
        N_("keep one of the two, or correct the condition that was copied"), "warning"),
    "PE808": Kind(N_("`{name}` asks the same as `{other}` of another level (line {line}): {condition}"),
        N_("if one criterion is meant, write it once under `criteria:` and take it up with `use:`"), "note"),
    # The text
    "PE809": Kind(N_("the clause {clause} is neither encoded nor explained"),
        N_("encode it, or say under `why_not:` why nothing does"), "warning"),
    "PE810": Kind(N_("{sort} `{name}` cites {clause}, which the clause map does not list{nearest}"),
        N_("correct the cite, or add the clause to the file `clauses:`")),
    "PE811": Kind(N_("the edition has no clause map, so nothing tells which clauses of the text it leaves out"),
        N_("add a file `clauses:`"), "note"),
    # The two languages
    "PE812": Kind(N_("the sentence under `{here}:` has no `{{{name}}}`, but the one under `{other}:` has"),
        N_("show the same figures in every language"), "warning"),
    "PE813": Kind(N_("the sentence is the same in every language: {sentence}"),
        N_("translate it; if it is a name that stays, leave it"), "warning"),
    # Conditions against the operative words
    "PE814": Kind(N_("the condition says `{found}`, but the phrase “{phrase}” says `{means}` (“{word}”)"),
        N_("write `{wanted}`, or correct the phrase if the text says otherwise")),
    "PE815": Kind(N_("the value of `{name}` is {value}, but its phrase “{phrase}” says {found}"),
        N_("correct the value, or the phrase if the text says otherwise")),
    "PE816": Kind(N_("`{found}`: the phrase “{phrase}” holds none of the operative words, so nothing bears the sign out"),
        N_("copy the word that stands there into the phrase, or add it to the file `operative_words:`"), "note"),
    "PE817": Kind(N_("the phrase “{phrase}” says `{means}` (“{word}”), but no comparison of the condition answers to it: {condition}"),
        N_("see that the fact is asked in just these words, or compare with a threshold"), "note"),
    "PE818": Kind(N_("the phrase “{phrase}” of `{name}` holds no figure, so nothing bears {value} out"),
        N_("copy the figure into the phrase; a figure in words belongs into the file `operative_words:`"), "note"),
    "PE819": Kind(N_("the edition has thresholds but no file `operative_words:`, so nothing was held against its phrases"),
        N_("add the file, with the words of the text that mean at least, at most, more, less, every"), "note"),
    # The register, and the files
    "PE820": Kind(N_("interpretations not accepted yet: {says}"),
        N_("let the policy owner decide, then write `status: accepted`"), "note"),
    "PE821": Kind(N_("letters of this line are written in pieces (not NFC), so that a search does not find them"),
        N_("`policy-engine check --fix` composes them"), "warning"),
    "PE822": Kind(N_("the file has no line that tells editors its schema, as the others have"),
        N_("`policy-engine check --fix` adds: {line}"), "note"),
    # The scale
    "PE207": Kind(N_("the level `{level}` cites no clause, though others of the scale do"),
        N_("add `cite:` with the clause that defines it"), "warning"),
    # What is distinguished and passed by
    "PE823": Kind(N_("the chapter {part} does not say whether it is for the track `{name}`, which would be asked nothing of it: {rules}"),
        N_("name the track under `tracks:`, or under `except:` with the reason")),
    "PE824": Kind(N_("the chapter {part} tells `{of}` apart and never names `{name}`, which these rules do not reach: {rules}"),
        N_("name it in the conditions of those that hold for it too, or under `except:` of the chapter with the reason")),
    "PE825": Kind(N_("the tracks are kept apart by `{of}`, and none names `{name}`, so whoever has it may belong to none: {rules}"),
        N_("name it under `applies_to:` of the track that it belongs to, or under `except:` of a file of facts with the reason")),
    "PE826": Kind(N_("the edition tells `{of}` apart, and nothing in it names `{name}`, which these do not reach: {rules}"),
        N_("name it in those that hold for it too, take it away, or name it under `except:` of a file of facts with the reason")),
    "PE827": Kind(N_("`{name}` of `{of}` stands under `except:`, but nothing there would pass it by"),
        N_("take it out of `except:`; an exemption that is not needed hides the next item that is passed by"), "warning"),
    # 84x: the layout of files
    "PE840": Kind(N_("the file cannot be laid out without changing what it means, so it is left as it is"),
        N_("write what stands here in quotes, and indent the file from the left margin on")),
    "PE841": Kind(N_("no YAML file was found in `{folder}`"), N_("name a YAML file, or a folder that holds some")),
    # 85x: rows of a batch
    "PE850": Kind(N_("the edition declares no fact `{name}`, which is a column here{nearest}"),
        N_("write the name or the label of a fact, `case` over what tells rows apart, or hand the column on as it is with `--keep`")),
    "PE851": Kind(N_("the column `{name}` holds {found}, and no such value can be {wanted}"),
        N_("write the column anew, with values of that kind")),
    "PE852": Kind(N_("`{name}` is {found}, which does not fit 64 bits"), N_("write the figure itself, or leave the cell empty")),
    "PE853": Kind(N_("no file of rows was found at `{path}`"),
        N_("name files of the kinds Parquet, CSV or JSONL, or a folder that holds some; case files (YAML) are rated by "
           "`policy-engine round` and `policy-engine evaluate`")),
    "PE854": Kind(N_("the file cannot be read as {format}: {reason}"), N_("check the file; `--from-format` says what it is")),
    "PE855": Kind(N_("there is not one row here"), N_("name files that hold rows")),
    "PE856": Kind(N_("this line is not one JSON object: {found}"), N_("write one object in braces a line")),
    "PE857": Kind(N_("there is no column `{name}` to keep{nearest}"), N_("correct the name after `--keep`")),
    "PE858": Kind(N_("two columns are `{name}`: {one} and {other}"), N_("keep one of the two; nothing is chosen for you")),
    "PE859": Kind(N_("cells in the row: {found}; headings: {wanted}"),
        N_("write one cell for each heading; a text with the separator in it stands in quotes")),
    "PE860": Kind(N_("the case `{name}` stands twice; it stood first at {first}"),
        N_("keep one of the two rows, or give each its own name")),
    "PE861": Kind(N_("the key `{key}` stands twice in one object"), N_("keep one of the two; nothing is chosen for you")),
    "PE862": Kind(N_("`{found}` is no character of a UTF-8 text"),
        N_("write this row anew, and save the file as UTF-8 (in Excel: “CSV UTF-8”)")),
    "PE863": Kind(N_("the file is not saved as UTF-8: byte `{byte}` cannot be read"),
        N_("in Excel: File, Save As, file type “CSV UTF-8 (Comma delimited)”; elsewhere choose the coding UTF-8")),
    "PE864": Kind(N_("a quote opens a cell here, and does not close it before the next separator or the end of the row"),
        N_("close the quote; a quote inside of a quoted cell is written twice")),
    "PE865": Kind(N_("the headings do not tell which of these signs separates the cells: {found}"),
        N_("say which with `--separator`, or put headings with such a sign in quotes")),
    "PE866": Kind(N_("the column {column} has no heading, but has cells"),
        N_("write a heading over it (`case` where it tells rows apart), or delete the column; pandas writes none with `index=False`")),
    # 87x: the cells of a table
    "PE870": Kind(N_("`{found}` can mean two things for `{name}`: {one}, or {other}"),
        N_("write it so that it means only one of the two; `docs/cells.md` shows the spellings")),
    "PE871": Kind(N_("`{found}` is no day for `{name}`: there is no month {month}; with the month first it would be {day}"),
        N_("write the day before the month, as in `15/12/2020`, or the year first, as in `2020-12-15`")),
    "PE872": Kind(N_("`{found}` is no day for `{name}`: the year has two digits"), N_("write the year in full, as in `15/12/2020`")),
    "PE873": Kind(N_("`{found}` is a time of a day, and `{name}` asks for a day"), N_("write the day alone, as in `15/12/2020`")),
    "PE874": Kind(N_("`{found}` is a number, and `{name}` asks for a day; a spreadsheet shows this number as the day {day}"),
        N_("let the spreadsheet write the cell as a day, as in `15/12/2020`")),
    "PE875": Kind(N_("`{name}` is `{found}`: a formula of a spreadsheet that failed"),
        N_("mend the formula, or leave the cell empty if nothing was recorded")),
    "PE876": Kind(N_("`{name}` holds bytes that are no UTF-8 text: {found}"), N_("write the column anew as a column of texts")),
    # 88x: what bears the name of a file
    "PE880": Kind(N_("this bears the name of a file, but is {found}"), N_("move it out of the folder: only regular files are read there")),
    # 886 to 889: what cannot be written
    "PE886": Kind(N_("this cannot be written: {reason}"),
        N_("make room there and in the folder for temporary files, or name another place; what stood there before is as it was")),
    "PE887": Kind(N_("the answer cannot be written to standard output: {reason}"),
        N_("make room where it goes, or write it elsewhere, and run the command again: what was printed of it may not be the whole")),
}  # fmt: skip
"""Every code: what was found, and what to do."""
FINDINGS: Mapping[str, Kind] = {code: entry for code, entry in CATALOGUE.items() if code[2:4] in {"80", "81", "82"} or code == "PE207"}
"""What `check` finds by holding an edition against itself; the others keep an input from being read."""
FIXABLE = ("PE821", "PE822")
"""What `--fix` mends: neither changes what a file means."""


class Problem(NamedTuple):
    """One thing wrong with input: the code, the place, the words for its sentence, and the line of the file as it stands."""

    code: str
    location: Location
    details: Mapping[str, str]
    excerpt: str = ""


def problem_in(lines: Sequence[str], code: str, location: Location, details: Mapping[str, str]) -> Problem:
    """Return a problem at a place of a file, with the line as it stands there."""
    return Problem(code, location, details, lines[location.line - 1] if 0 < location.line <= len(lines) else "")


class PolicyEngineError(Exception):
    """The root of every exception that the engine raises on purpose."""


class InputError(PolicyEngineError):
    """Input is bad or missing; all that is wrong with it at once: sorted by place, each problem once, with how often it was met.

    One of a rulebook is met in every case.
    """

    def __init__(self, problems: "tuple[Problem, ...] | list[Problem]") -> None:
        met: dict[tuple[object, ...], list[Problem]] = {}
        for problem in problems:
            met.setdefault((problem.location, problem.code, *sorted(problem.details.items())), []).append(problem)
        ordered = sorted(met.values(), key=lambda same: (same[-1].location, same[-1].code))
        self.problems = tuple(same[-1] for same in ordered)
        self.times = tuple(map(len, ordered))
        super().__init__("; ".join(f"{p.location.file}:{p.location.line}: {p.code}" for p in self.problems))


class MissingExtraError(PolicyEngineError):
    """A command needs a library that is not installed; the sentence says which extra installs it."""

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(f"{module}: pip install 'policy-engine[{extra}]'")


class EngineFaultError(PolicyEngineError):
    """The engine broke its own promise; never the user's doing."""
