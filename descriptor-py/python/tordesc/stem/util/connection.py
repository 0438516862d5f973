"""Addresses and ports, and downloading."""

import ipaddress
import socket
import sys
import urllib.request

from .. import DownloadFailed, DownloadTimeout


def download(url, timeout=None, retries=None):
    """The bytes at a URL; asks again up to `retries` times. DownloadTimeout or DownloadFailed if it cannot be had."""
    for left in range(retries or 0, -1, -1):
        try:
            return urllib.request.urlopen(url, timeout=timeout).read()
        except socket.timeout as exc:
            # Who waited for the whole time does not wait again.
            raise DownloadTimeout(url, exc, sys.exc_info()[2], timeout) from exc
        except Exception as exc:
            if not left:
                raise DownloadFailed(url, exc, sys.exc_info()[2]) from exc
    raise AssertionError("the last attempt gives or raises")


def is_valid_ipv4_address(address):
    """Whether this is an address like `198.51.100.7`."""
    if not isinstance(address, (str, bytes)):
        return False
    parts = (address.decode("utf-8", "replace") if isinstance(address, bytes) else address).split(".")
    return len(parts) == 4 and all(
        part.isascii() and part.isdigit() and len(part) <= 3 and int(part) <= 255 for part in parts
    )


def is_valid_ipv6_address(address, allow_brackets=False):
    """Whether this is an address like `2001:db8::7`; with `allow_brackets` also one in brackets."""
    if isinstance(address, bytes):
        address = address.decode("utf-8", "replace")
    if not isinstance(address, str):
        return False
    if allow_brackets and address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    try:
        return "%" not in address and bool(ipaddress.IPv6Address(address) or True)
    except ValueError:
        return False


def is_valid_port(entry, allow_zero=False):
    """Whether this is a port, as a number, a text, or all of a list."""
    if isinstance(entry, (tuple, list)):
        return all(is_valid_port(port, allow_zero) for port in entry)
    try:
        port = int(entry)
    except (TypeError, ValueError):
        return False
    # What int() accepts besides, such as `+80`, `080` and ` 80`, is no port.
    return str(port) == str(entry) and (port > 0 or (allow_zero and port == 0)) and port < 65536


def expand_ipv6_address(address):
    """All eight groups of an address, with four digits each, in the case that they are given in."""
    if not is_valid_ipv6_address(address):
        raise ValueError(f"'{address}' isn't a valid IPv6 address")
    exploded = ipaddress.IPv6Address(address).exploded
    return exploded.upper() if address.upper() == address else exploded


def get_mask_ipv4(bits):
    """The mask of a number of bits, as `255.255.0.0` of 16."""
    if not 0 <= bits <= 32:
        raise ValueError("A mask can only be 0-32 bits, got %i" % bits)
    return str(ipaddress.IPv4Network((0, bits)).netmask)


def get_mask_ipv6(bits):
    """The same of IPv6, with all groups."""
    if not 0 <= bits <= 128:
        raise ValueError("A mask can only be 0-128 bits, got %i" % bits)
    return ipaddress.IPv6Network((0, bits)).netmask.exploded.upper()


def address_to_int(address):
    """An address of either kind as a number."""
    return int(ipaddress.ip_address(address))
