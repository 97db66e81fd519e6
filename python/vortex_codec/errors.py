"""Exceptions of the package: one hierarchy, with a class for each kind of failure.

Every exception is a :class:`VortexError`. Where Python has a built-in exception of the same
meaning, the class is that one too, so that ``except FileNotFoundError`` works. ``kind`` is the
exact kind of the library, such as ``"MissingModel"``.
"""


class VortexError(Exception):
    """An error of Vortex. The message says what is wrong, where, and what to do next."""

    #: The kind of the error in the library.
    kind: str = "Other"

    def __init__(self, message: str = "", kind: str | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            self.kind = kind

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self):
        return type(self), (str(self), self.kind)


class NotVortexError(VortexError):
    """The bytes do not begin like a file of the expected kind."""


class DamagedError(VortexError):
    """A compressed file is damaged: it contradicts itself, was cut, or fails a checksum."""


class UnsupportedError(VortexError):
    """A newer version wrote the file, or this build or processor lacks what it needs."""


class ModelError(VortexError):
    """A model is missing, is the wrong one, or cannot be used."""


class MissingModelError(ModelError):
    """The file needs a model that was not found: pass ``model=``."""


class BaseCheckpointError(VortexError):
    """Weights need the checkpoint that they are differences from: pass ``base=``."""


class SchemaError(VortexError, ValueError):
    """A schema is not valid, or files have different records."""


class SourceError(VortexError):
    """A file of another program is damaged, or holds data that Vortex does not read."""


class NotFoundError(VortexError, KeyError):
    """There is no dataset or field of that name."""


class InvalidArgumentError(VortexError, ValueError):
    """Arguments do not fit together, or a value is outside its range."""


class LimitError(VortexError):
    """A size is above a limit."""


class ExistsError(VortexError, FileExistsError):
    """An output exists, or its name is that of a folder: pass ``replace=True`` or another name."""


class VerifyError(VortexError):
    """The new output does not decode to the same bytes: do not use it, and report it."""


class CancelledError(VortexError):
    """The work was stopped."""


class TrainingError(VortexError):
    """Training failed, or its device cannot be used."""


class InputOutputError(VortexError, OSError):
    """Reading or writing failed."""


class MissingFileError(InputOutputError, FileNotFoundError):
    """A file does not exist."""


_CLASSES: dict[str, type[VortexError]] = {
    "NotVxc": NotVortexError,
    "NotWeights": NotVortexError,
    "NotSafetensors": NotVortexError,
    "Corrupt": DamagedError,
    "Truncated": DamagedError,
    "ChecksumMismatch": DamagedError,
    "TrailingData": DamagedError,
    "UnsupportedVersion": UnsupportedError,
    "NotBuilt": UnsupportedError,
    "NoSuchInstructions": UnsupportedError,
    "MissingModel": MissingModelError,
    "WrongModel": ModelError,
    "UnusableModel": ModelError,
    "SelfTest": ModelError,
    "MissingBase": BaseCheckpointError,
    "WrongBase": BaseCheckpointError,
    "Schema": SchemaError,
    "MixedRecords": SchemaError,
    "Source": SourceError,
    "NotFound": NotFoundError,
    "InvalidArgument": InvalidArgumentError,
    "LimitExceeded": LimitError,
    "OutputExists": ExistsError,
    "FolderExists": ExistsError,
    "NotAFile": ExistsError,
    "VerifyFailed": VerifyError,
    "Cancelled": CancelledError,
    "Training": TrainingError,
    "Device": TrainingError,
    "Io": InputOutputError,
    "FileNotFound": MissingFileError,
}


def of_kind(kind: str, message: str) -> VortexError:
    """The exception for a kind of the library."""
    return _CLASSES.get(kind, VortexError)(message, kind)
