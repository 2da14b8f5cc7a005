"""Two editions held against each other, in sentences: a line a difference, with its clause; what moves stands in `shift`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policy_engine.compare.differences import KINDS, FieldChange, PartDifference, Shown
from policy_engine.explain.blocks import Explanation, Line, Section, Wording, counted, filled, source
from policy_engine.messages import LANGUAGES, N_, with_unit
from policy_engine.model.rulebook import Edition, Track
from policy_engine.model.sites import SORTS

if TYPE_CHECKING:  # two editions are compared without the solver
    from policy_engine.prove.transitions import Passage, Passages


def passage_sections(passages: "Passages", language: str) -> Iterator[Section]:
    """Return every pair of tracks that can differ, those that cannot in a line each, and the facts that only one edition knows."""
    wording = Wording(language)
    same: list[Line] = []
    for passage in passages.passages:
        sides = ((passages.before, passage.before), (passages.after, passage.after))
        labels = [f"{one.id} · {next(wording.text(track.label) for track in one.tracks if track.id == name)}" for one, name in sides]
        title = " → ".join(labels)
        if passage.can_differ:
            yield Section(title, tuple(_passed(passages, passage, language)))
        else:
            same.append(Line("met", title))
    if same:
        yield Section(wording.say(N_("Proven: no case comes out otherwise")), tuple(same))
    before, after = passages.before.id, passages.after.id
    apart = (
        (N_("Only {edition} asks: {names}"), before, passages.only_before),
        (N_("Only {edition} asks: {names}"), after, passages.only_after),
        (N_("Declared otherwise in {edition}, so held apart: {names}"), after, passages.apart),
        (N_("Subjects of these tracks may belong to no track of {edition}: {names}"), after, passages.lost),
    )
    lines = [Line("note", wording.say(text, edition=edition, names=", ".join(names))) for text, edition, names in apart if names]
    if lines:
        yield Section(wording.say(N_("What the two editions do not share")), tuple(lines))


def _passed(passages: "Passages", passage: "Passage", language: str) -> Iterator[Line]:
    """Return the transitions of a pair of tracks: those that are possible, with a smallest case, and how many are not."""
    from policy_engine.explain.proofs import ProofWording
    from policy_engine.prove.claims import PROVEN, UNPROVABLE

    first, second = ProofWording(language, passages.before), ProofWording(language, passages.after)
    if passage.reason:
        yield Line("unknown", first.say(N_("undecided: {reason}"), reason=passage.reason.removeprefix(UNPROVABLE)))
    for one in passage.transitions:
        words = {"before": first.code(one.before), "after": second.code(one.after)}
        if one.before == one.after and one.answer == PROVEN:
            continue
        if one.answer != PROVEN or one.witness is None:
            yield Line("unknown", first.say(N_("{before} → {after}: undecided"), **words))
        else:
            shown = dict((*first.notable_facts(one.witness[0]), *second.notable_facts(one.witness[1])))
            facts = "; ".join(f"{name}: {value}" for name, value in shown.items()) or "–"
            yield Line("note", first.say(N_("{before} → {after}; smallest case: {facts}"), facts=facts, **words))
    if passage.excluded:
        yield Line("met", first.say(N_("proven: no other change is possible ({excluded} excluded)"), excluded=passage.excluded))


_FIELDS = {
    "status": N_("status"), "from": N_("first day of the period"), "until": N_("last day of the period"), "in_force": N_("in force"),
    "supersedes": N_("replaces"), "encoded_at": N_("encoded on"), "title": N_("title"), "issuer": N_("issuer"), "notes": N_("notes"),
    "day": N_("day"), "code": N_("short code"), "aliases": N_("other spellings"), "label": N_("label"), "clause": N_("clause"),
    "phrase": N_("operative words"), "type": N_("type"), "choices": N_("choices"), "fields": N_("fields of an item"),
    "counted_from": N_("counted from"), "derived": N_("worked out as"), "when_absent": N_("where nothing is stated"),
    "gathered_from": N_("gathered along"), "fixed": N_("fixed"), "locked": N_("cannot be changed afterwards"),
    "may_be_none": N_("may not exist"), "readings": N_("rests on"), "unit": N_("unit of measure"), "asks": N_("question"),
    "choice_labels": N_("words of the choices"), "field_labels": N_("words of the fields"), "holds": N_("must hold"),
    "says": N_("sentence"), "applies_to": N_("applies to"), "mode": N_("asks for"), "outcome": N_("outcome"), "level": N_("level"),
    "condition": N_("condition"), "applies_when": N_("applies when"), "applies_readings": N_("its applying rests on"),
    "steps": N_("steps"), "unless": N_("unless"), "take": N_("takes"), "reading": N_("read so"), "silent_on": N_("silent on"),
    "text_says": N_("the text"), "alternatives": N_("other interpretations"), "tracks": N_("tracks"), "duty": N_("duty"),
    "body": N_("body"), "in_time": N_("in time when"), "severity": N_("severity"), "relation": N_("relation"), "other": N_("held against"),
    "on_breach": N_("on a breach"), "when": N_("condition"), "at_most": N_("at most"), "base": N_("out of"), "per": N_("per"),
    "rounding": N_("rounding"), "counted": N_("levels counted"), "exception_at_most": N_("at most, by exception"),
    "exception_where": N_("the exception applies where"), "starts": N_("begins with"), "why_not": N_("not encoded because"),
    "leaves_out": N_("leaves out"), "order": N_("order"), "value": N_("figure"), "signs": N_("words of signs"),
    "units": N_("words of units"), "figures": N_("figures in words"), "days": N_("forms of days"), "decimal": N_("decimal sign"),
    "where": N_("where"), "without": N_("does not ask"), "more": N_("more of"), "never": N_("never"),
    "otherwise": N_("otherwise"), "otherwise_when": N_("otherwise, where"), "otherwise_readings": N_("otherwise rests on"),
    "otherwise_says": N_("otherwise, in words"), "except": N_("left out on purpose"), "except_says": N_("left out because"),
}  # fmt: skip
_WORDS = {
    "issued": N_("issued"), "draft": N_("draft"), "accepted": N_("accepted"), "proposed": N_("proposed, not yet accepted"),
    "all_of": N_("all of its criteria"), "any_of": N_("any of its criteria"),
    "gap": N_("no level"), "classified": N_("a level"), "decided_by_authority": N_("the authority decides"),
    "lowers": N_("lowers the level"), "raises": N_("raises the level"),
}  # fmt: skip
_SPOKEN = {"status", "mode", "outcome", "never", "otherwise"}
"""Fields that hold words of the rulebook language, that are shown in the reader's words."""
_QUOTED = {"phrase", "starts"}
_GROUPS = {
    "level": N_("Levels of the scale"), "fact": N_("Facts"), "invariant": N_("Facts"), "threshold": N_("Figures known everywhere"),
    "reading": N_("Interpretations of the register"), "body": N_("Bodies"), "clause": N_("Clauses of the text"),
    "clause_map": N_("Clauses of the text"),
}  # fmt: skip
_TELLING = {"label", "says", "silent_on", "title"}
_SAID = {*_TELLING, "clause", "asks", "text_says", "alternatives", "choice_labels", "field_labels", "unit"}
"""Fields of a part that was added or dropped which need not be shown: its clause and its sentence say as much."""
_MANY = 20
"""From how many differences on they are counted by sort first."""


def explain_changes(
    before: Edition, after: Edition, changes: Sequence[PartDifference], language: str, notes: Sequence[str] = ()
) -> Explanation:
    """Put the differences between two editions into sentences."""
    return _Differences(before, after, language).explanation(changes, notes)


class _Differences(Wording):
    """Two editions, on their way into one language; a level is called as the later one calls it."""

    def __init__(self, before: Edition, after: Edition, language: str) -> None:
        super().__init__(language, after, before)
        self.before, self.after = before, after

    def code(self, name: str | None) -> str:
        """Return the short code of a level; what is no level stays as it is, also where it is called like an outcome."""
        return super().code(name) if any(name in edition.scale for edition in self.editions) else name or ""

    def explanation(self, changes: Sequence[PartDifference], notes: Sequence[str]) -> Explanation:
        """Put the parts together: what decides something by where it belongs, then what is only worded or ordered otherwise."""
        groups: dict[str, list[Line]] = {}
        last = self.say(N_("Wording and order: nothing is decided otherwise"))
        for change in changes:
            groups.setdefault(last if change.wording else self._group(change), []).append(self._line(change))
        sections = [Section(title, tuple(groups[title])) for title in sorted(groups, key=lambda title: title == last)]
        kinds = Counter(change.change for change in changes if not change.wording)
        text = N_("Differences: {count} (added {added}, dropped {dropped}, changed {changed}); in wording or order alone: {wording}")
        wording = len(changes) - kinds.total()
        words = {kind: kinds[kind] for kind in KINDS}
        return Explanation(
            title=self.say(N_("From edition {before} to {after}"), before=self.before.id, after=self.after.id),
            headline=self.say(text, count=kinds.total(), wording=wording, **words) if changes else self.say(N_("No difference")),
            outcome="map", notes=tuple(notes), sections=(*filled(self._overview(changes)), *sections),
        )  # fmt: skip

    def _overview(self, changes: Sequence[PartDifference]) -> Section:
        """Where there are many differences, count them by sort before they are named one by one."""
        if len(changes) <= _MANY:
            return Section("")
        counts: dict[str, Counter[str]] = {}
        for change in changes:
            sort = self.say(N_("order")) if change.sort == "order" else self.say(SORTS[change.sort])
            counts.setdefault(sort, Counter()).update((change.change,))
        rows = ((sort, *counted(*(found[kind] for kind in KINDS))) for sort, found in counts.items())
        return Section(self.say(N_("Overview")), table=self.table((N_("part"), N_("added"), N_("dropped"), N_("changed")), rows))

    def _group(self, change: PartDifference) -> str:
        """Return the heading that a change stands under: its track, its chapter, or its sort."""
        owner = change.owner
        if owner.kind == "track":
            track = self._track(change)
            return f"{self.text(track.label)} [{track.citation.clause}]" if track else owner.id
        if owner.kind == "chapter":
            chapters = (*self.after.chapters, *self.before.chapters)
            return f"{owner.id} · {next((self.text(one.label) for one in chapters if one.clause == owner.id), '')}"
        return self.say(_GROUPS.get(change.id if change.sort == "order" else change.sort, N_("The edition itself")))

    def _track(self, change: PartDifference) -> Track | None:
        """Return the track that a change belongs to, as the edition that still has it says."""
        sides = (self.before, self.after) if change.change == "dropped" else (self.after, self.before)
        return next((track for side in sides for track in side.tracks if track.id == change.owner.id), None)

    def _line(self, change: PartDifference) -> Line:
        text = self._threshold(change) if change.sort == "threshold" else self._part(change)
        if change.change != "changed":
            text = self.say(N_("added: {what}") if change.change == "added" else N_("dropped: {what}"), what=text)
        named = change.id if change.sort not in {"order", "clause", "chapter"} and change.id not in text else ""
        return Line("not_applicable" if change.change == "dropped" else "note", text, source(change.clause, (), named))

    def _part(self, change: PartDifference) -> str:
        """Name a part by its sort, under the level that it belongs to, say what it is about, and show its fields."""
        level = self.code(change.owner.level) if change.owner.level else ""
        sort = self.say(SORTS[change.id if change.sort == "order" else change.sort])
        if change.sort == "order":
            first = ", ".join(filter(None, (level, sort)))
        elif change.sort in {"level", "level_rule"}:
            first = f"{sort} {self.code(change.id)}"
        else:
            name = "" if change.sort in {"track", "chapter"} else change.id
            first = " ".join(filter(None, (f"{level}, {sort}" if level else sort, name)))
        about = self.bare(change.says) if change.sort != "edition" else ""
        if about and not (change.change == "changed" and any(field.name in _TELLING for field in change.fields)):
            first += f" “{about}”"
        shown = (field for field in change.fields if change.change == "changed" or field.name not in _SAID)
        fields = "; ".join(self._field(field, change) for field in shown)
        return f"{first} — {fields}" if fields else first

    def _threshold(self, change: PartDifference) -> str:
        """Say how a figure changed: whose level it is, its words before and after, and the figure where they do not hold it."""
        fields = {field.name: field for field in change.fields}
        value, phrase = fields.get("value"), fields.get("phrase")
        parts = [self._both(phrase)] if phrase else []
        if value:
            sides = ((value.before, phrase.before), (value.after, phrase.after)) if phrase else ()
            held = [not figure or self._shown("value", figure, self.after) in str(words) for figure, words in sides]
            parts += [] if held and all(held) else [self._both(value)]
        parts += [self._field(field, change) for name, field in fields.items() if name == "clause" and change.change == "changed"]
        track = self._track(change) if change.owner.kind == "track" else None
        users = (
            self.code(rule.level)
            for rule in (track.levels if track else ())
            if any(figure.name == change.id for criterion in rule.criteria for figure in criterion.thresholds)
        )
        who = ", ".join(users) or f"{self.say(SORTS['threshold'])} {change.id}"
        return f"{who}: {'; '.join(parts)}"

    def _field(self, field: FieldChange, change: PartDifference) -> str:
        side = self.before if change.change == "dropped" else self.after
        shown = self._both(field) if change.change == "changed" else self._shown(field.name, field.before or field.after, side)
        return f"{self.say(_FIELDS[field.name])}: {shown}"

    def _both(self, field: FieldChange) -> str:
        """Write a field before and after; of a list of sentences what differs; in another language where the reader's has no difference."""
        if field.before is None or field.after is None:
            return self._shown(field.name, field.before or field.after, self.after if field.before is None else self.before)
        was, now = (_without(one, other) for one, other in ((field.before, field.after), (field.after, field.before)))
        for language in (self.language, *LANGUAGES):
            other = _Differences(self.before, self.after, language)
            before, after = other._shown(field.name, was, self.before), other._shown(field.name, now, self.after)
            if before != after:
                return f"{before} → {after}" if language == self.language else f"({language}) {before} → {after}"
        return f"{was} → {now}"

    def _shown(self, name: str, value: Shown, edition: Edition) -> str:
        if isinstance(value, bool):
            return self.say(N_("yes") if value else N_("no"))
        if not value:
            return "—"
        if isinstance(value, str):
            return self._written(name, value, edition)
        if isinstance(value, tuple):
            return ", ".join(self._coded(name, one) if isinstance(one, str) else f"“{self.bare(one)}”" for one in value)
        return f"“{self.bare(value)}”"

    def _written(self, name: str, value: str, edition: Edition) -> str:
        """Write a text: words of the rulebook language in the reader's, levels and bodies by what they are called."""
        if name in _SPOKEN and value in _WORDS:
            return self.say(_WORDS[value])
        if name == "value":
            return with_unit(self.decimal(value), self.language)
        if name == "body" and value in edition.bodies:
            return self.text(edition.bodies[value].label)
        return f"“{value}”" if name in _QUOTED else self._coded(name, value)

    def _coded(self, name: str, value: str) -> str:
        """Write levels by their short codes, where a field names levels; a step's interpretations stand behind its levels."""
        levels, colon, rest = value.partition(": ")
        if name not in {"level", "base", "steps", "order"} and not (name == "readings" and colon):
            return value
        order = [*self.after.scale, *self.before.scale]
        names = sorted(levels.split(" / "), key=lambda one: order.index(one) if one in order else 0)
        return " / ".join(map(self.code, names)) + colon + rest


def _without(value: Shown, other: Shown) -> Shown:
    """Return of a list of sentences those that the other list does not have; anything else as it is."""
    if isinstance(value, tuple) and isinstance(other, tuple) and not all(isinstance(one, str) for one in (*value, *other)):
        return tuple(one for one in value if one not in other)
    return value
