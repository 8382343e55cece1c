// Answers cases: reads {operation, FPCR: 32 bits; three operands: 64 bits each}, writes {result, FPSR: 64 bits each},
// until the input ends. operations.inc has the operations' instructions, at most 16 bytes each.

.global _start
_start:
  mov x8, #63                   // read
  mov x0, #0
  adr x1, record
  mov x2, #32
  svc #0
  cmp x0, #32
  b.ne end

  adr x9, record
  ldp w10, w11, [x9]
  ldp x1, x2, [x9, #8]
  ldr x3, [x9, #24]
  fmov d1, x1
  fmov d2, x2
  fmov d3, x3
  msr fpcr, x11
  msr fpsr, xzr
  adr x12, operations
  add x12, x12, x10, lsl #4
  br x12

answer_v:
  fmov x0, d0
answer_x:
  mrs x4, fpsr
  adr x1, record
  stp x0, x4, [x1]
  mov x8, #64                   // write
  mov x0, #1
  mov x2, #16
  svc #0
  b _start

end:
  mov x8, #93                   // exit
  mov x0, #0
  svc #0

.balign 16
operations:
.include "operations.inc"

.section .data
.balign 16
record:
  .space 32
