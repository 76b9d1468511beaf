"""The log of the processes says where something broke, never what was being read."""

import json

import structlog

from lockgate.runtime.process_log import configure_log, where_it_was_raised


def test_an_exception_is_logged_by_type_and_place_only():
    try:
        int("the prompt said hunter2")
    except ValueError:
        event = where_it_was_raised(None, "error", {"event": "broke", "exc_info": True})
    assert event["error_type"] == "ValueError"
    assert event["stack"][-1].endswith("test_an_exception_is_logged_by_type_and_place_only")
    assert "hunter2" not in json.dumps(event)


def test_lines_are_json_with_the_process_name(capsys):
    configure_log("worker-7")
    structlog.get_logger("x").warning("something happened", count=3)
    line = json.loads(capsys.readouterr().err)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    assert (line["process"], line["event"], line["count"], line["level"]) == ("worker-7", "something happened", 3, "warning")
