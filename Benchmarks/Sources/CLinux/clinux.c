#define _GNU_SOURCE
#include "clinux.h"

#include <sched.h>

uint64_t clinux_cpus(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  uint64_t cpus = 0;
  for (int cpu = 0; cpu < 64; cpu++) cpus |= (uint64_t)(CPU_ISSET(cpu, &set) != 0) << cpu;
  return cpus;
}

int clinux_set_cpus(pid_t thread, uint64_t cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu = 0; cpu < 64; cpu++) {
    if (cpus >> cpu & 1) CPU_SET(cpu, &set);
  }
  return sched_setaffinity(thread, sizeof set, &set);
}
