# Everything there is to do here, from a checkout, rustup and a C toolchain. `make help` lists it.

# Every version: Rust's stands in rust-toolchain.toml, every crate's in Cargo.lock, Trunk's here.
TRUNK := 0.21.14
# The rules for pages that everybody can use, for the tests of the built page.
AXE := 4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
# The command line of wasm-bindgen must be of the same version as the crate.
WASM_BINDGEN := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)

PORT ?= 8080

SHELL := bash
export PATH := $(CURDIR)/.tools/bin:$(PATH)
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help serve page test fmt lint doc test-native test-web test-e2e screenshots soak bench bench-web tools toolchain chromium nginx caddy clean

# The engine alone, and the engine with the page, for the browser.
WASM := --target wasm32-unknown-unknown --no-default-features
WEB := $(WASM) --features web
SITE := cargo run --locked --features site --bin ringside-site
# Folders are listed too: their times change when a file goes.
PAGE := Cargo.toml Cargo.lock Trunk.toml rust-toolchain.toml .cargo/config.toml \
	$(shell find index.html public src style -not -path 'src/bin/cli*' 2>/dev/null)

help: ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '  make %-12s %s\n' "$$target" "$$text"; done

serve: page ## Build the page if anything changed, and serve it: http://127.0.0.1:8080/, or PORT=...
	@$(SITE) --quiet -- serve dist --port $(PORT)

page: dist/index.html.br ## Build the release page into dist/ and say what it weighs
	@$(SITE) --quiet -- sizes dist

# The compressed index is what packing writes last.
dist/index.html.br: $(PAGE) | tools
	cargo fetch --quiet --locked
	env -u NO_COLOR RUST_BACKTRACE=0 trunk build --release --offline
	$(SITE) -- pack dist

test: fmt lint doc test-native test-web test-e2e ## Everything that CI runs
	@cat target/test-native.log target/test-web.log target/test-e2e.log | awk '/^test result:/ { passed += $$4 } \
		END { print "All green: " passed " tests passed." }'

fmt: toolchain ## Is the source formatted?
	cargo fmt --check

lint: toolchain ## Clippy, for this machine and for the browser
	cargo clippy --locked --all-targets --features site -- --deny warnings
	cargo clippy --locked $(WEB) --lib --bins --test web --bench web -- --deny warnings

doc: toolchain ## Does the documentation build, every link of it?
	RUSTDOCFLAGS='--deny warnings --allow rustdoc::private_intra_doc_links' cargo doc --locked --no-deps --document-private-items $(WEB) --lib

# Runs tests quietly and keeps what they say, for the count at the end.
counted = @mkdir -p target; set -o pipefail; $(1) 2>&1 | tee target/$@.log

test-native: toolchain nginx caddy ## Tests of the library, its command line, and of servers before Loki
	cargo test --locked --no-run
	$(call counted,cargo test --quiet --locked)

test-web: tools chromium ## Tests of the library in headless Chromium
	cargo test --locked $(WASM) --test web --no-run
	$(call counted,cargo test --locked $(WASM) --test web)

test-e2e: page chromium nginx .tools/axe-core-$(AXE) ## Tests of the built page in headless Chromium
	cargo test --locked --features site --bin ringside-site --test e2e --no-run
	$(call counted,cargo test --quiet --locked --features site --bin ringside-site --test e2e)

screenshots: page chromium ## Pictures of every route on every screen, in target/screenshots/
	cargo test --quiet --locked --features site --test e2e screens -- --include-ignored

soak: page chromium ## A large ring watched for five minutes: does the page grow?
	cargo test --locked --features site --bin ringside-site --test e2e five_minutes -- --ignored --nocapture

bench: toolchain ## Benchmarks of the engine
	cargo bench --locked --bench engine --bench simulation --bench doctor

bench-web: page tools chromium ## Look-ups, clusters and the frames of the page in headless Chromium
	cargo bench --locked $(WASM) --bench web
	cargo bench --locked $(WASM) --bench web_clusters
	cargo bench --locked $(WASM) --bench web_doctor
	cargo bench --locked --features site --bin ringside-site --bench frames --bench laboratory

tools: toolchain .tools/trunk-$(TRUNK) .tools/wasm-bindgen-$(WASM_BINDGEN) .tools/axe-core-$(AXE) ## Install the pinned tools into .tools/, once

# Optimising the tools would take longer than running them.
INSTALL := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
	cargo install --root .tools --force --no-default-features

.tools/trunk-$(TRUNK): | toolchain
	$(INSTALL) --locked trunk@$(TRUNK)
	@touch $@

.tools/wasm-bindgen-$(WASM_BINDGEN): | toolchain
	$(INSTALL) wasm-bindgen-cli@$(WASM_BINDGEN)
	@touch $@

.tools/axe-core-$(AXE):
	@mkdir -p .tools
	curl -fsSL https://registry.npmjs.org/axe-core/-/axe-core-$(AXE).tgz -o .tools/axe-core.tgz
	echo '$(AXE_SHA256)  .tools/axe-core.tgz' | { sha256sum -c - 2>/dev/null || shasum -a 256 -c -; }
	tar -xzOf .tools/axe-core.tgz package/axe.min.js > .tools/axe-core.js
	@rm .tools/axe-core.tgz
	@touch $@

# rustup installs what rust-toolchain.toml names, unless it was told to wait until asked.
toolchain:
	@command -v rustup >/dev/null || { echo 'rustup is missing: https://rustup.rs' >&2; exit 1; }
	@rustc --version >/dev/null 2>&1 || rustup toolchain install --no-self-update
	@rustup target list --installed | grep -q '^wasm32-unknown-unknown$$' || rustup target add wasm32-unknown-unknown
	@cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1 || rustup component add clippy rustfmt

chromium:
	@command -v chromedriver >/dev/null || { \
		test "$$(id -u)" = 0 && test -f /etc/debian_version && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium chromium-driver fonts-liberation; \
	} || { \
		echo 'Chromium and chromedriver are missing. Debian: apt-get install chromium chromium-driver;' \
			'macOS: brew install --cask chromium chromedriver' >&2; exit 1; }

# The tests start them themselves, on free ports and without rights.
nginx:
	@PATH="$$PATH:/usr/sbin" && command -v nginx >/dev/null || { \
		test "$$(id -u)" = 0 && test -f /etc/debian_version && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends nginx-light; \
	} || { \
		echo 'nginx is missing. Debian: apt-get install nginx-light; macOS: brew install nginx' >&2; exit 1; }

caddy:
	@command -v caddy >/dev/null || { \
		test "$$(id -u)" = 0 && test -f /etc/debian_version && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends caddy; \
	} || { \
		echo 'Caddy is missing. Debian: apt-get install caddy; macOS: brew install caddy' >&2; exit 1; }

clean: ## Forget what was built, but not the tools
	cargo clean
	rm -rf dist
