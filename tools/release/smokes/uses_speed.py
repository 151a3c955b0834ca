"""The extra `speed`: orjson reads the response."""

from __future__ import annotations

import sys
from unittest import mock

import orjson

from cds_eks import Credentials, EksClient

with EksClient(Credentials("key-id", "secret-key"), endpoint=sys.argv[1]) as eks:
    with mock.patch.object(orjson, "loads", wraps=orjson.loads) as loads:
        assert len(eks.clusters.list().data) == 2
    assert loads.call_count == 1
