"""Talking to relays at their ORPort, which this package cannot."""

__all__ = ["Relay", "datatype"]


class Relay:
    """A connection to an ORPort."""

    @staticmethod
    def connect(address, port, link_protocols=(3,)):
        """Not possible here: documents are asked for at DirPorts and mirrors."""
        raise NotImplementedError("tordesc.stem does not speak the protocol of ORPorts; ask a DirPort")
