"""The models for users of cattrs: as JSON, YAML, msgpack, or as parts of classes of their own."""

from __future__ import annotations

from typing import Any

import cattrs
from cattrs.dispatch import StructureHook

from cds_eks.codec.hooks import is_shape, reader_of_shape
from cds_eks.schema.dumping import dump, wire_name
from cds_eks.schema.shape import Shape, is_answer


def converter() -> cattrs.Converter:
    """Return a converter of cattrs that knows all models. Each call makes a new one, to be configured at will.

    Models become plain data by the wire's names (those of revision 2025-09-08), and are made of such. Answers are read
    as they are when the service sends them: in any spelling, and undocumented names are stored in `extra`. Models that
    requests are made of are made as by `from_dict`: by either name of each field, and checked; what is undocumented
    is below `extra`. What an answer has that is secret is left out, as by `to_dict`; requests have theirs.

        from cattrs.preconf.json import configure_converter

        converter = cds_eks.converter()
        configure_converter(converter)
        text = json.dumps(converter.unstructure(cluster))
        cluster = converter.structure(json.loads(text), models.ClusterDetail)
    """
    made = cattrs.Converter()
    made.register_structure_hook_factory(is_shape, _structure)
    made.register_unstructure_hook_func(is_shape, _unstructured)
    return made


def _structure(shape: type[Shape]) -> StructureHook:
    if is_answer(shape):
        return reader_of_shape(shape)
    return lambda given, _: shape.from_dict(given)


def _unstructured(model: Shape) -> dict[str, Any]:
    if is_answer(type(model)):
        return dump(model, wire_name, secrets=False)
    return dump(model, lambda member: member.metadata.get("wire", member.name), secrets=True)
