"""Requests to the wire and answers to typed data: pure functions."""

from cds_eks.codec.decode import decode
from cds_eks.codec.encode import encode, encode_call, natural_key
from cds_eks.codec.error_mapping import failure_of

__all__ = ["decode", "encode", "encode_call", "failure_of", "natural_key"]
