"""The terminal: messages, tables, progress and the words of errors."""
