#!/bin/bash
# Builds the executor and says by which command it runs on the oracle.
#
# The oracle is qemu-aarch64 with the CPU whose features are those of the software CPU (Arm's Neoverse N1: ARMv8.0 with
# CRC32, AES, SHA1, SHA256, PMULL, LSE, RDM, LRCPC, DotProd, FP16 and DC CVAP, without pointer authentication), so that
# instructions of other features are UNDEFINED to both.
set -euo pipefail
cd "$(dirname "$0")/../.."

executor=.build/oracle/executor
if [ Tests/Oracle/executor.c -nt "$executor" ]; then
  mkdir -p .build/oracle
  # The address is none that an operand at the edge of something could be.
  clang --target=aarch64-linux-gnu -std=c11 -O2 -Wall -Wextra -Werror -mgeneral-regs-only -ffreestanding \
    -fno-stack-protector -nostdlib -static -fuse-ld=lld -Wl,--image-base=0x3a5a500000 \
    -o "$executor" Tests/Oracle/executor.c
fi
echo "qemu-aarch64 -cpu neoverse-n1 $executor"
