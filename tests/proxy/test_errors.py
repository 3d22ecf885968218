"""Both error tables are complete, and nothing of an internal error gets out."""

from domain.errors import BadInput, Code, ConditionFailed, DomainError, NotFound, Unavailable
from identity.signature.errors import STATUSES, RefusalCode, SignatureRefused
from proxy.blobs import BlobMissing
from proxy.errors import CLASS_CODES, DOMAIN_CODES, S3_STATUSES, S3Code, S3Error, problem_of
from proxy.ingesting import WrongLength
from proxy.responses import error_response


def test_every_code_has_a_row() -> None:
    assert set(S3_STATUSES) == set(S3Code)
    assert set(DOMAIN_CODES) == set(Code)
    assert set(STATUSES) == set(RefusalCode)
    assert all(issubclass(refusal, DomainError) for refusal in CLASS_CODES)


def test_codes_shared_with_signatures_have_the_same_status() -> None:
    shared = {code.value for code in S3Code} & {code.value for code in RefusalCode}

    assert "AccessDenied" in shared
    assert {S3_STATUSES[S3Code(code)] for code in shared} == {STATUSES[RefusalCode(code)] for code in shared}
    assert all(S3_STATUSES[S3Code(code)] == STATUSES[RefusalCode(code)] for code in shared)


def test_refusals_keep_their_message_and_take_s3s_code() -> None:
    cases = [
        (NotFound("gone"), "NoSuchKey", 404),
        (ConditionFailed("no"), "PreconditionFailed", 412),
        (WrongLength("short"), "IncompleteBody", 400),
        (BadInput("bad"), "InvalidArgument", 400),
        (Unavailable("later"), "ServiceUnavailable", 503),
        (S3Error(S3Code.NO_SUCH_UPLOAD, "gone"), "NoSuchUpload", 404),
    ]

    for error, code, status in cases:
        problem = problem_of(error)
        assert (problem.code, problem.status) == (code, status)
        assert problem.message in str(error)


def test_details_of_a_signature_are_passed_on() -> None:
    problem = problem_of(SignatureRefused(RefusalCode.ACCESS_DENIED, "Request has expired", details={"Expires": "1"}))

    assert (problem.code, problem.status, dict(problem.details)) == ("AccessDenied", 403, {"Expires": "1"})


def test_what_is_internal_is_masked() -> None:
    for error in (RuntimeError("secret"), BlobMissing("blob 12 secret")):
        problem = problem_of(error)
        assert (problem.code, problem.status, problem.is_internal) == ("InternalError", 500, True)
        assert "secret" not in problem.message


def test_an_error_document_is_exact() -> None:
    problem = problem_of(S3Error(S3Code.NO_SUCH_KEY, "It isn't <there>.", details={"Key": "a&b"}))

    response = error_response(problem, "/b/a&b", "ID1")

    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        b"<Message>It isn't &lt;there&gt;.</Message><Key>a&amp;b</Key><Resource>/b/a&amp;b</Resource>"
        b"<RequestId>ID1</RequestId></Error>"
    )
    assert response.body == body
    assert response.headers == {"content-type": "application/xml", "content-length": str(len(body))}
    assert error_response(problem, "/b/a", "ID1", has_body=False).body == b""
