"""Register the keys of answer packages for the rotation of master keys."""

from portal.exports.models import AnswerPackage, key_context
from portal.infrastructure.sealing import rotation
from portal.infrastructure.sealing.keys import MasterKeys, wrapping_version
from portal.infrastructure.sealing.rotation import WrappedKeys


def _version(package: AnswerPackage) -> int | None:
    return wrapping_version(package.wrapped_key) if package.wrapped_key else None


def _rewrap(package: AnswerPackage, keys: MasterKeys) -> None:
    assert package.wrapped_key
    package.wrapped_key = keys.rewrap(package.wrapped_key, key_context(package))


rotation.register(WrappedKeys(AnswerPackage, _version, _rewrap))
