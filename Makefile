# Everything a developer does, by name. The work is done by cargo and by the scripts in dev/.

.DEFAULT_GOAL := help
.PHONY: help up down ps clean build unit integration conformance test demo bench acceptance

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-12s %s\n", $$1, $$2 }'

up:  ## start PostgreSQL 15 and 18, MySQL, MariaDB, Kafka and the schema registry, natively
	@dev/install
	@dev/stack up

down:  ## stop them, keep their data
	@dev/stack down

ps:  ## show which of them run, and where
	@dev/stack ps

clean:  ## stop them and remove their data; downloads and target/ stay
	@dev/stack clean

build:  ## build the daemon: target/ci/walbrook
	@dev/install
	cargo build --profile ci --locked

test:  ## everything that CI runs
	@dev/test

unit:  ## unit, property and simulation tests; no server needed
	@dev/install
	cargo test --profile ci --locked --workspace --features walbrook/faults --lib --bins
	cargo test --profile ci --locked --workspace --features walbrook/faults --test simulation

integration:  ## the tests on real servers
	@dev/test smoke kills outages broken

conformance:  ## the same records as Debezium, for the cases in dev/conformance-cases.txt
	@dev/test conformance

demo:  ## a shop database, snapshotted and streamed before your eyes; DB=mysql or DB=mariadb
	@dev/demo

bench:  ## speed, side by side with PostgreSQL's own tools
	@dev/test bench

acceptance:  ## the long tests
	@dev/test acceptance
