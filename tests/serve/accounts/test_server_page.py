"""Name and logo of the server: an owner's to choose, everybody's to see."""

import io
import zlib
from html import unescape

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fledge.database import Logo
from fledge.serve.show.logo import MOST_BYTES, SIDE
from people_server import PeopleServer, people_server

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(
    format: str, width: int = 40, height: int = 30, mode: str = "RGB", **options: object
) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (width, height), 1 if mode == "1" else "teal").save(written, format, **options)
    return written.getvalue()


def with_empty_profile(png: bytes) -> bytes:
    """Add a colour profile without content after the pixels, where Pillow reads it unguarded."""
    profile = bytes(4) + b"iCCP" + zlib.crc32(b"iCCP").to_bytes(4)
    return png[:-12] + profile + png[-12:]


def upload(server: PeopleServer, content: bytes, role: str = "owner"):
    return server.ask("PUT", "/api/server/logo", who=server.people_of[role], content=content)


def shown(server: PeopleServer) -> bytes:
    return server.ask("GET", "/logo").content


def rename(server: PeopleServer, name: str):
    form = {"server_name": name}
    return server.ask("POST", "/server/name", who=server.people_of["owner"], data=form)


def test_a_name_is_shown_wherever_the_server_names_itself(server: PeopleServer) -> None:
    assert rename(server, "  Owl & Co ").headers["location"] == "/server?done=name#name"
    owner = server.people_of["owner"]
    _, token = server.database.invitations.create(owner.id, "user")
    for path, who in (
        ("/", owner),
        ("/account", owner),
        ("/login", None),
        (f"/invitation/{token}", None),
    ):
        page = unescape(server.ask("GET", path, who=who).text)
        assert "Owl & Co</title>" in page and 'brand-name">Owl & Co<' in page, path
    assert "Welcome to Owl & Co" in page
    assert server.database.settings.get().server_name == "Owl & Co"
    rename(server, "")
    assert "<title>Log in · fledge</title>" in server.ask("GET", "/login").text


@pytest.mark.parametrize("name", ["x" * 41, "two\nlines", "a\u202eb"])
def test_a_name_is_one_short_line(server: PeopleServer, name: str) -> None:
    assert rename(server, name).status_code == 400
    assert server.parts.settings.current.server_name == "fledge"


def test_a_name_is_text(server: PeopleServer) -> None:
    rename(server, "<b>'\"&</b>")
    for path in ("/", "/account"):
        assert "<b>" not in server.ask("GET", path, who=server.people_of["owner"]).text


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_png_on_every_page(server: PeopleServer, format: str) -> None:
    assert server.ask("GET", "/logo").status_code == 404
    assert upload(server, picture(format, 800, 600)).status_code == 204
    logo = server.ask("GET", "/logo")
    assert (logo.headers["content-type"], logo.headers["cache-control"]) == (
        "image/png",
        "no-cache",
    )
    assert logo.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(logo.content)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (SIDE, 192))
    again = server.ask("GET", "/logo", headers={"if-none-match": logo.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    stored = server.database.settings.logo()
    assert stored == Logo(logo.content)
    named = server.ask("GET", f"/logo?v={stored.version}")
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert f'src="/logo?v={stored.version}"' in server.ask("GET", "/login").text
    removed = server.ask("POST", "/server/logo/remove", who=server.people_of["owner"])
    assert removed.status_code == 303
    assert server.ask("GET", "/logo").status_code == 404
    assert "/logo" not in server.ask("GET", "/login").text


def test_nothing_but_the_picture_is_kept(server: PeopleServer) -> None:
    exif = Image.Exif()
    exif[270] = "taken at home"
    upload(server, picture("JPEG", exif=exif) + b"<script>alert(1)</script>")
    assert b"home" not in shown(server) and b"script" not in shown(server)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (SVG, "is no PNG, JPEG or WebP picture"),
        (b"", "is no PNG, JPEG or WebP picture"),
        (picture("GIF"), "is no PNG, JPEG or WebP picture"),
        (picture("PNG", 900, 900)[:600], "is damaged"),
        (with_empty_profile(picture("PNG")), "is damaged"),
        (b"x" * (MOST_BYTES + 1), "has 1,000,001 bytes"),
        (picture("PNG", 5000, 5000), "has 5,000 × 5,000 pixels"),
        (picture("PNG", 20_000, 20_000, "1"), "has more than 16,000,000 pixels"),
    ],
)
def test_what_is_no_logo_is_refused_and_the_old_one_stays(
    server: PeopleServer, content: bytes, told: str
) -> None:
    upload(server, picture("PNG"))
    before = shown(server)
    refused = upload(server, content)
    assert refused.status_code == 400 and told in refused.json()["error"]["message"]
    assert shown(server) == before


def test_brackets_in_the_bytes_of_a_picture_are_no_json(server: PeopleServer) -> None:
    note = PngInfo()
    note.add_text("Comment", "[" * 300)
    assert upload(server, picture("PNG", pnginfo=note)).status_code == 204
    assert upload(server, picture("JPEG", comment=b"{" * 300)).status_code == 204
    assert upload(server, picture("WEBP", exif=b"[" * 300)).status_code == 204
    refused = upload(server, b"[" * 300)
    assert "deeper than" in refused.json()["error"]["message"]


@pytest.mark.parametrize("role", ["user", "admin"])
def test_only_an_owner_changes_the_logo(server: PeopleServer, role: str) -> None:
    assert upload(server, picture("PNG"), role).status_code == 403
    assert server.ask("GET", "/logo").status_code == 404


def test_another_site_cannot_change_the_logo(server: PeopleServer) -> None:
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    owner = server.people_of["owner"]
    refused = server.ask("PUT", "/api/server/logo", who=owner, content=picture("PNG"), headers=evil)
    assert refused.status_code == 403 and server.database.settings.logo() is None


def test_both_are_in_the_log_and_outlive_the_server(server: PeopleServer) -> None:
    rename(server, "Owl")
    upload(server, picture("PNG"))
    server.ask("POST", "/server/logo/remove", who=server.people_of["owner"])
    log = [(each.action, each.target) for each in server.database.audit.newest(9)][::-1]
    assert log == [("server.named", "Owl"), ("logo.changed", ""), ("logo.removed", "")]
    with people_server(login=False) as local:
        assert local.ask("GET", "/server").status_code == 200
        assert local.ask("PUT", "/api/server/logo", content=picture("PNG")).status_code == 204
        assert local.database.settings.logo() is not None
