"""A server that speaks as much of the Hugging Face Hub's protocol as presets need."""

import base64
import json
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

REVISION, COMMIT = "main", "0" * 39 + "1"


class Hub:
    """Repositories in memory: name -> path -> bytes. As a context, it serves them.

    Attributes:
        repositories: Those that exist.
        gated: Names of those whose terms must be accepted.
    """

    def __init__(self):
        self.repositories, self.gated, hub = {}, set(), self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                hub.answer(self, self.path.partition("?")[0].strip("/").split("/"))

            do_GET = do_POST = do_HEAD

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request, parts):
        """Answers a request for a path."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if parts[:2] == ["api", "repos"]:
            name = "{organization}/{name}".format(**json.loads(body))
            self.repositories.setdefault(name, {})
            return self.send(request, {"url": f"{self.url}/{name}"})
        if parts == ["api", "validate-yaml"]:
            return self.send(request, {"errors": [], "warnings": []})
        api = parts[0] == "api"
        name, action = "/".join(parts[2 * api :][:2]), parts[2 * api + 2 :]
        if name in self.gated:
            return self.fail(request, 403, "GatedRepo")
        if name not in self.repositories:
            return self.fail(request, 401, "RepoNotFound")
        files = self.repositories[name]
        if action[:1] in (["revision"], ["resolve"], ["tree"]):
            if action[1] not in (REVISION, COMMIT):
                return self.fail(request, 404, "RevisionNotFound")
        if action[:1] == ["resolve"]:
            return self.send(request, files["/".join(action[2:])])
        if action[:1] == ["preupload"]:
            modes = json.loads(body)["files"]
            modes = [
                {**m, "uploadMode": "regular", "shouldIgnore": False} for m in modes
            ]
            return self.send(request, {"files": modes})
        if action[:1] == ["commit"]:
            for entry in map(json.loads, body.splitlines()):
                if entry["key"] == "file":
                    value = entry["value"]
                    files[value["path"]] = base64.b64decode(value["content"])
            url = f"{self.url}/{name}/commit/{COMMIT}"
            commit = {"commitUrl": url, "commitOid": COMMIT, "success": True}
            return self.send(request, commit)
        siblings = [{"rfilename": path} for path in files]
        tree = [
            {"type": "file", "path": path, "size": len(content), "oid": digest(content)}
            for path, content in files.items()
        ]
        info = {"id": name, "sha": COMMIT, "siblings": siblings}
        self.send(request, tree if action[:1] == ["tree"] else info)

    def send(self, request, content, status=200, **headers):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        headers |= {"Content-Length": len(content), "X-Repo-Commit": COMMIT}
        headers["ETag"] = f'"{digest(content)}"'
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, str(value))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def fail(self, request, status, code):
        self.send(request, {"error": code}, status, **{"X-Error-Code": code})


def digest(content: bytes) -> str:
    return sha1(content).hexdigest()
