"""A mail server that takes every mail and keeps it: smtp_sink.py FOLDER starttls|tls|plain [CERTIFICATE KEY USER PASSWORD]

Prints its port, then writes each mail to FOLDER as JSON; ends when its standard input does. Recipients who begin with
"refused" it refuses for good, "busy" for now; "slow" it keeps waiting the first time until they give up. With a user it
takes nothing from anybody else.
"""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder, way, *rest = sys.argv[1:]
certificate, key, user, password = rest or (None, None, None, None)
count, waited = 0, False


class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("busy"):
            return "451 4.3.2 come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        global count, waited
        if envelope.rcpt_tos[0].startswith("slow") and not waited:
            waited = True
            pathlib.Path(folder, "waiting").touch()
            await asyncio.sleep(3600)
        count += 1
        mail = {
            "from": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "authenticated": session.authenticated is True,
            "message": envelope.content.decode("latin-1"),
        }
        whole = pathlib.Path(folder, f"{count:05}.json")
        half = whole.with_suffix(".half")
        half.write_text(json.dumps(mail))
        half.rename(whole)
        return "250 2.0.0 kept"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
    return AuthResult(success=right, handled=right)


async def main():
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

    def server():
        return SMTP(
            Keep(),
            hostname="localhost",
            ident="sink",
            loop=loop,
            tls_context=context if way == "starttls" else None,
            require_starttls=way == "starttls",
            authenticator=authenticate if user else None,
            auth_required=bool(user),
            auth_require_tls=way == "starttls",
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, "127.0.0.1", 0, ssl=context if way == "tls" else None)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
