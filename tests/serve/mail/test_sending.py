"""Letters handed to an SMTP server that may refuse, hang or speak nonsense."""

import datetime
import ipaddress
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fledge.serve.mail import letters
from fledge.serve.mail.letters import Letter
from fledge.serve.mail.outbox import MOST_WAITING, Outbox
from fledge.serve.mail.sending import Mailer, MailFailed, compose
from fledge.serve.mail.settings import MailSettings
from smtp_server import PUBLIC, SENDER, SmtpServer, smtp_server

LETTER = letters.test_mail("ada@example.org", "Owl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def served_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def smtp(certificate: Path) -> Iterator[SmtpServer]:
    with smtp_server(served_with(certificate)) as server:
        yield server


def send(settings: MailSettings, letter: Letter = LETTER) -> None:
    Mailer(settings, lambda: 1_750_000_000.0, step_seconds=0.5, whole_seconds=1.5).send(letter)


def failure(settings: MailSettings, letter: Letter = LETTER) -> str:
    with pytest.raises(MailFailed) as caught:
        send(settings, letter)
    start = f"the e-mail was not sent: {settings.host}:{settings.port} "
    assert str(caught.value).startswith(start)
    assert "secret" not in str(caught.value)
    return str(caught.value).removeprefix(start)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_goes_over_tls_with_a_login(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with smtp_server(served_with(certificate), tls=security == "tls") as smtp:
        send(smtp.settings(security, user="fledge"))
        letter = smtp.taken()
    assert letter.recipients == ["ada@example.org"] and "from Owl" in letter.text
    assert letter.message["date"] == "Sun, 15 Jun 2025 15:06:40 -0000"
    verbs = [line.split(" ")[0] for line in smtp.said]
    assert ("STARTTLS" in verbs) == (security == "starttls")
    assert [each for each in smtp.said if each.startswith("AUTH")] != []
    assert smtp.said[0] == "ehlo example.org" and smtp.said[-1] == "quit"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_is_refused_before_anything_is_told(
    certificate: Path, security: str
) -> None:
    with smtp_server(served_with(certificate), tls=security == "tls") as smtp:
        said = failure(smtp.settings(security, user="fledge"))
        assert re.match(r"has no valid certificate \(self.signed certificate\); check", said)
        assert smtp.letters.empty()
        assert not any("AUTH" in line or "MAIL" in line.upper() for line in smtp.said)


def test_a_server_without_tls_gets_no_letter(smtp: SmtpServer) -> None:
    smtp.replies["ehlo"] = "250 small"
    assert failure(smtp.settings("starttls", user="fledge")) == (
        "cannot do that (STARTTLS extension not supported by server.); check --smtp-security and "
        "--smtp-user"
    )
    smtp.replies = {}
    assert failure(smtp.settings("tls")) == (
        "does not speak TLS there; check --smtp-security and --smtp-port"
    )
    assert smtp.letters.empty()


@pytest.mark.parametrize(
    ("verb", "reply", "said"),
    [
        ("auth", "535 no", "refused the login (535 no); check --smtp-user and its password"),
        ("mail", "550 not you", "refused the sender (550 not you); check --mail-from"),
        ("rcpt", "550 unknown", "refused the recipient (550 unknown); check the address"),
        ("data", "554 spam", "answered 554 spam"),
        ("sent", "552 full\x1b[2J", "answered 552 full [2J"),
        ("connect", "421 busy", "answered 421 busy"),
        ("connect", "!", "closed the connection; check --smtp-security and --smtp-port"),
        ("mail", "!", "closed the connection; check --smtp-security and --smtp-port"),
        ("connect", "", "did not answer in time; check --smtp-host and --smtp-port"),
        ("sent", "", "did not answer in time; check --smtp-host and --smtp-port"),
        (
            "mail",
            "250 " + "slow " * 100 + " drip",
            "did not answer in time; check --smtp-host and --smtp-port",
        ),
    ],
)
def test_each_failure_is_named(smtp: SmtpServer, verb: str, reply: str, said: str) -> None:
    smtp.replies[verb] = reply
    assert failure(smtp.settings(user="fledge")) == said


def test_a_letter_that_was_taken_is_sent_whatever_follows(smtp: SmtpServer) -> None:
    for reply in ("!", "500 what", ""):
        smtp.replies["quit"] = reply
        send(smtp.settings())
        assert smtp.taken().recipients == ["ada@example.org"]


def test_a_server_that_is_not_there_is_named(smtp: SmtpServer) -> None:
    with smtp_server() as gone:
        settings = gone.settings()
    assert failure(settings).startswith("cannot be reached (Connection refused); check --smtp-host")
    unknown = replace(settings, host="smtp.invalid")
    assert failure(unknown).startswith("cannot be reached (")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_no_header_can_be_added(smtp: SmtpServer, end: str) -> None:
    evil = f"x{end}Bcc: eve@example.org{end}{end}Body"
    settings = smtp.settings()
    for letter in (
        replace(LETTER, to=f"ada@example.org{end}Bcc: eve@example.org"),
        replace(LETTER, subject=evil),
        replace(LETTER, sender_name=evil),
    ):
        assert failure(settings, letter).startswith("was not asked, because the letter has no")
    assert smtp.said == []
    for letter in (
        letters.invitation("ada@example.org", "Owl", evil, f"{PUBLIC}/x"),
        letters.lost_password("ada@example.org", "Owl", evil, f"{PUBLIC}/x"),
    ):
        send(settings, letter)
        taken = smtp.taken()
        assert taken.recipients == ["ada@example.org"] and taken.message["bcc"] is None
        assert "x Bcc: eve@example.org Body" in taken.text


def test_a_line_with_a_dot_ends_no_letter(smtp: SmtpServer) -> None:
    send(smtp.settings(), replace(LETTER, text="a\n.\nQUIT\n..b\n"))
    assert smtp.taken().text.splitlines() == ["a", ".", "QUIT", "..b"]


def test_names_of_any_script_arrive_in_ascii(smtp: SmtpServer) -> None:
    name = "Übersee “東京” & Söhne, <x@y.org>"
    send(smtp.settings(), letters.lost_password("ada@example.org", name, "jürgen", PUBLIC + "/x"))
    taken = smtp.taken()
    assert taken.content.isascii() and max(map(len, taken.content.splitlines())) < 998
    assert taken.message["subject"] == f"Reset your password for {name}"
    address = taken.message["from"].addresses[0]
    assert (address.display_name, address.addr_spec) == (name, SENDER)
    assert "“jürgen”" in taken.text and taken.link == f"{PUBLIC}/x"


def test_a_password_is_in_no_description(smtp: SmtpServer) -> None:
    assert "secret" not in repr(smtp.settings(user="fledge"))
    assert "secret" not in str(compose(LETTER, SENDER, 0.0))


def test_an_outbox_takes_so_many_jobs_and_goes_on_after_a_failed_one() -> None:
    outbox, done = Outbox(), list[int]()

    def fail() -> None:
        raise MailFailed("the e-mail was not sent")

    with smtp_server() as held:
        outbox.put(lambda: held.released.wait(10) and None)
        assert outbox.put(fail)
        assert all(outbox.put(lambda: done.append(1)) for _ in range(MOST_WAITING - 2))
        assert not outbox.put(lambda: done.append(2))
        held.released.set()
        outbox.wait()
    assert done == [1] * (MOST_WAITING - 2)
    assert outbox.put(lambda: done.append(3))
    outbox.wait()
    assert done[-1] == 3
    outbox.stop()
