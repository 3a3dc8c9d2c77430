"""Whether the rows of a model can be counted in a profile: every column must have its place in a tensor."""

from holdfast.failures import ModelError
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast.results import ModelFailureReason, TensorSignature
from holdfast.signature import ANY, Signature


def require_countable(profile: Profile, signature: Signature) -> None:
    """Refuse a profile that was made for another model.

    Raises:
        ModelError: PackageInvalid, naming the first column that has no place.
    """
    tensors = {
        "feature": {tensor.name: tensor for tensor in signature.inputs},
        "output": {tensor.name: tensor for tensor in signature.outputs},
    }
    # A residual is made from features of the profile, so it has its place when they have.
    for column in (each for each in profile.columns if each.kind != "residual"):
        tensor = tensors[column.kind].get(column.tensor)
        if tensor is None or not _has_place(column, tensor):
            message = f"the profile's {column.kind} {column.name!r} has no place in the model"
            raise ModelError(ModelFailureReason.PACKAGE_INVALID, message)


def _has_place(column: NumericColumn | CategoricalColumn, tensor: TensorSignature) -> bool:
    is_text = isinstance(column, NumericColumn) and tensor.datatype == "BYTES"
    if is_text or tensor.datatype == "BF16":  # bit patterns, which are not ordered as the numbers are
        return False
    sizes = tensor.shape[1:]
    if column.index is None:
        return sizes in ([], [1], [ANY])
    return len(sizes) == 1 and (sizes[0] == ANY or column.index < sizes[0])
