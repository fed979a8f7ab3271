from pathlib import Path

import pytest

from sferic.config import TABLE, Route, Settings, document, load_settings
from sferic.errors import InvalidSettingsError


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "sferic.toml"
    path.write_text(text)
    return path


def test_without_anything_the_defaults_hold() -> None:
    assert load_settings(environment={}) == Settings()


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'port = 1\nmodel = "file"\ndevice = "cpu"\n')
    settings = load_settings(
        file=file,
        environment={"SFERIC_PORT": "2", "SFERIC_MODEL": "environment"},
        flags={"port": "3", "model": None},
    )
    assert (settings.port, settings.model, settings.device) == (3, "environment", "cpu")


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "port = 7")
    assert load_settings(environment={"SFERIC_CONFIG": str(file)}).port == 7


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings(environment={"SFERIC_TLS_CERT": "", "SFERIC_PORT": ""}) == Settings()


def test_lists_are_split_at_commas() -> None:
    settings = load_settings(environment={"SFERIC_API_KEYS": "first, second,"})
    assert settings.api_keys == ("first", "second")


def test_a_whole_number_in_the_file_is_good_enough_for_seconds(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "idle_timeout_s = 5")
    assert load_settings(file=file, environment={}).idle_timeout_s == 5.0


def test_paths_in_the_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        'tls_cert = "tls/cert.pem"\ntls_key = "/etc/key.pem"\n'
        'key_database = "sqlite:///keys.db"\nmodel = "./model"\n',
    )
    settings = load_settings(file=file, environment={})
    assert settings.tls_cert == str(tmp_path / "tls/cert.pem")
    assert settings.tls_key == "/etc/key.pem"
    assert settings.key_database == "sqlite:///keys.db"
    assert settings.model == str(tmp_path / "model")


def test_all_problems_are_listed_at_once_and_say_where_they_come_from(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path, 'prot = 1\nport = 99999\nsession_limit_s = nan\ntls_cert = "a"\n'
    )
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings(
            file=file,
            environment={"SFERIC_DEVICE": "tpu"},
            flags={"workers": "many", "allowed_origins": "https://x/path"},
        )
    text = str(caught.value)
    assert [problem.parameter for problem in caught.value.problems] == [
        "prot",
        "port",
        "session_limit_s",
        "device",
        "workers",
        "allowed_origins",
        "tls_key",
    ]
    assert f"port=99999 (from {file}) is not allowed: it must be a whole number from 0 to" in text
    assert "device=tpu (from SFERIC_DEVICE) is not allowed: it must be one of auto, cpu" in text
    assert "workers=many (from --workers)" in text
    assert "known are: host, port," in text


@pytest.mark.parametrize("text", ["port 8080", "port = 1\nport = 2", "\xff"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sferic.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidSettingsError, match=r"sferic\.toml cannot be read"):
        load_settings(file=file, environment={})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingsError, match=r"none\.toml cannot be read: No such file"):
        load_settings(file=tmp_path / "none.toml", environment={})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", ""),
        ("model", ""),
        ("allowed_origins", ("app.example.com",)),
        ("allowed_origins", ("https://App.example.com",)),
        ("trusted_proxies", ("everybody",)),
        ("api_keys", ("with space",)),
        ("api_keys", ("",)),
        ("api_keys", ("quoted,",)),
        ("metrics_token", "with space"),
        ("tls_key", "key.pem"),
    ],
)
def test_settings_made_in_python_are_checked_too(name: str, value: object) -> None:
    with pytest.raises(InvalidSettingsError):
        Settings(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://app.example.com", "http://localhost:3000", "http://[::1]:8080"],
)
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    assert Settings(allowed_origins=(origin,)).allowed_origins == (origin,)


def test_a_cpu_decodes_no_batches() -> None:
    assert Settings(device="cpu", batch=1).batch == 1
    assert Settings(device="auto", batch=8).batch == 8
    with pytest.raises(InvalidSettingsError, match="0 or 1, because device is cpu"):
        load_settings(environment={"SFERIC_DEVICE": "cpu", "SFERIC_BATCH": "2"})


def test_an_interval_of_nothing_is_allowed_and_one_below_is_not() -> None:
    environment = {"SFERIC_PARTIAL_INTERVAL_MS": "0"}
    assert load_settings(environment=environment).partial_interval_ms == 0
    with pytest.raises(InvalidSettingsError, match="a whole number from 0 to 60000"):
        load_settings(environment={"SFERIC_PARTIAL_INTERVAL_MS": "-1"})


def test_secrets_show_up_neither_in_the_settings_nor_in_problems(tmp_path: Path) -> None:
    settings = Settings(
        api_keys=("secret-one",),
        metrics_token="secret-two",
        key_database="postgresql://user:secret-three@host/keys",
    )
    assert "secret-" not in repr(settings)
    file = settings_file(tmp_path, 'api_keys = "secret-one"\nmetrics_token = ["secret-two"]')
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings(file=file, environment={"SFERIC_API_KEYS": "secret- one"})
    assert "secret-" not in str(caught.value)
    assert all("secret" not in problem.value for problem in caught.value.problems)


def test_secrets_have_no_flag() -> None:
    assert {spec.name for spec in TABLE if spec.flag is None} == {"api_keys", "metrics_token"}


def test_every_default_is_one_of_its_own_values() -> None:
    for spec in TABLE:
        assert spec.default is None or spec.check(spec.default) == spec.default
        assert spec.doc.endswith(".")


def test_the_manual_has_the_table() -> None:
    manual = Path(__file__).parents[1] / "docs" / "operating.md"
    assert document() in manual.read_text(), "put there what `python -m sferic.config` prints"


def test_routes_are_read_from_all_places(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'route = ["en=whisper-tiny.en", "*=./mine"]')
    settings = load_settings(file=file, environment={})
    assert settings.routes == (Route("en", "whisper-tiny.en"), Route("*", str(tmp_path / "mine")))
    flagged = load_settings(environment={}, flags={"route": ["de-AT=a", "*=b"]})
    assert flagged.routes == (Route("de", "a"), Route("*", "b"))
    listed = load_settings(environment={"SFERIC_ROUTE": "multi-eu=a,*=b"})
    assert listed.routes == (Route("multi-eu", "a"), Route("*", "b"))


@pytest.mark.parametrize("route", ["whisper-base", "xx=whisper-base", "en=", "=whisper-base"])
def test_a_route_that_is_none_is_refused(route: str) -> None:
    with pytest.raises(InvalidSettingsError, match="route="):
        Settings(route=(route,))
