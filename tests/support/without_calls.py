"""Runs a program on a kernel that has never heard of some system calls.

    without_calls.py NUMBER[,NUMBER...] PROGRAM [ARGUMENT...]

A seccomp(2) filter answers ENOSYS for these numbers, for the program and all
it starts.
"""
import ctypes
import os
import struct
import sys

numbers = [int(number) for number in sys.argv[1].split(",")]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ENOSYS, ALLOW = 0x0005_0000 | 38, 0x7FFF_0000
steps = [(LOAD, 0, 0, 0)]
steps += [(EQUAL, len(numbers) - index, 0, number) for index, number in enumerate(numbers)]
steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ENOSYS)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = struct.pack("=HxxxxxxQ", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
# PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(f"unable to set the filter: {os.strerror(ctypes.get_errno())}")
for number in numbers:
    if libc.syscall(number, -1, 0, 0, 0) != -1 or ctypes.get_errno() != 38:
        sys.exit(f"the filter lets {number} through")
os.execv(sys.argv[2], sys.argv[2:])
