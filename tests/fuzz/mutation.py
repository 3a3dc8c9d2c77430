"""Inputs made from valid ones by small damage, and from those by more."""

from random import Random

from tests.fuzz.target import Target

MAX_BYTES = 4096
MAX_CHANGES = 6
MAX_CORPUS = 512
INTERESTING = (0, 1, 9, 10, 13, 32, 34, 44, 45, 48, 58, 91, 92, 93, 123, 125, 127, 128, 192, 255)


class Mutator:
    """Draws inputs; what is kept by ``keep`` is mutated further, so that rare outcomes are followed."""

    def __init__(self, random: Random, target: Target) -> None:
        self._random = random
        self._change = target.change
        self._corpus = list(target.seeds)
        self._seeds = len(target.seeds)
        self._tokens = list(target.tokens)
        self._changes = (
            self._replace_byte,
            self._insert_token,
            self._replace_by_token,
            self._cut,
            self._repeat,
            self._splice,
            self._change_number,
            self._truncate,
        )

    def next(self) -> bytes:
        """Return another input; some are valid as they are."""
        data = self._random.choice(self._corpus)
        if self._change is not None:
            for _ in range(self._random.randint(0, MAX_CHANGES // 2)):
                data = self._change(data, self._random)
            if self._random.random() < 0.5:
                return data[:MAX_BYTES]
        for _ in range(self._random.randint(0, MAX_CHANGES)):
            data = self._random.choice(self._changes)(data)
        return data[:MAX_BYTES]

    def keep(self, data: bytes) -> None:
        """Mutate this input too from now on, in place of another one once there are many."""
        if len(self._corpus) < MAX_CORPUS:
            self._corpus.append(data)
        else:
            self._corpus[self._random.randrange(self._seeds, MAX_CORPUS)] = data

    def _at(self, data: bytes) -> int:
        return self._random.randint(0, len(data))

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._at(data)
        return start, min(len(data), start + self._random.choice((1, 2, 4, 8, 32, 128)))

    def _replace_byte(self, data: bytes) -> bytes:
        start = self._at(data)
        random = self._random
        value = random.choice(INTERESTING) if random.random() < 0.5 else random.randrange(256)
        return data[:start] + bytes([value]) + data[start + 1 :]

    def _insert_token(self, data: bytes) -> bytes:
        start = self._at(data)
        return data[:start] + self._random.choice(self._tokens) + data[start:]

    def _replace_by_token(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._random.choice(self._tokens) + data[end:]

    def _cut(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _repeat(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:end] + data[start:end] * self._random.choice((1, 2, 16)) + data[end:]

    def _splice(self, data: bytes) -> bytes:
        other = self._random.choice(self._corpus)
        return data[: self._at(data)] + other[self._at(other) :]

    def _change_number(self, data: bytes) -> bytes:
        """Change a number of the text, which a change of single bytes would seldom do."""
        digits = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
        if not digits:
            return data
        at = self._random.choice(digits)
        value = self._random.choice(
            (b"0", b"-1", b"1e400", b"9" * 9, b"9" * 25, b"0.5", b"null", b"4294967296")
        )
        return data[:at] + value + data[at + 1 :]

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._at(data)]
