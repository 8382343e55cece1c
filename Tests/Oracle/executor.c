// Executes cases on whatever AArch64 CPU it is run on, in practice qemu-aarch64: the oracle of the software CPU.
//
// Cases come on standard input and results go to standard output, in the format of cases.py. The program stands on
// Linux's signal frame, which holds all of a thread's registers: every case ends in an exception, so in a signal, whose
// handler compares the frame with the initial state, puts the next case's state into it and returns into its code.
// It needs no C library and no header but the compiler's own.
#include <stddef.h>
#include <stdint.h>

enum { PAGE = 4096, WORDS = PAGE / 8, MAX_CODE = 8 };
#define CODE 0x2000000000ul
#define SCRATCH 0x2000010000ul
#define STACK_POINTER (SCRATCH + PAGE / 2)

// MARK: Linux's interface (asm-generic/unistd.h, asm/sigcontext.h)

enum { SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT = 93, SYS_SETITIMER = 103, SYS_SIGALTSTACK = 132, SYS_SIGACTION = 134 };
enum { SYS_MMAP = 222, SYS_MPROTECT = 226 };
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11, SIGALRM = 14 };
enum { SA_SIGINFO = 4, SA_ONSTACK = 0x08000000 };
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 16, MAP_ANONYMOUS = 32 };

typedef struct {
  int number, error, code, padding;
  uint64_t address;
} SignalInfo;

typedef struct {
  uint32_t magic, size;  // FPSIMD_MAGIC
  uint32_t fpsr, fpcr;
  __uint128_t v[32];
} VectorContext;

typedef struct {
  uint64_t flags, link, stack[3], mask[16];
  struct {
    uint64_t fault, x[31], sp, pc, pstate;
    _Alignas(16) VectorContext vectors;  // the first record of __reserved, where Linux and QEMU put it
  } machine __attribute__((aligned(16)));
} SignalContext;

typedef struct {
  void (*handler)(int, SignalInfo *, SignalContext *);
  uint64_t flags, restorer, mask;
} SignalAction;

static long system_call(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

static _Noreturn void leave(int status) {
  for (;;) system_call(SYS_EXIT, status, 0, 0, 0, 0, 0);
}

// MARK: Input and output

static uint8_t input[1 << 16], output[1 << 16];
static size_t input_position, input_end, output_end;

static void flush(void) {
  for (size_t done = 0; done < output_end;) {
    long count = system_call(SYS_WRITE, 1, (long)(output + done), output_end - done, 0, 0, 0);
    if (count <= 0) leave(1);
    done += count;
  }
  output_end = 0;
}

/// Fills `value`; false at the end of the input.
static int take(void *value, size_t count) {
  for (uint8_t *byte = value; count > 0; count--) {
    if (input_position == input_end) {
      long more = system_call(SYS_READ, 0, (long)input, sizeof input, 0, 0, 0);
      if (more <= 0) return 0;
      input_position = 0;
      input_end = more;
    }
    *byte++ = input[input_position++];
  }
  return 1;
}

static void put(const void *value, size_t count) {
  if (output_end + count > sizeof output) flush();
  for (const uint8_t *byte = value; count > 0; count--) output[output_end++] = *byte++;
}

// MARK: A case's state

enum { ID_SP = 31, ID_PC, ID_NZCV, ID_FPCR, ID_FPSR, ID_TPIDR, ID_FAULT, ID_V = 64, ID_MEMORY = 128 };
enum { UNDEFINED, BREAKPOINT, ABORT, ALIGNMENT, HANG };

typedef struct {
  uint64_t x[31], sp, pc, tpidr, fault;
  uint32_t nzcv, fpcr, fpsr;
  __uint128_t v[32];
} State;

static State base, before;
/// What the scratch page holds at first, and what it holds as the case in hand begins.
static uint64_t base_memory[WORDS], memory_before[WORDS];
static uint64_t *const scratch = (uint64_t *)SCRATCH;
static size_t code_words;

/// The `index`-th number of SplitMix64 from the seed 0 on.
static uint64_t noise(uint64_t index) {
  uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void make_base(void) {
  for (int i = 0; i < 31; i++) base.x[i] = noise(i);
  base.tpidr = noise(31);
  for (int i = 0; i < 32; i++) base.v[i] = (__uint128_t)noise(65 + 2 * i) << 64 | noise(64 + 2 * i);
  for (int i = 0; i < WORDS; i++) base_memory[i] = memory_before[i] = scratch[i] = noise(128 + i);
  base.sp = STACK_POINTER;
  base.pc = CODE;
}

static int take_value(void) {
  uint8_t id;
  uint16_t offset;
  if (!take(&id, 1)) return 0;
  if (id < ID_SP) return take(&before.x[id], 8);
  if (id >= ID_V && id < ID_V + 32) return take(&before.v[id - ID_V], 16);
  switch (id) {
    case ID_SP: return take(&before.sp, 8);
    case ID_NZCV: return take(&before.nzcv, 4);
    case ID_FPCR: return take(&before.fpcr, 4);
    case ID_FPSR: return take(&before.fpsr, 4);
    case ID_TPIDR: return take(&before.tpidr, 8);
    case ID_MEMORY:
      if (!take(&offset, 2) || offset % 8 != 0 || offset >= PAGE || !take(&memory_before[offset / 8], 8)) return 0;
      scratch[offset / 8] = memory_before[offset / 8];
      return 1;
    default: return 0;
  }
}

/// Writes the next case's code, and its initial state to `before` and the scratch page; leaves at the end of the input.
static void take_case(void) {
  uint8_t words, values;
  uint32_t code[MAX_CODE + 1] = {0};
  if (!take(&words, 1)) {
    flush();
    leave(0);
  }
  if (words > MAX_CODE || !take(&values, 1) || !take(code, words * 4ul)) leave(2);
  before = base;
  while (values-- > 0)
    if (!take_value()) leave(2);

  // The page must not be writable while it is executed, and a change of its protection makes QEMU translate it anew.
  system_call(SYS_MPROTECT, CODE, PAGE, PROT_READ | PROT_WRITE, 0, 0, 0);
  for (int i = 0; i <= MAX_CODE; i++) ((volatile uint32_t *)CODE)[i] = code[i];
  system_call(SYS_MPROTECT, CODE, PAGE, PROT_READ | PROT_EXEC, 0, 0, 0);
  code_words = words;
}

// MARK: The result

static uint8_t result[2048];
static size_t result_end;
static uint8_t result_values;

static void put_value(int id, const void *value, size_t count) {
  result[result_end++] = id;
  for (const uint8_t *byte = value; count > 0; count--) result[result_end++] = *byte++;
  result_values++;
}

static void put_difference(int id, const void *new, const void *old, size_t count) {
  if (__builtin_memcmp(new, old, count) != 0) put_value(id, new, count);
}

/// Compares the scratch page with what it was, and puts back what the page holds at first.
static void put_memory(void) {
  for (int i = 0; i < WORDS; i++) {
    if (scratch[i] != memory_before[i]) {
      uint16_t offset = i * 8;
      put_value(ID_MEMORY, &offset, 2);
      __builtin_memcpy(result + result_end, &scratch[i], 8);
      result_end += 8;
    }
    scratch[i] = memory_before[i] = base_memory[i];
  }
}

static void put_result(int outcome, const State *after) {
  result_end = result_values = 0;
  for (int i = 0; i < 31; i++) put_difference(i, &after->x[i], &before.x[i], 8);
  put_difference(ID_SP, &after->sp, &before.sp, 8);
  uint64_t pc = after->pc - CODE, end = code_words * 4;
  put_difference(ID_PC, &pc, &end, 8);
  put_difference(ID_NZCV, &after->nzcv, &before.nzcv, 4);
  put_difference(ID_FPCR, &after->fpcr, &before.fpcr, 4);
  put_difference(ID_FPSR, &after->fpsr, &before.fpsr, 4);
  put_difference(ID_TPIDR, &after->tpidr, &before.tpidr, 8);
  if (outcome == ABORT || outcome == ALIGNMENT) put_value(ID_FAULT, &after->fault, 8);
  for (int i = 0; i < 32; i++) put_difference(ID_V + i, &after->v[i], &before.v[i], 16);
  put_memory();
  uint8_t head[2] = {outcome, result_values};
  put(head, 2);
  put(result, result_end);
}

// MARK: The signal handler, which is the loop

static int outcome_of(int signal) {
  switch (signal) {
    case SIGILL: return UNDEFINED;
    case SIGTRAP: return BREAKPOINT;
    case SIGSEGV: return ABORT;
    case SIGBUS: return ALIGNMENT;
    default: return HANG;
  }
}

static State state_in(const SignalInfo *info, const SignalContext *context) {
  State state;
  __builtin_memcpy(state.x, context->machine.x, sizeof state.x);
  __builtin_memcpy(state.v, context->machine.vectors.v, sizeof state.v);
  state.sp = context->machine.sp;
  state.pc = context->machine.pc;
  state.nzcv = context->machine.pstate & 0xf0000000;
  state.fpcr = context->machine.vectors.fpcr;
  state.fpsr = context->machine.vectors.fpsr;
  state.fault = info->address;
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(state.tpidr));
  return state;
}

static void enter(SignalContext *context, const State *state) {
  __builtin_memcpy(context->machine.x, state->x, sizeof state->x);
  __builtin_memcpy(context->machine.vectors.v, state->v, sizeof state->v);
  context->machine.sp = state->sp;
  context->machine.pc = state->pc;
  context->machine.pstate = state->nzcv;
  context->machine.vectors.fpcr = state->fpcr;
  context->machine.vectors.fpsr = state->fpsr;
  __asm__ volatile("msr tpidr_el0, %0\n\tclrex" ::"r"(state->tpidr));
}

static void handle(int signal, SignalInfo *info, SignalContext *context) {
  static int begun, ticks;
  // One tick may come as soon as a case has begun; with the second it has run for a whole interval.
  if (signal == SIGALRM && (!begun || ++ticks < 2)) return;
  if (begun) {
    State after = state_in(info, context);
    put_result(outcome_of(signal), &after);
  }
  take_case();
  begun = 1;
  ticks = 0;
  enter(context, &before);
}

static void map(uint64_t address) {
  int writable = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
  if (system_call(SYS_MMAP, address, PAGE, writable, flags, -1, 0) != (long)address) leave(3);
}

void _start(void) {
  static uint8_t stack[1 << 16];
  uint64_t signal_stack[3] = {(uint64_t)stack, 0, sizeof stack};
  system_call(SYS_SIGALTSTACK, (long)signal_stack, 0, 0, 0, 0, 0);
  SignalAction action = {handle, SA_SIGINFO | SA_ONSTACK, 0, ~0ul};
  int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    system_call(SYS_SIGACTION, signals[i], (long)&action, 0, sizeof action.mask, 0, 0);

  map(CODE);
  map(SCRATCH);
  make_base();
  uint64_t interval[4] = {0, 20000, 0, 20000};  // seconds and microseconds, twice
  system_call(SYS_SETITIMER, 0, (long)interval, 0, 0, 0, 0);
  __asm__ volatile("udf #0");
  leave(4);
}

// The compiler makes calls of these, library or none.
void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = value;
  return to;
}

int memcmp(const void *left, const void *right, size_t count) {
  const uint8_t *l = left, *r = right;
  for (size_t i = 0; i < count; i++)
    if (l[i] != r[i]) return l[i] - r[i];
  return 0;
}
