"""Several events in one record, a JSON object a line."""

from consumers.decode.format import Announced
from consumers.decode.lenient import Refused, parse
from consumers.decode.record import Record


class Lines:
    """Splits a value into its lines; each is then read as a record of its own would be."""

    announced = Announced()
    is_envelope = True

    def claims(self, record: Record) -> bool:
        """Tell whether the first of several lines is JSON by itself."""
        first, _, rest = (record.value or b"").strip().partition(b"\n")
        if not rest:
            return False
        try:
            parse(first)
        except Refused:
            return False
        return True

    def read(self, record: Record) -> list[Record]:
        """Return a record for each line; blank ones are none."""
        return [record.carrying(line) for line in (record.value or b"").split(b"\n") if line and not line.isspace()]
