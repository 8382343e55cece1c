# The scripted session of `make demo`: first instruction, steps, the switch to the high half, Ctrl-C.
set pagination off
set confirm off

echo \n--- the first instruction\n
x/5i $pc
info registers rip rsi cr3

echo \n--- one step\n
stepi
info registers rip

# The kernel leaves its physical addresses by an indirect jump behind the change of CR3.
echo \n--- to the jump into the high half\n
# Some kernels jump through RAX, others through memory: the nearer one is it.
find /b1 $pc, +0x400, 0xff, 0xe0
set $jump = $numfound ? (unsigned long)$_ : ~0ul
find /b1 $pc, +0x400, 0xff, 0x25
if $numfound && (unsigned long)$_ < $jump
  set $jump = (unsigned long)$_
end
hbreak *$jump
continue
x/i $pc
stepi
x/5i $pc
info registers rip cr3

echo \n--- on, until Ctrl-C\n
delete
continue
info registers rip
x/3i $pc
kill
