CARGO ?= cargo
# Seconds that each fuzz target runs.
FUZZ_SECONDS ?= 60
export CARGO

.PHONY: demo test test-spark test-spark-cluster docs-python bench bench-python fuzz man compare-stem test-stem ci

# What is in the sample data.
demo:
	$(CARGO) run --release -p descriptor-cli --bin tordesc -- summary examples/data

# All tests, Rust and Python; the last line is their count.
test:
	@.ci/test

# The data source of Spark, in one process; installs PySpark into .venv-spark.
test-spark:
	@.ci/spark

# The same question on a cluster of two workers on this machine; takes a minute or more.
test-spark-cluster:
	@.ci/spark cluster

# The documentation of the Python module into descriptor-py/site; every program and notebook on its pages is run.
docs-python:
	@.ci/docs-python

# What CI runs: tests, format, lints, docs, features, examples, fuzz targets.
ci:
	@.ci/run

# Speed, against the peers in the same run; BENCH is the folder of files that benches/README.md describes.
BENCH ?= target/bench
bench:
	$(CARGO) run --release -p benches --features peers -- $(BENCH)

# Speed of the Python module, against stem and the program.
bench-python:
	benches/python/run $(BENCH)

# Every fuzz target for FUZZ_SECONDS, from seeds made of the golden files and the sample data.
fuzz:
	@fuzz/run $(FUZZ_SECONDS)

# Man pages into target/man.
man:
	$(CARGO) run --quiet --release -p descriptor-cli --bin tordesc -- man --output target/man

# Every value that stem reads, against ours; differences must stand in descriptor-core/tests/stem/DIFFERENCES.md.
compare-stem:
	@descriptor-core/tests/stem/compare

# stem's own tests and the programs of its tutorials, with tordesc.stem in stem's place.
test-stem:
	@descriptor-py/against-stem/run || [ $$? -eq 77 ]
