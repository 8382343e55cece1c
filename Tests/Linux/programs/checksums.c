// Busy user space whose results are known: integer work, floating point in all rounding modes, vectors, and cryptography.
// Each part folds all that it computes into a sum of 64 bits.
//
//   checksums ROUNDS [PART]    prints `PART ROUNDS: SUM` for one part or for each
//
// A round of a part takes some 5 to 20 million instructions. Floating-point results are IEEE 754's, so that any right CPU
// has the same sums; NaNs made by the program are the Arm ARM's default NaN (section A1.5.10).
#include "program.h"

#include <arm_acle.h>
#include <arm_neon.h>

#define PART static __attribute__((noinline))

static uint64_t random_state;

// Marsaglia's xorshift64*.
static inline uint64_t random_bits(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * 0x2545f4914f6cdd1dull;
}

static inline uint64_t fold(uint64_t sum, uint64_t value) {
  sum ^= value;
  return (sum << 13 | sum >> 51) * 0x9e3779b97f4a7c15ull;
}

static inline uint64_t fold_double(uint64_t sum, double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return fold(sum, bits);
}

static inline uint64_t fold_float(uint64_t sum, float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return fold(sum, bits);
}

static inline uint64_t fold_vector(uint64_t sum, uint8x16_t value) {
  uint64x2_t words = vreinterpretq_u64_u8(value);
  return fold(fold(sum, vgetq_lane_u64(words, 0)), vgetq_lane_u64(words, 1));
}

// MARK: Integers

enum { WORDS = 4096, SIEVE = 65536 };

static uint64_t words[WORDS];
static uint8_t composite[SIEVE];

static void sort(uint64_t *values, int count) {
  for (int start = count / 2; start >= 0; start--) {
    for (int node = start, child; (child = 2 * node + 1) < count; node = child) {
      if (child + 1 < count && values[child + 1] > values[child]) child++;
      if (values[child] <= values[node]) break;
      uint64_t swapped = values[node];
      values[node] = values[child], values[child] = swapped;
    }
  }
  for (int end = count - 1; end > 0; end--) {
    uint64_t swapped = values[0];
    values[0] = values[end], values[end] = swapped;
    for (int node = 0, child; (child = 2 * node + 1) < end; node = child) {
      if (child + 1 < end && values[child + 1] > values[child]) child++;
      if (values[child] <= values[node]) break;
      swapped = values[node];
      values[node] = values[child], values[child] = swapped;
    }
  }
}

static uint64_t sieve(uint64_t sum) {
  for (int i = 0; i < SIEVE; i++) composite[i] = 0;
  for (int i = 2; i < SIEVE; i++) {
    if (composite[i]) continue;
    if ((i & 63) == 1) sum = fold(sum, (uint64_t)i);
    for (int64_t multiple = (int64_t)i * i; multiple < SIEVE; multiple += i) composite[multiple] = 1;
  }
  return sum;
}

__attribute__((target("crc"))) static uint64_t arithmetic(uint64_t sum, uint64_t a, uint64_t b) {
  uint64_t wide_sum, carry;
  carry = __builtin_add_overflow(a, b, &wide_sum);
  unsigned __int128 product = (unsigned __int128)a * b;
  sum = fold(sum, wide_sum + carry);
  sum = fold(sum, (uint64_t)product ^ (uint64_t)(product >> 64));
  sum = fold(sum, (uint64_t)((__int128)(int64_t)a * (int64_t)b >> 64));
  // Division by zero gives zero (Arm ARM, section C3.4.8), which C leaves open.
  uint64_t quotient;
  int64_t signed_quotient;
  uint32_t narrow_quotient;
  __asm__("udiv %0, %1, %2" : "=r"(quotient) : "r"(a), "r"(b >> (a & 63)));
  __asm__("sdiv %0, %1, %2" : "=r"(signed_quotient) : "r"(a), "r"((int64_t)b >> (a >> 6 & 63)));
  __asm__("sdiv %w0, %w1, %w2" : "=r"(narrow_quotient) : "r"(a), "r"(b & 0xffff));
  sum = fold(sum, quotient ^ (uint64_t)signed_quotient ^ narrow_quotient);
  sum = fold(sum, (a >> (b & 63) | a << (-b & 63)) ^ (uint64_t)((int64_t)b >> (a & 63)) ^ (uint32_t)a >> (b & 31));
  sum = fold(sum, (uint64_t)__builtin_clzll(a | 1) << 32 | (uint64_t)__builtin_ctzll(b | 1) << 16 | __clz((uint32_t)a));
  sum = fold(sum, __rbitll(a) ^ __revll(b) ^ __rev16ll(a ^ b) ^ (uint64_t)__builtin_clrsbll((int64_t)b));
  sum = fold(sum, (a >> 11 & 0x1fff) | (uint64_t)((int64_t)(b << 20) >> 40) << 13);
  sum = fold(sum, a > b ? a - b : (int64_t)a < (int64_t)b ? ~a : -b);
  sum = fold(sum, (uint64_t)((int64_t)(int8_t)a * (int16_t)b + (int64_t)(int32_t)a * (int32_t)b));
  uint32_t crc = __crc32d((uint32_t)sum, a);
  crc = __crc32cw(__crc32ch(__crc32b(crc, (uint8_t)b), (uint16_t)(b >> 8)), (uint32_t)(b >> 24));
  return fold(sum, crc);
}

PART uint64_t integers(uint64_t sum) {
  for (int i = 0; i < WORDS; i++) words[i] = random_bits() >> (random_bits() & 63);
  for (int i = 0; i < 60000; i++) {
    uint64_t *place = &words[random_bits() % (WORDS - 1)];
    sum = arithmetic(sum, place[0], place[1]);
    *place = sum;
    // Narrow and unaligned places.
    uint8_t *bytes = (uint8_t *)words + sum % (sizeof words - 8);
    uint32_t narrow;
    __builtin_memcpy(&narrow, bytes, sizeof narrow);
    narrow = narrow * 5 + (uint32_t)(int8_t)bytes[7];
    __builtin_memcpy(bytes + 3, &narrow, sizeof narrow);
  }
  sort(words, WORDS);
  for (int i = 0; i < WORDS; i++) sum = fold(sum, words[i]);
  return sieve(sum);
}

// MARK: Floating point

static inline void set_fpcr(uint64_t value) { __asm__ volatile("msr fpcr, %0" ::"r"(value) : "memory"); }

static inline uint64_t take_fpsr(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpsr\n  msr fpsr, xzr" : "=r"(value)::"memory");
  return value;
}

// An instruction of one or two operands, which the compiler must not move across changes of FPCR.
#define DOUBLE1(instruction) ({ double r; __asm__ volatile(instruction " %d0, %d1" : "=w"(r) : "w"(a)); r; })
#define DOUBLE2(instruction) ({ double r; __asm__ volatile(instruction " %d0, %d1, %d2" : "=w"(r) : "w"(a), "w"(b)); r; })
#define DOUBLE3(instruction) \
  ({ double r; __asm__ volatile(instruction " %d0, %d1, %d2, %d3" : "=w"(r) : "w"(a), "w"(b), "w"(c)); r; })
#define FLOAT1(instruction) ({ float r; __asm__ volatile(instruction " %s0, %s1" : "=w"(r) : "w"(f)); r; })
#define FLOAT2(instruction) ({ float r; __asm__ volatile(instruction " %s0, %s1, %s2" : "=w"(r) : "w"(f), "w"(g)); r; })
#define FLOAT3(instruction) \
  ({ float r; __asm__ volatile(instruction " %s0, %s1, %s2, %s3" : "=w"(r) : "w"(f), "w"(g), "w"(h)); r; })
#define TO_INTEGER(instruction, value) \
  ({ uint64_t r; __asm__ volatile(instruction " %0, %d1" : "=r"(r) : "w"(value)); r; })

// Any bits, and of each kind enough: numbers near to each other, tiny ones, infinities and NaNs.
static double random_double(void) {
  uint64_t bits = random_bits();
  switch (bits >> 60) {
    case 0: bits &= 0x800fffffffffffffull; break;
    case 1: bits |= 0x7ff0000000000000ull; break;
    case 2: bits &= 0xfff0000000000000ull; break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: bits = (bits & 0x801fffffffffffffull) | 0x3fe0000000000000ull; break;
    default: break;
  }
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

static float random_float(void) {
  uint32_t bits = (uint32_t)(random_bits() >> 32);
  switch (bits >> 28) {
    case 0: bits &= 0x807fffff; break;
    case 1: bits |= 0x7f800000; break;
    case 2:
    case 3:
    case 4:
    case 5: bits = (bits & 0x80ffffff) | 0x3f000000; break;
    default: break;
  }
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t float_operations(uint64_t sum) {
  double a = random_double(), b = random_double(), c = random_double();
  float f = random_float(), g = random_float(), h = random_float();
  sum = fold_double(sum, DOUBLE2("fadd"));
  sum = fold_double(sum, DOUBLE2("fsub"));
  sum = fold_double(sum, DOUBLE2("fmul"));
  sum = fold_double(sum, DOUBLE2("fdiv"));
  sum = fold_double(sum, DOUBLE2("fnmul"));
  sum = fold_double(sum, DOUBLE3("fmadd"));
  sum = fold_double(sum, DOUBLE3("fnmsub"));
  sum = fold_double(sum, DOUBLE1("fsqrt"));
  sum = fold_double(sum, DOUBLE2("fmax"));
  sum = fold_double(sum, DOUBLE2("fminnm"));
  sum = fold_double(sum, DOUBLE1("frintx"));
  sum = fold_double(sum, DOUBLE1("frinta"));
  sum = fold(sum, take_fpsr());
  sum = fold_float(sum, FLOAT2("fadd"));
  sum = fold_float(sum, FLOAT2("fmul"));
  sum = fold_float(sum, FLOAT2("fdiv"));
  sum = fold_float(sum, FLOAT3("fmsub"));
  sum = fold_float(sum, FLOAT3("fnmadd"));
  sum = fold_float(sum, FLOAT1("fsqrt"));
  sum = fold_float(sum, FLOAT2("fmaxnm"));
  sum = fold_float(sum, FLOAT1("frinti"));
  sum = fold(sum, take_fpsr());
  float narrowed;
  double widened;
  uint64_t half;
  __asm__ volatile("fcvt %s0, %d1" : "=w"(narrowed) : "w"(a));
  __asm__ volatile("fcvt %d0, %s1" : "=w"(widened) : "w"(f));
  __asm__ volatile("fcvt %h0, %d1" : "=w"(half) : "w"(b));
  sum = fold(fold_double(fold_float(sum, narrowed), widened), half & 0xffff);
  sum = fold(sum, TO_INTEGER("fcvtzs", a) ^ TO_INTEGER("fcvtnu", b) ^ TO_INTEGER("fcvtms", c * 0x1p60));
  double from_integer;
  __asm__ volatile("scvtf %d0, %1" : "=w"(from_integer) : "r"(random_bits()));
  sum = fold_double(sum, from_integer);
  uint64_t flags;
  __asm__ volatile("fcmpe %d1, %d2\n  mrs %0, nzcv" : "=r"(flags) : "w"(a), "w"(b) : "cc");
  return fold(fold(sum, flags), take_fpsr());
}

// Bodies that fall around each other, by plain C; 1 / sqrt(x) stands for what a library would have.
static uint64_t bodies(uint64_t sum) {
  double x[5], y[5], vx[5], vy[5];
  for (int i = 0; i < 5; i++) {
    x[i] = i * 1.25 - 2, y[i] = (i * i % 5) * 0.75 - 1;
    vx[i] = 0.1 * i, vy[i] = 0.3 - 0.1 * i;
  }
  for (int step = 0; step < 2000; step++) {
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 5; j++) {
        double dx = x[j] - x[i], dy = y[j] - y[i], square = dx * dx + dy * dy + 0.01;
        double pull = 0.001 / (square * __builtin_sqrt(square));
        vx[i] += dx * pull, vy[i] += dy * pull;
      }
    }
    for (int i = 0; i < 5; i++) x[i] += 0.01 * vx[i], y[i] += 0.01 * vy[i];
  }
  for (int i = 0; i < 5; i++) sum = fold_double(fold_double(sum, x[i]), y[i]);
  return sum;
}

PART uint64_t floats(uint64_t sum) {
  // First, as plain C must not meet another rounding mode.
  sum = bodies(sum);
  // Of FPCR: DN is bit 25, FZ bit 24, RMode bits 22 and 23 (Arm ARM, section C5.2.8).
  for (uint64_t mode = 0; mode < 16; mode++) {
    set_fpcr(mode << 22);
    take_fpsr();
    for (int i = 0; i < 1500; i++) sum = float_operations(sum);
  }
  set_fpcr(0);
  return sum;
}

// MARK: Vectors

static inline uint8x16_t random_vector(void) {
  return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(random_bits()), vcreate_u64(random_bits())));
}

PART uint64_t vectors(uint64_t sum) {
  uint8x16_t a = random_vector(), b = random_vector(), c = random_vector();
  for (int i = 0; i < 60000; i++) {
    int16x8_t ah = vreinterpretq_s16_u8(a), bh = vreinterpretq_s16_u8(b);
    int32x4_t aw = vreinterpretq_s32_u8(a), bw = vreinterpretq_s32_u8(b);
    uint8x16_t saturated = vqaddq_u8(vqsubq_u8(a, b), vrhaddq_u8(b, c));
    int16x8_t doubled = vqrdmulhq_s16(vqaddq_s16(ah, bh), vqshlq_s16(bh, vandq_s16(ah, vdupq_n_s16(15))));
    int32x4_t widened = vmlal_s16(vqrshlq_s32(aw, vandq_s32(bw, vdupq_n_s32(31))), vget_low_s16(ah), vget_high_s16(bh));
    int8x8_t narrowed = vqrshrn_n_s16(doubled, 3);
    uint8x16_t looked_up = vqtbl2q_u8((uint8x16x2_t){{a, c}}, vandq_u8(b, vdupq_n_u8(0x3f)));
    uint8x16_t interleaved = veorq_u8(vzip1q_u8(a, b), veorq_u8(vuzp2q_u8(b, c), vextq_u8(a, c, 5)));
    uint8x16_t counted = vcntq_u8(vbslq_u8(a, b, vrbitq_u8(c)));
    poly8x8_t low = vreinterpret_p8_u8(vget_low_u8(a)), high = vreinterpret_p8_u8(vget_high_u8(b));
    uint8x16_t carryless = vreinterpretq_u8_p16(vmull_p8(low, high));
    uint64x2_t pairs = vpaddlq_u32(vreinterpretq_u32_s32(vabdq_s32(aw, bw)));
    uint8x16_t compared = vreinterpretq_u8_u32(vcgtq_s32(widened, aw));
    sum = fold_vector(sum, veorq_u8(saturated, vreinterpretq_u8_s16(doubled)));
    sum = fold_vector(sum, veorq_u8(vreinterpretq_u8_s32(widened), looked_up));
    sum = fold_vector(sum, veorq_u8(interleaved, carryless));
    sum = fold_vector(sum, veorq_u8(vreinterpretq_u8_u64(pairs), veorq_u8(counted, compared)));
    sum = fold(sum, vget_lane_u64(vreinterpret_u64_s8(narrowed), 0) + vaddlvq_u8(a) + vmaxvq_u8(b));

    // Numbers from 1/2 to 2, in single and in double precision.
    float32x4_t af = vreinterpretq_f32_u8(vorrq_u8(vandq_u8(a, vreinterpretq_u8_u32(vdupq_n_u32(0x80ffffff))),
                                                   vreinterpretq_u8_u32(vdupq_n_u32(0x3f000000))));
    float64x2_t ad = vreinterpretq_f64_u8(vorrq_u8(vandq_u8(b, vreinterpretq_u8_u64(vdupq_n_u64(0x801fffffffffffff))),
                                                   vreinterpretq_u8_u64(vdupq_n_u64(0x3fe0000000000000))));
    float32x4_t mixed = vfmaq_f32(vdivq_f32(af, vrev64q_f32(af)), af, vabsq_f32(vextq_f32(af, af, 1)));
    float64x2_t halved = vmulq_f64(vsqrtq_f64(vabsq_f64(ad)), vcvt_high_f64_f32(mixed));
    // The estimates' tables are part of the architecture (Arm ARM, FPRecipEstimate and FPRSqrtEstimate).
    float32x4_t estimate = vmulq_f32(vrecpeq_f32(af), vrsqrtsq_f32(vrsqrteq_f32(vabsq_f32(af)), mixed));
    sum = fold_vector(sum, vreinterpretq_u8_f32(vaddq_f32(estimate, vpaddq_f32(mixed, af))));
    int32x4_t rounded = vcvtnq_s32_f32(vmulq_n_f32(af, 1000));
    sum = fold_vector(sum, veorq_u8(vreinterpretq_u8_f64(halved), vreinterpretq_u8_s32(rounded)));

    a = veorq_u8(vreinterpretq_u8_u64(vdupq_n_u64(sum)), b);
    b = vaddq_u8(c, looked_up);
    c = random_vector();
  }
  return sum;
}

// MARK: Cryptography

__attribute__((target("aes,sha2"))) PART uint64_t ciphers(uint64_t sum) {
  uint8x16_t block = random_vector(), key = random_vector();
  uint32x4_t state = vreinterpretq_u32_u8(random_vector()), further = vreinterpretq_u32_u8(random_vector());
  for (int i = 0; i < 300000; i++) {
    block = vaesmcq_u8(vaeseq_u8(block, key));
    key = vaesimcq_u8(vaesdq_u8(key, block));
    uint32x4_t words = vsha256su0q_u32(state, vreinterpretq_u32_u8(block));
    uint32x4_t schedule = vsha256su1q_u32(words, further, vreinterpretq_u32_u8(key));
    uint32x4_t before = state;
    state = vsha256hq_u32(state, further, schedule);
    further = vsha256h2q_u32(further, before, schedule);
    uint32x4_t first = vsha1cq_u32(state, vsha1h_u32(vgetq_lane_u32(further, 0)), schedule);
    words = vsha1su1q_u32(vsha1su0q_u32(first, state, further), first);
    uint32x4_t second = vsha1pq_u32(words, vgetq_lane_u32(first, 1), state);
    further = veorq_u32(further, vsha1mq_u32(second, vgetq_lane_u32(second, 3), first));
    poly128_t product = vmull_p64((poly64_t)vgetq_lane_u64(vreinterpretq_u64_u8(block), 0), (poly64_t)random_state);
    block = veorq_u8(block, vreinterpretq_u8_p128(product));
    if ((i & 15) == 0) random_bits();
  }
  return fold_vector(fold_vector(fold_vector(sum, block), vreinterpretq_u8_u32(state)), vreinterpretq_u8_u32(further));
}

// MARK: The parts

static const struct {
  const char *name;
  uint64_t (*round)(uint64_t sum);
} parts[] = {{"integers", integers}, {"floats", floats}, {"vectors", vectors}, {"ciphers", ciphers}};

int main(int argc, char **argv) {
  uint64_t rounds = argc > 1 ? number(argv[1]) : 1;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (argc > 2 && !is_equal(argv[2], parts[i].name)) continue;
    uint64_t sum = 0;
    random_state = 0x853c49e6748fea9bull;
    for (uint64_t round = 0; round < rounds; round++) sum = parts[i].round(sum);
    struct line line = {.count = 0};
    add_text(&line, parts[i].name);
    add_text(&line, " ");
    add_number(&line, rounds, 10, 1);
    add_text(&line, ": ");
    add_number(&line, sum, 16, 16);
    print_line(&line);
  }
  return 0;
}
