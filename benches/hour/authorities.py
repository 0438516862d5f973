#!/usr/bin/env python3
"""Nine directory authorities of the public network's size on the loopback, for `measure`.

    pip install cryptography
    authorities.py DIR serve HOUR      serves hour 1 or 2 until it is killed
    authorities.py DIR config          prints the [relay] section of tordesc.toml

DIR has `server-descriptors`, `extra-infos` and `microdescs` of at least 8,700 relays, in the same order, and `consensus`,
whose entries lend flags and bandwidths. Hour 1 lists relays 0 to 7,999, hour 2 relays 700 to 8,699: 700 new descriptors of
each kind. Consensuses, votes and certificates are signed with keys made here, which are kept in DIR/keys.pem."""
import base64, datetime, hashlib, http.server, pathlib, re, sys, threading, zlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

RELAYS, NEW, AUTHORITIES, PORT = 8000, 700, 9, 17000
FIRST = datetime.datetime(2020, 1, 15, 12)


def b64(data):
    return base64.b64encode(data).decode().rstrip("=")


def pem(label, data):
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


class Key:
    """An RSA key that signs bare digests, as tor does."""

    def __init__(self, key):
        self.key = key
        numbers = key.private_numbers()
        self.d, self.n = numbers.d, numbers.public_numbers.n
        self.der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        )
        self.digest = hashlib.sha1(self.der).digest()

    def sign(self, digest):
        size = (self.n.bit_length() + 7) // 8
        padded = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(size, "big")


class Authority:
    def __init__(self, number, identity, signing):
        self.name, self.identity, self.signing = f"auth{number}", identity, signing
        self.id = identity.digest.hex().upper()
        self.address = f"127.0.0.{number + 1}"
        certificate = (
            f"dir-key-certificate-version 3\nfingerprint {self.id}\ndir-key-published 2020-01-01 00:00:00\n"
            f"dir-key-expires 2021-01-01 00:00:00\ndir-identity-key\n{pem('RSA PUBLIC KEY', identity.der)}"
            f"dir-signing-key\n{pem('RSA PUBLIC KEY', signing.der)}dir-key-crosscert\n"
            f"{pem('ID SIGNATURE', signing.sign(identity.digest))}dir-key-certification\n"
        )
        signature = identity.sign(hashlib.sha1(certificate.encode()).digest())
        self.certificate = certificate + pem("SIGNATURE", signature)

    def source(self):
        return f"dir-source {self.name} {self.id} {self.address} {self.address} {PORT} 443\ncontact nobody\n"

    def signature(self, signed, algorithm):
        digest = hashlib.new(algorithm, signed.encode()).digest()
        name = "" if algorithm == "sha1" else f"{algorithm} "
        who = f"{self.id} {self.signing.digest.hex().upper()}"
        return f"directory-signature {name}{who}\n" + pem("SIGNATURE", self.signing.sign(digest))


def authorities(folder):
    path = folder / "keys.pem"
    if not path.exists():
        keys = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2 * AUTHORITIES))
        form = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        path.write_bytes(b"".join(key.private_bytes(*form) for key in keys))
    texts = re.findall(rb"-----BEGIN.*?-----END [A-Z ]+-----\n", path.read_bytes(), re.S)
    keys = [Key(serialization.load_pem_private_key(text, None)) for text in texts]
    return [Authority(at, keys[2 * at], keys[2 * at + 1]) for at in range(AUTHORITIES)]


def documents(folder, name, wanted):
    text = (folder / name).read_text()
    found = re.split(r"^@type [^\n]*\n", text, flags=re.M)[1 : wanted + 1]
    assert len(found) == wanted, f"{name} has {len(found)} documents"
    return found


def signed_digest(text):
    return hashlib.sha1(text[: text.index("\nrouter-signature\n") + 18].encode()).digest()


class Hour:
    """What there is in an hour, by the address that it is asked for under."""

    def __init__(self, folder, number, signers):
        last = RELAYS + NEW
        servers, extras, micros = (
            documents(folder, name, last) for name in ("server-descriptors", "extra-infos", "microdescs")
        )
        listed = range((number - 1) * NEW, (number - 1) * NEW + RELAYS)
        self.signers = signers
        self.servers = {signed_digest(servers[at]).hex().upper(): servers[at] for at in listed}
        self.extras = {signed_digest(extras[at]).hex().upper(): extras[at] for at in listed}
        self.micros = {b64(hashlib.sha256(micros[at].encode()).digest()): micros[at] for at in listed}
        lent = (folder / "consensus").read_text().split("directory-footer\n")[0].split("\nr ")[1:]
        lent = [[line for line in entry.split("\n")[1:] if line[:2] in ("s ", "v ", "w ", "p ")] for entry in lent]
        relays = []
        for at in listed:
            fields = {line.split(" ", 1)[0]: line.split(" ")[1:] for line in servers[at].split("\n")}
            fingerprint = bytes.fromhex("".join(fields["fingerprint"]))
            name, address, port, _, directory = fields["router"]
            relays.append((fingerprint, name, " ".join(fields["published"]), f"{address} {port} {directory}", at))
        relays.sort()
        time = FIRST + datetime.timedelta(hours=number - 1)
        times = "".join(
            f"{what} {time + datetime.timedelta(hours=hours)}\n"
            for what, hours in (("valid-after", 0), ("fresh-until", 1), ("valid-until", 3))
        )
        flags = "known-flags Authority BadExit Exit Fast Guard HSDir NoEdConsensus Running Stable V2Dir Valid\n"

        def entries(kind):
            for fingerprint, name, published, place, at in relays:
                micro = b64(hashlib.sha256(micros[at].encode()).digest())
                digest = "" if kind == "microdesc" else f" {b64(signed_digest(servers[at]))}"
                yield f"r {name} {b64(fingerprint)}{digest} {published} {place}\n"
                yield f"m {micro}\n" if kind == "microdesc" else ""
                for line in lent[at % len(lent)]:
                    if kind != "microdesc" or not line.startswith("p "):
                        yield f"{line} Measured=7\n" if kind == "vote" and line.startswith("w ") else f"{line}\n"
                if kind == "vote":
                    yield f"m 25,26,27,28 sha256={micro}\nstats wfu=0.99 tk=1234567 mtbf=7654321\n"

        self.votes = {}
        body = "".join(entries("vote"))
        for one in signers:
            text = (
                "network-status-version 3\nvote-status vote\nconsensus-methods 25 26 27 28\n"
                f"published {time - datetime.timedelta(minutes=10)}\n{times}voting-delay 300 300\n{flags}"
                f"flag-thresholds stable-uptime=1 stable-mtbf=2 fast-speed=3\n{one.source()}{one.certificate}{body}"
                "directory-footer\ndirectory-signature "
            )
            text = text.removesuffix("directory-signature ") + one.signature(text, "sha1")
            digest = hashlib.sha1(text[: text.index("directory-signature ") + 20].encode()).hexdigest().upper()
            self.votes[one.id] = (digest, text)
        voters = "".join(
            f"{one.source()}vote-digest {self.votes[one.id][0]}\n" for one in sorted(signers, key=lambda it: it.id)
        )
        self.consensuses = {}
        for flavor, algorithm in (("ns", "sha1"), ("microdesc", "sha256")):
            version = "3" if flavor == "ns" else "3 microdesc"
            text = (
                f"network-status-version {version}\nvote-status consensus\nconsensus-method 28\n{times}"
                f"voting-delay 300 300\n{flags}{voters}{''.join(entries(flavor))}directory-footer\n"
                "bandwidth-weights Wbd=0 Wbe=0 Wbg=4148 Wbm=10000 Wdb=10000 Web=10000 Wed=10000 Wee=10000 Weg=10000 "
                "Wem=10000 Wgb=10000 Wgd=0 Wgg=5852 Wgm=5852 Wmb=10000 Wmd=0 Wme=0 Wmg=4148 Wmm=10000\n"
            )
            signed = text + "directory-signature "
            self.consensuses[flavor] = text + "".join(one.signature(signed, algorithm) for one in signers)

    def answer(self, path):
        parts = path.removesuffix(".z").strip("/").split("/")
        match parts:
            case ["tor", "status-vote", "current", "consensus"]:
                return self.consensuses["ns"]
            case ["tor", "status-vote", "current", "consensus-microdesc"]:
                return self.consensuses["microdesc"]
            case ["tor", "status-vote", "current", "d", digest]:
                return next((text for its, text in self.votes.values() if its == digest), None)
            case ["tor", "status-vote", "current", identity]:
                return self.votes.get(identity, (None, None))[1]
            case ["tor", "keys", *_]:
                return "".join(one.certificate for one in self.signers)
            case ["tor", "server", "d", digests]:
                return "".join(self.servers.get(it, "") for it in digests.split("+")) or None
            case ["tor", "extra", "d", digests]:
                return "".join(self.extras.get(it, "") for it in digests.split("+")) or None
            case ["tor", "micro", "d", *digests]:
                return "".join(self.micros.get(it, "") for it in "/".join(digests).split("-")) or None
        return None


def serve(hour, signers):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            text = hour.answer(self.path)
            body = zlib.compress((text or "").encode(), 6)
            self.send_response(200 if text else 404)
            self.send_header("Content-Encoding", "deflate")
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass  # Whoever was quicker has answered, and the client has hung up.

    servers = [Server((one.address, PORT), Handler) for one in signers]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    servers[0].serve_forever()


def main():
    folder, what = pathlib.Path(sys.argv[1]), sys.argv[2]
    signers = authorities(folder)
    if what == "config":
        lines = ",\n".join(f'  "{one.name} {one.address}:{PORT} {one.id}"' for one in signers)
        print(f"[relay]\nauthorities = [\n{lines}\n]")
    else:
        serve(Hour(folder, int(sys.argv[3]), signers), signers)


main()
