# The scripted session of `make demo`: first instruction, steps, start_kernel by its name, Ctrl-C.
# demo-registers shows what is of interest on the guest's architecture.
set pagination off
set confirm off

echo \n--- the first instruction\n
x/5i $pc
demo-registers

echo \n--- one step\n
stepi
demo-registers

echo \n--- to start_kernel, across the switch to the kernel's own page tables\n
break start_kernel
continue
backtrace
x/3i $pc
demo-registers
monitor kaslr

echo \n--- on, until Ctrl-C\n
delete
continue
demo-registers
x/3i $pc
echo \n--- the last of the kernel's log, read out of its memory\n
pipe monitor dmesg | tail -n 5
kill
