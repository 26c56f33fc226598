"""The errors that a client may see, and how they are answered."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from .middleware import current_request_id


class MediaError(Exception):
    """The root of the errors that are answered with their own message."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal"


class NotFoundError(MediaError):
    """What was asked for does not exist."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class ConflictError(MediaError):
    """The request does not fit the state of what it is about."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class StoreUnavailableError(MediaError):
    """The store did not answer; the same request may succeed later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "store_unavailable"


def install_error_handlers(app: FastAPI) -> None:
    """Answer every known error in the same shape."""

    @app.exception_handler(MediaError)
    async def _(_request: Request, error: MediaError) -> JSONResponse:
        return _answer(error.status, error.code, str(error), [])

    @app.exception_handler(RequestValidationError)
    async def _(_request: Request, error: RequestValidationError) -> JSONResponse:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _answer(status, "invalid", "The request is not valid.", error.errors())


def _answer(status: HTTPStatus, code: str, message: str, details: object) -> JSONResponse:
    """Build the response that all errors share."""
    request_id = current_request_id()
    error = {"code": code, "message": message, "request_id": request_id}
    body = {"error": error | {"details": details}}
    return JSONResponse(jsonable_encoder(body), status_code=status)
