"""The provider that stands in for Facebook, in the tests of accounts."""

from tests.support.facebook import provider

__all__ = ["provider"]
