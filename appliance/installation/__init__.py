"""Installation: lays the program and its systemd units on a Debian machine, and takes them away again.

What is laid is computed first and compared with what is there; only what differs is written. A firm's directory is never touched
here: it belongs to the firm, and outlives the program.
"""
