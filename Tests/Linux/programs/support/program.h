// What a program with no library needs of Linux on arm64: its arguments, standard output, the counter, and an end.
// A program defines `main` and includes this once.
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stddef.h>
#include <stdint.h>

int main(int argc, char **argv);

// The kernel enters a program with the count of its arguments at the stack pointer and their addresses after it; 93 is
// exit (Linux, include/uapi/asm-generic/unistd.h).
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  ldr w0, [sp]\n"
    "  add x1, sp, #8\n"
    "  bl main\n"
    "  mov x8, #93\n"
    "  svc #0\n");

static inline void write_output(const char *bytes, size_t count) {
  register long x0 __asm__("x0") = 1;
  register const char *x1 __asm__("x1") = bytes;
  register size_t x2 __asm__("x2") = count;
  register long x8 __asm__("x8") = 64;  // write
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
}

// What the compiler calls for large copies and fills, in any program.
void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = (char)byte;
  return to;
}

// One line of output in the making.
struct line {
  char text[160];
  size_t count;
};

static inline void add_text(struct line *line, const char *text) {
  while (*text && line->count < sizeof line->text - 1) line->text[line->count++] = *text++;
}

// A number with at least so many digits.
static inline void add_number(struct line *line, uint64_t value, unsigned base, unsigned digits) {
  char reversed[64];
  unsigned count = 0;
  do {
    reversed[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value || count < digits);
  while (count && line->count < sizeof line->text - 1) line->text[line->count++] = reversed[--count];
}

static inline void print_line(struct line *line) {
  line->text[line->count++] = '\n';
  write_output(line->text, line->count);
  line->count = 0;
}

// The number that an argument has in decimal, up to what is no digit.
static inline uint64_t number(const char *text) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = 10 * value + (uint64_t)(*text - '0');
  return value;
}

static inline int is_equal(const char *left, const char *right) {
  for (; *left == *right; left++, right++)
    if (!*left) return 1;
  return 0;
}

static inline uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("isb\n  mrs %0, cntvct_el0" : "=r"(value)::"memory");
  return value;
}

// Ticks of the counter a second.
static inline uint64_t counter_frequency(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
  return value;
}

// Runs a loop and tells of it:
//
//   NAME: begin
//   NAME: COUNT iterations, checksum HEX, MICROSECONDS us[, RATE million instructions/s]
//
// The arguments are the count of iterations and, when it is known, how many instructions an iteration takes.
static inline int measure(const char *name, uint64_t (*loop)(uint64_t), int argc, char **argv) {
  uint64_t iterations = argc > 1 ? number(argv[1]) : 1000;
  struct line line = {.count = 0};
  add_text(&line, name);
  add_text(&line, ": begin");
  print_line(&line);

  uint64_t start = counter();
  uint64_t checksum = loop(iterations);
  uint64_t ticks = counter() - start, frequency = counter_frequency();
  uint64_t microseconds = ticks / frequency * 1000000 + ticks % frequency * 1000000 / frequency;

  add_text(&line, name);
  add_text(&line, ": ");
  add_number(&line, iterations, 10, 1);
  add_text(&line, " iterations, checksum ");
  add_number(&line, checksum, 16, 16);
  add_text(&line, ", ");
  add_number(&line, microseconds, 10, 1);
  add_text(&line, " us");
  if (argc > 2 && microseconds) {
    add_text(&line, ", ");
    add_number(&line, iterations * number(argv[2]) / microseconds, 10, 1);
    add_text(&line, " million instructions/s");
  }
  print_line(&line);
  return 0;
}

#endif
