# What the makefiles of functions and layers share. `sam build` copies a part's folder elsewhere and runs its makefile
# there, but by this makefile's own address, which leads back to the repository.

MAKEFLAGS += --no-print-directory
ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
PACK = $(if $(wildcard $(ROOT)/.venv/runnable),PYTHONPATH=$(ROOT)/infra $(ROOT)/.venv/bin/python -m package,$(error Nothing is installed yet to build with. Type `make build` in $(ROOT), which installs it))
