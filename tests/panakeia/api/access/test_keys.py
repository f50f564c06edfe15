"""Keys: made, shown once, found, revoked; safe between processes, and kept from others."""

import hmac
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from panakeia.api.access import keys as keys_module
from panakeia.api.access.home import HomeError, keys_file, secret
from panakeia.api.access.keys import KeyRefused, Keys, UnknownKey
from panakeia.api.access.listed import keys_table

DAY = 86400


class Time:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_found_and_kept_nowhere(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    made = Keys.of(home).add("notebook", "researcher")
    assert re.fullmatch(r"pnk_[0-9a-f]{8}_[0-9a-f]{72}", made.text)
    assert made.text not in repr(made)
    found = Keys.of(home).find(made.text)
    assert (found.name, found.role) == ("notebook", "researcher")
    assert found.caller().way == "key"
    random = made.text.split("_")[2]
    for path in home.rglob("*"):
        assert random.encode() not in path.read_bytes(), path
        assert mode(path) == 0o600
    assert mode(home) == 0o700


def test_a_wrong_key_is_told_by_kind(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path / "desk")
    text = keys.add("a", "reader").text
    with pytest.raises(UnknownKey, match="no whole key"):
        keys.find(text[:-1])
    with pytest.raises(UnknownKey, match="no whole key"):
        keys.find(text[:20] + ("0" if text[20] != "0" else "1") + text[21:])
    with pytest.raises(UnknownKey, match="does not know"):
        keys.find(Keys.ephemeral().add("a", "admin").text)
    forged = keys_module._text(text[4:12], "0" * 64)  # a public number that there is, other random bits
    with pytest.raises(UnknownKey, match="does not know") as refused:
        keys.find(forged)
    assert forged not in str(refused.value)


def test_digests_are_compared_in_constant_time_also_for_an_unknown_number(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return real(a, b)

    keys = Keys.ephemeral()
    stranger = Keys.ephemeral().add("a", "reader").text
    with monkeypatch.context() as patched:
        patched.setattr(hmac, "compare_digest", compare)
        with pytest.raises(UnknownKey):
            keys.find(stranger)
        keys.find(keys.add("b", "reader").text)
    assert compared == [(32, 32), (32, 32)]


def test_revoked_is_revoked_at_once_for_every_process_and_its_name_is_free(tmp_path: Path) -> None:
    serving, command = Keys.of(tmp_path / "desk"), Keys.of(tmp_path / "desk")
    made = command.add("a", "reader")
    serving.find(made.text)
    assert command.revoke("a").id == made.key.id
    with pytest.raises(UnknownKey, match="revoked"):
        serving.find(made.text)
    with pytest.raises(KeyRefused, match="no key named 'a'"):
        command.revoke("a")
    again = command.add("a", "designer")
    assert serving.find(again.text).role == "designer"
    assert serving.all()[0].revoked is not None


def test_a_key_expires_at_the_end_of_its_last_day() -> None:
    time = Time()
    keys = Keys.ephemeral(time)
    text = keys.add("a", "reader", days=2).text
    time.now += 2 * DAY
    assert str(keys.find(text).expires) == "2027-01-17"
    assert keys.any_opens()
    time.now += DAY
    with pytest.raises(UnknownKey, match="expired at the end of 2027-01-17"):
        keys.find(text)
    assert not keys.any_opens()
    keys.add("a", "reader", days=None)  # the name is free


def test_the_day_of_the_last_use_is_kept(tmp_path: Path) -> None:
    time = Time()
    keys = Keys.of(tmp_path / "desk", time)
    text = keys.add("a", "reader").text
    assert keys.all()[0].last_used is None
    time.now += DAY
    keys.find(text)
    frame = keys_table(Keys.of(tmp_path / "desk").all()).to_frame()
    assert frame.loc[0, ["name", "made", "last_used"]].tolist() == ["a", "2027-01-15", "2027-01-16"]


@pytest.mark.parametrize(
    ("name", "role", "days", "told"),
    [
        ("a", "root", 1, "got the role 'root', expected one of reader, designer"),
        ("", "reader", 1, "expected up to 64"),
        ("a\nb", "reader", 1, "expected up to 64"),
        ("\u202ea", "reader", 1, "expected up to 64"),
        ("x" * 65, "reader", 1, "expected up to 64"),
        ("a", "reader", 0, "got 0 days"),
        ("pnk_00000000", "reader", 1, "not a key"),
    ],
)
def test_what_no_key_is_made_of(name: str, role: str, days: int, told: str) -> None:
    keys = Keys.ephemeral()
    with pytest.raises(KeyRefused, match=told):
        keys.add(name, role, days)
    assert keys.all() == ()


def test_one_name_opens_once_and_a_key_given_for_a_name_is_not_told(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path / "desk")
    text = keys.add("a", "reader").text
    with pytest.raises(KeyRefused, match="already: revoke it first"):
        keys.add("a", "admin")
    with pytest.raises(KeyRefused, match="not the key") as refused:
        keys.revoke(text)
    assert text not in str(refused.value)


def test_two_processes_add_at_once_and_none_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    code = (
        "import sys; from pathlib import Path; from panakeia.api.access.keys import Keys\n"
        "keys = Keys.of(Path(sys.argv[1]))\n"
        "for n in range(15): print(keys.add(f'{sys.argv[2]} {n}', 'reader').text)"
    )
    root = Path(__file__).parents[4]
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(home), who], stdout=subprocess.PIPE, text=True, cwd=root)
        for who in ("one", "other")
    ]
    texts = [line for one in running for line in one.communicate()[0].split()]
    keys = Keys.of(home)
    assert [one.returncode for one in running] == [0, 0]
    assert len(texts) == 30  # the home, its secret and its file were made by both at once
    assert len({keys.find(text).name for text in texts}) == 30


def test_files_that_others_may_read_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    Keys.of(home).close()
    keys_file(home).chmod(0o640)
    with pytest.raises(HomeError, match="chmod 600"):
        Keys.of(home)
    keys_file(home).chmod(0o600)
    (home / "secret").chmod(0o604)
    with pytest.raises(HomeError, match="chmod 600"):
        secret(home)
    home.chmod(0o770)
    with pytest.raises(HomeError, match="chmod 700"):
        secret(home)


def test_what_is_no_file_of_keys_is_named(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    assert secret(home) == secret(home)
    keys_file(home).write_text("name,role\n" * 200, encoding="utf-8")
    keys_file(home).chmod(0o600)
    with pytest.raises(HomeError, match="is not a file of keys"):
        Keys.of(home)
    (home / "secret").write_bytes(b"short")
    with pytest.raises(HomeError, match="has 5 bytes, expected 32"):
        secret(home)
