// The two 8259 interrupt controllers of a PC.
#include "guest.h"

.text
// Moves the interrupt requests to vector 0x20 and lets through those whose bits in DI are clear. Changes RAX.
function start_pics
  mov $0x11, %al // ICW1: edges, cascade, ICW4 follows
  out %al, $PIC1_COMMAND
  out %al, $PIC2_COMMAND
  mov $IRQ_VECTOR(0), %al
  out %al, $PIC1_DATA
  mov $IRQ_VECTOR(8), %al
  out %al, $PIC2_DATA
  mov $0x04, %al // ICW3: the second one is at input 2
  out %al, $PIC1_DATA
  mov $0x02, %al
  out %al, $PIC2_DATA
  mov $0x01, %al // ICW4: 8086 mode
  out %al, $PIC1_DATA
  out %al, $PIC2_DATA
  mov %edi, %eax
  out %al, $PIC1_DATA
  mov %ah, %al
  out %al, $PIC2_DATA
  ret
