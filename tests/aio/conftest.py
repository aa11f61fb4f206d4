"""The fixtures, for all tests here."""

from aio.fixtures import any_ctx, ctx, file

__all__ = ["any_ctx", "ctx", "file"]
