"""What was measured is printed at once, and is not lost where something else fails."""

import pytest

from tests.performance import bench


def test_a_part_that_fails_is_named_and_loses_no_other(capsys):
    printed_before = []

    def measures(_):
        pass

    def fails(_):
        printed_before.append(capsys.readouterr().out)
        raise OSError("the port is taken")

    parts = [
        ("calls", measures, [lambda _: ["  calls a second", "  50"]]),
        ("a deployment", fails, []),
        ("conferences", measures, [lambda _: ["  a minute each"]]),
    ]
    with pytest.raises(SystemExit) as end:
        bench.main(parts)
    out = capsys.readouterr().out
    assert printed_before == ["  calls a second\n  50\n"]
    assert "a deployment: NOT MEASURED: OSError: the port is taken" in out
    assert "  a minute each" in out
    assert end.value.code == 1  # and no budget was measured
