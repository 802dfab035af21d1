# The two commands a newcomer needs are `make run` and `make test`; `make help` lists the rest.

# Where nginx-sys finds nginx's headers; scripts/nginx-headers.sh configures them.
export NGINX_SOURCE_DIR ?= /usr/share/nginx/src
export NGINX_BUILD_DIR ?= $(CURDIR)/.nginx-objs
# Where the neural networks find libtorch; scripts/libtorch.sh puts one there.
export LIBTORCH ?= $(CURDIR)/.libtorch
# rustup puts cargo here, which a login older than it does not know.
export PATH := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test bench parity module avatar models libtorch tools headers player

help:
	@echo 'make run      build everything and start nginx on port 8080 (AVATAR_PORT, AVATAR_DATA, AVATAR_WORKERS)'
	@echo 'make test     every check: format, lint, unit tests, real nginx, real browser'
	@echo 'make bench    the benchmarks'
	@echo 'make module   target/release/libngx_http_avatar_module.so'
	@echo 'make avatar   target/release/avatar, the same without nginx'
	@echo 'make models   target/release/libavatar_models.so, the neural networks; fetches libtorch, unless LIBTORCH names one'
	@echo 'make parity   the networks against diffusers and transformers, which are fetched'
	@echo 'make tools    install the Debian packages that building needs'

tools:
	@scripts/rust.sh
	@scripts/packages.sh build

headers: tools
	@scripts/nginx-headers.sh

module: headers
	cargo build --release --locked -p ngx_http_avatar_module

avatar: tools
	cargo build --release --locked -p avatar-core --bin avatar

libtorch:
	@scripts/packages.sh models
	@scripts/libtorch.sh

models: tools libtorch
	cargo build --release --locked -p avatar-models-ffi

player: tools
	@scripts/player.sh

run: module player
	@exec scripts/serve.sh

test:
	@scripts/rust.sh rustfmt clippy
	@scripts/packages.sh test
	@scripts/libtorch.sh
	@scripts/onnxruntime.sh
	@scripts/photograph.sh
	@scripts/nginx-headers.sh
	@scripts/player.sh
	@scripts/test.sh

bench:
	@scripts/rust.sh
	@scripts/packages.sh bench
	@scripts/onnxruntime.sh
	@scripts/nginx-headers.sh
	@scripts/bench.sh

parity: libtorch
	@scripts/rust.sh
	@scripts/packages.sh parity
	@scripts/parity.sh
