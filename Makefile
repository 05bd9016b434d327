# Neural Face: every target makes the environments it needs. Debian or Ubuntu, Python 3.11.

PYTHON ?= python3.11
TEXT ?= Maybe we both put the big blue paper boat away
OUT ?= out
HEAD ?=
# How the demo speaks: STYLE or EXAMPLES (the best that the head has), and a named style.
METHOD ?=
STYLE ?=
# A video for the demo to follow instead of speaking.
VIDEO ?=
# Recordings and actor assets (docs/making_the_bundled_head.md): here, or in a folder beside this one.
DATA ?= $(patsubst %/spoken_english,%,$(firstword $(wildcard data/spoken_english ../*/data/spoken_english)))
ONLY ?=
DEVICE ?= cpu
BIN := .venv/bin
BLENDER_EXT := .venv/lib/python3.11/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py
# Test files that touch Blender; the others need no second Blender version.
BLENDER_TESTS = $(shell grep -lw bpy tests/test_*.py)
# A test file stays in one process, with one Blender; two fit any machine's memory.
PYTEST := -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# Tests skip what is not installed; so make sure first that what must be there really loads.
SHOW = -c 'import bpy, sys; print("Blender", bpy.app.version_string, "Python", sys.version.split()[0])'
# A Python 3.13 that really runs (a pyenv shim may not).
PYTHON313 = $(firstword $(foreach python,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python),\
	$(shell $(python) -c pass 2>/dev/null && echo $(python))))
export TEXT OUT HEAD METHOD STYLE VIDEO ONLY DEVICE

.PHONY: setup system demo pictures test types test-blender45 test-blender52 bench extension test-gui

setup: .venv/.ready

system:
	@.ci/system-packages

demo: .venv/.ready
	@$(BIN)/python neural_face_addon/showroom/source.py neural_face_addon.showroom.demo \
		--text "$$TEXT" --out "$$OUT" --head "$$HEAD" --method "$$METHOD" --style "$$STYLE" \
		--video "$$VIDEO"

pictures: .venv/.ready
	@$(BIN)/python neural_face_addon/showroom/source.py neural_face_addon.showroom.demo \
		--text "$$TEXT" --out "$$OUT" --head "$$HEAD" \
		--contact-sheet docs/pictures/contact_sheet.png
	@$(BIN)/python neural_face_addon/showroom/source.py neural_face_addon.showroom.portraits \
		--head "$$HEAD" --expressions docs/pictures/expressions.png \
		--styles docs/pictures/styles.png --text "$$TEXT"
	@$(if $(DATA),$(BIN)/python -m tests.bench.side_by_side --data "$(DATA)" \
		$(if $(HEAD),--head "$$HEAD"),echo "No actor assets at hand: the pictures of a video stay.")

test: .venv/.ready .venv45/.ready
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	@$(MAKE) --no-print-directory types
	@$(BIN)/python $(SHOW)
	@$(BIN)/python -c 'import torch; print("torch", torch.__version__)'
	$(BIN)/python $(PYTEST)
	@$(MAKE) --no-print-directory test-blender45 test-blender52

types: .venv/.ready .venv-types/.ready
	$(BIN)/basedpyright

test-blender45: .venv45/.ready
	@.venv45/bin/python $(SHOW)
	.venv45/bin/python $(PYTEST) $(BLENDER_TESTS)

ifneq ($(filter test test-blender52,$(MAKECMDGOALS)),)
ifneq ($(PYTHON313),)
test-blender52: .venv52/.ready
	@.venv52/bin/python $(SHOW)
	.venv52/bin/python $(PYTEST) $(BLENDER_TESTS)
else
test-blender52:
	@echo "No Python 3.13: the tests on Blender 5.2 are left out."
endif
endif

bench: .venv/.ready-bench
	@$(BIN)/python -m tests.bench --only "$$ONLY" --device "$$DEVICE" --out "$$OUT" \
		$(if $(HEAD),--head "$$HEAD") $(if $(DATA),--data "$(DATA)")

extension: .venv/.ready
	mkdir -p "$$OUT"
	$(BIN)/python $(BLENDER_EXT) build --source-dir . --output-dir "$$OUT"
	for zip in "$$OUT"/neural_face-*.zip; do $(BIN)/python $(BLENDER_EXT) validate "$$zip"; done

# Needs root, once ten minutes and 4 GB; so `make test` does without it.
test-gui: extension
	@tests/gui/run "$$OUT"/neural_face-*.zip "$$OUT"/gui

# Setting up talks on standard error only: standard output belongs to the targets' results.
.venv/.ready: requirements.txt requirements-blender.txt requirements-capture.txt requirements-video.txt \
		requirements-test.txt | system
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python 3.11 is needed: install it, or say PYTHON=/path/to/python3.11." >&2; exit 1; }
	@echo "Setting up .venv" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >&2
	@$(BIN)/pip install -q -r requirements.txt -r requirements-blender.txt -r requirements-test.txt >&2
	@$(BIN)/pip install -q --no-deps -r requirements-capture.txt -r requirements-video.txt >&2
	@touch $@

.venv-types/.ready: requirements-types.txt tests/blender_types.py .venv/.ready
	@rm -rf .venv-types
	@$(BIN)/pip install -q --no-deps --target .venv-types -r requirements-types.txt >&2
	@$(BIN)/python tests/blender_types.py .venv-types
	@touch $@

.venv/.ready-bench: requirements-bench.txt .venv/.ready
	@$(BIN)/pip install -q --no-deps -r requirements-bench.txt >&2
	@touch $@

# Only Blender itself is installed here; all else is borrowed from .venv, which comes later in the path.
.venv45/.ready: requirements-blender45.txt .venv/.ready
	@echo "Setting up .venv45" >&2
	@test -x .venv45/bin/python || $(PYTHON) -m venv .venv45 >&2
	@.venv45/bin/pip install -q --no-deps -r requirements-blender45.txt >&2
	@echo "$(CURDIR)/.venv/lib/python3.11/site-packages" > .venv45/lib/python3.11/site-packages/borrowed.pth
	@touch $@

.venv52/.ready: requirements-blender52.txt | system
	@echo "Setting up .venv52" >&2
	@test -x .venv52/bin/python || $(PYTHON313) -m venv .venv52 >&2
	@.venv52/bin/pip install -q -r requirements-blender52.txt >&2
	@touch $@
