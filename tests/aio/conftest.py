"""Makes the fixtures of aio/fixtures.py available to all tests here."""

from aio.fixtures import any_ctx, ctx, file

__all__ = ["any_ctx", "ctx", "file"]
