"""The baseline's file: one small JSON document, versioned, with a fingerprint over its content; never pickle.

A feature stands on a line of its own, so that two baselines can be compared with ordinary tools.
"""

import os
from pathlib import Path

import msgspec

from baselines.baseline import Baseline, NumericReference, Reference
from baselines.dependence import Dependence
from baselines.dependence_document import to_dependence
from baselines.dependence_document import to_document as dependence_document
from baselines.document import FORMAT, VERSION, Document, Head, to_calibration, to_document, to_reference
from baselines.errors import BaselineError
from baselines.fingerprint import fingerprint
from baselines.relation import Relation
from baselines.relation_document import to_document as relation_document
from baselines.relation_document import to_relation

_REFIT = "write it again with `driftline fit`"


def save(baseline: Baseline, path: Path) -> None:
    """Write the artefact so that a reader sees the old file or the new one, never half of one.

    Raises ``BaselineError`` when the file cannot be written.
    """
    data = dumps(baseline)
    try:
        if path.exists() and not path.is_file():  # a terminal or a pipe cannot be replaced
            path.write_bytes(data)
            return
        _replace(path, data)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror or error}") from error


def load(path: Path) -> Baseline:
    """Read the artefact; raises ``BaselineError`` naming the file, the key, and what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    return loads(data, str(path))


def dumps(baseline: Baseline) -> bytes:
    """Return the artefact's bytes: UTF-8 JSON, every float written so that it reads back as the same float."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": baseline.fingerprint,
        "created": baseline.created,
        "source": list(baseline.source),
        "n": baseline.n,
    }
    weighed = {"importance_method": baseline.importance_method, "importance_date": baseline.importance_date}
    head |= {key: text for key, text in weighed.items() if text}
    features = b",\n".join(msgspec.json.encode(to_document(feature)) for feature in baseline.features)
    parts = [msgspec.json.encode(head)[:-1] + b',"features":[\n' + features + b"\n]"]
    if baseline.dependence is not None:
        parts.append(b'"dependence":' + msgspec.json.encode(dependence_document(baseline.dependence)))
    if baseline.relation is not None:
        parts.append(b'"relation":' + msgspec.json.encode(relation_document(baseline.relation)))
    if baseline.calibration is not None:
        parts.append(b'"calibration":' + msgspec.json.encode(baseline.calibration))
    return b",\n".join(parts) + b"}\n"


def loads(data: bytes, name: str) -> Baseline:
    """Read an artefact from its bytes; ``name`` says in messages where they came from.

    Raises ``BaselineError`` for anything that is not an undamaged baseline of this or an older version.
    """
    _check_head(data, name)
    try:
        document = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{name}: not a whole baseline: {error}; {_REFIT}") from error
    features = tuple(_reference(document, i, name) for i in range(len(document.features)))
    dependence = _dependence(document, features, name)
    relation = _relation(document, features, name)
    _check_features(document, features, name)
    if fingerprint(document.n, features, dependence, relation) != document.fingerprint:
        raise BaselineError(
            f'{name}: key "fingerprint" does not fit the content: the file is damaged or was edited; {_REFIT}'
        )
    return Baseline(
        n=document.n,
        features=features,
        fingerprint=document.fingerprint,
        source=tuple(document.source),
        created=document.created,
        dependence=dependence,
        relation=relation,
        calibration=to_calibration(document.calibration),
        importance_method=document.importance_method,
        importance_date=document.importance_date,
    )


def _replace(path: Path, data: bytes) -> None:
    target = Path(os.path.realpath(path))  # a link stays a link
    scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        scratch.write_bytes(data)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def _check_head(data: bytes, name: str) -> None:
    """Tell a baseline that this version can read from everything else."""
    if not data.strip():
        raise BaselineError(f"{name}: the file is empty; {_REFIT}")
    try:
        head = msgspec.json.decode(data, type=Head)
    except msgspec.ValidationError as error:
        raise BaselineError(f"{name}: not a driftline baseline: {error}; {_REFIT}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{name}: not JSON in UTF-8: {error}; {_REFIT}") from error
    if head.format != FORMAT:
        raise BaselineError(f'{name}: not a driftline baseline: key "format" must be "{FORMAT}"; {_REFIT}')
    if head.version > VERSION:
        raise BaselineError(
            f"{name}: written by a newer driftline (format version {head.version}, this one reads {VERSION}); "
            "upgrade driftline, or fit the baseline again with this one"
        )
    if head.version < 1:
        raise BaselineError(f'{name}: key "version": {head.version} is no version of a baseline; {_REFIT}')


def _reference(document: Document, index: int, name: str) -> Reference:
    feature = document.features[index]
    try:
        return to_reference(feature)
    except ValueError as error:
        raise BaselineError(f"{name}: feature {feature.name!r}: {error}; the file is damaged, {_REFIT}") from error


def _dependence(document: Document, features: tuple[Reference, ...], name: str) -> Dependence | None:
    if document.dependence is None:
        return None
    numeric = [feature for feature in features if isinstance(feature, NumericReference)]
    try:
        return to_dependence(document.dependence, numeric)
    except ValueError as error:
        raise BaselineError(f'{name}: key "dependence": {error}; the file is damaged, {_REFIT}') from error


def _relation(document: Document, features: tuple[Reference, ...], name: str) -> Relation | None:
    if document.relation is None:
        return None
    try:
        return to_relation(document.relation, features, document.n)
    except ValueError as error:
        raise BaselineError(f'{name}: key "relation": {error}; the file is damaged, {_REFIT}') from error


def _check_features(document: Document, features: tuple[Reference, ...], name: str) -> None:
    seen: set[str] = set()
    for feature in features:
        if feature.name in seen:
            raise BaselineError(f"{name}: feature {feature.name!r} stands there twice; the file is damaged, {_REFIT}")
        seen.add(feature.name)
        counted = int(feature.counts.sum())
        if counted != document.n:
            raise BaselineError(
                f"{name}: feature {feature.name!r}: counts of {counted} rows where the baseline has {document.n}; "
                f"the file is damaged, {_REFIT}"
            )
