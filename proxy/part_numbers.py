"""Part numbers of multipart uploads, as queries name them."""

from domain.limits import PART_NUMBER_MAX
from proxy.errors import S3Code, S3Error


def read_part_number(text: str) -> int:
    """Part number from a query: 1 to PART_NUMBER_MAX.

    Raises: S3Error (InvalidArgument).
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= PART_NUMBER_MAX):
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            details={"ArgumentName": "partNumber", "ArgumentValue": text},
        )
    return int(text)
