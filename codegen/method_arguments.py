"""The arguments of the methods of the resources: signatures, calls, and what docstrings say of them."""

from __future__ import annotations

from codegen.description import Api, Field, Find, Operation
from codegen.docstrings import facts, with_article
from codegen.model_fields import python_type


class Arguments:
    """The arguments of an operation's method: the required ones in order, then the optional ones by keyword."""

    def __init__(self, api: Api, operation: Operation) -> None:
        self.fields = api.shapes[operation.request].fields
        self.sources = api.revisions
        self.by_request = operation.style == "request"
        self.request = operation.request

    def _of(self, required: bool) -> list[tuple[str, Field]]:
        return [(name, field) for name, field in self.fields.items() if field.required == required]

    def signature(self, *, paging: bool = False) -> str:
        """The parameters, without `self`; `paging` leaves out `page_index` and sets a size."""
        if self.by_request:
            parts = [f"request: {self.request}", "*"]
        else:
            parts = [f"{name}: {python_type(field, 'request')}" for name, field in self._of(True)]
            parts.append("*")
            for name, field in self._of(False):
                if paging and name == "page_index":
                    continue
                if paging and name == "page_size":
                    parts.append("page_size: int = 100")
                else:
                    parts.append(f"{name}: {python_type(field, 'request')} | None = None")
        return ", ".join([*parts, "extra: Mapping[str, Any] | None = None", "timeout: float | None = None"])

    def to_request(self) -> str:
        """The expression of the request object."""
        if self.by_request:
            return "request"
        ordered = self._of(True) + self._of(False)
        return f"{self.request}({', '.join(f'{name}={name}' for name, _ in ordered)})"

    def passed_on(self, *, paging: bool = False) -> str:
        """The arguments of a call of the same method."""
        if self.by_request:
            return "request, extra=extra, timeout=timeout"
        parts = [name for name, _ in self._of(True)]
        for name, _ in self._of(False):
            parts.append("page_index=page_index" if paging and name == "page_index" else f"{name}={name}")
        return ", ".join([*parts, "extra=extra", "timeout=timeout"])

    def documented(self, *, paging: bool = False) -> list[str]:
        """A docstring's lines on the arguments."""
        if self.by_request:
            return [f"request: What is asked for, as {with_article(self.request)}."]
        lines = []
        for name, field in self._of(True) + self._of(False):
            if paging and name == "page_index":
                continue
            words = (
                f"How many entries are fetched at a time. [{field.source}]"
                if paging and name == "page_size"
                else facts(field, self.sources)
            )
            lines.append(f"{name}: {words}")
        return lines


def find_arguments(find: Find) -> str:
    """The arguments of the read that lists what a create may have made."""
    positional = [f'target.text("{path}")' for path in find.under.values()]
    keywords = [
        f'{argument}=target.text("{path}")' if path == find.name else f'{argument}=target.key.get("{path}")'
        for argument, path in find.search.items()
    ]
    return ", ".join([*positional, *keywords])
