// Package configtest gives tests the settings of a program.
package configtest

import (
	"testing"

	"github.com/alecthomas/kong"

	"grenier/internal/config"
)

// Settings are the defaults, with a data folder that goes with the test, and
// what the arguments say in the form of the command line: "--max-page-size=50".
// Neither the environment nor a file is looked at.
func Settings(t testing.TB, arguments ...string) *config.Settings {
	t.Helper()
	sources, flags := config.NewSources(func(string) (string, bool) { return "", false }), new(config.Flags)
	parser, err := kong.New(flags, sources.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"--data", t.TempDir()}, arguments...)); err != nil {
		t.Fatal(err)
	}
	if err := sources.Check(&flags.Settings); err != nil {
		t.Fatal(err)
	}
	return &flags.Settings
}
