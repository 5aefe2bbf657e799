"""The keys of answer packages, for the rotation of master keys."""

from portal.exports.models import AnswerPackage
from portal.infrastructure import key_rotation
from portal.infrastructure.key_rotation import WrappedKeys
from portal.infrastructure.keys import MasterKeys, wrapping_version


def _version(package: AnswerPackage) -> int | None:
    return wrapping_version(package.wrapped_key) if package.wrapped_key else None


def _rewrap(package: AnswerPackage, keys: MasterKeys) -> None:
    assert package.wrapped_key
    assert package.storage_key
    package.wrapped_key = keys.rewrap(package.wrapped_key, package.storage_key.encode())


key_rotation.register(WrappedKeys(AnswerPackage, _version, _rewrap))
