package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"grenier/internal/app"
)

type versionCommand struct{}

// Run prints one line: the version, the commit when it is known, and what the
// program was built with and for.
func (c *versionCommand) Run(p *program) error {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
				commit = " (" + setting.Value[:12] + ")"
			}
		}
	}
	_, err := fmt.Fprintf(p.out, "grenier %s%s %s %s/%s\n", app.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
