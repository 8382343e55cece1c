// Has the kernel count a loop's instructions, cycles and exceptions by the CPU's performance monitors (perf_event_open),
// and tells whether the counts are right: two for each iteration, and a few for the calls that start and stop the counter.
// The exit status is 1 where a count is wrong, 77 where the kernel has no such counters.
#include "program.h"

// Linux, include/uapi/linux/perf_event.h; what is not named is zero.
struct perf_event_attr {
  uint32_t type, size;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup_events, breakpoint_type;
  uint64_t more[8];
};
enum { TYPE_HARDWARE = 0, TYPE_RAW = 4, CYCLES = 0, INSTRUCTIONS = 1 };
enum { DISABLED = 1 << 0, EXCLUDE_KERNEL = 1 << 5 };
enum { ENABLE = 0x2400, DISABLE = 0x2401, RESET = 0x2403 };
// EXC_TAKEN (Arm ARM, section D13.12.3).
enum { EXCEPTIONS = 0x09 };

static long call(long number, long a, long b, long c, long d, long e) {
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x8 __asm__("x8") = number;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8) : "memory");
  return x0;
}

static long control(long counter, long request) { return call(29, counter, request, 0, 0, 0); }  // ioctl

// A counter of user space alone, which does not count yet.
//
// With a period it interrupts whenever it has counted as many.
static long open_counter(uint32_t type, uint64_t config, uint64_t period) {
  struct perf_event_attr attributes = {
      .type = type, .size = sizeof attributes, .config = config, .sample_period = period,
      .flags = DISABLED | EXCLUDE_KERNEL};
  return call(241, (long)&attributes, 0, -1, -1, 0);  // perf_event_open of this process, on any CPU
}

__attribute__((noinline)) static void loop(uint64_t iterations) {
  __asm__ volatile("1: subs %0, %0, #1\n  b.ne 1b" : "+r"(iterations)::"cc");
}

// What is counted while the loop runs.
static uint64_t count(long counter, uint64_t iterations) {
  uint64_t value = 0;
  control(counter, RESET);
  control(counter, ENABLE);
  loop(iterations);
  control(counter, DISABLE);
  call(63, counter, (long)&value, sizeof value, 0, 0);  // read
  return value;
}

// Whether the count grows with the iterations by so much for each, and by no more than a few.
static int check(const char *name, uint32_t type, uint64_t config, uint64_t each, uint64_t most) {
  struct line line = {.count = 0};
  add_text(&line, "counters: ");
  add_text(&line, name);
  long counter = open_counter(type, config, 0);
  if (counter < 0) {
    add_text(&line, ": there is no such counter");
    print_line(&line);
    return 77;
  }
  int status = 0;
  static const uint64_t iterations[] = {1, 1000, 3000000};
  for (int i = 0; i < 3; i++) {
    uint64_t value = count(counter, iterations[i]), least = each * iterations[i];
    add_text(&line, i ? ", " : ": ");
    add_number(&line, value, 10, 1);
    if (value < least || value > least + most) status = 1;
  }
  add_text(&line, status ? ": FAILED" : ": ok");
  print_line(&line);
  return status;
}

int main(int argc, char **argv) {
  (void)argc, (void)argv;
  int status = check("instructions", TYPE_HARDWARE, INSTRUCTIONS, 2, 64);
  if (status == 77) return status;
  status |= check("cycles", TYPE_HARDWARE, CYCLES, 2, 64);
  // The call that stops the counter, and what interrupts the loop.
  status |= check("exceptions", TYPE_RAW, EXCEPTIONS, 0, 64);
  // For `monitors` to see the interrupts of: 60 of them.
  count(open_counter(TYPE_HARDWARE, INSTRUCTIONS, 100000), 3000000);
  return status;
}
