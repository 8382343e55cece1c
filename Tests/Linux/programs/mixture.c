// Integer work as in small controllers: a linked list that is searched, reversed and sorted, products of matrices, a
// state machine that reads numbers, and a CRC over all results. Of the kind of CoreMark, but no part of it.
#include "program.h"

#define PART static __attribute__((noinline))

// CRC-16/XMODEM (polynomial 0x1021), a bit at a time.
PART uint16_t add_crc(uint16_t crc, uint32_t value) {
  for (int i = 0; i < 4; i++) {
    crc ^= (uint16_t)((value >> 8 * i & 0xff) << 8);
    for (int bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

enum { NODES = 96, SIDE = 12 };

struct node {
  struct node *next;
  int16_t key;
  int16_t tag;
};

static struct node nodes[NODES];

PART struct node *reverse(struct node *list) {
  struct node *reversed = NULL;
  while (list) {
    struct node *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

PART const struct node *find(const struct node *list, int16_t key) {
  while (list && list->key != key) list = list->next;
  return list;
}

// Sorts by key: runs of growing length are merged, and equal keys keep their order.
PART struct node *sort(struct node *list) {
  for (int length = 1;; length *= 2) {
    struct node *rest = list, *sorted = NULL, **end = &sorted;
    int merges = 0;
    while (rest) {
      struct node *left = rest, *right = rest;
      int left_count = 0, right_count = length;
      while (right && left_count < length) left_count++, right = right->next;
      while (left_count || (right && right_count)) {
        int takes_left = left_count && (!right || !right_count || left->key <= right->key);
        struct node **taken = takes_left ? &left : &right;
        *(takes_left ? &left_count : &right_count) -= 1;
        *end = *taken;
        end = &(*taken)->next;
        *taken = (*taken)->next;
      }
      rest = right;
      merges++;
    }
    *end = NULL;
    list = sorted;
    if (merges <= 1) return list;
  }
}

PART uint16_t work_list(uint32_t seed, uint16_t crc) {
  for (int i = 0; i < NODES; i++) {
    seed = seed * 1664525 + 1013904223;
    struct node *next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    nodes[i] = (struct node){.next = next, .key = (int16_t)(seed >> 16), .tag = (int16_t)i};
  }
  struct node *list = reverse(nodes);
  for (int i = 0; i < NODES; i += 12) {
    const struct node *found = find(list, nodes[i].key);
    crc = add_crc(crc, found ? (uint32_t)found->tag : ~0u);
  }
  list = sort(list);
  for (struct node *node = list; node; node = node->next) crc = add_crc(crc, (uint32_t)(node->key << 8 ^ node->tag));
  return crc;
}

static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];

PART uint16_t work_matrix(uint32_t seed, uint16_t crc) {
  for (int row = 0; row < SIDE; row++) {
    for (int column = 0; column < SIDE; column++) {
      seed = seed * 22695477 + 1;
      left[row][column] = (int16_t)(seed >> 18);
      right[column][row] = (int16_t)(seed >> 15 & 0xff);
    }
  }
  for (int row = 0; row < SIDE; row++) {
    for (int column = 0; column < SIDE; column++) {
      int32_t sum = 0;
      for (int i = 0; i < SIDE; i++) sum += left[row][i] * right[i][column];
      product[row][column] = sum;
    }
  }
  uint32_t folded = 0;
  for (int i = 0; i < SIDE; i++) folded = folded * 33 + (uint32_t)(product[i][i] ^ product[i][SIDE - 1 - i] >> 3);
  return add_crc(crc, folded);
}

enum state { START, SIGN, WHOLE, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS, WRONG, STATES };

static enum state step(enum state state, char character) {
  int is_digit = character >= '0' && character <= '9';
  int is_sign = character == '+' || character == '-';
  switch (state) {
    case START: return is_digit ? WHOLE : is_sign ? SIGN : character == '.' ? FRACTION : WRONG;
    case SIGN: return is_digit ? WHOLE : character == '.' ? FRACTION : WRONG;
    case WHOLE: return is_digit ? WHOLE : character == '.' ? FRACTION : (character | 32) == 'e' ? EXPONENT : WRONG;
    case FRACTION: return is_digit ? FRACTION : (character | 32) == 'e' ? EXPONENT : WRONG;
    case EXPONENT: return is_digit ? EXPONENT_DIGITS : is_sign ? EXPONENT_SIGN : WRONG;
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS: return is_digit ? EXPONENT_DIGITS : WRONG;
    default: return WRONG;
  }
}

PART uint16_t work_states(uint32_t seed, uint16_t crc) {
  static const char text[] =
      "5012,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,";
  uint16_t ends[STATES] = {0};
  enum state state = START;
  for (size_t i = 0; i < sizeof text - 1; i++) {
    char character = text[i];
    if (character == ',') {
      ends[state]++;
      state = START;
    } else {
      // Now and then another character, so that other ways are taken.
      if ((seed + i) % 23 == 0) character ^= 3;
      state = step(state, character);
    }
  }
  for (int i = 0; i < STATES; i++) crc = add_crc(crc, ends[i]);
  return crc;
}

static uint64_t loop(uint64_t iterations) {
  uint16_t crc = 0;
  uint64_t checksum = 0;
  for (uint64_t i = 0; i < iterations; i++) {
    crc = work_list((uint32_t)i, crc);
    crc = work_matrix(crc, crc);
    crc = work_states((uint32_t)i, crc);
    checksum = (checksum << 7 | checksum >> 57) ^ crc;
  }
  return checksum;
}

int main(int argc, char **argv) { return measure("mixture", loop, argc, argv); }
