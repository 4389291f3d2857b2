package main

import (
	"os"

	"github.com/mattn/go-isatty"
)

// isTerminal tells whether somebody watches a file.
func isTerminal(file *os.File) bool { return isatty.IsTerminal(file.Fd()) }
