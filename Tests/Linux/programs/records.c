// Integer work as in programs for the desk: records with variants behind pointers, strings, small procedures with values
// given by reference, arrays of two dimensions, and decisions. Of the kind of Dhrystone, but no part of it.
#include "program.h"

enum kind { CIRCLE, RECTANGLE, LABEL };

struct record {
  struct record *next;
  enum kind kind;
  int weight;
  union {
    struct { int radius; } circle;
    struct { int width, height; } rectangle;
    struct { char text[24]; } label;
  };
};

static struct record pool[4];
static int table[16][16];
static int recent[64];
static char words[2][31];

#define PROCEDURE static __attribute__((noinline))

PROCEDURE void copy_text(char *to, const char *from) {
  while ((*to++ = *from++)) {}
}

PROCEDURE int compare_text(const char *left, const char *right) {
  while (*left && *left == *right) left++, right++;
  return (unsigned char)*left - (unsigned char)*right;
}

PROCEDURE int area(const struct record *record) {
  switch (record->kind) {
    case CIRCLE: return 355 * record->circle.radius * record->circle.radius / 113;
    case RECTANGLE: return record->rectangle.width * record->rectangle.height;
    default: return record->label.text[0];
  }
}

PROCEDURE void turn(struct record *record, int amount) {
  struct record *next = record->next;
  *next = *record;
  next->next = record;
  next->weight = record->weight + amount;
  if (next->kind == RECTANGLE) {
    int width = next->rectangle.width;
    next->rectangle.width = next->rectangle.height;
    next->rectangle.height = (width + amount) & 1023;
  } else if (next->kind == CIRCLE) {
    next->circle.radius = (next->circle.radius + 7 * amount) & 511;
  }
}

PROCEDURE void note(int row, int value, int *last) {
  int column = value & 15;
  table[row & 15][column] += value;
  table[(row + 1) & 15][column] = table[row & 15][column] ^ *last;
  recent[(row + column) & 63] = value;
  *last = table[row & 15][15 - column];
}

PROCEDURE enum kind following(enum kind kind) {
  switch (kind) {
    case CIRCLE: return RECTANGLE;
    case RECTANGLE: return LABEL;
    default: return CIRCLE;
  }
}

static uint64_t loop(uint64_t iterations) {
  struct record *current = &pool[0];
  int last = 0;
  uint64_t checksum = 0;
  for (int i = 0; i < 4; i++) {
    pool[i] = (struct record){.next = &pool[(i + 1) & 3], .kind = RECTANGLE, .rectangle = {.width = i + 3, .height = 5}};
  }
  copy_text(words[0], "the first of two like sentences");
  for (uint64_t i = 0; i < iterations; i++) {
    copy_text(words[1], "the first of two like sentencez");
    words[1][i % 29] = (char)('a' + i % 26);
    int order = compare_text(words[0], words[1]);
    turn(current, order > 0 ? 3 : 5);
    current = current->next;
    int value = area(current) + (int)(i & 0xfff);
    note((int)i, value, &last);
    note(order, value / 7, &last);
    if (i % 3 == 0) {
      current->kind = following(current->kind);
      if (current->kind == LABEL) copy_text(current->label.text, "a label");
    }
    checksum = (checksum << 1 | checksum >> 63) ^ (uint64_t)(value + last + order);
  }
  for (int i = 0; i < 256; i++) checksum = 31 * checksum + (uint64_t)table[i >> 4][i & 15];
  for (int i = 0; i < 64; i++) checksum = 31 * checksum + (uint64_t)recent[i];
  return checksum;
}

int main(int argc, char **argv) { return measure("records", loop, argc, argv); }
