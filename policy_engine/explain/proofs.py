"""Proofs in sentences: what is proven of an edition, what is refuted by which case, what stays undecided."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from policy_engine.explain.blocks import Explanation, Line, Section, Wording, source
from policy_engine.language.grammar import parse
from policy_engine.language.text import worded
from policy_engine.messages import N_, Words
from policy_engine.model.rulebook import Edition
from policy_engine.prove.claims import PROVEN, REFUTED, UNDECIDED_WORD, UNPROVABLE, Claim, ClaimPart, Span, Witness
from policy_engine.prove.edition import Proof

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
    ("overlap", REFUTED): N_("an interpretation is named for levels that hold at once, but {0} and what follows it never do"),
    ("no_overlap", REFUTED): N_("{0} and {1} can hold at once, and no interpretation says which goes first"),
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


class ProofWording(Wording):
    """The words of one edition for what is proven of it."""

    def __init__(self, language: str, edition: Edition) -> None:
        super().__init__(language, edition)
        self.edition = edition

    def notable_facts(self, witness: Witness) -> Iterator[tuple[str, str]]:
        """Return the facts of a case that are not what every plain case says: nothing grave, everything good, none of anything."""
        applies = next((track.applies_to.names for track in self.edition.tracks if track.id == witness.track), ())
        for name, value in witness.facts.items():
            plain = ("false" if self.edition.facts[name].locked else "true", "0", "0 months", "0%", "none", "[]")
            if value not in plain and name not in applies:
                yield name, value

    def lines(self, claims: Sequence[Claim]) -> Iterator[Line]:
        """Return claims of one kind: each that has something to show, then in one line that the rest is proven."""
        for claim in claims:
            if claim.answer != PROVEN or claim.kind in {"gap", "overlap", "exception", "monotone"}:
                yield Line(_MARKS[claim.answer], self._sentence(claim), source(", ".join(claim.clauses), claim.declared))
                yield from (Line("note", text) for text in self._grounds(claim))
        for kind, text in _ALL_PROVEN.items():
            mine = [claim for claim in claims if claim.kind == kind]
            if mine and all(claim.answer == PROVEN for claim in mine):
                subjects = ", ".join(self.code(claim.about[0]) for claim in mine if claim.about)
                yield Line("met", self.say(text, subjects=subjects, count=len(mine)))

    def _sentence(self, claim: Claim) -> str:
        about = [self.code(name) for name in claim.about]
        own = self.bare(claim.says) if claim.says else ""
        if claim.kind == "not_shadowed" and claim.parts:
            about = [self.bare(claim.parts[0].says)]
        if claim.answer == UNDECIDED_WORD:
            said = self.say(_UNDECIDED) + (f" ({claim.reason.removeprefix(UNPROVABLE)})" if claim.reason else "")
            return ": ".join(filter(None, (own or ", ".join((claim.kind, *about)), said)))
        said = self.say(_SAID[claim.kind, claim.answer]).format(*about) if (claim.kind, claim.answer) in _SAID else ""
        reason = self.say(_REASONS[claim.reason]) if claim.reason in _REASONS else ""
        return ": ".join(filter(None, (own, said, reason)))

    def _grounds(self, claim: Claim) -> Iterator[str]:
        """Say where a claim holds, or which criteria fail; then its smallest case, and what another value makes of it."""
        for region in claim.regions:
            for span in region.spans:
                yield self.say(N_("{range} of {figure}"), range=self._span(span), figure=self._figure(span))
            yield from map(self._part, region.parts if not region.spans or len(region.parts) > 1 else ())
        if not claim.regions and claim.kind != "not_shadowed":
            yield from map(self._part, claim.parts)
        first, then = claim.witness, claim.then
        if first:
            facts = "; ".join(f"{name}: {value}" for name, value in self.notable_facts(first))
            yield self.say(N_("smallest case: {facts} → {outcome}"), outcome=self.code(first.outcome), facts=facts or "–")
        if first and then:
            facts = "; ".join(f"{name}: {value}" for name, value in then.facts.items() if first.facts[name] != value)
            yield self.say(N_("but with {facts} → {outcome}"), outcome=self.code(then.outcome), facts=facts)

    def _part(self, part: ClaimPart) -> str:
        return self.say(N_("not so: {says}"), says=self.bare(part.says))

    def _span(self, span: Span) -> str:
        least = "" if span.least is None else self.say(N_("from {end}") if span.least_included else N_("over {end}"), end=span.least)
        most = "" if span.most is None else self.say(N_("up to {end}") if span.most_included else N_("below {end}"), end=span.most)
        return self.say(N_("{least} and {most}"), least=least, most=most) if least and most else least or most

    def _figure(self, span: Span) -> str:
        """Name a figure by the labels of its facts, each in its place; a threshold by its figure."""
        tree = parse(span.figure).tree
        owners = (self.edition.thresholds, *(track.thresholds for track in self.edition.tracks))
        figures = {name: own[name].quantity.text for own in reversed(owners) for name in own}
        return (
            worded(tree, lambda name: self.label(name) if name in self.edition.facts else figures.get(name, name)) if tree else span.figure
        )


def explain_proof(proof: Proof, language: str, notes: Sequence[str] = ()) -> Explanation:
    """Put a proof into sentences, track by track and kind by kind."""
    wording = ProofWording(language, proof.edition)
    counts = Counter(claim.answer for claim in proof.claims)
    sections: list[Section] = []
    for track in ("", *(track.id for track in proof.edition.tracks)):
        label = next((wording.text(one.label) for one in proof.edition.tracks if one.id == track), "")
        for kind, title in _TITLES.items():
            mine = [one for one in proof.claims if one.track == track and _SECTION_OF.get(one.kind, one.kind) == kind]
            if mine:
                sections.append(Section(source(label, (wording.say(title),)), tuple(wording.lines(mine))))
    return Explanation(
        title=wording.say(N_("Edition {edition}: what holds in every case"), edition=proof.edition.id),
        headline=wording.say(
            N_("Proven: {proven}. Refuted: {refuted}. Undecided: {undecided}."),
            proven=counts[PROVEN], refuted=counts[REFUTED], undecided=counts[UNDECIDED_WORD],
        ),
        outcome="classified" if proof.passed else "gap", notes=tuple(notes), sections=tuple(sections),
    )  # fmt: skip
