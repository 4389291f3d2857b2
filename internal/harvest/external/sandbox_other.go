//go:build unix && !linux

package external

import (
	"os/exec"
	"time"

	"grenier/internal/config"
)

// memoryEvery is how often the memory of programs would be looked at.
const memoryEvery = time.Hour

// Enter has nothing to do on this system: plug-ins are started as they are.
func Enter() {}

// command is the program of a plug-in, which nothing confines on this system but
// its account.
func command(plugin config.Harvester, _ Options, _ string) *exec.Cmd {
	return exec.Command(plugin.Command[0], plugin.Command[1:]...)
}

// groupMemory is not known on this system.
func groupMemory(int) int64 { return 0 }
