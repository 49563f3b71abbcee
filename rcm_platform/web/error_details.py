"""What of a run's inside only those see who may start runs: stack traces and process output.

Who only reads is told that a run failed and why, in the words of the error. Where it happened in
the code, and what processes printed, may hold more than figures.
"""

from __future__ import annotations

import json
from typing import Any

from dagster_webserver.webserver import DagsterWebserver
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

# type of the GraphQL schema → field → what stands there instead
HIDDEN: dict[str, dict[str, Any]] = {
    "PythonError": {"stack": []},
    "CapturedLogs": {"stdout": "", "stderr": ""},
}
REFUSAL = "The output of a run is shown to those who may start runs."


class DiscreetWebserver(DagsterWebserver):
    """Dagster's own, which keeps these from a request that may only read."""

    def build_graphql_schema(self) -> Any:
        schema = super().build_graphql_schema()
        for kind, fields in HIDDEN.items():
            known = schema.graphql_schema.type_map[kind].fields
            for name, shown in fields.items():
                known[name].resolve = _unless_reader(known[name].resolve, shown)
        return schema

    async def gen_graphql_response(
        self,
        request_context: Any,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
    ) -> JSONResponse:
        response = await super().gen_graphql_response(
            request_context, query, variables, operation_name
        )
        if not request_context.read_only or response.status_code < 400:
            return response
        answer = json.loads(response.body)
        for error in answer.get("errors", ()):
            error.get("extensions", {}).pop("errorInfo", None)
        return JSONResponse(answer, response.status_code)

    async def download_debug_file_endpoint(self, request: Request) -> Response:
        if self._reads_only(request):
            return PlainTextResponse(REFUSAL, 403)
        return _not_kept(await super().download_debug_file_endpoint(request))

    async def download_captured_logs_endpoint(self, request: Request) -> Response:
        if self._reads_only(request):
            return PlainTextResponse(REFUSAL, 403)
        return _not_kept(await super().download_captured_logs_endpoint(request))

    def _reads_only(self, request: Request) -> bool:
        with self.request_context(request) as context:
            return context.read_only


def _not_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _unless_reader(resolve: Any, shown: Any) -> Any:
    def resolved(parent: Any, info: Any, **asked: Any) -> Any:
        return shown if info.context.read_only else resolve(parent, info, **asked)

    return resolved
