"""Proofs in sentences: what is proven of an edition, what is refuted by which case, what stays undecided."""

from collections.abc import Iterator, Mapping, Sequence

from policy_engine.errors import N_, Words
from policy_engine.explain.blocks import Explanation, Line, Section, outcome_word
from policy_engine.language.grammar import parse
from policy_engine.language.text import worded
from policy_engine.messages import sentence, translate
from policy_engine.model.rulebook import Edition
from policy_engine.prove.edition import Proof
from policy_engine.prove.claims import PROVEN, REFUTED, UNDECIDED_WORD, UNPROVABLE, Claim, ClaimPart, Region, Span, Witness

_MARKS = {PROVEN: "met", REFUTED: "not_met", UNDECIDED_WORD: "unknown"}
_TITLES = {
    "one_track": N_("Who belongs where"), "gap": N_("Gaps: cases for which no level holds"), "overlap": N_("Levels that hold at once"),
    "reachable": N_("Levels that can be reached"), "not_shadowed": N_("Criteria that never decide"),
    "nested": N_("The ladder of levels"), "monotone": N_("What more of a figure never does"),
}  # fmt: skip
_SECTION_OF = {"no_gap": "gap", "no_overlap": "overlap", "exception": "nested"}
_ALL_PROVEN = {
    "one_track": N_("no subject can belong to two tracks"),
    "no_gap": N_("there is no other gap"),
    "no_overlap": N_("no other two levels can hold at once"),
    "reachable": N_("every level can be reached: {subjects}"),
    "not_shadowed": N_("every criterion decides in some case ({count})"),
    "nested": N_("whoever meets a better level meets the worse ones too, but for what is listed here"),
}
_SAID: Mapping[tuple[str, str], Words] = {
    ("one_track", REFUTED): N_("a subject can belong to {0} and to {1} at once"),
    ("no_gap", REFUTED): N_("no level holds, and the edition does not declare it"),
    ("overlap", PROVEN): N_("{0} and {1} can hold at once; {0} goes first"),
    ("overlap", REFUTED): N_("a reading is named for levels that hold at once, but {0} and what follows it never do"),
    ("no_overlap", REFUTED): N_("{0} and {1} can hold at once, and no reading says which goes first"),
    ("reachable", REFUTED): N_("{0} can never be reached"),
    ("not_shadowed", REFUTED): N_("{0}: this criterion never decides, the others of its level already say it"),
    ("exception", PROVEN): N_("{0} can be given where a criterion of a worse level fails"),
    ("exception", REFUTED): N_("{0}: an exception is listed that never occurs"),
    ("nested", REFUTED): N_("{0} can hold where {1} does not, and the edition does not list it"),
    ("gap", REFUTED): N_("declared, but not so"),
    ("monotone", REFUTED): N_("this promise can be broken"),
}
_REASONS = {
    "not_real": N_("there is no such case"), "too_wide": N_("it also takes in cases that get a level"),
    "not_read": N_("the track does not read this figure"),
    "derived": N_("this figure follows from others; promise it of those"),
}  # fmt: skip
_UNDECIDED = N_("undecided: the solver's budget ran out, or a condition cannot be put to it")


class Teller:
    """Puts claims into one language."""

    def __init__(self, edition: Edition, language: str) -> None:
        """Take the edition, for the words of its levels and facts."""
        self.edition, self.language = edition, language

    def say(self, text: str, *about: object, **words: object) -> str:
        """Translate a marked text, its places filled."""
        return translate(text, self.language).format(*about, **words)

    def level(self, name: str) -> str:
        """Return the code of a level; another name as it is."""
        return self.edition.scale[name].code if name in self.edition.scale else outcome_word(name, self.language)

    def witness(self, witness: Witness) -> Line:
        """Show a smallest case: the facts that make it, and what comes out."""
        facts = "; ".join(f"{name}: {value}" for name, value in self.telling(witness))
        outcome = self.level(witness.outcome)
        return Line("note", self.say(N_("smallest case: {facts} → {outcome}"), outcome=outcome, facts=facts or "–"))

    def change(self, witness: Witness, then: Witness) -> Line:
        """Show what another value makes of a case."""
        facts = "; ".join(f"{name}: {value}" for name, value in then.facts.items() if witness.facts[name] != value)
        return Line("note", self.say(N_("but with {facts} → {outcome}"), outcome=self.level(then.outcome), facts=facts))

    def telling(self, witness: Witness) -> Iterator[tuple[str, str]]:
        """Return the facts of a case that are not what every plain case says: nothing grave, everything good, none of anything."""
        applies = next((track.applies_to.names for track in self.edition.tracks if track.id == witness.track), ())
        for name, value in witness.facts.items():
            plain = ("false" if self.edition.facts[name].locked else "true", "0", "0 months", "0%", "none", "[]")
            if value not in plain and name not in applies:
                yield name, value

    def region(self, region: Region) -> Iterator[str]:
        """Tell a region: the figure and between what it lies, else the criterion that fails."""
        for span in region.spans:
            yield self.say(N_("{range} of {figure}"), range=self.span(span), figure=self.figure(span))
        told = bool(region.spans)
        for part in region.parts if not told or len(region.parts) > 1 else ():
            yield self.part(part)

    def part(self, part: ClaimPart) -> str:
        """Tell a criterion that does not hold."""
        return self.say(N_("not so: {says}"), says=sentence(part.says, self.language).rstrip(" ."))

    def span(self, span: Span) -> str:
        """Tell the two ends of a span."""
        least = "" if span.least is None else self.say(N_("from {end}") if span.least_included else N_("over {end}"), end=span.least)
        most = "" if span.most is None else self.say(N_("up to {end}") if span.most_included else N_("below {end}"), end=span.most)
        return self.say(N_("{least} and {most}"), least=least, most=most) if least and most else least or most

    def figure(self, span: Span) -> str:
        """Name a figure by the labels of its facts, each in its place."""
        read = parse(span.figure).tree
        return worded(read, self.called) if read else span.figure

    def called(self, name: str) -> str:
        """Return what a fact is called, or the figure of a threshold."""
        if name in self.edition.facts:
            return sentence(self.edition.facts[name].label, self.language)
        owners = (self.edition.thresholds, *(track.thresholds for track in self.edition.tracks))
        return next((own[name].quantity.text for own in owners if name in own), name)


def explain_proof(proof: Proof, language: str, notes: Sequence[str] = ()) -> Explanation:
    """Put a proof into sentences, track by track."""
    teller = Teller(proof.edition, language)
    counts = {answer: sum(claim.answer == answer for claim in proof.claims) for answer in _MARKS}
    headline = teller.say(
        N_("Proven: {proven}. Refuted: {refuted}. Undecided: {undecided}."),
        proven=counts[PROVEN], refuted=counts[REFUTED], undecided=counts[UNDECIDED_WORD],
    )  # fmt: skip
    title = teller.say(N_("Edition {edition}: what holds in every case"), edition=proof.edition.id)
    outcome = "classified" if proof.passed else "gap"
    sections = [section for track in ("", *(t.id for t in proof.edition.tracks)) for section in _track(teller, proof, track)]
    return Explanation(title, headline, outcome, tuple(notes), tuple(sections))


def _track(teller: Teller, proof: Proof, track: str) -> Iterator[Section]:
    """Tell the claims about one track, kind by kind."""
    claims = [claim for claim in proof.claims if claim.track == track]
    label = next((sentence(t.label, teller.language) for t in proof.edition.tracks if t.id == track), "")
    for kind, title in _TITLES.items():
        mine = [claim for claim in claims if _SECTION_OF.get(claim.kind, claim.kind) == kind]
        if mine:
            yield Section(" · ".join(filter(None, (label, teller.say(title)))), tuple(_lines(teller, mine)))


def _lines(teller: Teller, claims: Sequence[Claim]) -> Iterator[Line]:
    """Tell claims of one kind: each that has something to show, then in one line that the rest is proven."""
    for claim in claims:
        if claim.answer != PROVEN or claim.kind in {"gap", "overlap", "exception", "monotone"}:
            yield from _claim(teller, claim)
    for kind, text in _ALL_PROVEN.items():
        mine = [claim for claim in claims if claim.kind == kind]
        if mine and all(claim.answer == PROVEN for claim in mine):
            subjects = ", ".join(teller.level(claim.about[0]) for claim in mine if claim.about)
            yield Line("met", teller.say(text, subjects=subjects, count=len(mine)))


def _claim(teller: Teller, claim: Claim) -> Iterator[Line]:
    """Tell one claim with its regions and its witness."""
    source = " · ".join(filter(None, (", ".join(claim.clauses), ", ".join(claim.declared))))
    yield Line(_MARKS[claim.answer], _sentence(teller, claim), source)
    for region in claim.regions:
        yield from (Line("note", text) for text in teller.region(region))
    if not claim.regions:
        yield from (Line("note", teller.part(part)) for part in claim.parts if claim.kind != "not_shadowed")
    if claim.witness:
        yield teller.witness(claim.witness)
    if claim.witness and claim.then:
        yield teller.change(claim.witness, claim.then)


def _sentence(teller: Teller, claim: Claim) -> str:
    """Say what a claim came to."""
    about = [teller.level(name) for name in claim.about]
    own = sentence(claim.says, teller.language).rstrip(" .") if claim.says else ""
    if claim.kind == "not_shadowed" and claim.parts:
        about = [sentence(claim.parts[0].says, teller.language).rstrip(" .")]
    if claim.answer == UNDECIDED_WORD:
        said = teller.say(_UNDECIDED) + (f" ({claim.reason.removeprefix(UNPROVABLE)})" if claim.reason else "")
        return ": ".join(filter(None, (own or ", ".join((claim.kind, *about)), said)))
    said = teller.say(_SAID[claim.kind, claim.answer], *about) if (claim.kind, claim.answer) in _SAID else ""
    reason = teller.say(_REASONS[claim.reason]) if claim.reason in _REASONS else ""
    return ": ".join(filter(None, (own, said, reason)))
