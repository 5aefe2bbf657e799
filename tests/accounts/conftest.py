"""The provider that stands in for Facebook, in the tests of accounts."""

from tests.support.servers.facebook import provider

__all__ = ["provider"]
