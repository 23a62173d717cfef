# The front door: each target installs what it needs, configures and builds. See README.md.
JOBS ?= $(shell nproc)
VENV := .venv
PY   := $(VENV)/bin/python

.PHONY: run build all python wheel compat test test-arm test-fleet test-kernels cross bench asan tsan fuzz format lint layers install \
        check-full clean deb tarball test-packages deps-build deps-test

run: build
	@tools/run_samples.sh build/peel samples out

# The program alone; `make all` builds what CTest runs, the libraries and the examples as well.
build: deps-build
	@cmake --preset release -Wno-dev -DPEEL_TESTS=OFF >/dev/null
	@cmake --build --preset release -j $(JOBS) --target peel_program

all: deps-build
	@tools/install_deps.sh test
	@cmake --preset release -Wno-dev -DPEEL_TESTS=ON >/dev/null
	@cmake --build --preset release -j $(JOBS)

deps-build:
	@tools/install_deps.sh build

$(VENV)/.stamp: tests/requirements.txt tests/clients.txt
	@tools/install_deps.sh test
	python3 -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check -r tests/requirements.txt
	$(PY) -m pip install -q --disable-pip-version-check --no-deps -r tests/clients.txt
	-mkdir -p .cache && $(PY) -m pip download -q --disable-pip-version-check --no-deps \
	  --no-binary :all: -d .cache rembg==2.0.60  # for its tests, which later ones lack
	@touch $@

# The Python module, built and installed into $(VENV). The compiler goes by the name that CMake uses
# for the program, so that ccache knows its objects again.
python: deps-build $(VENV)/.stamp
	@CC=cc CXX=c++ $(PY) -m pip install -q --disable-pip-version-check --no-build-isolation \
	  --no-deps --force-reinstall .

# A wheel with its libraries inside, in dist/.
wheel: deps-build $(VENV)/.stamp
	@tools/make_wheel.sh $(PY)

# Debian packages in dist/: peel, libpeel0, libpeel-dev.
deb: deps-build
	@tools/install_deps.sh deb
	@cmake --preset package -Wno-dev >/dev/null
	@cmake --build --preset package -j $(JOBS)
	@cd build-package && cpack -G DEB

# The program with its libraries in one archive, in dist/.
tarball: deps-build
	@tools/install_deps.sh deb
	@cmake --preset tarball -Wno-dev >/dev/null
	@cmake --build --preset tarball -j $(JOBS)
	@cd build-tarball && cpack -G TGZ

# The packages, the archive and the Dockerfile's lines tried in a bare Debian 12 (as root).
test-packages: all deb tarball $(VENV)/.stamp
	@tools/install_deps.sh package
	PEEL_TEST_PACKAGES=1 $(PY) -m pytest -q -rs tests/package

# The differential tests against rembg itself, which takes a large environment.
compat: wheel
	@tools/run_compat.sh

# Ray clusters with nodes and actors killed at random, Spark, Dask and Daft, in an environment that has them.
test-fleet: build wheel
	@tools/run_fleet.sh

# Without Chromium the tests of the page are left out, and say so.
test: all layers python
	-@tools/install_deps.sh browser
	ctest --test-dir build --output-on-failure -j $(JOBS)
	$(PY) -m pytest -q -n $(JOBS) --dist loadfile tests

# The engine on 64-bit Arm (NEON), cross-compiled and emulated.
test-arm: $(VENV)/.stamp
	tools/test_arm.sh $(JOBS)
	PEEL_TEST_KERNELS=1 $(PY) -m pytest -q -rs tests/kernels/test_emulated.py -k arm

# Part of what lies below the codecs, built for Windows and tested under Wine: docs/internals/porting.md.
cross:
	tools/test_windows.sh $(JOBS)

# Every convolution kernel forced in turn, every CPU level, older processors emulated, over whole models.
test-kernels: build $(VENV)/.stamp
	@tools/install_deps.sh emulate
	PEEL_TEST_KERNELS=1 $(PY) -m pytest -q -rs tests/kernels

layers:
	@python3 tools/check_layers.py

bench: deps-build
	@tools/install_deps.sh bench
	@cmake --preset bench >/dev/null
	@cmake --build --preset bench -j $(JOBS)
	bench/run.sh

asan tsan: deps-build
	@tools/install_deps.sh test
	@cmake --preset $@ >/dev/null
	@cmake --build --preset $@ -j $(JOBS)
	tools/run_sanitized.sh $@

fuzz: deps-build
	@tools/install_deps.sh fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	fuzz/run.sh

check-full: test test-kernels test-packages test-arm test-fleet asan tsan fuzz bench

format:
	@tools/install_deps.sh lint
	git ls-files '*.cc' '*.c' '*.h' '*.hpp' | xargs clang-format -i

# Every C and C++ file; what was found clean is read again only when it or a header of its changes.
lint: deps-build $(VENV)/.stamp
	@tools/install_deps.sh test bench lint
	@cmake --preset release -Wno-dev -DPEEL_TESTS=ON >/dev/null
	@python3 tools/lint.py -j $(JOBS) --python $(PY)

install: deps-build
	@cmake --preset release -Wno-dev -DPEEL_TESTS=OFF >/dev/null
	@cmake --build --preset release -j $(JOBS)
	cmake --install build $(if $(PREFIX),--prefix $(PREFIX))

clean:
	rm -rf build build-* out
