"""Exit policies: where a relay lets connections go."""

import functools
import socket

from .util import connection
from .util.enum import Enum

AddressType = Enum(("WILDCARD", "Wildcard"), ("IPv4", "IPv4"), ("IPv6", "IPv6"))

#: What `private` stands for, but for the relay's own address.
PRIVATE_ADDRESSES = ("0.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8", "192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12")

_LAST_PORT = 65535
_BITS = {AddressType.IPv4: 32, AddressType.IPv6: 128}


def get_config_policy(rules, ip_address=None):
    """The policy that a torrc means: ports may be left out there, and `private` stands for several addresses."""
    if ip_address is not None:
        is_v6 = connection.is_valid_ipv6_address(ip_address, allow_brackets=True)
        if not is_v6 and not connection.is_valid_ipv4_address(ip_address):
            raise ValueError(f"{ip_address} isn't a valid IP address")
        ip_address = f"[{ip_address.strip('[]')}]" if is_v6 else ip_address
    result = []
    for rule in (rule.strip() for rule in (rules.split(",") if isinstance(rules, str) else rules)):
        if not rule:
            continue
        verb, _, pattern = rule.partition(" ")
        address, colon, ports = pattern.rpartition(":")
        if not colon or "]" in ports or not set(ports) <= set("0123456789-*"):
            address, ports = pattern, "*"
        if address != "private":
            result.append(f"{verb} {address}:{ports}")
            continue
        own = ip_address
        if own is None:
            try:
                own = socket.gethostbyname(socket.gethostname())
            except OSError:
                pass  # The machine has no address.
        result.extend(f"{verb} {private}:{ports}" for private in [*PRIVATE_ADDRESSES, *filter(None, [own])])
    return ExitPolicy(*map(ExitPolicyRule, result))


class ExitPolicy:
    """Rules in order, of which the first that fits decides."""

    _is_allowed_default = True

    def __init__(self, *rules):
        for rule in rules:
            if not isinstance(rule, (str, bytes, ExitPolicyRule)):
                raise TypeError(
                    f"Exit policy rules can only contain strings or ExitPolicyRules, got a {type(rule)} ({rules})"
                )
        self._given = rules

    @functools.cached_property
    def _rules(self):
        rules = []
        for rule in self._given:
            for text in [rule] if isinstance(rule, ExitPolicyRule) else _text(rule).split(","):
                if isinstance(text, str) and not text.strip():
                    continue
                rules.append(text if isinstance(text, ExitPolicyRule) else ExitPolicyRule(text.strip()))
        ends = next((at for at, rule in enumerate(rules) if rule._is_everything), None)
        if ends is not None:
            del rules[ends + 1 :]
            # What only rejects, or only accepts, and then everything, is that.
            if len({rule.is_accept for rule in rules}) == 1:
                rules = [ExitPolicyRule("accept *:*" if rules[0].is_accept else "reject *:*")]
        _mark_private(rules)
        if tuple(rules[-len(DEFAULT_POLICY_RULES) :]) == DEFAULT_POLICY_RULES:
            for rule in rules[-len(DEFAULT_POLICY_RULES) :]:
                rule._is_default_suffix = True
        return rules

    def can_exit_to(self, address=None, port=None, strict=False):
        """Whether a connection is allowed.

        Without an address or port: whether it is to some of them, or to all with `strict`.
        """
        if not self.is_exiting_allowed():
            return False
        fits = (rule.is_accept for rule in self._rules if rule.is_match(address, port, strict))
        return next(fits, self._is_allowed_default)

    def is_exiting_allowed(self):
        """Whether any connection is allowed."""
        return self._allows_any

    @functools.cached_property
    def _allows_any(self):
        rejected = []
        for rule in self._rules:
            ports = (rule.min_port, rule.max_port)
            if rule.is_accept:
                if _without([ports], rejected):
                    return True
            elif rule._is_everything:
                return False
            elif rule.is_address_wildcard():
                rejected.append(ports)
        return self._is_allowed_default

    def summary(self):
        """The ports that are accepted, or rejected, at all addresses; as `accept 80, 443`."""
        everything = (rule.is_accept for rule in self._rules if rule._is_everything)
        accepts = not next(everything, self._is_allowed_default)
        shown, decided = [], []
        for rule in self._rules:
            if not rule.is_address_wildcard():
                continue
            if rule.is_port_wildcard():
                break
            ports = [(rule.min_port, rule.max_port)]
            if rule.is_accept == accepts:
                shown += _without(ports, decided)
            decided += ports
        if not shown:
            return ("reject" if accepts else "accept") + " 1-65535"
        ports = (str(first) if first == last else f"{first}-{last}" for first, last in _joined(shown))
        return f"{'accept' if accepts else 'reject'} {', '.join(ports)}"

    def has_private(self):
        """Whether some rules are what `private` stands for."""
        return any(rule.is_private() for rule in self._rules)

    def strip_private(self):
        """The policy without what `private` stands for."""
        return ExitPolicy(*(rule for rule in self._rules if not rule.is_private()))

    def has_default(self):
        """Whether the policy ends with the default one of tor."""
        return any(rule.is_default() for rule in self._rules)

    def strip_default(self):
        """The policy without the default one of tor."""
        return ExitPolicy(*(rule for rule in self._rules if not rule.is_default()))

    def __len__(self):
        return len(self._rules)

    def __iter__(self):
        return iter(self._rules)

    def __str__(self):
        return ", ".join(map(str, self._rules))

    def __hash__(self):
        return hash(tuple(self._rules))

    def __eq__(self, other):
        return isinstance(other, ExitPolicy) and self._rules == other._rules


class MicroExitPolicy(ExitPolicy):
    """A policy in short, such as `accept 80,443`: the ports that are accepted, or rejected, at most addresses."""

    def __init__(self, policy):
        verb, blank, ports = policy[:6], policy[6:7], policy[6:].lstrip()
        if verb not in ("accept", "reject"):
            raise ValueError(f"A microdescriptor exit policy must start with either 'accept' or 'reject': {policy}")
        if blank != " ":
            raise ValueError(
                f"A microdescriptor exit policy should have a space separating accept/reject from its port list: {policy}"
            )
        self._policy, self._ports = policy, ports
        self.is_accept = verb == "accept"
        self._is_allowed_default = not self.is_accept
        for entry in ports.split(","):
            first, dash, last = entry.partition("-")
            if not connection.is_valid_port(first) or (dash and not connection.is_valid_port(last)):
                raise ValueError(f"'{entry}' is an invalid port range")

    @functools.cached_property
    def _rules(self):
        ranges = (entry.partition("-") for entry in self._ports.split(","))
        return [MicroExitPolicyRule(self.is_accept, int(first), int(last or first)) for first, _, last in ranges]

    def __str__(self):
        return self._policy

    def __hash__(self):
        return hash(self._policy)

    def __eq__(self, other):
        return isinstance(other, MicroExitPolicy) and self._policy == other._policy


#: The summary of a text. Few differ, so that one object serves many relays.
micro = functools.lru_cache(maxsize=4096)(MicroExitPolicy)


class ExitPolicyRule:
    """A rule such as `accept *:80` or `reject 10.0.0.0/8:*`."""

    _is_private = _is_default_suffix = False

    def __init__(self, rule):
        rule = _text(rule)
        verb, blank, pattern = rule.partition(" ")
        if verb not in ("accept", "reject", "accept6", "reject6"):
            if verb.startswith(("accept", "reject")):
                raise ValueError(
                    f"An exit policy should have a space separating its accept/reject from the exit pattern: {rule}"
                )
            raise ValueError(f"An exit policy must start with either 'accept[6]' or 'reject[6]': {rule}")
        if not blank:
            raise ValueError(
                f"An exit policy should have a space separating its accept/reject from the exit pattern: {rule}"
            )
        address, colon, ports = pattern.lstrip().rpartition(":")
        if not colon or "]" in ports:
            raise ValueError(f"An exitpattern must be of the form 'addrspec:portspec': {rule}")
        self.is_accept = verb.startswith("accept")
        self.min_port, self.max_port = _ports(ports, rule)
        self.address, self._type, self._masked_bits, self._mask = _addresses(address, verb.endswith("6"), rule)
        # Tor ignores rules of IPv6 about addresses of IPv4.
        self._skip_rule = verb.endswith("6") and self._type == AddressType.IPv4

    @property
    def _is_everything(self):
        return self.is_address_wildcard() and self.is_port_wildcard()

    def is_address_wildcard(self):
        """Whether the rule is about all addresses, of IPv4 and IPv6."""
        return self._type == AddressType.WILDCARD

    def is_port_wildcard(self):
        """Whether the rule is about all ports."""
        return self.min_port in (0, 1) and self.max_port == _LAST_PORT

    def is_match(self, address=None, port=None, strict=False):
        """Whether the rule is about a destination; of what is left out, about some of it, or all with `strict`."""
        if self._skip_rule:
            return False
        if address is not None:
            is_v6 = connection.is_valid_ipv6_address(address, allow_brackets=True)
            if not is_v6 and not connection.is_valid_ipv4_address(address):
                raise ValueError(f"'{address}' isn't a valid IPv4 or IPv6 address")
            if self._type == (AddressType.IPv4 if is_v6 else AddressType.IPv6):
                return False
        if port is not None and not connection.is_valid_port(port):
            raise ValueError(f"'{port}' isn't a valid port")
        vague = False
        if not self.is_address_wildcard():
            if address is None:
                vague = True
            elif connection.address_to_int(address.strip("[]")) & self._mask_int != self._address_int:
                return False
        if not self.is_port_wildcard():
            if port is None:
                vague = True
            elif not self.min_port <= port <= self.max_port:
                return False
        return strict != self.is_accept if vague else True

    @functools.cached_property
    def _mask_int(self):
        return connection.address_to_int(self.get_mask(False))

    @functools.cached_property
    def _address_int(self):
        return connection.address_to_int(self.address) & self._mask_int

    def get_address_type(self):
        """Which kind of addresses the rule is about."""
        return self._type

    def get_mask(self, cache=True):
        """The mask of the addresses, as `255.255.255.0`; None if the rule is about all of them."""
        if self._mask is not None or self.is_address_wildcard():
            return self._mask
        make = connection.get_mask_ipv4 if self._type == AddressType.IPv4 else connection.get_mask_ipv6
        return make(self._masked_bits)

    def get_masked_bits(self):
        """How many bits of the address count; None if no number tells it."""
        return self._masked_bits

    def is_private(self):
        """Whether the rule is a part of what `private` stands for."""
        return self._is_private

    def is_default(self):
        """Whether the rule belongs to tor's default policy."""
        return self._is_default_suffix

    def __str__(self):
        address = "*"
        if not self.is_address_wildcard():
            address = self.address if self._type == AddressType.IPv4 else f"[{self.address}]"
            if self._masked_bits != _BITS[self._type]:
                address += f"/{self.get_mask() if self._masked_bits is None else self._masked_bits}"
        ports = f"{self.min_port}-{self.max_port}"
        if self.is_port_wildcard():
            ports = "*"
        elif self.min_port == self.max_port:
            ports = str(self.min_port)
        return f"{'accept' if self.is_accept else 'reject'} {address}:{ports}"

    def _key(self):
        return self.is_accept, self.address, self.min_port, self.max_port, self.get_mask(False)

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return isinstance(other, ExitPolicyRule) and self._key() == other._key()


class MicroExitPolicyRule(ExitPolicyRule):
    """A rule about ports at all addresses."""

    address = _masked_bits = _mask = None
    _type = AddressType.WILDCARD
    _skip_rule = False

    def __init__(self, is_accept, min_port, max_port):
        self.is_accept, self.min_port, self.max_port = is_accept, min_port, max_port


def _text(rule):
    return rule.decode("utf-8", "replace") if isinstance(rule, bytes) else rule


def _addresses(text, is_v6, rule):
    # The address, its kind, the number of bits that count, and the mask if no number tells it.
    if text == "*4":
        text = "0.0.0.0/0"
    elif text == "*6" or (text == "*" and is_v6):
        text = "[::]/0"
    if text == "*":
        return None, AddressType.WILDCARD, None, None
    address, slash, bits = text.partition("/")
    if connection.is_valid_ipv4_address(address):
        kind = AddressType.IPv4
    elif address.startswith("[") and address.endswith("]") and connection.is_valid_ipv6_address(address[1:-1]):
        address, kind = connection.expand_ipv6_address(address[1:-1].upper()), AddressType.IPv6
    else:
        raise ValueError(f"'{text}' isn't a wildcard, IPv4, or IPv6 address: {rule}")
    most = _BITS[kind]
    if not slash:
        return address, kind, most, None
    if kind == AddressType.IPv4 and connection.is_valid_ipv4_address(bits):
        mask = connection.address_to_int(bits)
        count = bin(mask).count("1")
        is_prefix = mask == (1 << most) - (1 << most - count)
        return address, kind, count if is_prefix else None, None if is_prefix else bits
    if not bits.isdigit():
        raise ValueError(f"The '{bits}' isn't a mask nor number of bits: {rule}")
    if int(bits) > most:
        raise ValueError(f"{kind} masks must be in the range of 0-{most} bits")
    return address, kind, int(bits), None


def _ports(text, rule):
    if text == "*":
        return 1, _LAST_PORT
    first, dash, last = text.partition("-")
    if not connection.is_valid_port([first, last if dash else first], allow_zero=True):
        if dash:
            raise ValueError(f"Malformed port range: {rule}")
        if text.isdigit():
            raise ValueError(f"'{text}' isn't within a valid port range: {rule}")
        raise ValueError(f"Port value isn't a wildcard, integer, or range: {rule}")
    ports = int(first), int(last or first)
    if ports[0] > ports[1]:
        raise ValueError(f"Port range has a lower bound that's greater than its upper bound: {rule}")
    return ports


def _joined(ranges):
    # Ranges of ports in order, those that touch as one.
    joined = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _without(ranges, others):
    # What of ranges of ports is in no other.
    for low, high in _joined(others):
        left = ((first, min(last, low - 1)) for first, last in ranges)
        right = ((max(first, high + 1), last) for first, last in ranges)
        ranges = [(first, last) for first, last in [*left, *right] if first <= last]
    return ranges


def _mark_private(rules):
    count = len(PRIVATE_ADDRESSES)
    for start in range(len(rules) - count + 1):
        if f"{rules[start].address}/{rules[start].get_masked_bits()}" != PRIVATE_ADDRESSES[0]:
            continue
        block = rules[start : start + count]
        alike = {(rule.is_accept, rule.min_port, rule.max_port) for rule in block}
        if len(alike) > 1 or tuple(f"{rule.address}/{rule.get_masked_bits()}" for rule in block) != PRIVATE_ADDRESSES:
            continue
        # The relay's own address may follow.
        for rule in rules[start + count : start + count + 1]:
            if not rule.is_address_wildcard() and (rule.is_accept, rule.min_port, rule.max_port) in alike:
                block.append(rule)
        for rule in block:
            rule._is_private = True


DEFAULT_POLICY_RULES = tuple(
    ExitPolicyRule(rule)
    for rule in (
        "reject *:25",
        "reject *:119",
        "reject *:135-139",
        "reject *:445",
        "reject *:563",
        "reject *:1214",
        "reject *:4661-4666",
        "reject *:6346-6429",
        "reject *:6699",
        "reject *:6881-6999",
        "accept *:*",
    )
)
