"""Damaged and hostile input in numbers: what a program that reads files and streams of others must shrug off.

``python -m tests.fuzz`` makes inputs from a corpus of sound ones by
seeded mutation and hands them to the readers. Each is accepted, refused by one of our own errors, or a finding:

- a crash: any other exception;
- a hang: more processor time than `outcome.LIMIT`;
- a silent acceptance: accepted, although an independent look at the input says that the reader got something else.
"""
