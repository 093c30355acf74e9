"""Server addresses are understood, and passwords never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.connection import PASSWORD_VARIABLE, Connection, connect, from_user
from steer.exceptions import ConfigError


def parse(url, password_file=None, **environment):
    return Connection.parse(url, environment=environment, password_file=password_file)


@pytest.mark.parametrize(
    ("url", "address", "username"),
    [
        ("redis://host:6380/2", "redis://host:6380/2", ""),
        ("rediss://me@host", "rediss://host", "me"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock", ""),
        ("unix://worker@/run/redis.sock?db=1", "unix:///run/redis.sock?db=1", "worker"),
        ("host:7000", "redis://host:7000", ""),
        ("/run/redis.sock", "unix:///run/redis.sock", ""),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0", ""),
        ("rediss://host?ssl_ca_certs=/etc/ca.pem", "rediss://host?ssl_ca_certs=/etc/ca.pem", ""),
    ],
)
def test_urls_are_understood(url, address, username):
    connection = parse(url)
    assert (connection.address, connection.username, connection.password) == (address, username, "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://host/abc",
        "rediss://host/0/1",
        "redis://host/-1",
        "http://host",
        "redis://",
        "unix://relative/path",
        "redis://host:port",
        "unix://",
        "redis://[half",
    ],
)
def test_what_is_no_url_is_an_error_that_shows_one(url):
    with pytest.raises(ConfigError, match="expected redis://"):
        parse(url)


def test_the_file_comes_before_the_url_and_the_url_before_the_environment(tmp_path):
    file = tmp_path / "password"
    file.write_text("from file\nsecond line\n")
    environment = {PASSWORD_VARIABLE: "from environment"}
    assert parse("redis://h", **environment).password == "from environment"
    assert parse("redis://:from%20url@h", **environment).password == "from url"
    assert parse("redis://:from%20url@h", file, **environment).password == "from file"


@pytest.mark.parametrize("content", ["", "\n", "  \nsecond"])
def test_an_empty_password_file_is_an_error(tmp_path, content):
    file = tmp_path / "password"
    file.write_text(content)
    with pytest.raises(ConfigError, match="first line"):
        parse("redis://h", file)
    with pytest.raises(ConfigError, match="cannot be read"):
        parse("redis://h", tmp_path / "none")


def test_a_password_among_the_options_is_refused():
    with pytest.raises(ConfigError, match=PASSWORD_VARIABLE):
        parse("redis://host?password=hunter2")


@given(
    username=st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=10),
    password=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=4),
    address=st.sampled_from(["redis://host:1/0", "unix:///run/redis.sock?db=0"]),
)
def test_url_and_client_agree_on_user_and_password(username, password, address):
    connection = Connection(address, username, password)
    assert parse(connection.url) == connection
    client = connect(connection)
    options = client.connection_pool.connection_kwargs
    assert options["password"] == password
    assert (options.get("username") or "") == username
    client.close()


def test_a_password_is_never_shown():
    connection = Connection("redis://host:1/0", "me", "hunter2")
    assert connection.shown == str(connection) == "redis://me@host:1/0"
    for text in (repr(connection), str(connection), f"{connection}"):
        assert "hunter2" not in text
    with pytest.raises(ConfigError) as caught:
        parse("redis://me:hunter2@host:nowhere")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://host?socket_timout=3", "'socket_timout' is unknown; there are db, ssl_ca_certs"),
        ("rediss://host?ssl_cert_reqs=none", "'ssl_cert_reqs' is unknown"),
        ("redis://host?db=x", "db='x' is no number"),
        ("redis://host?db=", "is no number"),
        ("redis://host?ssl_ca_certs=/ca.pem", "use rediss://"),
        ("unix:///s?ssl_keyfile=/k.pem", "use rediss://"),
        ("rediss://host?ssl_ca_certs=ca.pem", "must be an absolute path"),
    ],
)
def test_options_that_do_nothing_good_are_refused(url, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        parse(url)


def test_a_certificate_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match=rf"{path}.*ssl_ca_certs cannot be read"):
        connect(parse(f"rediss://host?ssl_ca_certs={path}"))


def test_a_password_on_a_command_line_is_warned_of_and_not_repeated(caplog):
    assert from_user("redis://:hunter2@host").password == "hunter2"
    assert f"set {PASSWORD_VARIABLE} instead" in caplog.text
    assert "hunter2" not in caplog.text
    caplog.clear()
    from_user("redis://worker@host")
    assert caplog.text == ""
