PREFIX ?= /usr/local
SWIFT_FILES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests
HVGDB_BENCH = swift run --configuration release --package-path Benchmarks hvgdb-bench

.PHONY: build demo test test-arm64 test-linux oracle bench bench-kvm bench-soft bench-arm64 lint format guests kernels initramfs \
  install clean help
# Nothing may run beside what is measured.
.NOTPARALLEL: bench

build: ## Build hvgdb, optimized.
	@Tests/Support/install.sh
	swift build --configuration release --product hvgdb

demo: ## Boot Debian's arm64 kernel, or GUEST=x86-64, and attach gdb at its first instruction.
	@Tests/Support/demo.sh $(GUEST)

test: ## Run every test, with all the set-up that it takes.
	@Tests/Support/test.sh

test-arm64: ## Run the tests on real KVM for arm64, in an emulated machine.
	@Tests/Support/test.sh arm64

test-linux: build ## Have arm64 Linux work for some minutes on the software CPU.
	@Tests/Support/install.sh
	@Tests/Linux/test.sh --long

oracle: ## Hold the software CPU against qemu-aarch64, on CASES of each class of instructions, those that match CLASS.
	@Tests/Oracle/run.sh $(or $(CASES),20000) '$(CLASS)'

bench: bench-kvm bench-soft bench-arm64 ## Measure all that the three below do; BENCH_OPTIONS goes to hvgdb-bench.

bench-kvm: build ## Measure hvgdb beside QEMU's stub, both on KVM.
	@Tests/Support/install.sh bench
	@Tests/Support/kernels.sh amd64
	@$(HVGDB_BENCH) $(BENCH_OPTIONS)

bench-soft: build ## Measure the software CPU beside QEMU's TCG, with the same arm64 Linux.
	@Tests/Support/install.sh bench-soft
	@Tests/Support/kernels.sh arm64
	@Tests/Linux/initramfs.sh
	@$(HVGDB_BENCH) --soft $(BENCH_OPTIONS)

bench-arm64: ## Measure hvgdb beside raw KVM for arm64, in an emulated machine; BENCH_ARM64_OPTIONS goes to hvgdb-bench.
	@Tests/Arm64/bench.sh $(BENCH_ARM64_OPTIONS)

lint: ## Check the style of every source file.
	swift format lint --strict --recursive $(SWIFT_FILES)

format: ## Put every source file into that style.
	swift format --in-place --recursive $(SWIFT_FILES)

guests: ## Assemble the test guests to .build/guests.
	@Tests/Support/guests.sh

kernels: ## Fetch Debian's kernels to .cache/kernels.
	@Tests/Support/kernels.sh

initramfs: ## Pack the first file system of arm64 Linux guests to .build/linux.
	@Tests/Linux/initramfs.sh

install: build ## Install hvgdb to $(PREFIX)/bin.
	install -D -m 755 "$$(swift build --configuration release --show-bin-path)/hvgdb" "$(DESTDIR)$(PREFIX)/bin/hvgdb"

clean: ## Remove what was built; kernels stay.
	rm -rf .build

help: ## Show this list.
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12
