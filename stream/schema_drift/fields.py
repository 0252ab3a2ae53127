"""Fields that nobody reads: which of them events usually have, learned from looks, and what differs from it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stream.looks import MOST_FIELDS, RATE, Looks
from stream.schema_drift.change import Change

# So many events are looked at before anything is known, and in each stretch that is held against it.
LOOKS_TO_LEARN, LOOKS_TO_JUDGE = 16, 8
# A field that events always have, one that is new, one that hardly any event has.
_ALWAYS, _NEW, _RARE = 0.9, 0.5, 0.1
# So much of a field's values is of one kind, or else it has none.
_OF_ONE_KIND = 0.9
# A field that is neither always there nor gone, or of mixed kinds, for so many stretches running, is just so;
# and one that sometimes was there is always there after so many.
_JUST_SO, _SETTLED = 3, 24


@dataclass(slots=True)
class Habit:
    """What is known of a field: whether events always have it, and the kind of its values; "" is several.

    ``unlike`` and ``mixed`` count the stretches running that were neither as before nor plainly changed.
    """

    always: bool
    kind: str
    unlike: int = 0
    mixed: int = 0


@dataclass(slots=True)
class Habits:
    """All that is known; ``learned`` once there were looks enough. ``fresh`` are fields that some events have now."""

    fields: dict[str, Habit] = field(default_factory=dict)
    fresh: dict[str, int] = field(default_factory=dict)
    learned: bool = False


class FieldRules:
    """Judges looks against habits, and learns. Of features, it judges kinds alone; cells tell whether they are there.

    ``numeric`` and ``categorical`` name the features of the baseline, ``ignored`` are patterns of names.
    """

    def __init__(self, numeric: Collection[str], categorical: Collection[str], ignored: Collection[str] = ()) -> None:
        self._numeric, self._categorical, self._ignored = frozenset(numeric), frozenset(categorical), tuple(ignored)

    def learn(self, habits: Habits, looks: Looks) -> None:
        """Take these looks for how events are."""
        shares = {name: looks.share(name) for name in self._watched(set(looks.fields))}
        habits.fields = {
            name: Habit(share >= _ALWAYS, _usual_kind(looks, name)) for name, share in shares.items() if share >= _RARE
        }
        habits.learned = True

    def found(self, habits: Habits, looks: Looks) -> Iterator[Change]:
        """Yield what differs from the habits; events with too many names to tell apart differ in nothing."""
        if looks.is_full:
            return
        for name in sorted(self._watched({*looks.fields, *habits.fields})):
            if change := self._change(name, habits.fields.get(name), looks):
                yield change

    def _change(self, name: str, habit: Habit | None, looks: Looks) -> Change | None:
        share, kind, is_feature = looks.share(name), _kind(looks, name), name in self._categorical
        if name == RATE:
            was, now = habit.kind if habit else "", kind if share >= _NEW else ""
            is_steady = was != now and (habit is None or habit.always) and (share >= _ALWAYS or share < _RARE)
            return Change("rate", name, was, now, share) if is_steady else None
        if habit is None:
            return Change("appeared", name, "", kind, share) if share >= _NEW and not is_feature else None
        if habit.always and share < _RARE and not is_feature:
            return Change("vanished", name, habit.kind, "", share)
        is_other = bool(habit.kind) and share >= _NEW and _part(looks, name, habit.kind) < _RARE
        # A category that is no scalar is counted as such by the cells.
        is_counted = is_feature and kind in ("array", "object", "")
        return Change("retyped", name, habit.kind, kind, share, is_feature) if is_other and not is_counted else None

    def settle(self, habits: Habits, looks: Looks, waiting: Collection[str]) -> None:
        """Learn slowly from looks: what is neither as before nor changed becomes usual; not of fields ``waiting``."""
        if looks.is_full:
            return
        for name in self._watched({*looks.fields, *habits.fields}):
            if name in waiting:
                continue
            habit, share = habits.fields.get(name), looks.share(name)
            if habit is None:
                self._meet(habits, name, share, _usual_kind(looks, name))
                continue
            habit.unlike = 0 if (share >= _ALWAYS) == habit.always else habit.unlike + 1
            if habit.unlike >= (_JUST_SO if habit.always else _SETTLED):
                habit.always, habit.unlike = not habit.always, 0
            habit.mixed = habit.mixed + 1 if habit.kind and share and _kind(looks, name) != habit.kind else 0
            if habit.mixed >= _JUST_SO:
                habit.kind, habit.mixed = "", 0
        habits.fresh = {name: count for name, count in habits.fresh.items() if looks.share(name) >= _RARE}

    def accept(self, habits: Habits, change: Change, *, gone: bool) -> None:
        """Take a change for how events are now; one that appeared and is ``gone`` again may come back at any time."""
        if change.sort == "appeared":
            habits.fields[change.name] = Habit(not gone, change.after)
        elif not gone and change.after:
            habits.fields[change.name] = Habit(True, change.after)
        elif not gone:
            habits.fields.pop(change.name, None)

    def _meet(self, habits: Habits, name: str, share: float, kind: str) -> None:
        if share < _RARE or len(habits.fields) >= MOST_FIELDS:
            return
        habits.fresh[name] = habits.fresh.get(name, 0) + 1
        if habits.fresh[name] >= _JUST_SO:
            del habits.fresh[name]
            habits.fields[name] = Habit(False, kind)

    def _watched(self, names: set[str]) -> set[str]:
        """Leave out what cells tell, and what nobody wants to hear of."""
        return {name for name in names - self._numeric if not any(fnmatchcase(name, one) for one in self._ignored)}


def _usual_kind(looks: Looks, name: str) -> str:
    """Return the kind of a field's values; "" where it has several, or too few to tell."""
    return _kind(looks, name) if looks.share(name) >= _NEW else ""


def _part(looks: Looks, name: str, kind: str) -> float:
    """Return which part of a field's values is of a kind."""
    kinds = looks.fields.get(name, {})
    return kinds.get(kind, 0) / max(1, sum(kinds.values()))


def _kind(looks: Looks, name: str) -> str:
    """Return the kind of a field's values; "" where it has several."""
    kinds = looks.fields.get(name, {})
    most = max(sorted(kinds), key=kinds.__getitem__, default="")
    return most if _part(looks, name, most) >= _OF_ONE_KIND else ""
