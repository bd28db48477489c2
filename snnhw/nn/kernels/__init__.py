"""The MLF recurrence as loops: over torch's operators anywhere, and in C on the CPU where a compiler is at hand."""
