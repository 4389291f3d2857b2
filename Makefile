# Everything a person or a build server asks of this tree. `make help` lists it.

SHELL   := /bin/bash
VERSION ?= $(shell scripts/version)
LDFLAGS := -X grenier/internal/app.Version=$(VERSION)
# Without cgo the program is one static file; paths and the state of the work tree stay out of it.
GOBUILD  = CGO_ENABLED=0 go build -trimpath -buildvcs=false
FRONT   := ui/dist/portal/manifest.json
# Folders are among them, so that a file taken away is noticed too.
FRONTSRC := ui/build.mjs ui/world.mjs ui/tsconfig.json $(shell find ui/src ui/styles ui/icons ui/embed internal/embed/styles)
MODULES := ui/node_modules/.package-lock.json

.DEFAULT_GOAL := build
.PHONY: build demo test soak bench check release package screenshots clean help

build: $(FRONT) ## bin/grenier, front end included
	$(GOBUILD) -ldflags "$(LDFLAGS)" -o bin/grenier ./cmd/grenier

$(MODULES): ui/package.json ui/package-lock.json
	cd ui && npm ci --no-progress --loglevel=error
	@touch $@

$(FRONT): $(MODULES) $(FRONTSRC)
	cd ui && npm run --silent build

demo: build ## builds, loads the real demo catalogue once, serves http://127.0.0.1:7000
	bin/grenier demo

test: $(FRONT) ## every test in its small size, on SQLite and PostgreSQL; installs what it needs
	scripts/test

soak: $(FRONT) ## the same with the full counts of kills and loads: hours
	scripts/test soak

bench: build ## the benchmark table, each figure beside its baseline; CATALOG=FILE for a whole catalogue
	CATALOG="$(CATALOG)" QUERIES="$(QUERIES)" go run -buildvcs=false ./bench

check: $(FRONT) ## types of scripts, format, vet, staticcheck, unreachable functions, order of imports
	scripts/check

release: $(FRONT) ## archives for six platforms with checksums, in dist/
	go run -buildvcs=false ./scripts/release -version "$(VERSION)"

package: $(FRONT) ## the npm package of the elements for pages of others, in dist/
	cd ui && node embed/pack.mjs "$(VERSION)" ../dist

screenshots: build ## pages at three widths, in dist/screenshots
	scripts/screenshots

clean: ## removes what was built; data folders stay
	rm -rf bin dist ui/node_modules e2e/peers/node_modules ui/dist/swagger-ui ui/dist/portal ui/dist/embed ui/dist/test

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 20
